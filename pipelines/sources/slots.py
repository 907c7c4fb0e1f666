"""Lines cut at byte positions into text cells, whatever their encoding: a layout counts bytes, not characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sources.quoted import PADDING

BLANK = PADDING + "\0\n"
"""Signs around a cell that say nothing; some systems fill with NUL."""


GARBLED = "\0"
"""Stands for a cell that is no text, until its line is refused."""


@dataclass(frozen=True)
class Slot:
    """Where a field stands in its line: its first byte (1 = the first of the line) and how many bytes it has."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """Its last byte."""
        return self.start + self.length - 1


def slots_in_a_row(widths: Mapping[str, int], gap: int = 0) -> dict[str, Slot]:
    """Fields that follow one another, with `gap` bytes between them."""
    found, start = {}, 1
    for name, width in widths.items():
        found[name] = Slot(start, width)
        start += width + gap
    return found


@dataclass(frozen=True)
class Lines:
    """Lines of one length in one run of bytes, each `stride` bytes with its end, and their numbers in the file."""

    data: bytes
    stride: int
    numbers: pl.Series

    def cut(self, slots: Mapping[str, Slot], encoding: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`line` and a String column for each slot (blank = null), and `line`, `reason` of lines that are no text."""
        buffers = [None, pa.py_buffer(self.data)]
        lines = pa.FixedSizeBinaryArray.from_buffers(pa.binary(self.stride), len(self.numbers), buffers)
        plain = self.data.isascii() and b"\0" not in self.data
        cells = {"line": self.numbers.alias("line")}
        refused = [_NONE]
        for name, slot in slots.items():
            raw = pc.binary_slice(lines, slot.start - 1, slot.end).cast(pa.binary())
            cells[name] = _view(raw) if plain else _decoded(raw, encoding)
            garbled = cells[name] == GARBLED
            if not plain and garbled.any():
                refused.append(_refusals(self.numbers.filter(garbled), slot, encoding))
        bad = pl.concat(refused).unique("line", keep="first", maintain_order=True)
        frame = pl.DataFrame(cells)
        return _stripped(frame.filter(~pl.col("line").is_in(bad["line"].implode())) if bad.height else frame), bad


_NONE = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String})


def _view(raw: pa.Array) -> pl.Series:
    """ASCII bytes as text, without a look at each."""
    return pl.Series(pl.from_arrow(raw.view(pa.string())))


def _decoded(raw: pa.Array, encoding: str) -> pl.Series:
    """The cells as text, GARBLED where they are none; only those that are not ASCII are decoded one by one."""
    strange = pc.or_(pc.invert(pc.string_is_ascii(raw.view(pa.string()))), pc.match_substring(raw, b"\0"))
    if not pc.any(strange).as_py():
        return _view(raw)
    texts = _view(pc.if_else(strange, b"", raw))
    found = [_text(cell, encoding) for cell in raw.filter(strange).to_pylist()]
    return texts.scatter(pl.Series(pl.from_arrow(strange)).arg_true(), pl.Series(found, dtype=pl.String))


def _text(cell: bytes, encoding: str) -> str:
    try:
        text = cell.decode(encoding).strip(BLANK)
    except UnicodeDecodeError:
        return GARBLED
    return GARBLED if "\0" in text else text


def _refusals(lines: pl.Series, slot: Slot, encoding: str) -> pl.DataFrame:
    reason = f"bytes {slot.start} to {slot.end} are not {encoding.upper()} text"
    return pl.DataFrame({"line": lines, "reason": [reason] * len(lines)})


def _stripped(cells: pl.DataFrame) -> pl.DataFrame:
    cells = cells.with_columns(pl.col(pl.String).str.strip_chars(BLANK))
    return cells.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))
