"""Delimited text files of any layout: one reader, driven by a Layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from pipelines.sources.base import Context, Parsed, Side, SourceError, Totals
from pipelines.sources.convert import to_canonical
from pipelines.sources.layout import Layout
from pipelines.sources.text import Cells, RawText, checked_utf8, read_cells, utf8
from pipelines.sources.totals import common_digits, declared_totals, totals_of

TRAILER_WITHIN = 12
"""How many lines from the end the trailer and title lines may take."""


@dataclass(frozen=True)
class _Frame:
    """The outer shape of a text: header names, where the data begins and ends, its trailer and where it stands."""

    names: list[str]
    first: int
    body: bytes
    trailer: re.Match[str] | None
    trailer_line: int


def _split(line: str, layout: Layout) -> list[str]:
    quote = layout.quote or ""
    return [cell.strip().strip(quote).strip() for cell in line.split(layout.delimiter)]


def _header(data: bytes, layout: Layout) -> tuple[list[str], int, int] | None:
    """Header names, line number of the first data line and its offset; None where no line is the header."""
    offset, number, looked = 0, 0, 0
    while offset < len(data) and looked <= layout.preamble:
        end = data.find(b"\n", offset)
        end = len(data) if end < 0 else end
        number += 1
        text = data[offset:end].decode(errors="replace").rstrip("\r")
        offset = end + 1
        if not text.strip():
            continue
        looked += 1
        cells = _split(text, layout)
        if set(layout.names) <= set(cells):
            return _unique(cells, layout, number), number + 1, offset
    return None


def _unique(cells: list[str], layout: Layout, line: int) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for cell in cells:
        seen[cell] = seen.get(cell, 0) + 1
        if seen[cell] > 1 and cell in layout.names:
            raise SourceError(f"column {cell} stands twice in the header", line=line, profile=layout.profile)
        names.append(cell if seen[cell] == 1 and cell else f"{cell}#{len(names) + 1}")
    return names


def _tail(data: bytes, start: int, layout: Layout) -> tuple[int, re.Match[str] | None, int]:
    """Offset at which the data ends, the trailer and its line number."""
    trailer, footer = re.compile(layout.trailer or r"(?!)"), re.compile(layout.footer or r"(?!)")
    end, found, found_at = len(data), None, 0
    for _ in range(TRAILER_WITHIN):
        text_end = _without_space(data, start, end)
        line_start = max(data.rfind(b"\n", start, text_end) + 1, start)
        text = data[line_start:text_end].decode(errors="replace").strip()
        if not text or line_start >= text_end:
            break
        match = trailer.search(text)
        if match and found is None:
            found, found_at = match, line_start
        elif not footer.search(text):
            break
        end = line_start
    return end, found, 1 + data.count(b"\n", 0, found_at) if found else 0


def _without_space(data: bytes, start: int, end: int) -> int:
    """Where the text before `end` stops, read in windows so that a large file is not copied."""
    while end > start:
        low = max(start, end - 65536)
        kept = len(data[low:end].rstrip())
        if kept:
            return low + kept
        end = low
    return start


def _frame(data: bytes, layout: Layout) -> _Frame:
    if layout.header:
        located = _header(data, layout)
        if located is None:
            raise SourceError(_no_header(data, layout), line=1, profile=None)
        names, first, start = located
    else:
        start = _skip(data, layout.preamble)
        first = layout.preamble + 1
        line = data[start : data.find(b"\n", start) if b"\n" in data[start:] else len(data)]
        count = layout.columns or line.count(layout.delimiter.encode()) + 1
        names = [str(i + 1) for i in range(count)]
    end, trailer, trailer_line = _tail(data, start, layout)
    return _Frame(names, first, data[start:end], trailer, trailer_line)


def _skip(data: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def _no_header(data: bytes, layout: Layout) -> str:
    """Name the columns that the best header candidate lacks."""
    lines = [line for line in data[:65536].decode(errors="replace").splitlines() if line.strip()]
    heads = [set(_split(line, layout)) for line in lines[: layout.preamble + 1]]
    best = max(heads, key=lambda cells: len(cells & set(layout.names)), default=set())
    missing = [name for name in layout.names if name not in best]
    if len(missing) == len(layout.names):
        return f"no header of {layout.profile} is there"
    several = "columns" if len(missing) > 1 else "column"
    return f"{several} {', '.join(missing)} of {layout.profile} missing in the header"


@dataclass(frozen=True)
class Delimited:
    """A profile made of nothing but a layout."""

    layout: Layout

    @property
    def name(self) -> str:
        """Name used by `inspect` and configuration."""
        return self.layout.profile

    @property
    def side(self) -> Side:
        """Which record of the money it holds."""
        return self.layout.side

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether the head holds this layout's header, or, without one, rows that read as declared."""
        if self.layout.pattern and not re.search(self.layout.pattern, filename):
            return False
        try:
            data = utf8(head, self.layout.encoding) if self.layout.header else self._whole_lines(head)
            if self.layout.header:
                return _header(data, self.layout) is not None
            return self._reads(data)
        except SourceError:
            return False

    def _whole_lines(self, head: bytes) -> bytes:
        cut = head.rfind(b"\n") if len(head) >= 65536 else -1
        return utf8(head[:cut] if cut > 0 else head, self.layout.encoding)

    def _reads(self, data: bytes) -> bool:
        frame = _frame(data, self.layout)
        positions = [p for spec in self.layout.fields.values() for p in spec.source if isinstance(p, int)]
        if max(positions, default=0) > len(frame.names):
            return False
        cells = read_cells(
            frame.body,
            frame.first,
            frame.names,
            delimiter=self.layout.delimiter,
            quote=self.layout.quote,
        )
        rows = to_canonical(cells.rows.head(20), self.layout, Context())
        return not rows.is_empty() and bool(rows["unreadable"].is_null().any())

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this layout is not: which column, which line."""
        if self.layout.pattern and not re.search(self.layout.pattern, filename):
            return f"the name does not fit {self.layout.pattern}"
        try:
            data = utf8(head, self.layout.encoding)
            if self.layout.header:
                return _no_header(data, self.layout) if _header(data, self.layout) is None else ""
            return "" if self._reads(self._whole_lines(head)) else "the first lines do not read as declared"
        except SourceError as error:
            return error.text

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        try:
            return self._parse(data, context)
        except SourceError as error:
            error.profile = error.profile or (self.name if self.layout.header else None)
            raise

    def _parse(self, data: bytes, context: Context) -> Parsed:
        layout = self.layout
        text = utf8(data, layout.encoding)
        frame = _frame(text, layout)
        if frame.trailer is None and layout.trailer_required:
            checked_utf8(text)
            mend = "the file is cut off or its layout changed; ask the sender to send it again"
            raise SourceError(
                "the trailer is missing", line=1 + text.count(b"\n", 0, _without_space(text, 0, len(text))), mend=mend, profile=self.name
            )
        cells = read_cells(
            frame.body, frame.first, frame.names, delimiter=layout.delimiter, quote=layout.quote
        )
        if layout.blank_rows:
            cells = _without_blank_rows(cells)
        rows = to_canonical(cells.rows, layout, context)
        refused = cells.refused.height
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=rows,
            refused=cells.refused,
            raw=RawText(text),
            data_rows=rows.height + refused,
            totals=_totals(rows, refused, frame, layout),
        )


def _without_blank_rows(cells: Cells) -> Cells:
    filled = pl.any_horizontal(pl.col(pl.String).is_not_null())
    return Cells(cells.rows.filter(filled), cells.refused)


def _totals(rows: pl.DataFrame, refused: int, frame: _Frame, layout: Layout) -> Totals:
    if frame.trailer is None:
        return Totals()
    digits = common_digits(rows)
    declared = declared_totals(frame.trailer, frame.trailer_line, digits)
    return totals_of(rows, refused, layout.side, declared, digits)
