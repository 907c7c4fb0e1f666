"""Journal against settlement: identify first, then with history, then say what each row left over means.

Two pure halves with one question between them. `identify` pairs what is open by identity and tells which keys history
must be asked for; `settle` takes what history knows of those keys, pairs the rest and gives every open row a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import engine, rules
from pipelines.matching.engine import without
from pipelines.matching.frames import CANCELS, journal_frame, settlement_frame, with_counters
from pipelines.matching.lifecycle import links
from pipelines.matching.verdicts import breaks_of_pairs, direction, judge

MOST_CANDIDATES = 200
"""Candidates listed with one ambiguous line; the sentence says how many there are in all."""

NEAR_CUTOFF = timedelta(minutes=10)

WAITING, EXCEPTED, OUT_OF_SCOPE = "waiting", "excepted", "out_of_scope"

NOT_SETTLED = {
    "SALE": "NOT_SETTLED",
    "REFUND": "REFUND_NOT_SETTLED",
    "VOID": "VOID_NOT_SETTLED",
    "REVERSAL": "REVERSAL_NOT_SETTLED",
}


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
    every open row that found no partner. breaks: one row per exception that these rows and pairs mean now.
    """

    pairs: pl.DataFrame
    journal_states: pl.DataFrame
    settlement_states: pl.DataFrame
    breaks: pl.DataFrame


def identify(journal: pl.DataFrame, settlement: pl.DataFrame) -> Identified:
    """Pair the open rows of both sides by their identity."""
    mine, theirs = journal_frame(journal), settlement_frame(settlement)
    pairs = engine.run(rules.IDENTITY, mine, theirs)
    return Identified(
        mine,
        theirs,
        pairs,
        with_counters(without(mine, pairs["journal_row_id"])),
        with_counters(without(theirs, pairs["settlement_row_id"])),
    )


def wanted(found: Identified, run_date: date, arrivals: Arrivals) -> dict[str, pl.DataFrame]:
    """Keys that history must be asked for, by kind of key: `rrn`, `order_no`, `stan`, `cancels` of an RRN.

    Lines without partner ask for any row of their identity; voids and reversals for their original; rows whose time
    is up for whatever undid them.
    """
    lines, rows = found.settlement_left, found.journal_left
    cancels = found.journal.filter(pl.col("kind").is_in(CANCELS) & pl.col("original_rrn").is_not_null())
    due = _with_clock(rows, run_date, arrivals).filter(pl.col("over"))
    by_rrn = pl.concat([lines.select("merchant_id", "rrn"), cancels.select("merchant_id", rrn="original_rrn")])
    undone = pl.concat([lines.select("merchant_id", "rrn"), due.select("merchant_id", "rrn")])
    blank = lines.filter(pl.col("rrn").is_null())
    return {
        "rrn": by_rrn.drop_nulls().unique(),
        "order_no": lines.select("merchant_id", "order_no").drop_nulls().unique(),
        "stan": blank.select("merchant_id", "terminal_id", "stan_key").drop_nulls().unique(),
        "cancels": undone.drop_nulls().unique(),
    }


def settle(
    found: Identified,
    history: pl.DataFrame,
    run_date: date,
    arrivals: Arrivals,
) -> Settled:
    """Pair what is left with the help of history, judge all pairs, and give every row left over its state.

    history: journal rows of the wanted keys, with `consumed` (paired in an earlier run); rows that are still open may
    be among them.
    """
    past = with_counters(journal_frame(history))
    closed = without(past, found.journal["row_id"])
    free = closed.filter(~pl.col("consumed")).drop("consumed")
    known = pl.concat([found.journal, closed.drop("consumed")], how="diagonal")
    undone = links(known)

    pairs, left, lines = _pair_with_history(found, free, undone)
    judged = judge(_with_reversed(pairs, undone), known, found.settlement)
    taken = pl.concat([judged["journal_row_id"], past.filter(pl.col("consumed"))["row_id"]])

    candidates = engine.tied(rules.WITHOUT_REFERENCE, left, lines, MOST_CANDIDATES)
    revived = _revived_cancels(free, left, undone, judged)
    waiting_rows = pl.concat([without(found.journal, judged["journal_row_id"]), revived], how="diagonal")
    journal_states = _journal_states(waiting_rows, undone, taken, candidates, run_date, arrivals)
    settled_before = known.filter(pl.col("row_id").is_in(taken.implode()))
    settlement_states = _settlement_states(lines, settled_before, candidates, arrivals)
    breaks = pl.concat(
        [
            breaks_of_pairs(judged, found.settlement),
            _journal_breaks(waiting_rows, journal_states, undone, known),
            _settlement_breaks(lines, settlement_states, candidates),
        ],
        how="diagonal",
    )
    return Settled(judged, journal_states, settlement_states, breaks)


