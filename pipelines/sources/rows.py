"""The data of a text file as canonical rows: cut, sorted by kind, converted, in the order of its lines."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

import schemas
from pipelines.sources.base import NO_BATCH_TOTALS, Context
from pipelines.sources.batches import batch_totals
from pipelines.sources.convert import Texts, places_of, to_canonical
from pipelines.sources.cutting import cut_cells
from pipelines.sources.gather import gathered
from pipelines.sources.kinds import parted, without_ignored
from pipelines.sources.layout import Layout
from pipelines.sources.outline import Frame


@dataclass(frozen=True)
class Found:
    """rows: canonical, before validation; refused: `line`, `reason`; ignored: `line`, `rule`; batch_totals: as in
    `Parsed`."""

    rows: pl.DataFrame
    refused: pl.DataFrame
    ignored: pl.DataFrame
    batch_totals: pl.DataFrame = field(default_factory=NO_BATCH_TOTALS.clone)


def read_rows(frame: Frame, layout: Layout, context: Context, given: Texts, most: int | None = None) -> Found:
    """All rows of the data; most: only so many of each kind, where a look is enough."""
    whole = parted(frame, layout)
    rows, refused, ignored = gathered(lambda part: _of_part(*part, context, given, most), whole.parts)
    refused, ignored = pl.concat([whole.refused, refused]), pl.concat([whole.ignored, ignored])
    if layout.kinds:
        rows = rows.select(name for name in schemas.BY_SIDE[layout.side].columns if name in rows.columns)
        rows, refused = rows.sort("line"), refused.sort("line")
    if not whole.closes:
        return Found(rows, refused, ignored)
    totals, unread = batch_totals(whole.closes, layout, rows)
    return Found(rows, pl.concat([refused, unread]).sort("line"), ignored, totals)


def _of_part(
    part: Frame, layout: Layout, context: Context, given: Texts, most: int | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    cells = cut_cells(part, layout)
    taken, ignored = without_ignored(cells.rows, places_of(cells.rows, part.names), layout)
    if most is not None:
        taken = taken.filter(pl.any_horizontal(pl.col(pl.String).is_not_null())).head(most)
    return to_canonical(taken, layout, context, part.names, given), cells.refused, ignored
