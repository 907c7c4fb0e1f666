"""Dates and times as files write them: by formats, as numbers (days of spreadsheets, seconds), or without year."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from pipelines.sources.base import Context

NUMBERED = ("excel", "epoch", "epoch-ms")
"""Days since 1899-12-30 with a fraction, of local time; seconds, and thousandths of them, since 1970 in UTC."""

_EXCEL_BEGINS = datetime(1899, 12, 30)  # noqa: DTZ001 - local by definition
_LOOKS = {"excel": r"^[0-9]{4,6}(\.[0-9]+)?$", "epoch": r"^[0-9]{9,10}$", "epoch-ms": r"^[0-9]{12,13}$"}
_DAY = 86_400

_FIRST_DAY, _LAST_DAY = date(2, 1, 1), date(9999, 1, 1)
"""Days of the calendar, the last one not included; a moment of another time zone may lie a day beside them."""


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


def parsed_dates(text: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Dates by the first format that reads each cell; null where none does."""
    found = pl.Series(text.name, [None], pl.Date).new_from_index(0, len(text))
    for pattern in formats:
        if not (found.is_null() & text.is_not_null()).any():
            break
        read = numbered(text, pattern).dt.date() if pattern in NUMBERED else text.str.to_date(pattern, strict=False)
        found = _filled(found, read)
    return _of_the_calendar(found)


def parsed_times(text: pl.Series, formats: tuple[str, ...], context: Context) -> pl.Series:
    """Local times of the books; a time with an offset is converted, one without is the source's own zone."""
    found = pl.Series(text.name, [None], pl.Datetime("us")).new_from_index(0, len(text))
    for pattern in formats:
        if not (found.is_null() & text.is_not_null()).any():
            break
        if pattern in NUMBERED:
            read = numbered(text, pattern)
            read = _to_books(read, context) if pattern == "excel" else _from_utc(read, context)
        elif "z" in pattern or "%+" in pattern:  # both read an offset
            read = text.str.to_datetime(pattern, strict=False, time_unit="us", time_zone="UTC", cache=False)
            read = _from_utc(read, context)
        else:
            # times hardly repeat: to look each up among those read before takes longer than to read it
            read = _to_books(text.str.to_datetime(pattern, strict=False, time_unit="us", cache=False), context)
        found = _filled(found, read)
    return _of_the_calendar(found)


def _filled(found: pl.Series, read: pl.Series) -> pl.Series:
    """What was found before, and where that is blank what was read now."""
    return read if found.null_count() == len(found) else pl.select(pl.coalesce(found, read)).to_series()


def _of_the_calendar(found: pl.Series) -> pl.Series:
    """Null instead of days of years that Python cannot hold: "-2026-03-02" reads as one of them."""
    first, last = pl.Series([_FIRST_DAY, _LAST_DAY], dtype=pl.Date).cast(found.dtype)
    within = (found >= first) & (found < last)
    if within.all():
        return found
    return pl.select(pl.when(within).then(found).alias(found.name)).to_series()


def _from_utc(moments: pl.Series, context: Context) -> pl.Series:
    return moments.dt.replace_time_zone("UTC").dt.convert_time_zone(context.timezone).dt.replace_time_zone(None)


def _to_books(local: pl.Series, context: Context) -> pl.Series:
    if context.source_timezone == context.timezone:
        return local
    zoned = local.dt.replace_time_zone(context.source_timezone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone(context.timezone).dt.replace_time_zone(None)


def with_year(text: pl.Expr, near: pl.Expr) -> pl.Expr:
    """The text, which begins with its month, behind its year; unchanged where the date beside it is blank.

    near: a date that begins with year and month (`20251231…`, `2025-12-31`), at most some months away.
    """
    beside = near.str.replace_all(r"[^0-9]", "")
    month, then = text.str.head(2), beside.str.slice(4, 2)
    turned = pl.when((then == "12") & (month == "01")).then(1).when((then == "01") & (month == "12")).then(-1)
    year = beside.str.head(4).cast(pl.Int32, strict=False) + turned.otherwise(0)
    return pl.coalesce(year.cast(pl.String) + text, text)
