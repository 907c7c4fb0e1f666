"""Delimited text files of any layout: one reader, driven by a Layout."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import polars as pl

import schemas
from pipelines.sources.base import Context, Parsed, Side, SourceError
from pipelines.sources.convert import to_canonical
from pipelines.sources.encoding import encoding_of
from pipelines.sources.gather import gathered
from pipelines.sources.layout import Layout
from pipelines.sources.outline import Frame, frame_of, header_of, no_header, no_trailer
from pipelines.sources.text import Cells, RawText, checked_utf8, pieces, read_cells, utf8, utf8_head
from pipelines.sources.totals import file_totals

SAMPLE_ROWS = 20
"""Rows that tell whether a file without header reads as declared."""


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
        layout = self.layout
        if layout.pattern and not re.search(layout.pattern, filename):
            return False
        data = utf8_head(head, self._encoding(head))
        if layout.header:
            return header_of(data, self._as_spaced(data).layout) is not None
        try:
            return self._reads(data)
        except SourceError:
            return False

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this layout is not: which column, which line; empty where it is."""
        layout = self.layout
        if self.identify(filename, head):
            return ""
        if layout.pattern and not re.search(layout.pattern, filename):
            return f"the name does not fit {layout.pattern}"
        data = utf8_head(head, self._encoding(head))
        if layout.header:
            return no_header(data, layout)
        try:
            return self._why_unread(data)
        except SourceError as error:
            return error.text

    def _encoding(self, data: bytes) -> str:
        layout = self.layout
        return layout.encoding if layout.exact else encoding_of(data, layout.encoding)

    def _as_spaced(self, text: bytes) -> Delimited:
        """The same with the delimiter that the header has."""
        layouts = [self.layout, *(replace(self.layout, delimiter=sign) for sign in self.layout.respaced)]
        return replace(self, layout=next((found for found in layouts if header_of(text, found)), self.layout))

    def _reads(self, data: bytes) -> bool:
        """Whether one of the first rows is whole; a file that counts no rows itself need not have any."""
        frame = frame_of(data, self.layout)
        if b"\0" in data or self.layout.last_position > frame.columns:
            return False
        separator, enough = self.layout.delimiter.encode(), self.layout.last_position - 1
        if frame.trailer is None and all(line.count(separator) < enough for line in frame.body.split(b"\n")):
            return False
        rows = self._first_rows(frame)
        if rows.is_empty():
            return frame.trailer is not None and "rows" in frame.trailer.groupdict()
        needs = [n for n, c in schemas.BY_SIDE[self.side].columns.items() if not c.nullable]
        whole = pl.all_horizontal(pl.col(needs).is_not_null(), pl.col("unreadable").is_null())
        return not rows.filter(whole).is_empty()

    def _first_rows(self, frame: Frame) -> pl.DataFrame:
        cells = self._cells(frame).rows
        filled = cells.filter(pl.any_horizontal(pl.col(pl.String).is_not_null())).head(SAMPLE_ROWS)
        return to_canonical(filled, self.layout, Context(acquirer="?", account="?"), frame.names)

    def _why_unread(self, data: bytes) -> str:
        """Why none of the first rows is one of this layout, by the first of them."""
        if b"\0" in data:
            return "the file is not text"
        frame = frame_of(data, self.layout)
        if self.layout.last_position > frame.columns:
            return _too_narrow(frame, self.layout)
        rejected = schemas.check(schemas.BY_SIDE[self.side], self._first_rows(frame)).rejected
        line, reason = rejected.row(0) if rejected.height else (1, "there is no row")
        return f"line {line}: {reason}"

    def _cells(self, frame: Frame) -> Cells:
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

    def _converted(self, part: Frame, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
        cells = self._cells(part)
        return to_canonical(cells.rows, self.layout, context, part.names), cells.refused

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        text = utf8(data, self._encoding(data))
        found = self._as_spaced(text)
        frame = frame_of(text, found.layout)
        try:
            return found._parsed(text, frame, context)
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def _parsed(self, text: bytes, frame: Frame, context: Context) -> Parsed:
        layout = self.layout
        if layout.last_position > frame.columns:
            raise SourceError(
                _too_narrow(frame, layout),
                mend="mend `columns` of the profile, or ask the sender for the agreed layout",
            )
        if frame.trailer is None and layout.trailer_required:
            checked_utf8(text)
            raise no_trailer(text, layout)
        parts = [
            replace(frame, body=body, first=first) for body, first in pieces(frame.body, frame.first, layout.quote)
        ]
        rows, refusals = gathered(lambda part: self._converted(part, context), parts)
        refused = refusals.height
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=rows,
            refused=refusals,
            raw=RawText(text, layout.delimiter, frame.columns, _card_cell(frame, layout)),
            data_rows=rows.height + refused,
            totals=file_totals(rows, refused, layout, text, (frame.trailer, frame.trailer_at)),
        )


def _too_narrow(frame: Frame, layout: Layout) -> str:
    have = f"{frame.columns} column{'s' if frame.columns > 1 else ''}"
    return f"its rows have {have}, and {layout.profile} asks for column {layout.last_position}"


def _card_cell(frame: Frame, layout: Layout) -> int | None:
    """0-based cell that holds the card number, where the layout has one."""
    source = layout.fields["card_no"].source if "card_no" in layout.fields else ()
    places = [frame.names.index(name) if isinstance(name, str) else name - 1 for name in source]
    return places[0] if places else None


def _without_blank_rows(cells: Cells) -> Cells:
    filled = pl.any_horizontal(pl.col(pl.String).is_not_null())
    return Cells(cells.rows.filter(filled), cells.refused)
