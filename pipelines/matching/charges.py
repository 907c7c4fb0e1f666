"""The same card charged twice: approved sales of one merchant, card and amount close together (DUPLICATE_CHARGE)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.columns import hash_of

SAME = ["merchant_id", "card_no", "amount_minor", "currency"]


NARROW = ["row_id", *SAME, "rrn", "order_no", "txn_time"]
"""Columns by which second charges are told; the rest of a row is fetched for the few that are."""


def sale() -> pl.Expr:
    """Whether a journal row may be one of two charges: an approved sale by a known card, with a reference."""
    known = pl.col("card_no").is_not_null() & pl.col("rrn").is_not_null()
    return known & (pl.col("txn_type") == "SALE") & (pl.col("status") == "APPROVED")


def sales(rows: pl.DataFrame) -> pl.DataFrame:
    """Journal rows that may be one of two charges, narrow."""
    return rows.filter(sale()).select(NARROW)


def alike_hash() -> pl.Expr:
    """Hash of what two charges of the same card have in common."""
    return hash_of([pl.col(name) for name in SAME], seed=1)


def alike(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of which another has the same merchant, card, amount and currency."""
    return rows.filter(pl.struct(SAME).is_duplicated()).unique("row_id", maintain_order=True)


def charged_again(rows: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """Sales before which the same card paid the same merchant the same amount, with `earlier_row_id`, `earlier_rrn`.

    rows: `sales` that nothing undid. window: two charges lie at most so far apart (inclusive); an RRN that stands
    twice is one charge.
    """
    many = rows.filter(pl.struct(SAME).is_duplicated()).sort(*SAME, "txn_time", "row_id")
    if many.is_empty():
        return many.with_columns(earlier_row_id=pl.lit(None, pl.Int64), earlier_rrn=pl.lit(None, pl.String))
    other = pl.col("rrn") != pl.col("rrn").shift(1)
    last = {name: pl.when(other).then(pl.col(name).shift(1)) for name in ("row_id", "rrn", "txn_time")}
    told = many.with_columns(
        **{f"earlier_{name}": value.forward_fill().over(SAME) for name, value in last.items()},
    )
    return told.filter(pl.col("txn_time") - pl.col("earlier_txn_time") <= window).drop("earlier_txn_time")


def breaks_of_charges(again: pl.DataFrame) -> pl.DataFrame:
    """One exception per later charge, its whole amount too much taken from the customer."""
    return again.select(
        "merchant_id",
        "terminal_id",
        "rrn",
        "order_no",
        "currency",
        "business_date",
        "amount_minor",
        "acquirer",
        type=pl.lit("DUPLICATE_CHARGE"),
        direction=pl.lit("long"),
        journal_row_id="row_id",
        candidates=pl.concat_list("earlier_row_id"),
        other_ref="earlier_rrn",
    )
