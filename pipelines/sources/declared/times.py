"""Formats of dates and times that a declaration may name."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from pipelines.sources.times import NUMBERED

SAMPLE_MOMENT = datetime(2026, 3, 2, 13, 4, 5)  # noqa: DTZ001 - any moment will do


def holds_a_date(pattern: str) -> bool:
    """Whether a format reads back the day it writes, or is one of those that count days or seconds."""
    if pattern in NUMBERED:
        return True
    moment = pl.Series([SAMPLE_MOMENT]).dt.replace_time_zone("UTC")
    try:
        written = moment.dt.strftime(pattern.replace("%#z", "%z"))
        return bool(written.str.to_date(pattern, strict=False).item() == SAMPLE_MOMENT.date())
    except pl.exceptions.PolarsError:
        return False
