"""Business days of a country, make-up working weekends included, from the `holidays` library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import holidays


@cache
def _country(code: str) -> holidays.HolidayBase:
    return holidays.country_holidays(code)


def is_business_day(day: date, *countries: str) -> bool:
    """Whether banks of all these countries (ISO 3166 codes) work on the day."""
    return all(_country(country).is_working_day(day) for country in countries)


def business_day_after(day: date, count: int, *countries: str) -> date:
    """The count-th business day of all these countries strictly after `day`; the day itself for count 0."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_business_day(day, *countries)
    return day


def days(first: date, last: date) -> Iterator[date]:
    """Calendar days from first to last, both included."""
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead)
