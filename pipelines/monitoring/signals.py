"""Signals of a night: its hits, the rows behind them, and the exceptions that they open, go on with or clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.cases import signalling
from pipelines.cases.explain import Names
from pipelines.cases.register import Break, Entry, decide
from pipelines.cases.signalling import Since
from pipelines.checks import habits, health, patterns
from pipelines.checks.patterns import HEALTH, PATTERN, SUBJECT, Hit
from pipelines.monitoring.night import CLOSED, ONE_DAY, Night, of_these, write
from pipelines.signal_settings import Signals
from pipelines.store import Store, baselines, books, entries, signalled

MISSED_DAYS = 9
"""A terminal that was silent for longer is not looked for: it was told before, or nobody misses it."""


Days = dict[date, Mapping[str, Any]]
"""Rows of `book.signals` by day."""


def tell(store: Store, night: Night, pairs: pl.DataFrame, names: Names) -> None:
    """Tell signals: of the days of the journals that came, and of the clocks of the rows that were paired."""
    if "clock" not in night.own.off:
        signalled.compare_clocks(store, pairs, night.run_no)
    files = books.loaded_since(store, "journal", night.last)
    hits = [hit for day in baselines.days_of(store, files) for hit in _of_a_day(store, night, day, files)]
    hits += _clocks(store, night)
    held = entries.of_types(store, (PATTERN, HEALTH))
    hits.sort(key=lambda hit: (hit.day, hit.kind, hit.subject))
    found = _told(store, night, hits, held, names)
    explained = _over(store, night, held, found)
    write(store, night, decide(of_these(held, {*found, *explained}), found.values(), explained, night.run_date))


def _of_a_day(store: Store, night: Night, day: date, files: list[int]) -> list[Hit]:
    """What one business date of the journals tells, if enough is known of the days before it."""
    own, first, last = night.own, day - timedelta(days=night.own.history_days), day - ONE_DAY
    if baselines.known_days(store, first, last) < own.min_history_days:
        return []
    today = baselines.terminals_on(store, [day], files)
    hits = _counted(store, own, day, today, files)
    if "odd_hours" not in own.off:
        hits += _at_odd_hours(store, own, day, files)
    if "open_batch" not in own.off:
        batches = baselines.batches(store, day, own.open_batch_days, first, own.min_history_days)
        hits += health.open_batches(batches, [day], own)
    terminals = {day: today.height}
    hits = patterns.everywhere(hits, terminals)
    if "same_card" not in own.off:
        hits += _cards(store, own, day, files)
    if "silence" not in own.off and night.arrivals.journals_complete_until(day):
        gone = baselines.missing_terminals(store, day, first, day - timedelta(days=MISSED_DAYS))
        hits += health.silent(*gone, day, own)
    return hits


def _counted(store: Store, own: Signals, day: date, today: pl.DataFrame, files: list[int]) -> list[Hit]:
    """Counts of terminals and cashiers that are far from their usual."""
    first, last = day - timedelta(days=own.history_days), day - ONE_DAY
    terminals = patterns.worth_a_look(patterns.counts_of_terminals(today, own.off), own)
    given = baselines.given_on(store, [day], files)
    cashiers = patterns.worth_a_look(patterns.counts_of_cashiers(given, own.off), own)
    before = []
    if terminals.height:
        days = baselines.counts_before(store, terminals, first, last)
        others = {kind.name for kind in patterns.KINDS} - set(terminals["kind"])
        before.append(patterns.counts_of_terminals(days, others))
    if cashiers.height:
        before.append(patterns.counts_of_cashiers(baselines.given_before(store, cashiers, first, last), own.off))
    if not before:
        return []
    told = signalled.told_before(store, first).filter(pl.col("day") < day)
    usual = pl.concat(before).join(told, on=["kind", *SUBJECT, "day"], how="anti", nulls_equal=True)
    worked = baselines.merchants_worked(store, cashiers["merchant_id"].drop_nulls(), first, last)
    return patterns.far_from_usual(pl.concat([terminals, cashiers]), usual, worked, own)


def _at_odd_hours(store: Store, own: Signals, day: date, files: list[int]) -> list[Hit]:
    first, last = day - timedelta(days=own.history_days), day - ONE_DAY
    terminals = baselines.new_hours(store, day, files, first, last)
    if terminals.is_empty():
        return []
    hours = baselines.hours_on(store, day, terminals)
    return habits.odd_hours(hours, baselines.hours_before(store, terminals, first, last), own)


def _cards(store: Store, own: Signals, day: date, files: list[int]) -> list[Hit]:
    first, last = day - timedelta(days=own.history_days), day - ONE_DAY
    cards = baselines.cards_on(store, [day], files, own.same_card_uses)
    if cards.is_empty():
        return []
    before = baselines.cards_before(store, cards["merchant_id"], first, last)
    return habits.same_card(cards, before, baselines.merchants_worked(store, cards["merchant_id"], first, last), own)


def _clocks(store: Store, night: Night) -> list[Hit]:
    compared = {} if "clock" in night.own.off else signalled.compared(store, night.run_no)
    if not compared:
        return []
    first = min(compared) - timedelta(days=night.own.history_days)
    far = signalled.clocks(store, night.run_no, first, night.own.clock_seconds)
    return patterns.everywhere(health.drifting_clocks(far, [*compared], night.own), compared)


def _told(store: Store, night: Night, hits: Sequence[Hit], held: Mapping[str, Entry], names: Names) -> dict[str, Break]:
    """Tonight's hits as exceptions, each with the open one of its kind and subject that it goes on with."""
    if not hits:
        return {}
    own = night.own
    rows = _rows_behind(store, hits)
    running = _running(store, held)
    found: dict[str, Break] = {}
    told = []
    for hit in hits:
        mine = rows.filter(pl.col("business_date") == hit.day)
        if hit.kind == "declines" and hit.terminals == 1 and not signalling.succeeded(mine, hit, own):
            continue
        key = (hit.kind, *hit.subject)
        before = running.get(key, {})
        since = _since(hit, before)
        shown = _at_its_shop(hit, before)
        made = signalling.to_break(shown, mine, since, names, own)
        found[made.exception_id] = made
        row = _row(shown, made, since)
        running[key] = {**before, hit.day: row}
        told.append(row)
    signalled.remember(store, told, night.run_no)
    return found


