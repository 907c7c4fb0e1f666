"""Delimited text files of any layout: one reader, driven by a Layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

import schemas
from pipelines.sources.base import Context, Parsed, Side, SourceError, Totals
from pipelines.sources.convert import to_canonical
from pipelines.sources.layout import Layout
from pipelines.sources.quoted import PADDING, Quoting, cells_of
from pipelines.sources.text import Cells, RawText, checked_utf8, read_cells, utf8, utf8_head
from pipelines.sources.totals import common_digits, declared_totals, totals_of
from schemas.validation import shown

TRAILER_WITHIN = 12
"""How many lines from the end the trailer and title lines may take."""

SAMPLE_LINES = 100
"""Lines that tell how many cells a row without header has."""

SAMPLE_ROWS = 20
"""Rows that tell whether a file without header reads as declared."""


@dataclass(frozen=True)
class _Frame:
    """The outer shape of a text: header names (none: positions), how many cells a row has, where the data begins and
    ends, its trailer and where it stands."""

    names: list[str]
    columns: int
    first: int
    body: bytes
    trailer: re.Match[str] | None
    trailer_line: int


def _header(data: bytes, layout: Layout) -> tuple[list[str], int, int] | None:
    """Header names, their line number and the offset of the line after; None where no line is the header."""
    offset, number, looked = 0, 0, 0
    while offset < len(data) and looked <= layout.preamble:
        end = data.find(b"\n", offset)
        end = len(data) if end < 0 else end
        number += 1
        text = data[offset:end].decode(errors="replace")
        offset = end + 1
        if not text.strip(PADDING):
            continue
        looked += 1
        cells = cells_of(text, layout.delimiter, layout.quote)
        if set(layout.names) <= set(cells):
            return cells, number, offset
    return None


def _once(cells: list[str], layout: Layout, line: int) -> None:
    """SourceError where a column that is asked for stands twice: nobody knows which one is meant."""
    twice = [name for name in layout.names if cells.count(name) > 1]
    if twice:
        what = f"column {', '.join(twice)} stands twice in the header"
        raise SourceError(what, line=line, mend="ask the sender which one counts", profile=layout.profile)


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
            raise SourceError(_no_header(data, layout))
        names, line, start = located
        _once(names, layout, line)
        columns, first = len(names), line + 1
    else:
        start, first, names = _skip(data, layout.preamble), layout.preamble + 1, []
        columns = layout.columns or _usual_columns(data, start, layout)
    end, trailer, trailer_line = _tail(data, start, layout)
    return _Frame(names, columns, first, data[start:end], trailer, trailer_line)


def _skip(data: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def _usual_columns(data: bytes, start: int, layout: Layout) -> int:
    """How many cells most of the first rows have; the rows with another number are the odd ones."""
    lines = data[start : start + 65536].decode(errors="replace").split("\n")[:SAMPLE_LINES]
    if layout.quote:
        records = Quoting(layout.delimiter, layout.quote).records(lines, 0)
        counts = [len(record.cells) for record in records if record.cells]
    else:
        counts = [len(line.split(layout.delimiter)) for line in lines if line.strip(PADDING)]
    enough = [count for count in counts if count >= layout.last_position]
    return max(enough, key=enough.count, default=max(counts, default=1))


def _no_header(data: bytes, layout: Layout) -> str:
    """Name the columns that the best header candidate lacks, and its line."""
    lines = [line for line in enumerate(data[:65536].decode(errors="replace").split("\n"), 1) if line[1].strip()]
    heads = [(line, set(cells_of(text, layout.delimiter, layout.quote))) for line, text in lines[: layout.preamble + 1]]
    line, best = max(heads, key=lambda head: len(head[1] & set(layout.names)), default=(1, set()))
    missing = [name for name in layout.names if name not in best]
    if len(missing) * 2 > len(layout.names):
        return f"no header of {layout.profile} is there"
    several = "columns" if len(missing) > 1 else "column"
    return f"line {line}: {several} {', '.join(missing)} of {layout.profile} missing in the header"


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

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The one layout its files have."""
        return (self.layout,)

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether the head holds this layout's header, or, without one, rows that read as declared."""
        return not self.explain(filename, head)

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this layout is not: which column, which line; empty where it is."""
        layout = self.layout
        if layout.pattern and not re.search(layout.pattern, filename):
            return f"the name does not fit {layout.pattern}"
        data = utf8_head(head, layout.encoding)
        if layout.header:
            return "" if _header(data, layout) else _no_header(data, layout)
        return self._why_unread(data)

    def _why_unread(self, data: bytes) -> str:
        """Why the first rows are none of this layout; at least one must be there and read as declared."""
        if b"\0" in data:
            return "the file is not text"
        frame = _frame(data, self.layout)
        if self.layout.last_position > frame.columns:
            return f"its rows have {frame.columns} columns, and column {self.layout.last_position} is asked for"
        try:
            cells = self._cells(frame).rows
        except SourceError as error:
            return error.text
        filled = cells.filter(pl.any_horizontal(pl.col(pl.String).is_not_null())).head(SAMPLE_ROWS)
        if filled.is_empty() and frame.trailer is not None:
            return ""
        rows = to_canonical(filled, self.layout, Context(acquirer="?", account="?"), frame.names)
        checked = schemas.check(schemas.BY_SIDE[self.side], rows)
        if not checked.accepted.is_empty():
            return ""
        first = checked.rejected.row(0) if checked.rejected.height else (1, "there is no row")
        return f"line {first[0]}: {first[1]}"

    def _cells(self, frame: _Frame) -> Cells:
        layout = self.layout
        cells = read_cells(
            frame.body,
            frame.first,
            frame.columns,
            delimiter=layout.delimiter,
            quote=layout.quote,
            ragged=layout.ragged,
        )
        return _without_blank_rows(cells) if layout.blank_rows else cells

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        layout = self.layout
        text = utf8(data, layout.encoding)
        frame = _frame(text, layout)
        try:
            return self._parsed(text, frame, context)
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def _parsed(self, text: bytes, frame: _Frame, context: Context) -> Parsed:
        layout = self.layout
        if layout.last_position > frame.columns:
            what = f"its rows have {frame.columns} columns, and column {layout.last_position} is asked for"
            raise SourceError(what, mend="mend `columns` of the profile, or ask the sender for the agreed layout")
        if frame.trailer is None and layout.trailer_required:
            checked_utf8(text)
            raise _no_trailer(text, layout)
        cells = self._cells(frame)
        rows = to_canonical(cells.rows, layout, context, frame.names)
        refused = cells.refused.height
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=rows,
            refused=cells.refused,
            raw=RawText(text, layout.delimiter, frame.columns, _card_cell(frame, layout)),
            data_rows=rows.height + refused,
            totals=_totals(rows, refused, frame, layout),
        )


def _card_cell(frame: _Frame, layout: Layout) -> int | None:
    """0-based cell that holds the card number, where the layout has one."""
    source = layout.fields["card_no"].source if "card_no" in layout.fields else ()
    places = [frame.names.index(name) if isinstance(name, str) else name - 1 for name in source]
    return places[0] if places else None


def _no_trailer(text: bytes, layout: Layout) -> SourceError:
    """The last line, and that it is no trailer: the file is cut off, or the trailer is garbled."""
    end = _without_space(text, 0, len(text))
    last = text[text.rfind(b"\n", 0, end) + 1 : end].decode(errors="replace")
    garbled = last.startswith("#")
    what = f"the trailer {shown(last)!r} cannot be read" if garbled else "the trailer is missing"
    mend = "the file is cut off or its layout changed; ask the sender to send it again"
    return SourceError(what, line=1 + text.count(b"\n", 0, end), mend=mend, profile=layout.profile)


def _without_blank_rows(cells: Cells) -> Cells:
    filled = pl.any_horizontal(pl.col(pl.String).is_not_null())
    return Cells(cells.rows.filter(filled), cells.refused)


def _totals(rows: pl.DataFrame, refused: int, frame: _Frame, layout: Layout) -> Totals:
    if frame.trailer is None:
        return Totals()
    digits = common_digits(rows)
    declared = declared_totals(frame.trailer, frame.trailer_line, digits, layout.amounts)
    return totals_of(rows, refused, layout, declared, digits)
