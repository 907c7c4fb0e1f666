"""Journal against settlement: identify first, then with history, then say what each row left over means.

Two pure halves with one question between them. `identify` pairs what is open by identity and tells which keys history
must be asked for; `settle` takes what history knows of those keys, pairs the rest and gives every open row a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import engine, rulebook
from pipelines.matching.engine import Tied, without
from pipelines.matching.frames import CANCELS, journal_frame, settlement_frame, with_codes, with_counters
from pipelines.matching.lifecycle import links
from pipelines.matching.rulebook import Rulebook
from pipelines.matching.states import EXCEPTED, NOT_SETTLED, journal_states, settlement_states, with_clock
from pipelines.matching.verdicts import breaks_of_journal, breaks_of_lines, breaks_of_pairs, judge

MOST_CANDIDATES = 200
"""Candidates listed with one ambiguous line; the sentence says how many there are in all."""

MOST_SUGGESTED = 10
"""Rows listed with a line that none of them is known to be."""


@dataclass(frozen=True)
class Identified:
    """After the first half: pairs by identity, and what is left of either side."""

    journal: pl.DataFrame
    settlement: pl.DataFrame
    pairs: pl.DataFrame
    journal_left: pl.DataFrame
    settlement_left: pl.DataFrame


@dataclass(frozen=True)
class Settled:
    """After the second half.

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
    """Pair the open rows of both sides by their identity."""
    mine, theirs = journal_frame(journal).with_row_index("place"), settlement_frame(settlement).with_row_index("place")
    pairs = rulebook.run("identity", book, mine, theirs)
    return Identified(
        mine,
        theirs,
        pairs,
        with_counters(without(mine, pairs["journal_row_id"])),
        with_counters(without(theirs, pairs["settlement_row_id"])),
    )


def wanted(found: Identified, book: Rulebook, run_date: date, arrivals: Arrivals) -> dict[str, pl.DataFrame]:
    """Keys that history must be asked for, by kind of key: `rrn`, `order_no`, `stan`, `near`, `cancels` of an RRN.

    Lines without partner ask for any row of their identity, also by what they undo, and for rows of their merchant that
    are near in date and amount; voids and reversals for their original; rows whose time is up for whatever undid them.
    """
    lines, rows = found.settlement_left, found.journal_left
    cancels = found.journal.filter(pl.col("kind").is_in(CANCELS) & pl.col("original_rrn").is_not_null())
    due = with_clock(rows, run_date, arrivals).filter(pl.col("over"))
    by_rrn = pl.concat([lines.select("merchant_id", "rrn"), cancels.select("merchant_id", rrn="original_rrn")])
    undoing = lines.filter(pl.col("kind").is_in(CANCELS)).select("merchant_id", rrn="original_rrn")
    undone = pl.concat([lines.select("merchant_id", "rrn"), undoing, due.select("merchant_id", "rrn")])
    return {
        "rrn": by_rrn.drop_nulls().unique(),
        "order_no": lines.select("merchant_id", "order_no").drop_nulls().unique(),
        "stan": lines.select("merchant_id", "terminal_id", "stan_key", *_days(book)).drop_nulls().unique(),
        "near": _by_amount(lines, book).select("merchant_id", "bucket", *_days(book)).unique(),
        "cancels": undone.drop_nulls().unique(),
    }


def _days(book: Rulebook) -> list[pl.Expr]:
    """The dates a line's row may have, and whether the line has no RRN: else only rows without one can be its."""
    day, window = pl.col("business_date"), timedelta(days=book.window_days)
    return [(day - window).alias("first"), (day + window).alias("last"), pl.col("rrn").is_null().alias("blank")]


