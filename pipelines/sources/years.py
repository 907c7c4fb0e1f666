"""Times that files write without their year: it is that of a date beside them, unless the year turned in between."""

from __future__ import annotations

import polars as pl


def with_year(text: pl.Expr, near: pl.Expr) -> pl.Expr:
    """The text, which begins with its month, behind its year; unchanged where the date beside it is blank.

    near: a date that begins with year and month (`20251231…`, `2025-12-31`), at most some months away.
    """
    beside = near.str.replace_all(r"[^0-9]", "")
    month, then = text.str.head(2), beside.str.slice(4, 2)
    turned = pl.when((then == "12") & (month == "01")).then(1).when((then == "01") & (month == "12")).then(-1)
    year = beside.str.head(4).cast(pl.Int32, strict=False) + turned.otherwise(0)
    return pl.coalesce(year.cast(pl.String) + text, text)
