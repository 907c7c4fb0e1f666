"""Adjustments of acquirers at night: which open exceptions they settle, and which nothing explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from pipelines.cases import explain
from pipelines.cases.adjustments import Adjustment, Attached, attach
from pipelines.cases.register import EVENTS, Break, Entry, Event, Evidence
from pipelines.cases.telling import tellings
from pipelines.matching.states import EXCEPTED, OUT_OF_SCOPE
from pipelines.store import Store, entries

CLOSED = {"side": pl.String, "row_id": pl.Int64, "reason": pl.String}


@dataclass(frozen=True)
class Adjusted:
    """What adjustments do tonight.

    lines: all that were open, with `telling` and `alike`; attached: what they settle or name; touched: the exceptions
    that may be meant, by id; rows: side and row that these rest on, by id; unexplained: lines that settle nothing.
    """

    lines: pl.DataFrame
    attached: Attached
    touched: Mapping[str, Break]
    rows: Mapping[str, tuple[str, int]]
    unexplained: list[Break]

    @property
    def settled(self) -> frozenset[str]:
        """Ids of exceptions that are settled."""
        return frozenset(self.attached.settles.values())

    def with_lines(self, events: list[Event], names: explain.Names) -> list[Event]:
        """Events with the adjustment that settled each among its evidence."""
        by = {key: explain.place("settlement", line, names) for line, key in self.attached.settles.items()}
        return [_with_line(event, by) for event in events]

    def states(self) -> pl.DataFrame:
        """`row_id`, `state`, `reason` of the lines."""
        return _states(self.lines, self.attached)

    def closed(self, names: explain.Names) -> pl.DataFrame:
        """`side`, `row_id`, `reason` of rows whose exception is settled."""
        return _closed(self.attached, self.rows, names)


def adjust(
    store: Store,
    found: pl.DataFrame,
    lines: pl.DataFrame,
    again: Mapping[str, Break],
    perhaps: pl.Series,
    explained: Callable[[Mapping[str, Entry]], frozenset[str]],
    names: explain.Names,
) -> Adjusted:
    """Give each line the open exception that it settles or names.

    found: what holds tonight, with `alike`; lines: `identified` adjustments; again: exceptions that are open again;
    perhaps: ids of events that may be explained tonight, explained: which of some entries are.
    """
    lines = _compared(store, found, lines, perhaps, again)
    fresh = lines.filter(~pl.col("alike"))
    named = _named(fresh)
    mine = _naming(found, named)
    held = entries.newest(store, pl.concat([mine["exception_id"], entries.naming(store, named)["exception_id"]]))
    touched = {
        row["exception_id"]: held[row["exception_id"]].break_ if row["alike"] else explain.to_break(row, names)
        for row in mine.iter_rows(named=True)
    }
    attached = attach(_adjustments(fresh), {**_open_now(touched, held, explained(held)), **again})
    left = [_unexplained(row, attached, {**again, **touched}, held, names) for row in fresh.iter_rows(named=True)]
    rows = dict(filter(None, map(_rests_on, mine.iter_rows(named=True))))
    return Adjusted(lines, attached, touched, rows, [b for b in left if b is not None])


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
