"""What signals and incidents share: the night they are told in, and writing down what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.cases.policies import Policies
from pipelines.cases.register import Entry, Event
from pipelines.cases.taxonomy import due_date
from pipelines.checks.arrivals import Arrivals
from pipelines.checks.workdays import business_day_after
from pipelines.signal_settings import Signals
from pipelines.store import Store, entries

CLOSED = ("cleared", "resolved")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Night:
    """What is known of the night. last: number of the run before it that finished."""

    arrivals: Arrivals
    run_no: int
    run_date: date
    last: int

    @property
    def own(self) -> Signals:
        """The thresholds."""
        return self.arrivals.settings.signals


def of_these(held: Mapping[str, Entry], ids: Collection[str]) -> dict[str, Entry]:
    """The entries of some exceptions."""
    return {key: entry for key, entry in held.items() if key in ids}


def write(store: Store, night: Night, events: list[Event]) -> None:
    """Append what changed in the register."""
    settings = night.arrivals.settings
    country, policies = settings.run.calendar, Policies.of(settings.policy)
    due = {
        e.entry.exception_id: due_date(
            policies(e.entry.break_.type, e.entry.break_.acquirer),
            e.entry.first_seen,
            lambda day, n: business_day_after(day, n, country),
        )
        for e in events
    }
    entries.write(store, events, due, policies, night.run_no, night.run_date)
