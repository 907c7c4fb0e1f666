"""What is open tonight: most rows leave at once, one partition after the other; whole rows of the rest.

Partitions are independent of each other (`store.partitions`), two are worked on at a time, and what is kept of them
is what the rest of the night needs. Where much is left, as in a night whose other file has not come, whole rows are
looked at some merchants at a time, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import polars as pl

from pipelines.columns import grouped_by
from pipelines.matching.by_hand import Decided, held_out
from pipelines.matching.frames import TRANSACTIONS
from pipelines.matching.narrow import AT_ONCE, pairs_at_once, seated, unseated
from pipelines.matching.rulebook import Rulebook
from pipelines.review import Tonight, tonight
from pipelines.sources.gather import abreast
from pipelines.store import Store, books, by_id, statements
from pipelines.store.partitions import Pair, Partitions
from schemas.settlement import LEDGER

MOST_PAIRS = 500_000
"""Pairs that wait to be written in one part with those of the rules."""


MOST_WHOLE = 1_000_000
"""Rows of both sides that are looked at whole at a time."""

BYTES_A_WHOLE_ROW = 2_000
"""Memory that one of them is given of what there is, for the rules that work on it."""


def most_whole(memory: int) -> int:
    """Rows to look at whole at a time where there are so many bytes of memory."""
    return max(1, min(memory // BYTES_A_WHOLE_ROW, MOST_WHOLE))


@dataclass(frozen=True)
class Rest:
    """Ids of the rows of some merchants that the narrow look left: all of these merchants."""

    journal: pl.Series
    settlement: pl.Series


@dataclass(frozen=True)
class Open:
    """Open rows of the three sides.

    at_once: pairs that the narrow look made and that are to be written; paired: ids of all that it made
    (`journal_row_id`, `settlement_row_id`), written or not; sums: what they all amount to (`summed`). rest: rows that
    it left, by merchants, in one piece where they are not many (`whole`). idle: `row_id`, `failed` of new journal rows
    that expect nothing; ledger: ids of entries of wallet accounts; tonight: what is to be reviewed of the journal.
    """

    at_once: pl.DataFrame
    paired: pl.DataFrame
    sums: pl.DataFrame
    rest: list[Rest]
    payouts: pl.DataFrame
    other_lines: pl.DataFrame
    bank: pl.DataFrame
    idle: pl.DataFrame
    ledger: pl.Series
    tonight: Tonight


@dataclass(frozen=True)
class _Looked:
    """What the narrow look found in a partition; ids but for the pairs, their sums and what is to be reviewed."""

    pairs: pl.DataFrame
    sums: pl.DataFrame
    expecting: pl.Series
    settling: pl.Series
    others: pl.Series
    ledger: pl.Series
    idle: pl.DataFrame
    tonight: Tonight


def gather(store: Store, last: int, fresh: Partitions, entries: books.Fresh, book: Rulebook, run_no: int) -> Open:
    """All that is open, and the pairs that can be made at once, of which large numbers are written at once.

    fresh, entries: rows of files that this run loaded; `fresh` holds nothing more afterwards.
    """
    loaded = books.loaded_since(store, "journal", last)
    books.add_open(store, last, fresh)
    looked, paired, sums, pairs = list[_Looked](), list[pl.DataFrame](), list[pl.DataFrame](), list[pl.DataFrame]()

    def look(sides: Pair) -> _Looked:
        return _look(*sides, book.decided, book.own.keys(), loaded)

    for found in abreast(look, fresh.each()):
        paired.append(found.pairs.select("journal_row_id", "settlement_row_id"))
        sums.append(found.sums)
        pairs.append(found.pairs)
        looked.append(replace(found, pairs=found.pairs.clear()))
        if sum(some.height for some in pairs) > MOST_PAIRS:
            books.write_matches(store, pl.concat(pairs), run_no, more=True)
            pairs = [found.pairs.clear()]
    fresh.close()
    new = Tonight.of(found.tonight for found in looked)
    expecting, settling, unlike = (
        pl.concat(told) for told in zip(*((one.expecting, one.settling, one.others) for one in looked), strict=True)
    )
    by_id.read_ahead(store, "journal", pl.concat([expecting, new.refers, new.again]))
    by_id.read_ahead(store, "settlement", pl.concat([settling, unlike]))
    others = by_id.rows_of(store, "settlement", unlike)
    return Open(
        at_once=pl.concat(pairs),
        paired=pl.concat(paired),
        sums=pl.concat(sums),
        rest=_pieces(looked, most_whole(store.memory_limit)),
        payouts=others.filter(pl.col("record_type") == "PAYOUT"),
        other_lines=others.filter(pl.col("record_type") != "PAYOUT"),
        bank=statements.counting(store, books.open_entries(store, last, entries)),
        idle=pl.concat([found.idle for found in looked]),
        ledger=pl.concat([found.ledger for found in looked]),
        tonight=new,
    )


def _pieces(looked: Iterable[_Looked], most: int) -> list[Rest]:
    """What the looks left, several together as long as they are not more than `most` rows."""
    pieces = [list[_Looked]()]
    room = most
    for one in looked:
        size = one.expecting.len() + one.settling.len()
        if size > room and pieces[-1]:
            pieces.append([])
            room = most
        pieces[-1].append(one)
        room -= size
    sides = ((pl.concat([one.expecting for one in some]), pl.concat([one.settling for one in some])) for some in pieces)
    return [Rest(*ids) for ids in sides]


def whole(store: Store, rest: Rest) -> Pair:
    """Rows of either side as the rules look at them."""
    return by_id.rows_of(store, "journal", rest.journal), by_id.rows_of(store, "settlement", rest.settlement)


def summed(pairs: pl.DataFrame) -> pl.DataFrame:
    """What pairs amount to: `rule`, `currency`, `verdict`; `count`, `journal_minor`, `settlement_minor` (sizes)."""
    return grouped_by(
        pairs,
        ["rule", "currency", "verdict"],
        count=pl.len(),
        journal_minor=pl.col("journal_amount_minor").abs().sum(),
        settlement_minor=pl.col("settlement_amount_minor").abs().sum(),
    )


def _look(
    journal: pl.DataFrame,
    lines: pl.DataFrame,
    decided: Decided,
    own_rules: Collection[str],
    loaded: Collection[int],
) -> _Looked:
    by_hand = pl.col("row_id").is_in(decided.pairs["journal_row_id"].implode())
    journal, lines = seated(journal.with_columns(expects=pl.col("expects") | by_hand)), seated(lines)
    quick = held_out(decided, journal, lines, [rule.name for rule in AT_ONCE])
    pairs = pairs_at_once(*quick, own_rules)
    transaction, ledger = pl.col("kind").is_in(TRANSACTIONS), pl.col("kind") == LEDGER
    mine, theirs = journal.select("row_id", "seat", "expects", "failed"), lines.select("row_id", "seat", "kind")
    return _Looked(
        pairs=pairs.drop("journal_seat", "settlement_seat"),
        sums=summed(pairs),
        expecting=unseated(mine.filter("expects"), journal.height, pairs["journal_seat"])["row_id"],
        settling=unseated(theirs.filter(transaction), lines.height, pairs["settlement_seat"])["row_id"],
        others=theirs.filter(~transaction & ~ledger)["row_id"],
        ledger=theirs.filter(ledger)["row_id"],
        idle=mine.filter(~pl.col("expects")).select("row_id", "failed"),
        tonight=tonight(journal.select("row_id", "at", "charge", "refers"), loaded),
    )
