"""Refunds against their originals: unlinked, above the original, or given twice (exceptions.md; contract.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

MOST_LISTED = 200
"""Refunds of one original listed as evidence of each other."""
ONE = ("merchant_id", "original_rrn", "original_terminal")
"""What refunds of one sale have in common."""

SHOWN = ("merchant_id", "terminal_id", "rrn", "order_no", "currency", "business_date", "acquirer")


def originals(story: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """What refunds may name: `merchant_id`, `ref`, `original_terminal`, `rank`, `original_minor`, one row per sale.

    story: journal rows (`kind`, `status`); settled: SALE lines of settlement. The journal's approved sale counts
    first, then any attempt of that reference, then what the acquirer shows. An RRN at two terminals is two sales.
    """
    sale = pl.col("kind") == "SALE"
    rank = pl.when(pl.col("status") == "APPROVED").then(0).otherwise(1)
    named = ("merchant_id", "terminal_id", "rrn", "order_no")
    mine = story.filter(sale).select(*named, amount=pl.col("amount_minor"), rank=rank)
    theirs = settled.select(*named, amount=pl.col("gross_minor").abs(), rank=pl.lit(2))
    both = pl.concat([mine, theirs], how="vertical_relaxed")
    by_key = [both.with_columns(ref=pl.col(key)).drop("rrn", "order_no") for key in ("rrn", "order_no")]
    best = pl.concat(by_key).drop_nulls("ref").sort("rank", "amount", descending=[False, True])
    one = ("merchant_id", "ref", pl.col("terminal_id").alias("original_terminal"))
    return best.group_by(*one, maintain_order=True).agg(pl.first("rank"), original_minor=pl.first("amount"))


def judged(refunds: pl.DataFrame, known: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Refunds with `original_minor` (null: not found), `original_terminal`, `type` (null: fine), `break_minor`.

    refunds: approved ones that nothing undid, all that name one original together; known: `originals`. In time order
    per original: one that repeats an earlier amount and exceeds the original with it, or comes within the window, is
    REFUND_DUPLICATE; else the part above the original is REFUND_EXCESS.
    """
    linked = _linked(refunds, known).sort(*ONE, "at", "row_id")
    one = list(ONE)
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


def _linked(refunds: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Each refund with the sale it names: at its own terminal before another's, the journal's before the acquirer's."""
    both = refunds.join(known, left_on=["merchant_id", "original_rrn"], right_on=["merchant_id", "ref"], how="left")
    here = pl.col("terminal_id").eq_missing(pl.col("original_terminal"))
    order = both.with_columns(here=here).sort(
        "row_id", "here", "rank", "original_minor", "original_terminal", descending=[False, True, False, True, False]
    )
    return order.unique("row_id", keep="first", maintain_order=True).drop("here", "rank")


def breaks_of_refunds(found: pl.DataFrame, complete_until: Callable[[date], bool]) -> pl.DataFrame:
    """Exceptions of judged refunds; one without original waits while a journal up to its date is missing."""
    broken = found.filter(pl.col("type").is_not_null())
    days = broken["business_date"].unique().to_list()
    known = {day: complete_until(day) for day in days}
    arrived = pl.col("business_date").replace_strict(known, default=False, return_dtype=pl.Boolean)
    listed = broken.filter((pl.col("type") != "REFUND_UNLINKED") | arrived)
    one = list(ONE)
    together = (
        found.join(listed.select(one), on=one, how="semi", nulls_equal=True)
        .group_by(one)
        .agg(together=pl.col("row_id").head(MOST_LISTED))
    )
    listed = listed.join(together, on=one, how="left", nulls_equal=True, maintain_order="left")
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
