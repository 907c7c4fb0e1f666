"""Numbers of stored rows: file and line in one 64-bit integer, also where several rows stand on one line."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

LINES_PER_FILE = 2**32
"""row_id = file_id * LINES_PER_FILE + place; place is the line wherever each row has a line of its own."""

_CROWDED, _BITS = 1 << 31, 26


@dataclass
class Numbering:
    """Numbers the rows of one file, part after part; line, turn: of the last row so far."""

    line: int = 0
    turn: int = 0
    rows: int = 0
    bits: int = 0

    def places(self, lines: pl.Series) -> pl.Series:
        """A number for each row of the next part, unique and ascending with the file; lines: Int64, in file order.

        XML and JSON may hold all rows on one line. Then the place holds the line and the row's turn on it; `line_of`
        finds the line again.
        """
        if lines.is_empty():
            return lines
        goes_on = lines.min() == self.line
        if not self.bits and not goes_on and ((lines[1:] > lines[:-1]).all() or lines.is_unique().all()):
            self.line, self.rows = lines.max(), self.rows + len(lines)  # type: ignore[assignment]
            return lines
        return self._crowded(lines)

    def _crowded(self, lines: pl.Series) -> pl.Series:
        before = pl.when(pl.col("line") == self.line).then(self.turn + 1).otherwise(0) if self.rows else 0
        turn = pl.int_range(pl.len()).over("line") + before
        numbered = pl.DataFrame({"line": lines}).with_columns(turn=turn)
        most, last = numbered.select(pl.col("turn", "line").max()).row(0)
        self.bits = max(self.bits, most.bit_length())
        self.turn = numbered.filter(pl.col("line") == last)["turn"].max()  # type: ignore[assignment]
        if last >> (_BITS - self.bits):
            self.bits = _BITS
            numbered = numbered.with_columns(line=pl.lit(0, pl.Int64), turn=pl.int_range(pl.len()) + self.rows)
        self.line, self.rows = last, self.rows + len(lines)
        place = _CROWDED + (self.bits << _BITS) + pl.col("line") * 2**self.bits + pl.col("turn")
        return numbered.select(place).to_series()


def files_of(row_ids: pl.Series) -> set[int]:
    """The files in which rows stand."""
    return {*(row_ids // LINES_PER_FILE).unique()}


def line_of(row_id: int) -> int:
    """Line of a stored row; 1 where the file is too large for its lines to be kept in the number."""
    place = row_id % LINES_PER_FILE
    if place < _CROWDED:
        return place
    bits = (place - _CROWDED) >> _BITS
    return max((place & ((1 << _BITS) - 1)) >> bits, 1)
