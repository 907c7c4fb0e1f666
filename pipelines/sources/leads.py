"""Cells that each begin with a sign of their own, as in WeChat's bills: a delimiter within a cell does no harm."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipelines.sources.quoted import PADDING

UNIT_SEPARATOR = "\x1f"


def led_cells(
    body: bytes, columns: int, delimiter: str, lead: str, wanted: Collection[int] | None
) -> pl.DataFrame | None:
    """Stripped text columns 1, 2, 3 … (blank = null), cut at the leads; None where not every row is so regular.

    wanted: 1-based columns that are asked for, all if None. Where each line begins with a lead and every other lead
    stands behind a delimiter, the cells are what is between the leads, less that delimiter: nothing is written anew.
    """
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    sign = lead.encode()
    if body.count(sign) != lines * columns or body.count(delimiter.encode() + sign) != lines * (columns - 1):
        return None
    names = [str(n) for n in range(columns + 1)]
    asked = [name for name in names[1:] if wanted is None or int(name) in wanted]
    try:
        cells = pl.read_csv(
            body if body.endswith(b"\n") else body + b"\n",
            separator=lead,
            quote_char=None,
            has_header=False,
            schema=dict.fromkeys(names, pl.String()),
            columns=sorted({0, *map(int, asked), columns}),
            empty_string_is_null=False,
        )
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):  # a line with too many leads, or no UTF-8
        return None
    if cells.height != lines or cells[names[-1]].str.ends_with(delimiter).any():  # a line with too many leads
        return None
    if (cells["0"] != "").any():  # a line that does not begin with a lead
        return None
    inner = [pl.col(name).str.head(-len(delimiter)) for name in asked if name != names[-1]]
    cells = cells.select(asked).with_columns(inner).with_columns(pl.col(pl.String).str.strip_chars(PADDING))
    return cells.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))


def quoted_leads(body: bytes, delimiter: str, lead: str) -> bool:
    """Whether some cell stands in quotes before its lead, as a spreadsheet writes cells that hold a delimiter."""
    quoted = f'"{lead}'.encode()
    if b'"' not in body:  # one sign is found many times faster than two
        return False
    return quoted in body and (delimiter.encode() + quoted in body or b"\n" + quoted in body)


def without_leads(cells: pl.DataFrame, lead: str) -> pl.DataFrame:
    """Cells without the lead before them, blank where nothing else is there."""
    text = pl.col(pl.String).str.strip_prefix(lead).str.strip_chars(PADDING)
    return cells.with_columns(text).with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))
