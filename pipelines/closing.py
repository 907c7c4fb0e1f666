"""Months are closed and opened again: an act like any other, with the figures that stand from then on."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Any

from pipelines import working
from pipelines.config import RefusedError, Settings
from pipelines.deciding import Said
from pipelines.store import Store, books, periods

CLOSE, REOPEN = "close-period", "reopen-period"


def days_of(period: str) -> tuple[date, date]:
    """First and last day of a month such as 2026-03."""
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", period)
    if not found:
        raise RefusedError(f"{period!r} is no month; write it as 2026-03")
    year, month = int(found[1]), int(found[2])
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def close(settings: Settings, period: str, said: Said) -> dict[str, Any]:
    """Close a month: its figures are kept, and what comes later on it counts in the open month."""
    first, last = days_of(period)
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        _, newest, _ = books.last_finished(store)
        if newest is None or newest < last:
            raise RefusedError(f"{period}: its last night has not been run yet; run `recon run --date {last}` first")
        if period in periods.closed(store):
            raise RefusedError(f"{period}: is closed already; `recon period list` shows by whom")
        facts = periods.figures(store, first, last)
        row = periods.act(period, CLOSE, said.actor, said.reason, working.now(), facts)
        working.keep(store, settings, row)
    return {"period": period, "act": CLOSE, "by": said.actor, "reason": said.reason}


def reopen(settings: Settings, period: str, said: Said) -> dict[str, Any]:
    """Open a month again: nothing is an adjustment to it any more."""
    days_of(period)
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        if period not in periods.closed(store):
            raise RefusedError(f"{period}: is not closed; `recon period list` shows what is")
        working.keep(store, settings, periods.act(period, REOPEN, said.actor, said.reason, working.now(), None))
    return {"period": period, "act": REOPEN, "by": said.actor, "reason": said.reason}
