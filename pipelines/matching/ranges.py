"""Which rows fit which, by counting and never by crossing: candidates of a row lie side by side in one order.

All rows of a key stand together, ordered by what a rule measures (time or amount), so that the candidates of a row are
a stretch of that order: its first place and its length are all that is kept, however many they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipelines.matching.rules import Rule

KEY = ["key", "twin"]


@dataclass(frozen=True)
class Fitting:
    """ids: the other side's rows in order; stretches: `row_id`, `first` (place in ids), `n`, at most one a day."""

    ids: pl.Series
    stretches: pl.DataFrame

    def counted(self) -> pl.DataFrame:
        """`row_id` of each row that has candidates, `n` of them, and `other`, one of them."""
        one = self.stretches.with_columns(other=self.ids.gather(self.stretches["first"]))
        return one.group_by("row_id").agg(pl.col("n").sum(), pl.col("other").min())

    def listed(self, most: int, most_in_all: int) -> pl.DataFrame:
        """`settlement_row_id`, `journal_row_id` of its first candidates, and `found`, how many it has."""
        every = self.stretches.group_by("row_id").agg(found=pl.col("n").sum())
        if every.select(pl.col("found").clip(upper_bound=most).sum()).item() > most_in_all:
            most = max(2, most_in_all // every.height)
        shown = pl.int_ranges("first", pl.col("first") + pl.col("n").clip(upper_bound=most))
        flat = self.stretches.select("row_id", place=shown).explode("place", keep_nulls=False, empty_as_null=False)
        flat = flat.select(settlement_row_id="row_id", journal_row_id=self.ids.gather(flat["place"]))
        turn = pl.int_range(pl.len()).over("settlement_row_id")
        flat = flat.sort("settlement_row_id", "journal_row_id").filter(turn < most)
        return flat.join(every, left_on="settlement_row_id", right_on="row_id", maintain_order="left")


def fitting(rule: Rule, mine: pl.DataFrame, others: pl.DataFrame) -> Fitting:
    """The stretch of others that each of mine fits under a rule; rows that fit none are left out."""
    rows = _dated(rule, others, spread=False).sort(*KEY, "measure", "row_id")
    edges = _dated(rule, mine, spread=True)
    reach = _reach(rule)
    stretches = _equal(rows, edges) if reach is None else _within(rows, edges, reach)
    return Fitting(rows["row_id"], stretches.filter(pl.col("n") > 0))


def _measured(rule: Rule) -> str | None:
    """The column in which a rule looks for nearness instead of equality, apart from the date."""
    if rule.window_minutes is not None:
        return "txn_time"
    return "amount" if rule.tolerance_minor and "amount" in rule.keys else None


def _reach(rule: Rule) -> int | None:
    """How far the measure may lie off: microseconds, or minor units."""
    if rule.window_minutes is not None:
        return timedelta(minutes=rule.window_minutes) // timedelta(microseconds=1)
    return rule.tolerance_minor if _measured(rule) else None


def _dated(rule: Rule, frame: pl.DataFrame, *, spread: bool) -> pl.DataFrame:
    """`row_id`, KEY, `measure`; spread over the window, so that an equal join on the day is a join within it.

    Two independent 64-bit hashes stand for the keys and the day.
    """
    column = _measured(rule)
    measure = pl.lit(0, pl.Int64) if column is None else pl.col(column).to_physical().cast(pl.Int64)
    keys = [key for key in rule.keys if key != column]
    if rule.window_days is None:
        return _hashed(frame, keys, measure)
    window = range(-rule.window_days, rule.window_days + 1) if spread else range(1)
    day = pl.col("business_date")
    return pl.concat(
        [_hashed(frame.with_columns(day=day.dt.offset_by(f"{step}d")), [*keys, "day"], measure) for step in window]
    )


def _hashed(frame: pl.DataFrame, keys: list[str], measure: pl.Expr) -> pl.DataFrame:
    key = pl.struct(keys)
    return frame.select("row_id", key=key.hash(seed=1), twin=key.hash(seed=2), measure=measure)


def _equal(rows: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    groups = rows.with_row_index("place").group_by(KEY).agg(first=pl.col("place").min(), n=pl.len())
    return edges.join(groups, on=KEY, how="inner").select("row_id", "first", "n")


def _within(rows: pl.DataFrame, edges: pl.DataFrame, reach: int) -> pl.DataFrame:
    """Count the rows before the lower and up to the upper edge of each: the stretch lies between."""
    edges = edges.with_row_index("copy")
    marks = {"low": (-reach, 0), "high": (reach, 2)}
    parts = [
        edges.select(*KEY, pl.col("measure") + off, "copy", order=pl.lit(order, pl.Int8))
        for off, order in marks.values()
    ]
    parts.append(rows.select(*KEY, "measure", copy=pl.lit(0, pl.UInt32), order=pl.lit(1, pl.Int8)))
    line = pl.concat(parts).sort(*KEY, "measure", "order")
    line = line.select("copy", "order", seen=(pl.col("order") == 1).cum_sum())
    low, high = (line.filter(pl.col("order") == order).sort("copy")["seen"] for _, order in marks.values())
    return edges.select("row_id", first=low, n=high - low)
