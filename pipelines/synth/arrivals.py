"""When each file arrives: the whole schedule of a run, with its late and invalid files.

All row-level truth is computed from this schedule, so a late file and a faulty row may meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.synth.dice import Dice
from pipelines.synth.workdays import days_between, is_business_day
from pipelines.synth.world import ACQUIRERS

JOURNAL, BANK = "pos", "bank-main"
STEMS = {JOURNAL: "journal", BANK: "bank", **{a.source: f"settlement_{a.name}" for a in ACQUIRERS}}
NEVER = date.max


@dataclass(frozen=True)
class FileFault:
    """A file that is late or first comes with a wrong trailer; `arrives`: the run that loads the good one."""

    source: str
    day: date
    arrives: date
    invalid: bool


@dataclass(frozen=True)
class Restated:
    """A file that comes in time and again, corrected, under the same name; `arrives`: the run that loads that one."""

    source: str
    day: date
    arrives: date


@dataclass(frozen=True)
class Schedule:
    """The files of the runs first … last and the run that loads each."""

    first: date
    last: date
    sources: tuple[str, ...] = tuple(STEMS)
    faults: tuple[FileFault, ...] = ()
    restated: tuple[Restated, ...] = ()

    def days(self, source: str) -> list[date]:
        """List the dates of a source's files: banks on business days, acquirers from the second day on."""
        if source == JOURNAL:
            return days_between(self.first, self.last)
        if source == BANK:
            return [day for day in days_between(self.first, self.last) if is_business_day(day)]
        return days_between(self.first + timedelta(days=1), self.last)

    def fault(self, source: str, day: date) -> FileFault | None:
        """Return what is wrong with a file, if anything."""
        return next((f for f in self.faults if (f.source, f.day) == (source, day)), None)

    def run_of(self, source: str, day: date) -> date:
        """Return the run that loads the file; NEVER when no run up to the last does."""
        if source not in self.sources or day not in self.days(source):
            return NEVER
        fault = self.fault(source, day)
        return self.within(fault.arrives if fault else day)

    def within(self, run: date) -> date:
        """Return the run's date, or NEVER when it is after the last run."""
        return run if run <= self.last else NEVER

    def missing_until(self, source: str, run: date) -> date:
        """Return the first run from `run` on in which none of the source's files due so far is missing."""
        for day in days_between(run, self.last):
            if all(self.run_of(source, named) <= day for named in self.days(source) if named <= day):
                return day
        return NEVER

    def files(self) -> Iterator[tuple[str, date]]:
        """Iterate over every (source, date) a file is written for."""
        for source in self.sources:
            yield from ((source, day) for day in self.days(source))


def file_name(source: str, day: date) -> str:
    """Return the name a source's file of a date is expected under."""
    return f"{STEMS[source]}_{day:%Y%m%d}.csv"


def loaded_name(schedule: Schedule, source: str, day: date) -> str:
    """Return the name of the file that is loaded in the end, in its folder under the output directory."""
    fault = schedule.fault(source, day)
    again = [r.arrives for r in schedule.restated if (r.source, r.day) == (source, day)]
    if again:
        return f"later/{again[0]:%Y%m%d}/{file_name(source, day)}"
    if fault is None:
        return file_name(source, day)
    name = f"{STEMS[source]}_fixed_{day:%Y%m%d}.csv" if fault.invalid else file_name(source, day)
    return f"later/{fault.arrives:%Y%m%d}/{name}"


def plan(dice: Dice, clean: Schedule, wanted: frozenset[str]) -> Schedule:
    """Add about one late, one invalid and one restated file a week; none in fewer than four days."""
    days = days_between(clean.first, clean.last)
    if len(days) < 4:
        return clean
    free = days[1:-1]
    faults: list[FileFault] = []
    for week in range(max(1, len(days) // 7)):
        for kind in ("FILE_LATE", "FILE_INVALID"):
            if kind in wanted and free:
                fault = _file_fault(dice, f"{kind}-{week}", free, clean, invalid=kind == "FILE_INVALID")
                faults.append(fault)
                # neighbouring dates stay whole: two broken days of one source in a row are another story
                free = [day for day in free if abs((day - fault.day).days) > 1]
    restated: list[Restated] = []
    for week in range(max(1, len(days) // 7) if "RESTATED" in wanted else 0):
        # the first day settles nothing, and the bank pays by the corrected file the day after
        mine = [day for day in free if day > clean.first]
        if mine:
            source = dice.one(f"restated-{week}-source", [a.source for a in ACQUIRERS if a.source in clean.sources])
            day = dice.one(f"restated-{week}-day", mine)
            restated.append(Restated(source, day, day + timedelta(days=1)))
            free = [other for other in free if abs((other - day).days) > 1]
    return Schedule(clean.first, clean.last, clean.sources, tuple(faults), tuple(restated))


def _file_fault(dice: Dice, label: str, free: list[date], clean: Schedule, *, invalid: bool) -> FileFault:
    day = dice.one(f"{label}-day", free)
    source = dice.one(f"{label}-source", [s for s in clean.sources if day in clean.days(s)])
    # a statement later than the next one would also break the chain of balances
    longest = 1 if invalid or source == BANK else 3
    delay = 1 + dice.below(f"{label}-delay", 1, longest)[0]
    return FileFault(source, day, min(day + timedelta(days=delay), clean.last), invalid)
