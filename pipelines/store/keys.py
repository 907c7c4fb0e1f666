"""Numbers that stand for references, written beside the rows of a part: history is asked by them, not by its strings.

A number is a hash of merchant and reference. Which hash that is depends on the version of polars, so the name of a
column says by which one it was made; parts made by another are asked by their strings. Numbers only narrow the search:
who asks compares the references themselves in what is found. They are too short to be taken for card numbers.
"""

from __future__ import annotations

from functools import cache

import polars as pl

REFERENCES = {"journal": ("rrn", "order_no", "original_rrn"), "settlement": ("rrn", "order_no")}
"""Columns that history is asked by."""


def number_of(reference: str) -> pl.Expr:
    """The number of a merchant's reference; null where there is none."""
    number = pl.struct("merchant_id", ref=reference).hash(seed=0) % 2**32
    return pl.when(pl.col(reference).is_not_null()).then(number.cast(pl.UInt32))


@cache
def column_of(reference: str) -> str:
    """The column of a reference's numbers as this version of polars makes them."""
    known = pl.DataFrame({"merchant_id": ["898310158120001", ""], "ref": ["603020000101", None]})
    told = known.select(number_of("ref").fill_null(0).sum()).item()
    return f"{reference}_key_{told:08x}"


def with_numbers(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a table with the numbers of their references, where it is asked by any."""
    return rows.with_columns(
        number_of(reference).alias(column_of(reference))
        for reference in REFERENCES.get(table, ())
        if reference in rows.columns
    )
