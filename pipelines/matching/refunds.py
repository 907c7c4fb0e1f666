"""Refunds against their originals: unlinked, above the original, or given twice (exceptions.md; contract.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

MOST_LISTED = 200
"""Refunds of one original listed as evidence of each other."""
SHOWN = ("merchant_id", "terminal_id", "rrn", "order_no", "currency", "business_date", "acquirer")


def originals(story: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """What refunds may name: `merchant_id`, `ref`, `original_minor`, one row per reference.

    story: journal rows (`kind`, `status`); settled: SALE lines of settlement. The journal's approved sale counts
    first, then any attempt of that reference, then what the acquirer shows.
    """
    sale = pl.col("kind") == "SALE"
    rank = pl.when(pl.col("status") == "APPROVED").then(0).otherwise(1)
    mine = story.filter(sale).select("merchant_id", "rrn", "order_no", amount=pl.col("amount_minor"), rank=rank)
    theirs = settled.select("merchant_id", "rrn", "order_no", amount=pl.col("gross_minor").abs(), rank=pl.lit(2))
    both = pl.concat([mine, theirs], how="vertical_relaxed")
    named = pl.concat(
        [both.rename({key: "ref"}).select("merchant_id", "ref", "amount", "rank") for key in ("rrn", "order_no")]
    )
    best = named.drop_nulls().sort("rank", "amount", descending=[False, True])
    return best.group_by("merchant_id", "ref", maintain_order=True).agg(original_minor=pl.col("amount").first())


def judged(refunds: pl.DataFrame, known: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Refunds with `original_minor` (null: not found), `type` (null: fine), `break_minor`.

    refunds: approved ones that nothing undid, all that name one original together; known: `originals`. In time order
    per original: one that repeats an earlier amount and exceeds the original with it, or comes within the window, is
    REFUND_DUPLICATE; else the part above the original is REFUND_EXCESS.
    """
    one = ["merchant_id", "original_rrn"]
    linked = refunds.join(known, left_on=one, right_on=["merchant_id", "ref"], how="left").sort(*one, "at", "row_id")
    same = pl.col("at").shift(1).over(*one, "amount_minor")
    excess = pl.col("amount_minor").cum_sum().over(one) - pl.col("original_minor")
    told = linked.with_columns(
        excess=excess,
        repeats=same.is_not_null(),
        soon=(pl.col("at") - same <= window).fill_null(value=False),
    )
    over = (pl.col("excess") > 0).fill_null(value=False)
    known_here = pl.col("original_minor").is_not_null()
    kind = (
        pl.when(~known_here)
        .then(pl.lit("REFUND_UNLINKED"))
        .when(pl.col("repeats") & (over | pl.col("soon")))
        .then(pl.lit("REFUND_DUPLICATE"))
        .when(over)
        .then(pl.lit("REFUND_EXCESS"))
    )
    part = pl.min_horizontal("amount_minor", "excess")
    value = pl.when(kind == "REFUND_EXCESS").then(part).otherwise(pl.col("amount_minor"))
    return told.with_columns(type=kind, break_minor=value).drop("excess", "repeats", "soon")


def breaks_of_refunds(found: pl.DataFrame, complete_until: Callable[[date], bool]) -> pl.DataFrame:
    """Exceptions of judged refunds; one without original waits while a journal up to its date is missing."""
    broken = found.filter(pl.col("type").is_not_null())
    days = broken["business_date"].unique().to_list()
    known = {day: complete_until(day) for day in days}
    arrived = pl.col("business_date").replace_strict(known, default=False, return_dtype=pl.Boolean)
    listed = broken.filter((pl.col("type") != "REFUND_UNLINKED") | arrived)
    one = ["merchant_id", "original_rrn"]
    together = (
        found.join(listed.select(one), on=one, how="semi")
        .group_by(one)
        .agg(together=pl.col("row_id").head(MOST_LISTED))
    )
    listed = listed.join(together, on=one, how="left", maintain_order="left")
    return listed.select(
        *SHOWN,
        "type",
        amount_minor="break_minor",
        refund_minor="amount_minor",
        original_minor="original_minor",
        direction=pl.lit("short"),
        journal_row_id="row_id",
        candidates=pl.col("together").list.set_difference(pl.concat_list("row_id")).list.sort(),
        other_ref="original_rrn",
    )
