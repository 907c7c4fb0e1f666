"""What becomes of a row that found no partner: it waits, it is an exception, or nothing is expected of it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching import rules
from pipelines.matching.frames import CANCELS, with_counters

NEAR_CUTOFF = timedelta(minutes=10)

WAITING, EXCEPTED, OUT_OF_SCOPE = "waiting", "excepted", "out_of_scope"

NOT_SETTLED = {
    "SALE": "NOT_SETTLED",
    "REFUND": "REFUND_NOT_SETTLED",
    "VOID": "VOID_NOT_SETTLED",
    "REVERSAL": "REVERSAL_NOT_SETTLED",
}


def with_clock(rows: pl.DataFrame, run_date: date, arrivals: Arrivals) -> pl.DataFrame:
    """Add `over`: the row's time is up and every file of its acquirer that could have settled it has arrived."""
    settings = arrivals.settings.run
    days = pl.when(pl.col("kind") == "REFUND").then(settings.refund_within_days).otherwise(settings.settle_within_days)
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


def journal_states(
    rows: pl.DataFrame,
    undone: pl.DataFrame,
    taken: pl.Series,
    candidates: pl.DataFrame,
    run_date: date,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason`, `acquirer`, `expected_by` of journal rows without partner.

    reason: the exception type, or why the row is out of scope; expected_by: the last day it may wait.
    """
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
    timed = with_clock(rows, run_date, arrivals).with_columns(state=state)
    until = pl.col("business_date") + pl.duration(days="within")
    return timed.select("row_id", "state", "acquirer", reason=reason, expected_by=until)


def settlement_states(
    lines: pl.DataFrame,
    settled_before: pl.DataFrame,
    candidates: pl.DataFrame,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason`, `acquirer` of settlement lines without partner."""
    undecided = pl.col("row_id").is_in(candidates["settlement_row_id"].implode())
    again = pl.col("row_id").is_in(_repeats(lines, settled_before).implode())
    timed = _with_journal(lines, arrivals)
    state = pl.when(undecided | again | pl.col("journal_there")).then(pl.lit(EXCEPTED)).otherwise(pl.lit(WAITING))
    reason = (
        pl.when(undecided)
        .then(pl.lit("AMBIGUOUS_MATCH"))
        .when(again)
        .then(pl.lit("DUPLICATE_SETTLEMENT"))
        .when(pl.col("journal_there"))
        .then(pl.lit("NOT_IN_JOURNAL"))
        .otherwise(pl.lit("TIMING"))
    )
    return timed.select("row_id", "acquirer", state=state, reason=reason)


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
        if rule.kinds:
            mine = mine.filter(pl.col("kind").is_in(rule.kinds))
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
    return timed.join(groups, on=["business_date", "near_start", "near_end"], how="left", maintain_order="left")
