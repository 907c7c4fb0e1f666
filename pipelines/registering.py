"""The register's night: what holds now becomes exceptions, adjustments settle some of them, the events are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from pipelines.cases import explain
from pipelines.cases.adjustments import Adjustment, Attached, attach
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
from pipelines.matching.states import EXCEPTED, OUT_OF_SCOPE
from pipelines.store import Store, books, entries, statements, traces

CLOSED = {"side": pl.String, "row_id": pl.Int64, "reason": pl.String}


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
    lines = _compared(store, found, explain.identified(breaks_of_adjustments(keyed), names), perhaps, again)
    fresh = lines.filter(~pl.col("alike"))
    named = _named(fresh)
    mine = _naming(found, named)
    held = entries.newest(store, pl.concat([mine["exception_id"], entries.naming(store, named)["exception_id"]]))
    touched = {
        row["exception_id"]: held[row["exception_id"]].break_ if row["alike"] else explain.to_break(row, names)
        for row in mine.iter_rows(named=True)
    }
    attached = attach(_adjustments(fresh), {**_open_now(touched, held, explaining.ids(held)), **again})
    left = [_unexplained(row, attached, {**again, **touched}, held, names) for row in fresh.iter_rows(named=True)]

    others = file_breaks(store, night.settings, night.arrivals, night.run_no)
    others += [explain.balance_break(gap) for gap in gaps(statements.balances(store), night.settings.run.calendar)]
    others += [b for b in left if b is not None]
    settled = frozenset(attached.settles.values())
    others += [b for key, b in again.items() if key not in settled]
    found = found.filter(~pl.col("exception_id").is_in(list(settled)))
    same = ("exception_id", "telling", "alike")
    known = pl.concat([found, lines.filter("alike").select(same)], how="diagonal")
    passing = [b for key, b in touched.items() if key in settled]
    back = explain.identified(taken_back(aftermath), names).join(found, on="exception_id", how="anti")
    passing += [explain.to_break(row, names) for row in back.iter_rows(named=True)]
    policies = Policies.of(night.settings.policy)
    by = {key: explain.place("settlement", line, names) for line, key in attached.settles.items()}
    for changed in _changes(store, night, known, others, passing, settled, explaining, perhaps, names):
        events = [_with_line(event, by) for event in changed]
        due = {
            e.entry.exception_id: due_of(e.entry.break_, e.entry.first_seen, night.settings, policies) for e in events
        }
        entries.write(store, events, due, policies, night.run_no, night.run_date)
    entries.write_told(store, pl.concat([found.select(same), lines.select(same)]))
    books.write_policy(store, policies)
    rows = dict(filter(None, map(_rests_on, mine.iter_rows(named=True))))
    books.write_adjusted(store, attached.settles, rows, night.run_no)
    return Registered(_states(lines, attached), _closed(attached, rows, names))


def _traced(store: Store, found: pl.DataFrame) -> pl.DataFrame:
    """Breaks with `telling`, `alike` (open, and told the same as the last night) and the records that belong to them.

    Of those that are alike nothing is asked or decided again: most of what is open is, and it may be a year's.
    """
    told = found.with_columns(telling=tellings(found))
    alike = pl.col("exception_id").is_in(entries.told_alike(store, told).implode())
    told = told.with_columns(alike=alike)
    traced = traces.with_traces(store, told.filter(~pl.col("alike")))
    return pl.concat([traced, told.filter("alike")], how="diagonal").sort("exception_id")


def _compared(
    store: Store, found: pl.DataFrame, lines: pl.DataFrame, perhaps: pl.Series, again: Mapping[str, Break]
) -> pl.DataFrame:
    """Adjustments that nothing explained yet, with `telling` and `alike`: as the last night told them.

    One that names the same open exceptions as then, none of which is told otherwise tonight, explains none of them now.
    perhaps: ids of events that may be explained; again: exceptions that are open again.
    """
    named = entries.naming(store, _named(lines))
    stays = pl.col("exception_id").is_in(found["exception_id"].implode())
    events = pl.col("type").is_in(list(EVENTS))
    named = named.filter(stays | events)
    moved = _bearing(found.filter(~pl.col("alike"))).select("merchant_id", "ref", event_no=pl.lit(None, pl.Int64))
    over = pl.when(pl.col("exception_id").is_in(perhaps.implode())).then(None).otherwise("event_no")
    bears = pl.concat([_bearing(named).select("merchant_id", "ref", event_no=over), moved])
    asked = lines.select("exception_id", "merchant_id", ref="refs").explode("ref")
    told = (
        asked.join(bears, on=["merchant_id", "ref"], how="inner", nulls_equal=True)
        .group_by("exception_id")
        .agg(names=pl.col("event_no").unique().sort())
    )
    lines = lines.join(told, on="exception_id", how="left", maintain_order="left")
    lines = lines.with_columns(telling=tellings(lines))
    alike = pl.col("exception_id").is_in(entries.told_alike(store, lines).implode())
    changed = pl.col("names").list.contains(None).fill_null(value=False) | pl.lit(bool(again))
    return lines.with_columns(alike=alike & ~changed).drop("names")


def _named(lines: pl.DataFrame) -> pl.DataFrame:
    """What lines name: `merchant_id`, `ref`."""
    return lines.select("merchant_id", ref="refs").explode("ref").drop_nulls("ref").unique()


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


def _naming(found: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Breaks that bear one of these references (`merchant_id`, `ref`)."""
    ids = _bearing(found).join(named, on=["merchant_id", "ref"], how="semi", nulls_equal=True)
    return found.join(ids, on="exception_id", how="semi", maintain_order="left")


