"""Lines cut at byte positions into text cells, whatever their encoding: a layout counts bytes, not characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

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


def slots_in_a_row(names: str, lengths: Sequence[int], gap: int = 0) -> dict[str, Slot]:
    """Fields that follow one another, with `gap` bytes between them; names: separated by blanks."""
    ends = accumulate(length + gap for length in lengths)
    places = (Slot(end - length - gap + 1, length) for end, length in zip(ends, lengths, strict=True))
    return dict(zip(names.split(), places, strict=True))


def gaps_between(slots: Mapping[str, Slot]) -> tuple[int, ...]:
    """Bytes between the first and the last slot that belong to none; 1 = the first of the line."""
    taken = {place for slot in slots.values() for place in range(slot.start, slot.end + 1)}
    return tuple(place for place in range(min(taken), max(taken)) if place not in taken)


@dataclass(frozen=True)
class Lines:
    """Lines of one length in one run of bytes, each `stride` bytes with its end, and their numbers in the file."""

    data: bytes
    stride: int
    numbers: pl.Series

    def filled(self, gaps: Sequence[int]) -> pl.DataFrame:
        """`line`, `reason` of the lines in which one of the gaps is not blank."""
        found: dict[int, str] = {}
        for gap in reversed(gaps):
            column = self.data[gap - 1 :: self.stride]
            if column.count(b" ") != len(column):
                places = [place for place, byte in enumerate(column) if byte != ord(" ")]
                reason = f"byte {gap} is not blank: the fields of the line have shifted"
                found |= dict.fromkeys(self.numbers.gather(places).to_list(), reason)
        return pl.DataFrame([*found.items()], schema=_NONE.schema, orient="row")

    def cut(self, slots: Mapping[str, Slot], encoding: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`line` and a String column for each slot (blank = null), and `line`, `reason` of lines that are no text."""
        buffers = [None, pa.py_buffer(self.data)]
        lines = pa.FixedSizeBinaryArray.from_buffers(pa.binary(self.stride), len(self.numbers), buffers)
        nul = b"\0" in self.data
        plain = self.data.isascii() and not nul
        cells = {"line": self.numbers.alias("line")}
        refused = [_NONE]
        for name, slot in slots.items():
            raw = pc.binary_slice(lines, slot.start - 1, slot.end).cast(pa.binary())
            cells[name] = _view(raw) if plain else _decoded(raw, encoding, nul=nul)
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


def _decoded(raw: pa.Array, encoding: str, *, nul: bool) -> pl.Series:
    """The cells as text, GARBLED where they are none; only those that are not ASCII are decoded one by one.

    nul: whether a byte zero stands anywhere.
    """
    strange = pc.invert(pc.string_is_ascii(raw.view(pa.string())))
    strange = pc.or_(strange, pc.match_substring(raw, b"\0")) if nul else strange
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
