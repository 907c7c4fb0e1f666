"""Numbers of stored rows: file and line in one 64-bit integer, also where several rows stand on one line."""

from __future__ import annotations

import polars as pl

LINES_PER_FILE = 2**32
"""row_id = file_id * LINES_PER_FILE + place; place is the line wherever each row has a line of its own."""

_CROWDED, _BITS = 1 << 31, 26


def places(lines: pl.Series) -> pl.Series:
    """A number for each row of a file, unique and ascending with the file; lines: Int64, in file order.

    XML and JSON may hold all rows on one line. Then the place holds the line and the row's turn on it; `line_of` finds
    the line again.
    """
    if (lines.diff() > 0).all() or lines.is_unique().all():
        return lines
    turn = pl.int_range(pl.len()).over("line")
    numbered = pl.DataFrame({"line": lines}).with_columns(turn=turn)
    most, last = numbered.select(pl.col("turn", "line").max()).row(0)
    bits = most.bit_length()
    if last >> (_BITS - bits):
        numbered, bits = numbered.with_columns(line=pl.lit(0, pl.Int64), turn=pl.int_range(pl.len())), _BITS
    return numbered.select(_CROWDED + (bits << _BITS) + pl.col("line") * 2**bits + pl.col("turn")).to_series()


def line_of(row_id: int) -> int:
    """Line of a stored row; 1 where the file is too large for its lines to be kept in the number."""
    place = row_id % LINES_PER_FILE
    if place < _CROWDED:
        return place
    bits = (place - _CROWDED) >> _BITS
    return max((place & ((1 << _BITS) - 1)) >> bits, 1)
