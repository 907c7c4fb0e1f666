"""Journal against settlement: identify first, then with history, then say what each row left over means.

Pure parts with questions to the books between them. `identify` pairs what is open by identity, and `wanted` tells which
keys history must be asked for; `refer` pairs by every reference with what history knows of those keys; for the lines
then left `weaker.wanted` asks what is near them; `settle` pairs these and gives every open row a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import engine, rulebook, weaker
from pipelines.matching.by_hand import made_by_hand
from pipelines.matching.engine import without
from pipelines.matching.frames import CANCELS, journal_frame, settlement_frame, with_codes, with_counters
from pipelines.matching.lifecycle import links
from pipelines.matching.rulebook import Rulebook
from pipelines.matching.states import NOT_SETTLED, journal_states, settlement_states, with_clock
from pipelines.matching.verdicts import breaks_of_journal, breaks_of_lines, breaks_of_pairs, judge


@dataclass(frozen=True)
class Identified:
    """After the first half: pairs by identity, and what is left of either side."""

    journal: pl.DataFrame
    settlement: pl.DataFrame
    pairs: pl.DataFrame
    journal_left: pl.DataFrame
    settlement_left: pl.DataFrame


@dataclass(frozen=True)
class Referred:
    """After all rules that know a row by a reference or a counter.

    pairs: all so far; closed: rows of history that are not open, with `consumed`; left, lines: what is left of either
    side, left with those closed rows that nothing consumed.
    """

    pairs: pl.DataFrame
    closed: pl.DataFrame
    left: pl.DataFrame
    lines: pl.DataFrame


@dataclass(frozen=True)
class Settled:
    """After all rules.

    pairs: judged pairs (see `verdicts.judge`). journal_states, settlement_states: `row_id`, `state`, `reason` of
    every open row that found no partner. breaks: one row per exception that these rows and pairs mean now. undone:
    ids of journal rows that an approved void or reversal undoes, as far as tonight looked.
    """

    pairs: pl.DataFrame
    journal_states: pl.DataFrame
    settlement_states: pl.DataFrame
    breaks: pl.DataFrame
    undone: pl.Series


def identify(journal: pl.DataFrame, settlement: pl.DataFrame, book: Rulebook) -> Identified:
    """Pair the open rows of both sides as people decided, then by their identity."""
    mine, theirs = journal_frame(journal).with_row_index("place"), settlement_frame(settlement).with_row_index("place")
    made = made_by_hand(book.decided.pairs, mine, theirs).select(list(engine.PAIRS))
    left, lines = without(mine, made["journal_row_id"]), without(theirs, made["settlement_row_id"])
    pairs = pl.concat([made, rulebook.run("identity", book, left, lines)])
    return Identified(
        mine,
        theirs,
        pairs,
        with_counters(without(mine, pairs["journal_row_id"])),
        with_counters(without(theirs, pairs["settlement_row_id"])),
    )


def wanted(found: Identified, book: Rulebook, run_date: date, arrivals: Arrivals) -> dict[str, pl.DataFrame]:
    """Keys that history must be asked for, by kind of key: `rrn`, `order_no`, `stan`, `cancels` of a reference.

    Lines without partner ask for any row of their identity, also by what they undo; voids and reversals for their
    original; rows whose time is up for whatever undid them.
    """
    lines, rows = found.settlement_left, found.journal_left
    cancels = found.journal.filter(pl.col("kind").is_in(CANCELS) & pl.col("original_rrn").is_not_null())
    due = with_clock(rows, run_date, arrivals).filter(pl.col("over"))
    undoing = lines.filter(pl.col("kind").is_in(CANCELS))
    return {
        "rrn": _keys((lines, "rrn"), (cancels, "original_rrn")),
        "order_no": _keys((lines, "order_no"), (cancels, "original_rrn")),
        "stan": lines.select("merchant_id", "terminal_id", "stan_key", *weaker.days(book)).drop_nulls().unique(),
        "cancels": _keys(
            (lines, "rrn"), (lines, "order_no"), (undoing, "original_rrn"), (due, "rrn"), (due, "order_no")
        ),
    }


def _keys(*named: tuple[pl.DataFrame, str]) -> pl.DataFrame:
    """`merchant_id`, `ref` from these columns of these rows."""
    told = [rows.select("merchant_id", ref=column) for rows, column in named]
    return pl.concat(told).drop_nulls().unique()


def refer(found: Identified, history: pl.DataFrame, book: Rulebook) -> Referred:
    """Pair by every rule that needs no card, with the help of history.

    history: journal rows of the wanted keys that are not open, with `consumed` (paired in an earlier run). A closed row
    that was approved comes before a failed one of the same identity; a different type comes after both.
    """
    closed = _closed(found, history, found.journal.height)
    free = closed.filter(~pl.col("consumed")).drop("consumed")
    approved = pl.col("status") == "APPROVED"
    expecting = pl.col("kind").is_in(list(NOT_SETTLED))
    pairs, lines = [found.pairs], found.settlement_left
    for rows in (free.filter(approved & expecting), free.filter(~approved & expecting)):
        pairs.append(rulebook.run("identity", book, rows, lines))
        lines = without(lines, pairs[-1]["settlement_row_id"])
    left = pl.concat([found.journal_left, free], how="diagonal")
    for taken in pairs[1:]:
        left = without(left, taken["journal_row_id"])
    more, left, lines = weaker.paired(book, left, lines, weaker.BY_COUNTER)
    return Referred(pl.concat([*pairs, more]), closed, left, lines)


def _closed(found: Identified, history: pl.DataFrame, place: int) -> pl.DataFrame:
    """Rows of history with their place after those that have one."""
    past = with_counters(journal_frame(history))
    return without(past, found.journal["row_id"]).with_row_index("place", offset=place)


def settle(
    found: Identified,
    referred: Referred,
    near: pl.DataFrame,
    codes: pl.DataFrame,
    book: Rulebook,
    run_date: date,
    arrivals: Arrivals,
) -> Settled:
    """Pair what is left by card, judge all pairs, and give every row left over its state.

    near: rows of history that lie near the lines left, with `consumed`. codes: `row_id`, `auth_code`, `card_no` of the
    rows of `weaker.near`.
    """
    unseen = without(near, referred.closed["row_id"])  # places have no gaps: rows are found again by them
    more = _closed(found, unseen, found.journal.height + referred.closed.height)
    closed = pl.concat([referred.closed, more])
    free = closed.filter(~pl.col("consumed")).drop("consumed")
    known = pl.concat([found.journal, closed.drop("consumed")], how="diagonal")
    undone = links(known)

    left = pl.concat([referred.left, free.join(more, on="row_id", how="semi")], how="diagonal")
    left, lines = with_codes(left, codes), with_codes(referred.lines, codes)
    by_card, left, lines = weaker.paired(book, left, lines, weaker.EVERY)
    judged = judge(_with_reversed(pl.concat([referred.pairs, by_card]), undone), known, found.settlement)
    taken = pl.concat([judged["journal_row_id"], closed.filter("consumed")["row_id"]])

    undecided = weaker.undecided(book, left, lines)
    revived = _revived_cancels(free, left, undone, judged)
    waiting_rows = pl.concat([without(found.journal_left, judged["journal_row_id"]), revived], how="diagonal")
    mine = journal_states(waiting_rows, undone, taken, undecided, run_date, arrivals)
    again = weaker.again(book, lines, known.filter(pl.col("row_id").is_in(taken.implode())), codes)
    theirs = settlement_states(lines, again, undecided, arrivals)
    meant = weaker.suggested(book, left, lines, theirs)
    breaks = pl.concat(
        [
            breaks_of_pairs(judged, known, found.settlement),
            breaks_of_journal(waiting_rows, mine, undone, known, meant),
            breaks_of_lines(lines, theirs, undecided.listed, meant),
        ],
        how="diagonal",
    )
    return Settled(judged, mine, theirs, breaks, undone["row_id"].unique())


def _with_reversed(pairs: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(reversed=pl.col("journal_row_id").is_in(undone["row_id"].implode()))


def _revived_cancels(
    free: pl.DataFrame, left: pl.DataFrame, undone: pl.DataFrame, judged: pl.DataFrame
) -> pl.DataFrame:
    """Closed voids and reversals whose original the acquirer shows after all: they wait for theirs again."""
    shown = undone.filter(pl.col("row_id").is_in(judged["journal_row_id"].implode()))["cancel_row_id"]
    return free.filter(pl.col("row_id").is_in(shown.implode()) & pl.col("row_id").is_in(left["row_id"].implode()))
