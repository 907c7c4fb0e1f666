"""Moments that files write as a number: days as spreadsheets count them, or seconds of an epoch."""

from __future__ import annotations

from datetime import datetime

import polars as pl

NUMBERED = ("excel", "epoch", "epoch-ms")
"""Days since 1899-12-30 with a fraction, of local time; seconds, and thousandths of them, since 1970 in UTC."""

_EXCEL_BEGINS = datetime(1899, 12, 30)  # noqa: DTZ001 - local by definition
_LOOKS = {"excel": r"^[0-9]{4,6}(\.[0-9]+)?$", "epoch": r"^[0-9]{9,10}$", "epoch-ms": r"^[0-9]{12,13}$"}
_DAY = 86_400


def numbered(text: pl.Series, pattern: str) -> pl.Series:
    """Moments of the numbers, to the second (epoch-ms: to the thousandth); null where the text is no such number."""
    number = pl.when(pl.lit(text).str.contains(_LOOKS[pattern])).then(pl.lit(text))
    if pattern == "excel":
        seconds = (number.cast(pl.Float64) * _DAY).round().cast(pl.Int64)
        moment = pl.lit(_EXCEL_BEGINS).cast(pl.Datetime("us")) + pl.duration(seconds=seconds)
    else:
        microseconds = 1_000_000 if pattern == "epoch" else 1_000
        moment = (number.cast(pl.Int64) * microseconds).cast(pl.Datetime("us"))
    return pl.select(moment.alias(text.name)).to_series()
