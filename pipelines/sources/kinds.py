"""Files with several kinds of rows: whose line is which, and which rows are passed over, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from pipelines.sources.base import NO_REFUSALS
from pipelines.sources.batches import Close
from pipelines.sources.layout import Field, Ignored, Layout
from pipelines.sources.outline import Frame, usual_columns
from pipelines.sources.quoted import PADDING
from pipelines.sources.text import pieces

NO_KIND = "the line is of no kind that the profile knows"
NOTHING_IGNORED = pl.DataFrame(schema={"line": pl.Int64, "rule": pl.Int64})


@dataclass(frozen=True)
class Parted:
    """parts: lines of one kind each, beside what reads them; refused: lines of no kind; ignored: `line`, `rule`;
    closes: lines that close a batch, with the groups of its totals."""

    parts: Sequence[tuple[Frame, Layout]]
    refused: pl.DataFrame = field(default_factory=NO_REFUSALS.clone)
    ignored: pl.DataFrame = field(default_factory=NOTHING_IGNORED.clone)
    closes: Sequence[Close] = ()


def parted(frame: Frame, layout: Layout) -> Parted:
    """The data in parts: whole pieces of a large file, or one part for each kind of row.

    A part keeps the lines of the others as blank ones, so that each line keeps its number.
    """
    if not layout.kinds and not layout.batches and not any(rule.line for rule in layout.ignored):
        whole = pieces(frame.body, frame.first, layout.quote)
        return Parted([(replace(frame, body=body, first=first), layout) for body, first in whole])
    lines = frame.body.split(b"\n")
    kinds = [(re.compile(kind.line), _own(layout, kind.fields)) for kind in layout.kinds] or [(re.compile(""), layout)]
    rules = [(re.compile(rule.line), number) for number, rule in enumerate(layout.ignored) if rule.line]
    bodies = [[b""] * len(lines) for _ in kinds]
    closings = [re.compile(pattern) for pattern in layout.batches]
    refused, ignored, closes = [], [], []
    for at, raw in enumerate(lines):
        text = raw.decode(errors="replace").strip(PADDING)
        if not text:
            continue
        closing = next(filter(None, (pattern.search(text) for pattern in closings)), None)
        if closing is not None:
            closes.append((frame.first + at, closing.groupdict()))
            continue
        rule = next((number for pattern, number in rules if pattern.search(text)), None)
        turn = next((number for number, (pattern, _) in enumerate(kinds) if pattern.search(text)), None)
        if rule is not None:
            ignored.append((frame.first + at, rule))
        elif turn is None:
            refused.append((frame.first + at, NO_KIND))
        else:
            bodies[turn][at] = raw
    parts = [_part(frame, b"\n".join(body), own) for body, (_, own) in zip(bodies, kinds, strict=True)]
    return Parted(
        parts,
        pl.DataFrame(refused, schema=NO_REFUSALS.schema, orient="row"),
        pl.DataFrame(ignored, schema=NOTHING_IGNORED.schema, orient="row"),
        closes,
    )


def closes_a_batch(body: bytes, layout: Layout) -> bool:
    """Whether a line of the data closes a batch: a terminal may have had nothing else to tell."""
    lines = body.decode(errors="replace").split("\n") if layout.batches else []
    return any(re.search(pattern, line) for pattern in layout.batches for line in lines)


def _own(layout: Layout, fields: Mapping[str, Field]) -> Layout:
    return replace(layout, fields={**layout.fields, **fields}, kinds=())


def _part(frame: Frame, body: bytes, layout: Layout) -> tuple[Frame, Layout]:
    columns = len(frame.names) or layout.columns or max(usual_columns(body, layout), layout.last_position)
    return replace(frame, body=body, columns=columns), layout


def without_ignored(
    rows: pl.DataFrame, places: Mapping[str | int, str], layout: Layout
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of cells less those that a word of theirs says to pass over, and these as `line`, `rule`."""
    ignored = [NOTHING_IGNORED]
    for number, rule in enumerate(layout.ignored):
        if rule.column is not None:
            passed = pl.col(places[rule.column]).is_in(rule.words).fill_null(value=False)
            ignored.append(rows.filter(passed).select("line", rule=pl.lit(number, pl.Int64)))
            rows = rows.filter(~passed)
    return rows, pl.concat(ignored)


def ignored_told(ignored: pl.DataFrame, rules: Sequence[Ignored]) -> tuple[str, ...]:
    """One sentence for each reason: how many rows were passed over, and where the first one is."""
    found = ignored.group_by("rule").agg(pl.len(), pl.col("line").min()).sort("rule")
    return tuple(
        f"{count:,} row{'s' if count != 1 else ''} passed over, the first on line {line}: {rules[rule].reason}"
        for rule, count, line in found.iter_rows()
    )


def ignored_counted(ignored: pl.DataFrame, rules: Sequence[Ignored]) -> int:
    """How many of the rows that were passed over the file's own count includes."""
    counted = [number for number, rule in enumerate(rules) if rule.counted]
    return ignored.filter(pl.col("rule").is_in(counted)).height
