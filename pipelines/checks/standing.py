"""How the nights stand: what ran, what is late or missing, what is due. Pure: the clock is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pipelines.schedule_settings import Schedule

State = Literal["ok", "incomplete", "late", "failed", "never"]

EXIT: dict[State, int] = {"ok": 0, "incomplete": 3, "late": 1, "failed": 1, "never": 1}
"""What `recon status` ends with: as `run` does, and 1 where a night that should be there is not."""


@dataclass(frozen=True)
class LateNight:
    """A night that should have been finished. due: by when, with its offset."""

    business_date: date
    due: datetime


def late_nights(schedule: Schedule, zone: str, newest: date | None, now: datetime) -> list[LateNight]:
    """Nights after the newest one whose time is over: due at `at`, `days_back` days later, and so many minutes more.

    Without any night the last one that is due is late; `now` bears an offset.
    """
    local = now.astimezone(ZoneInfo(zone))
    last = local.date() - timedelta(days=schedule.days_back)
    first = newest + timedelta(days=1) if newest else last
    nights = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    told = [LateNight(day, _due(schedule, zone, day)) for day in nights]
    return [night for night in told if night.due < now]


def _due(schedule: Schedule, zone: str, day: date) -> datetime:
    begins = datetime.combine(day + timedelta(days=schedule.days_back), schedule.at, ZoneInfo(zone))
    return begins + timedelta(minutes=schedule.late_after_minutes)


def state_of(ran: bool, failed: bool, late: Iterable[LateNight], missing: Iterable[object]) -> State:
    """The worst that is to be said; ran: a night has finished; failed: the newest attempt did not."""
    if failed:
        return "failed"
    if not ran:
        return "never"
    return "late" if any(True for _ in late) else "incomplete" if any(True for _ in missing) else "ok"
