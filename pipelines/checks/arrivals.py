"""Which files a run expects, which have arrived, and which days they speak for (contract.md, Configuration)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property

from pipelines.checks.workdays import days, is_business_day
from pipelines.config import Settings, Source
from pipelines.sources.base import Side


@dataclass(frozen=True, order=True)
class Expectation:
    """One file that should be there: source name and the date in its name."""

    source: str
    date: date


@dataclass(frozen=True)
class LoadedFile:
    """A file in the books: whose it is, the date it was expected for, the days its rows or balances cover.

    final: whether it has the last word on those days; what a bank reports within a day has not.
    """

    source: str
    expected_date: date | None
    covers: tuple[date, ...] = ()
    final: bool = True


@dataclass(frozen=True)
class Arrivals:
    """What has come and what has not, as the rules ask for it.

    since: by source the first run that knew it. previous: date of the run before, None in the first.
    """

    settings: Settings
    run_date: date
    previous: date | None
    since: Mapping[str, date]
    loaded: frozenset[tuple[str, date]] = frozenset()
    covered: frozenset[tuple[str, date]] = frozenset()
    _by_name: Mapping[str, Source] = field(default_factory=dict)

    @staticmethod
    def of(
        settings: Settings,
        run_date: date,
        previous: date | None,
        since: Mapping[str, date],
        files: Iterable[LoadedFile],
    ) -> Arrivals:
        """Index the loaded files by source and date."""
        files = list(files)
        named = frozenset((f.source, f.expected_date) for f in files if f.expected_date)
        final = [f for f in files if f.final]
        covers = frozenset((f.source, day) for f in final for day in (*f.covers, f.expected_date) if day)
        by_name = {source.name: source for source in settings.sources}
        return Arrivals(settings, run_date, previous, since, named, covers, by_name)

    def _expects(self, source: Source, day: date) -> bool:
        if source.expected == "none":
            return False
        return source.expected == "daily" or is_business_day(day, source.calendar or self.settings.run.calendar)

    def expected_until_now(self) -> tuple[Expectation, ...]:
        """Every file that this run or one before it expected, in order of date and source."""
        return self._expected

    @cached_property
    def _expected(self) -> tuple[Expectation, ...]:
        found: list[Expectation] = []
        for source in self.settings.sources:
            first = self.since.get(source.name, self.run_date) + timedelta(days=source.arrives_after_days)
            found += [Expectation(source.name, d) for d in days(first, self.run_date) if self._expects(source, d)]
        return tuple(sorted(found, key=lambda e: (e.date, e.source)))

    def expected_now(self) -> list[Expectation]:
        """Files that this run is the first to expect: of its date, and of days no run was made for."""
        return [
            e
            for e in self.expected_until_now()
            if e.date == self.run_date or self.previous is None or e.date > self.previous
        ]

    def has(self, expectation: Expectation) -> bool:
        """Whether a file of that source and date is in the books."""
        return (expectation.source, expectation.date) in self.loaded

    def missing(self) -> tuple[Expectation, ...]:
        """Expected files, of this run or an earlier one, that are not in the books."""
        return self._missing

    @cached_property
    def _missing(self) -> tuple[Expectation, ...]:
        return tuple(e for e in self._expected if not self.has(e))

    def journals_complete_until(self, day: date) -> bool:
        """Whether no journal that was expected for a day up to this one is missing."""
        names = {source.name for source in self._of_side("journal")}
        return not any(e.source in names and e.date <= day for e in self.missing())

    def _of_side(self, side: Side) -> list[Source]:
        return [source for source, delivers in self._sides if delivers == side]

    @cached_property
    def _sides(self) -> list[tuple[Source, Side]]:
        return [(source, self.settings.side_of(source)) for source in self.settings.sources]

    def _of_acquirer(self, acquirer: str | None) -> list[Source]:
        sources = self._of_side("settlement")
        return [s for s in sources if acquirer is None or s.acquirer in (None, acquirer)]

    def settlement_missing(self, acquirer: str | None, first: date, last: date) -> bool:
        """Whether one of the acquirer's files named first … last has not arrived; None means any acquirer."""
        return any(
            self._expects(source, day) and (source.name, day) not in self.loaded
            for source in self._of_acquirer(acquirer)
            for day in days(first, last)
        )

    def acquirer_incomplete(self, acquirer: str) -> bool:
        """Whether any file expected of the acquirer up to now is missing."""
        names = {source.name for source in self._of_acquirer(acquirer)}
        return any(e.source in names for e in self.missing())

    def journal_cutoffs(self) -> tuple[time, ...]:
        """At which times the journals' business dates begin."""
        return tuple(sorted({source.cutoff for source in self._of_side("journal")}))

    def journals_arrived(self, days_of: Mapping[time, Sequence[date]]) -> bool:
        """Whether the journals of the days are there: of every source that owes one, and all of at least one.

        days_of: the days meant, by the cut-off of the journal.
        """
        asked = [(source, days_of[source.cutoff]) for source in self._of_side("journal")]
        if any(self._expects(s, day) and (s.name, day) not in self.loaded for s, those in asked for day in those):
            return False
        return any(all((s.name, day) in self.covered for day in those) for s, those in asked)

    def statement_arrived(self, account: str | None, day: date) -> bool:
        """Whether the account's statement of the day is there; None means any account."""
        sources = [s for s in self._of_side("bank") if account is None or s.account in (None, account)]
        return any((s.name, day) in self.covered for s in sources)
