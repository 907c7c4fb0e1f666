"""The register's night: what holds now becomes exceptions, adjustments settle some of them, the events are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pipelines.adjusting import adjust
from pipelines.cases import explain
from pipelines.cases.policies import Policies
from pipelines.cases.register import BY_PEOPLE, EVENTS, Break, Entry, Event, Evidence, decide, exception_id
from pipelines.cases.taxonomy import due_date
from pipelines.cases.telling import tellings
from pipelines.checks.arrivals import Arrivals
from pipelines.checks.balances import gaps
from pipelines.checks.workdays import business_day_after
from pipelines.config import Settings
from pipelines.file_breaks import file_breaks
from pipelines.matching.aftermath import breaks_of_adjustments, breaks_of_chargebacks, taken_back
from pipelines.matching.deposits import UNIDENTIFIED
from pipelines.store import Store, books, entries, statements, traces


@dataclass(frozen=True)
class Night:
    """What a night knows when it writes the register. last: number of the run before it that finished."""

    settings: Settings
    arrivals: Arrivals
    run_no: int
    run_date: date
    last: int


@dataclass(frozen=True)
class Registered:
    """adjustments: `row_id`, `state`, `reason` of adjustment lines. closed: `side`, `row_id`, `reason` of rows whose
    exception an adjustment settled tonight."""

    adjustments: pl.DataFrame
    closed: pl.DataFrame


@dataclass(frozen=True)
class _Explaining:
    """What explains events of earlier nights: places of undone journal rows, retracted files by side and name, and ids
    of exceptions of pairs that people undid."""

    undone: frozenset[Evidence]
    retracted: frozenset[tuple[str, str]]
    taken_apart: frozenset[str]

    def perhaps(self, store: Store) -> pl.Series:
        """Ids of open events that it may explain; of all others nothing need be known."""
        if self.retracted or self.taken_apart:
            return entries.of_events(store, EVENTS)
        return entries.resting_on(store, "FAILED_BUT_SETTLED", [(p.file, p.line) for p in self.undone])

    def ids(self, held: Mapping[str, Entry]) -> frozenset[str]:
        """Which of these entries it explains."""
        return frozenset(key for key, entry in held.items() if self._explains(key, entry))

    def _explains(self, key: str, entry: Entry) -> bool:
        evidence = entry.break_.evidence
        if entry.break_.type in BY_PEOPLE:
            return False
        if entry.break_.type == "FAILED_BUT_SETTLED" and self.undone.intersection(evidence):
            return True
        if entry.break_.type == "CHANNEL_INCIDENT":  # it stands as long as one of its breaks does
            return False
        return entry.status != "cleared" and (key in self.taken_apart or self.takes(entry.break_))

    def takes(self, found: Break) -> bool:
        """Whether a file that it rests on was taken back."""
        return any((e.side, e.file) in self.retracted for e in found.evidence)


AT_ONCE = 50_000
"""Exceptions are decided in slices: as objects each takes some kilobytes, and a night may have millions."""


def register(
    store: Store,
    night: Night,
    undone: pl.Series,
    breaks: pl.DataFrame,
    aftermath: pl.DataFrame,
    keyed: pl.DataFrame,
    taken_apart: frozenset[str],
) -> Registered:
    """Decide and write what opens, changes, clears or reopens.

    undone: journal rows that a void or reversal undoes; breaks: exceptions of matching, reviews and deposits;
    aftermath: judged chargebacks; keyed: open lines with the sale each speaks of, adjustments among them; taken_apart:
    ids of exceptions of pairs that people undid.
    """
    files = store.frame("SELECT file_id, source, name FROM book.files")
    names = {file_id: (source or "", name) for file_id, source, name in files.iter_rows()}
    explaining = _Explaining(
        frozenset(explain.place("journal", row_id, names) for row_id in undone),
        frozenset(books.retracted_since(store, night.last)),
        taken_apart,
    )
    breaks = pl.concat([breaks, breaks_of_chargebacks(aftermath)], how="diagonal")
    found = explain.identified(breaks, names, _bases(store, breaks, names))
    before = pl.Series(sorted(books.adjusted_ids(store)), dtype=pl.String)
    reviewed = pl.col("type").is_in(list(explain.REVIEWED)) & pl.col("exception_id").is_in(before.implode())
    found = _traced(store, found.filter(~reviewed))

    perhaps, again = explaining.perhaps(store), _looked_at_again(store, explaining)
    lines = explain.identified(breaks_of_adjustments(keyed), names)
    adjusted = adjust(store, found, lines, again, perhaps, explaining.ids, names)
    settled = adjusted.settled

    others = file_breaks(store, night.settings, night.arrivals, night.run_no)
    others += [explain.balance_break(gap) for gap in gaps(statements.balances(store), night.settings.run.calendar)]
    others += adjusted.unexplained
    others += [b for key, b in again.items() if key not in settled]
    found = found.filter(~pl.col("exception_id").is_in(list(settled)))
    same = ("exception_id", "telling", "alike")
    known = pl.concat([found, adjusted.lines.filter("alike").select(same)], how="diagonal")
    passing = [b for key, b in adjusted.touched.items() if key in settled]
    back = explain.identified(taken_back(aftermath), names).join(found, on="exception_id", how="anti")
    passing += [explain.to_break(row, names) for row in back.iter_rows(named=True)]
    policies = Policies.of(night.settings.policy)
    for changed in _changes(store, night, known, others, passing, settled, explaining, perhaps, names):
        events = adjusted.with_lines(changed, names)
        due = {
            e.entry.exception_id: due_of(e.entry.break_, e.entry.first_seen, night.settings, policies) for e in events
        }
        entries.write(store, events, due, policies, night.run_no, night.run_date)
    entries.write_told(store, pl.concat([found.select(same), adjusted.lines.select(same)]))
    books.write_policy(store, policies)
    books.write_adjusted(store, adjusted.attached.settles, adjusted.rows, night.run_no)
    return Registered(adjusted.states(), adjusted.closed(names))


def _traced(store: Store, found: pl.DataFrame) -> pl.DataFrame:
    """Breaks with `telling`, `alike` (open, and told the same as the last night) and the records that belong to them.

    Of those that are alike nothing is asked or decided again: most of what is open is, and it may be a year's.
    """
    told = found.with_columns(telling=tellings(found))
    alike = pl.col("exception_id").is_in(entries.told_alike(store, told).implode())
    told = told.with_columns(alike=alike)
    traced = traces.with_traces(store, told.filter(~pl.col("alike")))
    return pl.concat([traced, told.filter("alike")], how="diagonal").sort("exception_id")


def _changes(
    store: Store,
    night: Night,
    found: pl.DataFrame,
    others: Sequence[Break],
    passing: Sequence[Break],
    settled: frozenset[str],
    explaining: _Explaining,
    perhaps: pl.Series,
    names: explain.Names,
) -> Iterator[list[Event]]:
    """Events of the night, slice after slice; settled: ids that adjustments settle; perhaps: those of events that may
    be explained."""

    def slice_of(ids: pl.Series, now: Iterable[Break], passing: Iterable[Break] = ()) -> list[Event]:
        held = entries.newest(store, ids)
        return decide(held, now, explaining.ids(held) | settled, night.run_date, passing)

    mine = pl.Series([b.exception_id for b in others], dtype=pl.String)
    still = pl.concat([found["exception_id"], mine])
    gone = [entries.not_among(store, still, EVENTS), perhaps.filter(~perhaps.is_in(still.implode()))]
    over = pl.concat([*gone, pl.Series(sorted(settled), dtype=pl.String)]).unique().sort()
    yield slice_of(mine, others)
    for rows in found.filter(~pl.col("alike")).iter_slices(AT_ONCE):
        yield slice_of(rows["exception_id"], (explain.to_break(row, names) for row in rows.iter_rows(named=True)))
    for ids in over.to_frame().iter_slices(AT_ONCE):
        yield slice_of(ids["exception_id"], ())
    yield slice_of(pl.Series([b.exception_id for b in passing], dtype=pl.String), (), passing)


def _looked_at_again(store: Store, explaining: _Explaining) -> dict[str, Break]:
    """Exceptions of pairs that stand and whose adjustment was taken back, without it: open, unless another settles."""
    told = {
        key: replace(entry.break_, evidence=entry.break_.evidence[:-1])
        for key, entry in entries.unsettled(store).items()
        if entry.status == "cleared" and entry.break_.type in EVENTS
    }
    return {key: found for key, found in told.items() if not explaining.takes(found)}


def _bases(store: Store, breaks: pl.DataFrame, names: explain.Names) -> dict[int, tuple[str, ...]]:
    """What unidentified entries are known by that count in the place of others: as those are known to the register."""
    unknown = breaks.filter(pl.col("type") == UNIDENTIFIED)
    before = statements.told_before(store, unknown["bank_row_id"]) if unknown.height else {}
    bases = {row_id: [explain.basis_of(each, names) for each in (row_id, *before[row_id])] for row_id in before}
    ids = {basis: exception_id(UNIDENTIFIED, basis) for several in bases.values() for basis in several}
    held = entries.newest(store, pl.Series([*ids.values()], dtype=pl.String)) if ids else {}
    ranks = {basis: (1 + (held[key].status == "cleared")) if key in held else 3 for basis, key in ids.items()}
    return {row_id: min(several, key=lambda basis: ranks[basis]) for row_id, several in bases.items()}


def due_of(found: Break, first_seen: date, settings: Settings, policies: Policies) -> date | None:
    """By when an exception must be dealt with."""
    country = settings.run.calendar
    policy = policies(found.type, found.acquirer)
    return due_date(policy, first_seen, lambda day, n: business_day_after(day, n, country))
