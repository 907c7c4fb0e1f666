"""Delimited text files of any layout: one reader, driven by a Layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import polars as pl

import schemas
from pipelines.sources.base import LARGE, NO_BALANCES, Context, Data, Parsed, Side, SourceError
from pipelines.sources.convert import canonical_columns
from pipelines.sources.cutting import raw_of
from pipelines.sources.encoding import checked_utf8, encoding_of, utf8, utf8_head
from pipelines.sources.gather import abreast
from pipelines.sources.given import covered, outside
from pipelines.sources.kinds import closes_a_batch, ignored_counted, ignored_told
from pipelines.sources.layout import Layout
from pipelines.sources.outline import (
    Frame,
    Trailers,
    begun,
    frame_of,
    head_of,
    header_of,
    no_header,
    no_trailer,
    tail_of,
)
from pipelines.sources.rows import Found, read_rows
from pipelines.sources.streaming import HEAD, Piece, comes_in_pieces, pieces_of
from pipelines.sources.totals import Stated, Tally, balances_of, stated_totals
from pipelines.sources.workbook import as_written, in_sheets, is_sheet, sheet_name

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

    @property
    def large(self) -> int:
        """Bytes from which it is read part by part."""
        return LARGE

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether the head holds this layout's header, or, without one, rows that read as declared."""
        layout = self.layout
        if layout.pattern and not re.search(layout.pattern, filename):
            return False
        if self._another_sheet(head):
            return False
        found, data = self._met_in(head, utf8_head)
        try:
            return found._is_ours(filename, data)
        except SourceError:
            return False

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this layout is not: which column, which line; empty where it is."""
        layout = self.layout
        if self.identify(filename, head):
            return ""
        if layout.pattern and not re.search(layout.pattern, filename):
            return f"the name does not fit {layout.pattern}"
        if self._another_sheet(head):
            return f"the sheet is called {sheet_name(head)!r} and not {layout.sheet!r}"
        found, data = self._met_in(head, utf8_head)
        if layout.header and header_of(data, layout) is None:
            return no_header(data, layout)
        try:
            return found._why_unread(filename, data)
        except SourceError as error:
            return error.text

    def _another_sheet(self, head: bytes) -> bool:
        return self.layout.sheet is not None and is_sheet(head) and sheet_name(head) != self.layout.sheet

    def _met_in(self, data: bytes, decoded: Callable[[bytes, str], bytes]) -> tuple[Delimited, bytes]:
        """The text in UTF-8, and this profile as the text shows it to be written."""
        layout = self.layout
        if is_sheet(data):
            layout = in_sheets(layout)
            return replace(self, layout=layout), as_written(decoded(data, "utf-8"), layout)
        text = decoded(data, layout.encoding if layout.exact else encoding_of(data, layout.encoding))
        spaced = [layout, *(replace(layout, delimiter=sign) for sign in layout.respaced)] if layout.header else []
        return replace(self, layout=next((found for found in spaced if header_of(text, found)), layout)), text

    def _is_ours(self, filename: str, data: bytes) -> bool:
        """Whether the header is there, or one of the first rows is whole; a file that counts none need not have any."""
        layout = self.layout
        if layout.header:
            located = header_of(data, layout)
            if located is None:
                return False
            outside(layout, filename, head_of(data, located[1]))
            return True
        frame = frame_of(data, layout)
        if b"\0" in data or layout.last_position > frame.columns:
            return False
        separator, enough = layout.delimiter.encode(), layout.last_position - 1
        if frame.trailer is None and all(line.count(separator) < enough for line in frame.body.split(b"\n")):
            return False
        rows = self._first_rows(frame, filename)
        if rows.is_empty():
            counted = frame.trailer is not None and "rows" in frame.trailer.groupdict()
            return counted or closes_a_batch(frame.body, layout)
        needs = [n for n, c in schemas.BY_SIDE[self.side].columns.items() if not c.nullable]
        whole = pl.all_horizontal(pl.col(needs).is_not_null(), pl.col("unreadable").is_null())
        return not rows.filter(whole).is_empty()

    def _first_rows(self, frame: Frame, filename: str) -> pl.DataFrame:
        known = Context(acquirer="?", account="?", filename=filename)
        given = outside(self.layout, filename, frame.head).texts
        return read_rows(frame, self.layout, known, given, most=SAMPLE_ROWS).rows

    def _why_unread(self, filename: str, data: bytes) -> str:
        """Why none of the first rows is one of this layout, by the first of them."""
        if b"\0" in data:
            return "the file is not text"
        frame = frame_of(data, self.layout)
        if self.layout.last_position > frame.columns:
            return _too_narrow(frame, self.layout)
        rejected = schemas.check(schemas.BY_SIDE[self.side], self._first_rows(frame, filename)).rejected
        line, reason = rejected.row(0) if rejected.height else (1, "there is no row")
        return f"line {line}: {reason}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        found, text = self._met_in(data, utf8)
        (whole,) = found._parts([Piece(text)], context)
        return whole

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Read a large file part by part; the last part has the totals and warnings of all.

        Statements come whole, for their balances are those of all rows.
        """
        if self.side == "bank" or not comes_in_pieces(data):
            yield self.parse(data[:], context)
            return
        found, _ = self._met_in(data[:HEAD], utf8_head)
        yield from found._parts(pieces_of(data, found.layout), context)

    def _parts(self, pieces: Iterable[Piece], context: Context) -> Iterator[Parsed]:
        coming = iter(pieces)
        first = next(coming)
        opening = begun(first.text, self.layout)
        try:
            yield from self._parsed(chain([first], coming), *opening, context)
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def _parsed(self, pieces: Iterable[Piece], frame: Frame, start: int, context: Context) -> Iterator[Parsed]:
        layout, tally, ignored = self.layout, self.tally(), []
        if layout.last_position > frame.columns and not layout.kinds:
            mend = "mend `columns` of the profile, or ask the sender for the agreed layout"
            raise SourceError(_too_narrow(frame, layout), mend=mend)
        beside = outside(layout, context.filename, frame.head)

        def read(piece: Piece) -> tuple[Piece, int, Trailers, Found]:
            within, begins = (frame, start) if piece.first == 1 else (replace(frame, first=piece.first), 0)
            end, trailers = tail_of(piece.text, begins, layout) if piece.last else (len(piece.text), ())
            if piece.last and layout.trailer_required and not trailers:
                checked_utf8(piece.text, piece.first)
                raise no_trailer(piece.text, layout, piece.first)
            found = read_rows(replace(within, body=piece.text[begins:end]), layout, context, beside.texts)
            return piece, end, trailers, found

        for piece, end, trailers, found in abreast(read, pieces):
            tally.add(found.rows, found.refused.height, ignored_counted(found.ignored, layout.ignored))
            ignored.append(found.ignored)
            stated = self.stated(piece, end, trailers, beside.totals) if piece.last else None
            totals = tally.totals(stated)
            bank = self.side == "bank"
            yield Parsed(
                profile=self.name,
                side=self.side,
                rows=found.rows.select(*canonical_columns(layout)),
                refused=found.refused,
                raw=raw_of(piece.text, frame, layout, piece.first),
                data_rows=found.rows.height + found.refused.height,
                totals=totals,
                balances=balances_of(found.rows, totals, context.account) if bank else NO_BALANCES.clone(),
                covered=covered(layout, beside.texts) if bank else (),
                warnings=(*ignored_told(pl.concat(ignored), layout.ignored), *tally.oddities()) if piece.last else (),
                home=self.home,
                batch_totals=found.batch_totals,
            )

    @property
    def home(self) -> str | None:
        """Currency of files of this layout, where it is always the same."""
        return self.layout.fields["currency"].constant if "currency" in self.layout.fields else None

    def tally(self) -> Tally:
        """What adds up the rows, which then still hold the fields that are no canonical columns."""
        return Tally(self.layout)

    def stated(self, piece: Piece, end: int, trailers: Trailers, head: Stated) -> Stated | None:
        """What the file declares of itself, with the last of its pieces, whose data stops at an offset."""
        del end
        return stated_totals(piece.text, trailers, head, piece.first)


def _too_narrow(frame: Frame, layout: Layout) -> str:
    have = f"{frame.columns} column{'s' if frame.columns > 1 else ''}"
    return f"its rows have {have}, and {layout.profile} asks for column {layout.last_position}"
