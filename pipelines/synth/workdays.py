"""Business days of the bank's calendar (mainland China, make-up weekend working days included)."""

from __future__ import annotations

from datetime import date, timedelta

import holidays

_CHINA = holidays.country_holidays("CN")


def is_business_day(day: date) -> bool:
    """Say whether banks book on this day (source: the `holidays` library, CN)."""
    return bool(_CHINA.is_working_day(day))


def business_day_after(day: date, n: int) -> date:
    """Return the n-th business day strictly after a day (contract.md, Due)."""
    while n > 0:
        day += timedelta(days=1)
        n -= is_business_day(day)
    return day


def days_between(first: date, last: date) -> list[date]:
    """List the calendar days from first to last, both included; empty when last is before first."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
