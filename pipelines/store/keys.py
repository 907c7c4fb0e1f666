"""Numbers that stand for references, written beside the rows of a part: history is asked by them, not by its strings.

A number is a hash of merchant and reference. Which hash that is depends on the version of polars and on `hash_of`, so
the name of a column says by which one it was made; parts made by another are asked by their strings. Numbers only
narrow the search: who asks compares the references themselves in what is found. They are too short to be taken for card
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

import polars as pl

from pipelines.columns import hash_of

REFERENCES = {"journal": ("rrn", "order_no", "original_rrn"), "settlement": ("rrn", "order_no")}
"""Columns that history is asked by."""

NEAR = {
    "amount": ("merchant_id", "amount_minor", "business_date"),
    "stan": ("merchant_id", "terminal_id", "stan_key", "business_date"),
}
"""What journal rows near a line are asked by, where no reference tells: each a number of several columns."""

NUMBERED = {"journal": (*REFERENCES["journal"], *NEAR), "settlement": REFERENCES["settlement"]}
"""What there are numbers of, by table."""


def number_of(reference: str) -> pl.Expr:
    """The number of a merchant's reference; null where there is none."""
    return pl.when(pl.col(reference).is_not_null()).then(_short([pl.col("merchant_id"), pl.col(reference)]))


def number_near(name: str) -> pl.Expr:
    """The number of the columns of NEAR; null where one of them is. `stan_key` is the STAN without leading zeros."""
    columns = [pl.col(column) for column in NEAR[name]]
    return pl.when(pl.all_horizontal(column.is_not_null() for column in columns)).then(_short(columns))


def _short(columns: Sequence[pl.Expr]) -> pl.Expr:
    return (hash_of(columns, seed=0) % 2**32).cast(pl.UInt32)


@cache
def column_of(name: str) -> str:
    """The column of the numbers of a reference, or of a name of NEAR, as this version of polars makes them."""
    known = pl.DataFrame({"merchant_id": ["898310158120001", ""], "ref": ["603020000101", None]})
    plain = number_of("ref")
    if name in NEAR:
        day = pl.lit(date(2026, 3, 2))
        known = known.with_columns(amount_minor=4560, business_date=day, terminal_id=pl.lit("1"), stan_key=pl.lit("7"))
        plain = number_near(name)
    return f"{name}_key_{known.select(plain.fill_null(0).sum()).item():08x}"


def with_numbers(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a table with the numbers by which it is asked, where it is asked by any."""
    numbers = {
        name: pl.lit(None, pl.UInt32) if rows[name].null_count() == rows.height else number_of(name)
        for name in REFERENCES.get(table, ())
        if name in rows.columns
    }
    if table == "journal" and "stan" in rows.columns:
        rows = rows.with_columns(stan_key=pl.col("stan").str.strip_chars_start("0"))
        numbers |= {name: number_near(name) for name in NEAR}
    return rows.with_columns(number.alias(column_of(name)) for name, number in numbers.items()).drop(
        "stan_key", strict=False
    )