def _by_amount(lines: pl.DataFrame, book: Rulebook) -> pl.DataFrame:
    """Lines with each `bucket` in which amounts lie that a rule may take as equal."""
    width = book.tolerance_minor + 1
    steps = (0,) if width == 1 else (-1, 0, 1)
    return pl.concat([lines.with_columns(bucket=pl.col("amount") // width + step) for step in steps])


def near(found: Identified, history: pl.DataFrame, book: Rulebook) -> dict[str, pl.Series]:
    """Ids, by side, of lines left over and of the journal rows that the rules by card may pair them with."""
    lines = _by_amount(found.settlement_left, book).select("row_id", "merchant_id", "bucket", "card_rrn")
    blank, on = pl.col("card_rrn").is_null(), ["merchant_id", "bucket"]
    mine, theirs = [pl.Series("row_id", [], pl.Int64)], [pl.Series("row_id", [], pl.Int64)]
    for rows in (found.journal, journal_frame(history)):
        narrow = rows.select(
            "row_id", "merchant_id", "card_rrn", bucket=pl.col("amount_minor") // (book.tolerance_minor + 1)
        )
        for some, their in ((narrow, lines.filter(blank)), (narrow.filter(blank), lines.filter(~blank))):
            if some.height and their.height:
                mine.append(some.join(their, on=on, how="semi")["row_id"])
                theirs.append(their.join(some, on=on, how="semi")["row_id"])
    return {"settlement": pl.concat(theirs).unique(), "journal": pl.concat(mine).unique()}


def settle(
    found: Identified,
    history: pl.DataFrame,
    codes: pl.DataFrame,
    book: Rulebook,
    run_date: date,
    arrivals: Arrivals,
) -> Settled:
    """Pair what is left with the help of history, judge all pairs, and give every row left over its state.

    history: journal rows of the wanted keys, with `consumed` (paired in an earlier run); rows that are still open may
    be among them. codes: `row_id`, `auth_code`, `card_no` of the rows that are `near`.
    """
    past = with_counters(journal_frame(history))
    closed = without(past, found.journal["row_id"]).with_row_index("place", offset=found.journal.height)
    free = with_codes(closed.filter(~pl.col("consumed")).drop("consumed"), codes)
    known = pl.concat([found.journal, closed.drop("consumed")], how="diagonal")
    undone = links(known)

    pairs, left, lines = _pair_with_history(found, free, codes, book)
    judged = judge(_with_reversed(pairs, undone), known, found.settlement)
    taken = pl.concat([judged["journal_row_id"], past.filter(pl.col("consumed"))["row_id"]])

    undecided = _undecided(book, left, lines)
    revived = _revived_cancels(free, left, undone, judged)
    waiting_rows = pl.concat([without(found.journal_left, judged["journal_row_id"]), revived], how="diagonal")
    mine = journal_states(waiting_rows, undone, taken, undecided, run_date, arrivals)
    again = _again(book, lines, known.filter(pl.col("row_id").is_in(taken.implode())), codes)
    theirs = settlement_states(lines, again, undecided, arrivals)
    meant = _suggested(book, left, lines, theirs)
    breaks = pl.concat(
        [
            breaks_of_pairs(judged, found.settlement),
            breaks_of_journal(waiting_rows, mine, undone, known, meant),
            breaks_of_lines(lines, theirs, undecided.listed, meant),
        ],
        how="diagonal",
    )
    return Settled(judged, mine, theirs, breaks, undone["row_id"].unique())


def _pair_with_history(
    found: Identified, free: pl.DataFrame, codes: pl.DataFrame, book: Rulebook
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """All pairs, the journal rows and the settlement lines that are left.

    A closed row that was approved comes before a failed one of the same identity; a different type comes after both.
    """
    approved = pl.col("status") == "APPROVED"
    expecting = pl.col("kind").is_in(list(NOT_SETTLED))
    pairs, lines = [found.pairs], with_codes(found.settlement_left, codes)
    for rows in (free.filter(approved & expecting), free.filter(~approved & expecting)):
        pairs.append(rulebook.run("identity", book, rows, lines))
        lines = without(lines, pairs[-1]["settlement_row_id"])
    left = pl.concat([with_codes(found.journal_left, codes), free], how="diagonal")
    for taken in pairs[1:]:
        left = without(left, taken["journal_row_id"])
    more, left, lines = _by_weaker_rules(book, left, lines)
    return pl.concat([*pairs, more]), left, lines


def _by_weaker_rules(
    book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Pairs of all rules below identity, the journal rows and the lines that are left.

    What a weak rule takes may leave a stronger one a single candidate, so they run until nothing changes: the same
    night again must find nothing new. By card a failed row is taken only where no approved one fits the line.
    """
    pairs = [engine.no_pairs()]
    approved = pl.col("status") == "APPROVED"
    while lines.height:
        before = lines.height
        for tier in ("any_type", "without_reference", "identity", "by_card"):
            rows = left.filter(approved) if tier == "by_card" else left
            pairs.append(rulebook.run(tier, book, rows, lines))
            left = without(left, pairs[-1]["journal_row_id"])
            lines = without(lines, pairs[-1]["settlement_row_id"])
        if lines.height == before:
            break
    failed = left.filter(~approved)
    if lines.height and failed.height:
        open_to = without(lines, _undecided(book, left.filter(approved), lines).lines)
        pairs.append(rulebook.run("by_card", book, failed, open_to))
        left = without(left, pairs[-1]["journal_row_id"])
        lines = without(lines, pairs[-1]["settlement_row_id"])
    return pl.concat(pairs), left, lines


def _undecided(book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame) -> Tied:
    """Lines for which a rule that pairs only what is unique has several candidates, or one that several lines want."""
    parts = [engine.tied(rules.undecidable, left, mine, MOST_CANDIDATES) for rules, mine in book.parts(lines)]
    return Tied(pl.concat([part.listed for part in parts]), pl.concat([part.rows for part in parts]).unique())


def _again(book: Rulebook, lines: pl.DataFrame, settled_before: pl.DataFrame, codes: pl.DataFrame) -> pl.Series:
    """Lines whose identity the journal holds, but whose every row there is paired already."""
    if lines.is_empty():
        return pl.Series("row_id", [], pl.Int64)
    keys = ["rrn", "order_no", "original_rrn"]
    same = [(["merchant_id", key], lines.select("merchant_id", key).drop_nulls().unique()) for key in keys]
    asked = [settled_before.join(some, on=on, how="semi") for on, some in same if some.height]
    before = pl.concat([*asked, settled_before.join(codes, on="row_id", how="semi")]).unique("row_id")
    before = with_codes(with_counters(before), codes)
    found = [engine.repeated((*rules.identity, *rules.weaker), mine, before) for rules, mine in book.parts(lines)]
    return pl.concat(found).unique()


def _suggested(book: Rulebook, left: pl.DataFrame, lines: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Journal rows that a line without any may mean, as far as no rule may decide it: LISTED of the engine."""
    alone = states.filter((pl.col("state") == EXCEPTED) & (pl.col("reason") == "NOT_IN_JOURNAL"))
    unknown = lines.join(alone.select("row_id"), on="row_id", how="semi")
    parts = [engine.tied(rules.suggestions, left, mine, MOST_SUGGESTED).listed for rules, mine in book.parts(unknown)]
    return pl.concat(parts)


def _with_reversed(pairs: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(reversed=pl.col("journal_row_id").is_in(undone["row_id"].implode()))


def _revived_cancels(
    free: pl.DataFrame, left: pl.DataFrame, undone: pl.DataFrame, judged: pl.DataFrame
) -> pl.DataFrame:
    """Closed voids and reversals whose original the acquirer shows after all: they wait for theirs again."""
    shown = undone.filter(pl.col("row_id").is_in(judged["journal_row_id"].implode()))["cancel_row_id"]
    return free.filter(pl.col("row_id").is_in(shown.implode()) & pl.col("row_id").is_in(left["row_id"].implode()))