def _pair_with_history(
    found: Identified, free: pl.DataFrame, undone: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """All pairs, the journal rows and the settlement lines that are left.

    A closed row that was approved comes before a failed one of the same identity; a different type comes after both.
    """
    approved = pl.col("status") == "APPROVED"
    expecting = pl.col("kind").is_in(list(NOT_SETTLED))
    steps = [
        (rules.IDENTITY, free.filter(approved & expecting)),
        (rules.IDENTITY, free.filter(~approved & expecting)),
    ]
    pairs, lines = [found.pairs], found.settlement_left
    for tier, rows in steps:
        pairs.append(engine.run(tier, rows, lines))
        lines = without(lines, pairs[-1]["settlement_row_id"])
    left = pl.concat([found.journal_left, free], how="diagonal")
    for taken in pairs[1:]:
        left = without(left, taken["journal_row_id"])
    for tier in (rules.ANY_TYPE, rules.WITHOUT_REFERENCE):
        pairs.append(engine.run(tier, left, lines))
        left = without(left, pairs[-1]["journal_row_id"])
        lines = without(lines, pairs[-1]["settlement_row_id"])
    return pl.concat(pairs), left, lines


def _with_reversed(pairs: pl.DataFrame, undone: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(reversed=pl.col("journal_row_id").is_in(undone["row_id"].implode()))


def _revived_cancels(
    free: pl.DataFrame, left: pl.DataFrame, undone: pl.DataFrame, judged: pl.DataFrame
) -> pl.DataFrame:
    """Closed voids and reversals whose original the acquirer shows after all: they wait for theirs again."""
    shown = undone.filter(pl.col("row_id").is_in(judged["journal_row_id"].implode()))["cancel_row_id"]
    return free.filter(pl.col("row_id").is_in(shown.implode()) & pl.col("row_id").is_in(left["row_id"].implode()))


def _with_clock(rows: pl.DataFrame, run_date: date, arrivals: Arrivals) -> pl.DataFrame:
    """Add `over`: the row's time is up and every file of its acquirer that could have settled it has arrived."""
    settings = arrivals.settings.run
    days = (
        pl.when(pl.col("kind") == "REFUND")
        .then(settings.refund_within_days)
        .otherwise(settings.settle_within_days)
    )
    timed = rows.with_columns(within=days.cast(pl.Int64))
    groups = timed.select("acquirer", "business_date", "within").unique()
    over = [
        run_date > day + timedelta(days=within)
        and not arrivals.settlement_missing(acquirer, day + timedelta(days=1), day + timedelta(days=within))
        for acquirer, day, within in groups.iter_rows()
    ]
    groups = groups.with_columns(over=pl.Series(over, dtype=pl.Boolean))
    return timed.join(
        groups,
        on=["acquirer", "business_date", "within"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )


def _journal_states(
    rows: pl.DataFrame,
    undone: pl.DataFrame,
    taken: pl.Series,
    candidates: pl.DataFrame,
    run_date: date,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason` of journal rows without partner: reason is the type, or why it is out of scope."""
    undecided = pl.col("row_id").is_in(candidates["journal_row_id"].implode())
    voided = pl.col("row_id").is_in(undone["row_id"].implode())
    shown = undone.filter(pl.col("row_id").is_in(taken.implode()))["cancel_row_id"]
    original_shown = pl.col("row_id").is_in(shown.implode())
    cancel = pl.col("kind").is_in(CANCELS)
    gone = voided | (cancel & ~original_shown)
    state = (
        pl.when(undecided | ~pl.col("over"))
        .then(pl.lit(WAITING))
        .when(gone)
        .then(pl.lit(OUT_OF_SCOPE))
        .otherwise(pl.lit(EXCEPTED))
    )
    reason = (
        pl.when(pl.col("state") == WAITING)
        .then(pl.lit("TIMING"))
        .when(pl.col("state") == EXCEPTED)
        .then(pl.col("kind").replace_strict(NOT_SETTLED, default=None, return_dtype=pl.String))
        .when(cancel)
        .then(pl.lit("undoes a transaction that the acquirer never showed"))
        .otherwise(pl.lit("voided or reversed, and the acquirer shows neither"))
    )
    timed = _with_clock(rows, run_date, arrivals)
    return timed.with_columns(state=state).select("row_id", "state", reason=reason)


def _journal_breaks(
    rows: pl.DataFrame, states: pl.DataFrame, undone: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    """Exceptions of journal rows the acquirer does not show; a void or reversal is keyed by its sale's RRN."""
    alone = rows.join(
        states.filter(pl.col("state") == EXCEPTED), on="row_id", how="inner", maintain_order="left"
    )
    originals = undone.join(known.select("row_id", sale_rrn="rrn"), on="row_id", how="inner")
    sale = originals.group_by("cancel_row_id").agg(pl.col("sale_rrn").min())
    alone = alone.join(
        sale, left_on="row_id", right_on="cancel_row_id", how="left", maintain_order="left"
    )
    owed = pl.col("kind") == "SALE"
    return alone.select(
        "acquirer",
        "merchant_id",
        "terminal_id",
        "order_no",
        "currency",
        "business_date",
        "amount_minor",
        type="reason",
        journal_row_id="row_id",
        rrn=pl.coalesce("sale_rrn", "rrn"),
        direction=pl.when(owed).then(pl.lit("short")).otherwise(pl.lit("long")),
    )


def _settlement_states(
    lines: pl.DataFrame,
    settled_before: pl.DataFrame,
    candidates: pl.DataFrame,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason` of settlement lines without partner."""
    undecided = pl.col("row_id").is_in(candidates["settlement_row_id"].implode())
    again = pl.col("row_id").is_in(_repeats(lines, settled_before).implode())
    timed = _with_journal(lines, arrivals)
    state = (
        pl.when(undecided | again | pl.col("journal_there")).then(pl.lit(EXCEPTED)).otherwise(pl.lit(WAITING))
    )
    reason = (
        pl.when(undecided)
        .then(pl.lit("AMBIGUOUS_MATCH"))
        .when(again)
        .then(pl.lit("DUPLICATE_SETTLEMENT"))
        .when(pl.col("journal_there"))
        .then(pl.lit("NOT_IN_JOURNAL"))
        .otherwise(pl.lit("TIMING"))
    )
    return timed.select("row_id", state=state, reason=reason)


def _repeats(lines: pl.DataFrame, settled_before: pl.DataFrame) -> pl.Series:
    """Lines whose identity the journal holds, but whose every row there is paired already.

    Where only STAN and date identify, the amount must be the same too: a STAN comes back, a re-sent line is equal.
    """
    found = [pl.Series("row_id", [], pl.Int64)]
    for rule in (*rules.IDENTITY, *rules.WITHOUT_REFERENCE):
        keys = list(rule.keys)
        mine = lines.drop_nulls(keys)
        if rule.blank:
            mine = mine.filter(pl.col(rule.blank).is_null())
        if mine.is_empty():
            continue
        theirs = with_counters(settled_before) if rule in rules.WITHOUT_REFERENCE else settled_before
        theirs = theirs.join(mine.select(keys).unique(), on=keys, how="semi")
        near = mine.join(theirs, on=keys, how="inner", suffix="_there")
        if rule.window_days is not None:
            apart = (pl.col("business_date") - pl.col("business_date_there")).dt.total_days().abs()
            same = pl.col("gross_minor").abs() == pl.col("amount_minor")
            near = near.filter((apart <= rule.window_days) & same)
        found.append(near["row_id"])
    return pl.concat(found).unique()


def _with_journal(lines: pl.DataFrame, arrivals: Arrivals) -> pl.DataFrame:
    """Add `journal_there`: the journal of the line's date has arrived, near the cut-off also its neighbour's."""
    into_day = pl.col("txn_time") - pl.col("business_date").cast(pl.Datetime("us")) + pl.col("ahead")
    near_start = (into_day < NEAR_CUTOFF).fill_null(value=False)
    near_end = (into_day >= timedelta(days=1) - NEAR_CUTOFF).fill_null(value=False)
    timed = lines.with_columns(near_start=near_start, near_end=near_end)
    groups = timed.select("business_date", "near_start", "near_end").unique()
    one = timedelta(days=1)
    there = [
        arrivals.journal_arrived(day)
        and (not start or arrivals.journal_arrived(day - one))
        and (not end or arrivals.journal_arrived(day + one))
        for day, start, end in groups.iter_rows()
    ]
    groups = groups.with_columns(journal_there=pl.Series(there, dtype=pl.Boolean))
    return timed.join(
        groups, on=["business_date", "near_start", "near_end"], how="left", maintain_order="left"
    )


def _settlement_breaks(
    lines: pl.DataFrame, states: pl.DataFrame, candidates: pl.DataFrame
) -> pl.DataFrame:
    """Exceptions of settlement lines that no journal row explains, with all candidates where several would."""
    alone = lines.join(
        states.filter(pl.col("state") == EXCEPTED), on="row_id", how="inner", maintain_order="left"
    )
    listed = candidates.group_by("settlement_row_id").agg(
        candidates=pl.col("journal_row_id"), found=pl.col("found").first()
    )
    alone = alone.join(
        listed, left_on="row_id", right_on="settlement_row_id", how="left", maintain_order="left"
    )
    undirected = pl.col("reason") == "AMBIGUOUS_MATCH"
    return alone.select(
        "acquirer",
        "merchant_id",
        "terminal_id",
        "rrn",
        "order_no",
        "payout_id",
        "currency",
        "business_date",
        "candidates",
        "found",
        type="reason",
        settlement_row_id="row_id",
        amount_minor=pl.col("gross_minor").abs(),
        direction=pl.when(undirected).then(pl.lit("none")).otherwise(direction(pl.col("gross_minor"))),
    )