def _bearing(breaks: pl.DataFrame) -> pl.DataFrame:
    """The references that breaks bear, with all that is told of them: `merchant_id`, `ref`."""
    keys = [key for key in ("rrn", "order_no") if key in breaks.columns]
    return pl.concat(breaks.with_columns(ref=key) for key in keys)


def _rests_on(row: Mapping[str, Any]) -> tuple[str, tuple[str, int]] | None:
    """Id and row of an exception that rests on an open row."""
    side = "journal" if row["type"] in explain.ON_JOURNAL else "settlement"
    row_id = row.get(f"{side}_row_id")
    if row["type"] in EVENTS or row["type"] in explain.REVIEWED or row_id is None:
        return None
    return row["exception_id"], (side, row_id)


def _adjustments(lines: pl.DataFrame) -> list[Adjustment]:
    return [
        Adjustment(
            row["settlement_row_id"], row["merchant_id"], tuple(row["refs"]), row["signed_minor"], row["currency"]
        )
        for row in lines.iter_rows(named=True)
    ]


def _open_now(found: Mapping[str, Break], held: Mapping[str, Entry], explained: frozenset[str]) -> dict[str, Break]:
    """Exceptions that are open tonight: those that hold now, and events of earlier nights that nothing explained."""
    kept = {
        key: entry.break_
        for key, entry in held.items()
        if entry.status != "cleared" and entry.break_.type in EVENTS and key not in explained
    }
    return {**kept, **found}


def _unexplained(
    row: Mapping[str, object],
    attached: Attached,
    found: Mapping[str, Break],
    held: Mapping[str, Entry],
    names: explain.Names,
) -> Break | None:
    """An adjustment that settles nothing, with the exception that it names for another amount."""
    line = int(str(row["settlement_row_id"]))
    if line in attached.settles:
        return None
    key = attached.linked.get(line, "")
    linked = found.get(key) or (held[key].break_ if key in held else None)
    return explain.adjustment_unexplained(row, linked, names)


def _with_line(event: Event, by: Mapping[str, Evidence]) -> Event:
    """A settled exception with the adjustment among its evidence; by: the line that settles each id."""
    told = event.entry.break_
    if told.exception_id not in by:
        return event
    more = replace(told, evidence=(*told.evidence, by[told.exception_id]))
    return replace(event, entry=replace(event.entry, break_=more))


def _states(lines: pl.DataFrame, attached: Attached) -> pl.DataFrame:
    settled = pl.col("row_id").is_in(list(attached.settles))
    reason = pl.col("row_id").replace_strict(attached.settles, default="", return_dtype=pl.String)
    return lines.select(row_id="settlement_row_id", acquirer="acquirer").with_columns(
        state=pl.when(settled).then(pl.lit(OUT_OF_SCOPE)).otherwise(pl.lit(EXCEPTED)),
        reason=pl.when(settled)
        .then(pl.concat_str(pl.lit("adjustment: settles exception "), reason))
        .otherwise(pl.lit("ADJUSTMENT_UNEXPLAINED")),
    )


def _closed(attached: Attached, rows: Mapping[str, tuple[str, int]], names: explain.Names) -> pl.DataFrame:
    """Rows that are open no more because an adjustment made up for them."""
    told = []
    for line, key in sorted(attached.settles.items()):
        if key in rows:
            where = explain.place("settlement", line, names)
            told.append((*rows[key], f"settled by the adjustment in line {where.line} of {where.file}"))
    return pl.DataFrame(told, schema=CLOSED, orient="row")


def due_of(found: Break, first_seen: date, settings: Settings, policies: Policies) -> date | None:
    """By when an exception must be dealt with."""
    country = settings.run.calendar
    policy = policies(found.type, found.acquirer)
    return due_date(policy, first_seen, lambda day, n: business_day_after(day, n, country))