def _at_its_shop(hit: Hit, before: Days) -> Hit:
    """A terminal is shown at the merchant that it was shown at first, though it serves several."""
    shown = [row["shop"] for _, row in sorted(before.items()) if row["shop"]]
    return replace(hit, merchant_id=shown[0]) if shown else hit


def _row(hit: Hit, made: Break, since: Since) -> dict[str, Any]:
    return {
        **dict(zip(("kind", *SUBJECT), (hit.kind, *hit.subject), strict=True)),
        "exception_id": made.exception_id, "shop": hit.merchant_id, "first_day": since.first, "day": hit.day,
        "found": hit.found, "counted_of": hit.of, "usual": hit.usual, "most": hit.most, "history_days": hit.days,
        "amount_minor": made.amount_minor - since.amount_minor, "currency": made.currency,
    }  # fmt: skip


def _rows_behind(store: Store, hits: Sequence[Hit]) -> pl.DataFrame:
    single = [hit for hit in hits if hit.terminals == 1]
    merchants = {hit.merchant_id for hit in single if hit.merchant_id and not hit.terminal_id}
    terminals = {hit.terminal_id for hit in single if hit.terminal_id}
    return signalled.rows_behind(store, sorted({hit.day for hit in hits}), merchants, terminals)


def _running(store: Store, held: Mapping[str, Entry]) -> dict[tuple[str, ...], Days]:
    """What is told of each kind and subject by an exception that is open."""
    ids = [key for key, entry in held.items() if entry.status not in CLOSED]
    running: dict[tuple[str, ...], Days] = {}
    for row in signalled.of_exceptions(store, ids).iter_rows(named=True):
        key = tuple(row[name] or "" for name in ("kind", *SUBJECT))
        running.setdefault(key, {})[row["day"]] = row
    return running


def _since(hit: Hit, before: Days) -> Since:
    """The exception that a hit goes on with: its days but for the hit's own, and their money."""
    others = {day: row for day, row in before.items() if day != hit.day}
    first = min((row["first_day"] for row in before.values()), default=hit.day)
    currency = next((row["currency"] for row in others.values() if row["currency"]), None)
    return Since(
        first,
        len(others),
        sum(row["amount_minor"] for row in others.values()),
        currency,
    )


def _over(store: Store, night: Night, held: Mapping[str, Entry], found: Mapping[str, Break]) -> frozenset[str]:
    """Open signals of a terminal's health that it has worked without for long enough."""
    ids = [
        key
        for key, entry in held.items()
        if entry.break_.type == HEALTH and entry.status not in CLOSED and key not in found
    ]
    if not ids:
        return frozenset()
    last = signalled.of_exceptions(store, ids).group_by("exception_id", maintain_order=True).agg(pl.all().last())
    return frozenset(row["exception_id"] for row in last.iter_rows(named=True) if _is_over(store, night, row))


def _is_over(store: Store, night: Night, row: Mapping[str, Any]) -> bool:
    """Whether the newest days are as usual again. row: the last day that was told."""
    unit, terminal, quiet = row["unit"], row["terminal_id"], night.own.quiet_days
    if row["kind"] == "clock":
        ahead = signalled.clock_since(store, unit, terminal, row["day"] + ONE_DAY)
        newest = ahead[-quiet:]
        return len(newest) == quiet and all(abs(one - row["usual"]) < night.own.clock_seconds for one in newest)
    days = baselines.days_since(store, unit, terminal, row["day"])
    after = days.filter(pl.col("day") > row["day"])
    match row["kind"]:
        case "silence":  # also where a late file tells of the first silent day
            return days.height > 0
        case "open_batch":
            told = days.filter(pl.col("day") == row["day"])["batch_high"]
            return bool((after["batch_high"] != told.max()).any())
    if not terminal:  # many terminals at once: it is told anew wherever it goes on
        return after["day"].n_unique() >= quiet
    others = {kind.name for kind in patterns.KINDS} - {row["kind"]}
    counts = patterns.counts_of_terminals(after, others).sort("day").tail(quiet)
    return counts.height == quiet and bool((counts["found"] <= row["most"]).all())
