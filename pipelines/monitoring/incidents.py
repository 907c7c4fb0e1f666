"""Incidents of a night: breaks that crowd together, those that join them later, and incidents that are over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import polars as pl

from pipelines.cases import signalling
from pipelines.cases.explain import Names
from pipelines.cases.register import Break, decide, exception_id
from pipelines.checks.incidents import SCOPES, TYPES, Crowd, Known, Usual, crowds, is_enough, joining
from pipelines.monitoring.night import CLOSED, ONE_DAY, Night, of_these, write
from pipelines.store import Store, entries, signalled

LATE_CHILDREN = timedelta(days=14)
"""So long after an incident its breaks may still come to light."""


def tell(store: Store, night: Night, names: Names) -> None:
    """Tell incidents that the night's breaks make or join, and those that are over because all their breaks are."""
    days = signalled.write_breaks(store, TYPES, night.run_no)
    grown = _grown(store, night, days, names) if days and "incidents" not in night.own.off else {}
    held = entries.of_types(store, ("CHANNEL_INCIDENT",))
    if not held and not grown:
        return
    standing = signalled.open_children(store)
    over = frozenset(key for key, entry in held.items() if entry.status not in CLOSED and not standing.get(key))
    again = {key for key, entry in held.items() if entry.status == "cleared" and standing.get(key)} - set(grown)
    derived = {**_as_breaks(store, signalled.incidents_since(store, date.min) if again else [], again, names), **grown}
    write(store, night, decide(of_these(held, {*derived, *over}), derived.values(), over - set(grown), night.run_date))


def _grown(store: Store, night: Night, days: Collection[date], names: Names) -> dict[str, Break]:
    """Incidents that are new or have new breaks, as exceptions by id. days: those of the night's breaks."""
    known = [k for k in signalled.incidents_since(store, night.run_date - LATE_CHILDREN) if _near(k, days)]
    free = signalled.free_breaks(store, days)
    if not known and not _loud(store, night, free):
        return {}
    timed = signalled.timed(store, free)
    joins = joining(timed, known, night.own)
    rest = timed.filter(~pl.col("exception_id").is_in(list(joins)))
    new = [(_known(crowd), crowd) for crowd in crowds(rest, _usual(store, night), night.own)]
    signalled.write_incidents(store, [made for made, _ in new], night.run_no)
    joins = {**joins, **{member: made.incident_id for made, crowd in new for member in crowd.members}}
    if not joins:
        return {}
    parent = pl.col("exception_id").replace_strict(joins, default=None, return_dtype=pl.String)
    signalled.attach(store, timed.with_columns(incident_id=parent).drop_nulls("incident_id"), night.run_no)
    return _as_breaks(store, [*known, *(made for made, _ in new)], set(joins.values()), names)


def _as_breaks(store: Store, known: Sequence[Known], ids: Collection[str], names: Names) -> dict[str, Break]:
    children = signalled.children_of(store, ids) if ids else None
    return {
        k.incident_id: _as_break(store, children.filter(pl.col("incident_id") == k.incident_id), k, names)
        for k in known
        if children is not None and k.incident_id in ids
    }


def _near(known: Known, days: Collection[date]) -> bool:
    return any(known.first.date() - ONE_DAY <= day <= known.last.date() + ONE_DAY for day in days)


def _loud(store: Store, night: Night, free: pl.DataFrame) -> bool:
    """Whether any scope has so many breaks on a day that some of them may be an incident: else no time is looked up."""
    everyone = free.with_columns(channel=pl.lit("any"))
    return any(
        _too_many(store, night, own.group_by(scope).len().drop_nulls(), scope, day)
        for (day,), own in sorted(everyone.partition_by("day", as_dict=True).items())
        for scope in SCOPES
        if isinstance(day, date)
    )


def _too_many(store: Store, night: Night, counts: pl.DataFrame, scope: str, day: date) -> bool:
    many = dict(counts.filter(pl.col("len") >= night.own.incident_breaks).iter_rows())
    if not many:
        return False
    first = day - timedelta(days=night.own.history_days)
    before = signalled.breaks_before(store, scope, many, first, day - ONE_DAY)
    return any(is_enough(count, before[value], night.own) for value, count in many.items())


def _known(crowd: Crowd) -> Known:
    key = exception_id("CHANNEL_INCIDENT", (crowd.scope, crowd.value, crowd.first.isoformat()))
    return Known(
        key, crowd.scope, crowd.value, crowd.first, crowd.last, crowd.first, crowd.usual, crowd.most, crowd.days
    )


def _as_break(store: Store, children: pl.DataFrame, known: Known, names: Names) -> Break:
    first, last = children["happened_at"][0], children["happened_at"][-1]
    of = signalled.breaks_of_day(store, known.scope, known.value, first.date())
    members = tuple(children["exception_id"])
    crowd = Crowd(known.scope, known.value, first, last, members, of, known.usual, known.most, known.days)
    return signalling.incident(known.incident_id, crowd, children, names)


def _usual(store: Store, night: Night) -> Usual:
    days = timedelta(days=night.own.history_days)
    return lambda scope, value, day: signalled.breaks_before(store, scope, [value], day - days, day - ONE_DAY)[value]
