"""What becomes of a row that found no partner: it waits, it is an exception, or nothing is expected of it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching.engine import Tied
from pipelines.matching.frames import CANCELS

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
    undecided: Tied,
    run_date: date,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason`, `acquirer`, `expected_by` of journal rows without partner.

    reason: the exception type, or why the row is out of scope; expected_by: the last day it may wait.
    """
    claimed = pl.col("row_id").is_in(undecided.rows.implode())
    voided = pl.col("row_id").is_in(undone["row_id"].implode())
    shown = undone.filter(pl.col("row_id").is_in(taken.implode()))["cancel_row_id"]
    original_shown = pl.col("row_id").is_in(shown.implode())
    cancel = pl.col("kind").is_in(CANCELS)
    gone = voided | (cancel & ~original_shown)
    state = (
        pl.when(claimed | ~pl.col("over"))
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
    again: pl.Series,
    undecided: Tied,
    arrivals: Arrivals,
) -> pl.DataFrame:
    """`row_id`, `state`, `reason`, `acquirer` of settlement lines without partner.

    again: ids of lines whose identity the journal holds, but whose every row there is paired.
    """
    tied = pl.col("row_id").is_in(undecided.lines.implode())
    repeat = pl.col("row_id").is_in(again.implode())
    timed = _with_journal(lines, arrivals)
    state = pl.when(tied | repeat | pl.col("journal_there")).then(pl.lit(EXCEPTED)).otherwise(pl.lit(WAITING))
    reason = (
        pl.when(tied)
        .then(pl.lit("AMBIGUOUS_MATCH"))
        .when(repeat)
        .then(pl.lit("DUPLICATE_SETTLEMENT"))
        .when(pl.col("journal_there"))
        .then(pl.lit("NOT_IN_JOURNAL"))
        .otherwise(pl.lit("TIMING"))
    )
    return timed.select("row_id", "acquirer", state=state, reason=reason)


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
