"""Column kinds that all three sides share, so that one quantity has one name, type and check everywhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from pipelines.columns import distinct
from pipelines.money import CURRENCIES

OLDEST = date(2000, 1, 1)
NEWEST = date(2100, 1, 1)


def optional(column: pa.Column) -> pa.Column:
    """A column that only some formats have; frames of the others leave it out."""
    column.required = False
    return column


def text(description: str, *, required: bool = False) -> pa.Column:
    """Free or key text; blank cells are null."""
    return pa.Column(pl.String, nullable=not required, description=description)


def code(description: str, allowed: list[str], *, required: bool = True) -> pa.Column:
    """Text out of a closed list."""
    check = _one_of(allowed, f"is none of {', '.join(allowed)}")
    return pa.Column(pl.String, check, nullable=not required, description=description)


def _one_of(allowed: Collection[str], error: str) -> pa.Check:
    """Whether a text is one of these: what the column holds is looked up once, and not in each row."""

    def among(data: PolarsData) -> pl.LazyFrame:
        words = data.lazyframe.select(data.key).collect().to_series()
        one = pl.col(data.key)
        if set(distinct(words)) <= {*allowed, None}:
            return data.lazyframe.select(pl.when(one.is_not_null()).then(pl.lit(value=True)).alias(data.key))
        return data.lazyframe.select(one.is_in(list(allowed)))

    return pa.Check(among, error=error)


def minor(description: str, *checks: pa.Check, required: bool = True) -> pa.Column:
    """Money in integer minor units."""
    return pa.Column(pl.Int64, list(checks), nullable=not required, description=description)


def currency() -> pa.Column:
    """ISO 4217 code of the row's amounts."""
    known = _one_of(CURRENCIES, "is not an ISO 4217 currency")
    return pa.Column(pl.String, known, nullable=False, description="ISO 4217 currency of the row's amounts")


def day(description: str, *, required: bool = False) -> pa.Column:
    """Calendar date of a plausible year."""
    check = pa.Check.in_range(OLDEST, NEWEST, error="is no plausible date")
    return pa.Column(pl.Date, check, nullable=not required, description=description)


def moment(description: str, *, required: bool = False) -> pa.Column:
    """Local time of the books, without offset."""
    low, high = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - local by definition
    check = pa.Check.in_range(low, high, error="is no plausible time")
    return pa.Column(pl.Datetime("us"), check, nullable=not required, description=description)


def line() -> pa.Column:
    """Where the row stands in its file."""
    return pa.Column(pl.Int64, pa.Check.ge(1), nullable=False, description="Line in the file; 1 is the first")


def unreadable() -> pa.Column:
    """What the parser could not read; any text here rejects the row."""
    check = pa.Check(lambda data: data.lazyframe.select(pl.col(data.key).is_null()), error="unreadable")
    return pa.Column(pl.String, check, nullable=True, description="Cell that could not be read, and why")
