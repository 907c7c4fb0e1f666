"""The data of a text file cut into cells, whatever its format."""

from __future__ import annotations

import polars as pl

from pipelines.sources.jsonl import json_cells
from pipelines.sources.layout import Layout
from pipelines.sources.outline import Frame
from pipelines.sources.quoted import PADDING
from pipelines.sources.text import Cells, read_cells


def cut_cells(frame: Frame, layout: Layout) -> Cells:
    """Cells of the data rows, without the signs around them that say nothing, and without blank rows."""
    cells = _cut(frame, layout)
    rows = _bare(cells.rows, layout)
    if layout.blank_rows:
        rows = rows.filter(pl.any_horizontal(pl.col(pl.String).is_not_null()))
    return Cells(rows, cells.refused)


def _cut(frame: Frame, layout: Layout) -> Cells:
    if layout.format == "jsonl":
        return json_cells(frame.body, frame.first, frame.names)
    return read_cells(
        frame.body,
        frame.first,
        frame.columns,
        delimiter=layout.delimiter,
        quote=layout.quote,
        ragged=layout.ragged,
        lead=layout.lead,
    )


def _bare(rows: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    text = pl.col(pl.String)
    if layout.strip:
        text = text.str.strip_chars(PADDING + layout.strip)
    if layout.strip or layout.blanks:
        rows = rows.with_columns(text).with_columns(
            pl.when(~pl.col(pl.String).is_in(["", *layout.blanks])).then(pl.col(pl.String))
        )
    return rows
