"""The data of a text file cut into cells, whatever its format."""

from __future__ import annotations

import polars as pl

from pipelines.sources.base import NO_REFUSALS
from pipelines.sources.encoding import checked_utf8
from pipelines.sources.fixed import RawSlots
from pipelines.sources.jsonl import json_cells
from pipelines.sources.layout import Layout
from pipelines.sources.outline import Frame
from pipelines.sources.quoted import PADDING
from pipelines.sources.slots import Lines
from pipelines.sources.text import Cells, RawText, read_cells


def cut_cells(frame: Frame, layout: Layout) -> Cells:
    """Cells of the data rows, without the signs around them that say nothing, and without blank rows."""
    cells = _cut(frame, layout)
    rows = _bare(cells.rows, layout)
    if layout.blank_rows:
        rows = rows.filter(pl.any_horizontal(pl.col(pl.String).is_not_null()))
    return Cells(rows, cells.refused)


class _RawFixed(RawSlots):
    """Gives single lines of a fixed-width text that is held in UTF-8, though its places count other bytes."""

    def _shown(self, line: bytes) -> str:
        return super()._shown(line.decode(errors="replace").encode(self.encoding, errors="replace"))


def raw_of(text: bytes, frame: Frame, layout: Layout, first: int) -> RawText:
    """Gives single lines of the text without card numbers; first: number of its first line."""
    place = next(iter(layout.fields["card_no"].source if "card_no" in layout.fields else ()), None)
    if layout.format == "fixed":
        width = max(slot.end for slot in layout.slots.values())
        slot = layout.slots.get(str(place))
        return _RawFixed(text, first=first, encoding=layout.encoding, width=width, slot=slot)
    named = frame.names.index(place) if isinstance(place, str) else None
    return RawText(text, layout.delimiter, frame.columns, place - 1 if isinstance(place, int) else named, first)


def _cut(frame: Frame, layout: Layout) -> Cells:
    if layout.format == "jsonl":
        return json_cells(frame.body, frame.first, frame.names)
    if layout.format == "fixed":
        return _fixed(frame, layout)
    return read_cells(
        frame.body,
        frame.first,
        frame.columns,
        delimiter=layout.delimiter,
        quote=layout.quote,
        ragged=layout.ragged,
        lead=layout.lead,
        wanted=_wanted(frame, layout) if layout.lead else None,
    )


def _wanted(frame: Frame, layout: Layout) -> frozenset[int]:
    """Positions of the columns that the layout asks for, also of those that are optional."""
    optional = [place for spec in layout.fields.values() for place in spec.source if isinstance(place, str)]
    asked = {*optional, *layout.names}
    return frozenset(number for number, name in enumerate(frame.names, start=1) if name in asked)


def _fixed(frame: Frame, layout: Layout) -> Cells:
    """Cells at byte positions; blank lines say nothing, lines of another width are refused."""
    checked_utf8(frame.body, frame.first)
    width = layout.width or max(slot.end for slot in layout.slots.values())
    kept: list[bytes] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    for number, text in enumerate(frame.body.decode().split("\n"), start=frame.first):
        line = text.rstrip("\r").encode(layout.encoding)
        if not text.strip(PADDING):
            continue
        if (len(line) < width and not layout.ragged) or (layout.width and line[width:].strip()):
            refused.append((number, f"the line has {len(line)} bytes instead of {width}"))
        else:
            kept.append(line[:width].ljust(width))
            numbers.append(number)
    lines = Lines(b"\n".join([*kept, b""]), width + 1, pl.Series(numbers, dtype=pl.Int64))
    rows, garbled = lines.cut(layout.slots, layout.encoding)
    rows = rows.rename({name: str(number) for number, name in enumerate(layout.slots, start=1)})
    refusals = pl.DataFrame(refused, schema=NO_REFUSALS.schema, orient="row")
    return Cells(rows, pl.concat([refusals, garbled]).sort("line"))


def _bare(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    text = pl.col(pl.String)
    if layout.strip:
        text = text.str.strip_chars(PADDING + layout.strip)
    if layout.strip or layout.blanks:
        rows = rows.with_columns(text).with_columns(
            pl.when(~pl.col(pl.String).is_in(["", *layout.blanks])).then(pl.col(pl.String))
        )
    return rows
