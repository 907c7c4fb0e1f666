"""What becomes of a row that found no partner: it waits, it is an exception, or nothing is expected of it."""

from __future__ import annotations

from datetime import date, time, timedelta

import polars as pl

from pipelines.checks.arrivals import Arrivals
from pipelines.matching.engine import Tied
from pipelines.matching.frames import CANCELS

NEAR_CUTOFF, MOMENT = timedelta(minutes=10), timedelta.resolution
"""Ten minutes before and after the cut-off, both ends included."""

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
    # what it undoes may stand in a journal that has not come
    unknown = cancel & ~pl.col("row_id").is_in(undone["cancel_row_id"].implode())
    lost = unknown & ~pl.col("journal_complete")
    timed = _with_journals(with_clock(rows, run_date, arrivals), arrivals)
    # nor is it over for what undoes a row that still waits
    open_still = timed.filter(claimed | ~pl.col("over"))["row_id"]
    bound = undone.filter(pl.col("row_id").is_in(open_still.implode()))["cancel_row_id"]
    state = (
        pl.when(claimed | ~pl.col("over") | lost | pl.col("row_id").is_in(bound.implode()))
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
    timed = timed.with_columns(state=state)
    until = pl.col("business_date") + pl.duration(days="within")
    return timed.select("row_id", "state", "acquirer", reason=reason, expected_by=until)


def _with_journals(rows: pl.DataFrame, arrivals: Arrivals) -> pl.DataFrame:
    """Add `journal_complete`: no journal up to the row's date is missing."""
    days = rows["business_date"].unique().drop_nulls()
    known = {day: arrivals.journals_complete_until(day) for day in days}
    complete = pl.col("business_date").replace_strict(known, default=True, return_dtype=pl.Boolean)
    return rows.with_columns(journal_complete=complete if known else pl.lit(value=True))


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
    """Add `journal_there`: the journal of the line's time has arrived, near the cut-off also its neighbour's.

    Journals close their day at their own cut-off, whatever that of the acquirer is.
    """
    cutoffs = arrivals.journal_cutoffs()
    if not cutoffs:
        return lines.with_columns(journal_there=pl.lit(value=False))
    slots = [f"days_{number}" for number in range(len(cutoffs))]
    timed = lines.with_columns(_days(cutoff).alias(name) for name, cutoff in zip(slots, cutoffs, strict=True))
    groups = timed.select(slots).unique()
    there = [arrivals.journals_arrived(dict(zip(cutoffs, row, strict=True))) for row in groups.iter_rows()]
    groups = groups.with_columns(journal_there=pl.Series(there, dtype=pl.Boolean))
    return timed.join(groups, on=slots, how="left", maintain_order="left").drop(slots)


def _days(cutoff: time) -> pl.Expr:
    """The dates of the journals in which a line's transaction may stand."""
    past = timedelta(hours=cutoff.hour, minutes=cutoff.minute, seconds=cutoff.second)
    ahead = timedelta(days=1) - past if past else past
    near = (ahead - NEAR_CUTOFF - MOMENT, ahead, ahead + NEAR_CUTOFF)
    by_time = [(pl.col("txn_time") + off).dt.date() for off in near]
    return pl.concat_list(pl.coalesce(day, "business_date") for day in by_time).list.unique(maintain_order=True)
