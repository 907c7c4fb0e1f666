"""Pre-authorisations: neither completed nor cancelled in time, or completed above 115 % (exceptions.md)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

MOST_PERCENT = 115
"""A completion may exceed its pre-authorisation by 15 % (UnionPay operating rules, as contract.md takes them)."""

SHOWN = ("merchant_id", "terminal_id", "rrn", "order_no", "currency", "business_date", "acquirer")
ENDS = ("PREAUTH_COMPLETION", "PREAUTH_CANCEL")


def left_open(story: pl.DataFrame) -> pl.DataFrame:
    """Pre-authorisations that nothing completed or cancelled. story: approved rows that nothing undid."""
    ends = story.filter(pl.col("txn_type").is_in(ENDS)).select("merchant_id", rrn="original_rrn").drop_nulls().unique()
    return story.filter(pl.col("txn_type") == "PREAUTH").join(ends, on=["merchant_id", "rrn"], how="anti")


def breaks_of_preauths(
    waiting: pl.DataFrame, run_date: date, preauth_days: int, complete_until: Callable[[date], bool]
) -> pl.DataFrame:
    """Open pre-authorisations whose time is up, once every journal that could hold their end is there."""
    last = pl.col("business_date") + timedelta(days=preauth_days)
    due = waiting.with_columns(last_day=last).filter(pl.col("last_day") < run_date)
    known = {day: complete_until(day) for day in due["last_day"].unique().to_list()}
    arrived = pl.col("last_day").replace_strict(known, default=False, return_dtype=pl.Boolean)
    return due.filter(arrived).select(
        *SHOWN,
        "amount_minor",
        type=pl.lit("PREAUTH_NOT_COMPLETED"),
        direction=pl.lit("none"),
        journal_row_id="row_id",
        due="last_day",
    )


def breaks_of_completions(story: pl.DataFrame) -> pl.DataFrame:
    """Completions above floor(115 %) of their pre-authorisation; the amount is what lies above.

    story: approved rows that nothing undid.
    """
    granted = story.filter(pl.col("txn_type") == "PREAUTH").select(
        "merchant_id", original_rrn="rrn", granted_row_id="row_id", granted_minor="amount_minor"
    )
    granted = granted.drop_nulls().unique(["merchant_id", "original_rrn"], keep="first", maintain_order=True)
    done = story.filter(pl.col("txn_type") == "PREAUTH_COMPLETION")
    both = done.join(granted, on=["merchant_id", "original_rrn"], how="inner", maintain_order="left")
    most = pl.col("granted_minor") * MOST_PERCENT // 100
    return both.filter(pl.col("amount_minor") > most).select(
        *SHOWN,
        type=pl.lit("PREAUTH_EXCESS"),
        direction=pl.lit("long"),
        amount_minor=pl.col("amount_minor") - most,
        refund_minor="amount_minor",
        original_minor="granted_minor",
        journal_row_id="row_id",
        candidates=pl.concat_list("granted_row_id"),
        other_ref="original_rrn",
    )
