"""The columns matching works on, made from stored rows: identities, comparable keys, expected signs."""

from __future__ import annotations

import polars as pl

KINDS = {"PREAUTH_COMPLETION": "SALE"}
TRANSACTIONS = ("SALE", "REFUND", "VOID", "REVERSAL")
CANCELS = ("VOID", "REVERSAL")
EXPECTED = ("SALE", "PREAUTH_COMPLETION", "REFUND", "VOID", "REVERSAL")


def comparable(column: str) -> pl.Expr:
    """A counter without the leading zeros that come and go between systems; blank stays null."""
    digits = pl.col(column).str.strip_chars_start("0")
    return pl.when(digits == "").then(pl.lit("0")).otherwise(digits)


def journal_frame(rows: pl.DataFrame) -> pl.DataFrame:
    """Journal rows as rules see them: adds `kind`, `card_rrn`, `at`.

    A wallet's identity is its order number, so its `card_rrn` is blank though the terminal gave it an RRN.
    """
    return rows.with_columns(
        kind=pl.col("txn_type").replace(KINDS),
        card_rrn=pl.when(pl.col("channel") == "CARD").then("rrn"),
        at=pl.col("txn_time"),
    )


def with_counters(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `batch_key`, `stan_key`, `amount` (without sign): they tell rows apart where no reference does."""
    size = pl.col("amount_minor" if "amount_minor" in frame.columns else "gross_minor").abs()
    return frame.with_columns(batch_key=comparable("batch_no"), stan_key=comparable("stan"), amount=size)


def with_codes(frame: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """Add `auth_key` and `card_last4` from codes: `row_id`, `auth_code`, `card_no` of the rows that may need them.

    An authorisation code of zeros is none.
    """
    auth = comparable("auth_code").str.to_uppercase()
    keys = codes.select(
        "row_id",
        auth_key=pl.when(auth != "0").then(auth),
        card_last4=pl.col("card_no").str.extract(r"([0-9]{4})\s*$"),
    )
    return frame.join(keys, on="row_id", how="left", maintain_order="left")


def settlement_frame(rows: pl.DataFrame) -> pl.DataFrame:
    """Settlement lines as rules see them; a line without a time is dated by its settlement date.

    A void or reversal line that names no original bears the number of its sale.
    """
    return rows.with_columns(
        kind=pl.col("record_type"),
        card_rrn=pl.col("rrn"),
        business_date=pl.col("business_date").fill_null(pl.col("settlement_date")),
        at=line_time(),
        then=pl.col("settlement_date"),
        original_rrn=pl.when(pl.col("record_type").is_in(CANCELS))
        .then(pl.coalesce("original_rrn", "rrn"))
        .otherwise("original_rrn"),
    )


def line_time() -> pl.Expr:
    """When a settlement line's transaction took place; where the file does not say, its settlement date."""
    return pl.coalesce("txn_time", pl.col("settlement_date").cast(pl.Datetime("us")))


def expected_gross() -> pl.Expr:
    """What the acquirer should show for a journal row: sale +, refund and undoing −, minor units."""
    return pl.when(pl.col("kind") == "SALE").then(pl.col("amount_minor")).otherwise(-pl.col("amount_minor"))
