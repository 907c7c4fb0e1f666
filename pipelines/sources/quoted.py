"""Cells in quotes (RFC 4180): they may hold delimiters, doubled quotes and line ends."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

PADDING = " \t\r\u00a0\u3000"
"""Signs around a cell that say nothing: blanks, tabs, the first half of CRLF, no-break and full-width space."""

MOST_LINES = 50
"""Lines that one cell may take before its opening quote counts as a slip."""

_QUOTED = "\x02"
"""Stands for what is in quotes, while lines are looked at."""

LONGEST_FOR_CSV = 100_000
"""The csv module refuses longer cells; they are read here."""


@dataclass(frozen=True)
class Record:
    """One row: index of its first line, how many lines it takes, its cells; None: its quotes do not close."""

    at: int
    lines: int
    cells: list[str] | None


@dataclass(frozen=True)
class Quoting:
    """How a file separates and quotes its cells."""

    delimiter: str
    quote: str

    @property
    def padding(self) -> str:
        """Signs to be stripped, the delimiter aside."""
        return PADDING.replace(self.delimiter, "")

    @cached_property
    def _opening(self) -> re.Pattern[str]:
        return re.compile(f"[{self.padding}]*{re.escape(self.quote)}")

    @cached_property
    def _inside(self) -> re.Pattern[str]:
        quote = re.escape(self.quote)
        return re.compile(f"((?:[^{quote}]|{quote}{quote})*+)({quote})?")

    @cached_property
    def _after(self) -> re.Pattern[str]:
        return re.compile(f"[{self.padding}]*(?:{re.escape(self.delimiter)}|$)")

    def records(self, lines: Sequence[str], columns: int) -> Iterator[Record]:
        """Rows of the lines, blank lines passed over; a quote that does not close costs its own line only."""
        at = 0
        while at < len(lines):
            if not lines[at].strip(PADDING):
                at += 1
                continue
            found = self.record(lines, at)
            if found.lines > 1 and len(found.cells or ()) != columns:  # closed by another row's quote
                found = Record(at, 1, None)
            yield found
            at += found.lines

    def record(self, lines: Sequence[str], at: int) -> Record:
        """The row that begins at a line."""
        if self.quote not in lines[at]:
            return Record(at, 1, lines[at].split(self.delimiter))
        return Record(at, 1, cells) if (cells := self._plainly_quoted(lines[at])) else self._carefully(lines, at)

    def _plainly_quoted(self, line: str) -> list[str] | None:
        """Cells by the csv module, which is fast, where no quote is left in them; None for the careful way."""
        if len(line) > LONGEST_FOR_CSV:
            return None
        try:
            cells = next(csv.reader([line], delimiter=self.delimiter, quotechar=self.quote, strict=True))
        except csv.Error:
            return None
        return None if any(self.quote in cell for cell in cells) else cells

    def _carefully(self, lines: Sequence[str], first: int) -> Record:
        cells: list[str] = []
        at, place = first, 0
        while True:
            opened = self._opening.match(lines[at], place)
            quoted = self._quoted_cell(lines, at, opened.end()) if opened else None
            if quoted:
                cell, at, place, last = quoted
            else:
                stop = lines[at].find(self.delimiter, place)
                last = stop < 0
                cell = lines[at][place:] if last else lines[at][place:stop]
                place = stop + 1
                if opened and cell.count(self.quote) % 2:
                    return Record(first, 1, None)
            cells.append(cell)
            if last:
                return Record(first, at - first + 1, cells)

    def _quoted_cell(self, lines: Sequence[str], at: int, place: int) -> tuple[str, int, int, bool] | None:
        """The cell whose quote opens before `place`: text, line and place after it, whether it is the last."""
        parts = []
        for number in range(at, min(at + MOST_LINES, len(lines))):
            inside = self._inside.match(lines[number], place)
            assert inside is not None  # noqa: S101 - the pattern fits the empty text
            parts.append(inside[1])
            if inside[2]:
                after = self._after.match(lines[number], inside.end())
                if after is None:
                    return None
                text = "\n".join(parts).replace(self.quote * 2, self.quote)
                return text, number, after.end(), not after[0].endswith(self.delimiter)
            place = 0
        return None


def keep_to_their_line(raw: pl.Series, columns: int, quoting: Quoting) -> pl.Series | None:
    """Which lines are one row of so many cells, each plain or wholly in quotes; None where a cell goes over lines."""
    quote, delimiter = re.escape(quoting.quote), re.escape(quoting.delimiter)
    if raw.str.contains(_QUOTED, literal=True).any():  # the sign is ours only where no cell holds it
        return None
    outside = raw.str.strip_chars_end("\r").str.replace_all(f"{quote}[^{quote}]*{quote}", _QUOTED)
    if outside.str.contains(quoting.quote, literal=True).any():
        return None
    half_quoted = outside.str.contains(f"[^{delimiter}{_QUOTED}]{_QUOTED}|{_QUOTED}[^{delimiter}{_QUOTED}]")
    return (outside.str.count_matches(quoting.delimiter, literal=True) == columns - 1) & ~half_quoted


def cells_of(line: str, delimiter: str, quote: str | None) -> list[str]:
    """Stripped cells of one line, as a header has them."""
    found = Quoting(delimiter, quote).record([line], 0).cells if quote else line.split(delimiter)
    return [cell.strip(PADDING).strip(quote or "").strip(PADDING) for cell in found or line.split(delimiter)]
