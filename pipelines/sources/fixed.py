"""Fixed-width text files of any layout: fields at byte positions; one reader, driven by a Layout and its slots."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

import schemas
from pipelines.sources.base import NO_REFUSALS, Context, Data, Parsed, Side, SourceError
from pipelines.sources.convert import to_canonical
from pipelines.sources.gather import abreast, gathered
from pipelines.sources.layout import Layout
from pipelines.sources.outline import Trailers, no_trailer, skipped, tail_of
from pipelines.sources.pan import mask_card, mask_text
from pipelines.sources.slots import Lines, Slot
from pipelines.sources.streaming import Piece, lines_of
from pipelines.sources.text import PIECE, RawText
from pipelines.sources.totals import Tally, stated_totals
from schemas.validation import mask_digit_runs, shown

SAMPLE_ROWS = 20
"""Rows that tell whether a file reads as declared."""

_RUN = re.compile(r"([0-9]{6})[0-9]{3,}([0-9]{4})")


@dataclass(frozen=True)
class Part:
    """Whole lines of a text: where they begin and end, and the number of the first."""

    start: int
    end: int
    first: int


@dataclass(frozen=True)
class FixedWidth:
    """A profile whose lines are cut at byte positions.

    layout: its fields name slots, its encoding is that of the file; header, delimiter and quote say nothing here.
    slots: name = place in the line; they may overlap. width: bytes of a row's line (0: up to the last slot, and more
    may follow). rows: codes with which the lines of rows begin, others: those of lines that say nothing; no codes:
    every line is a row. trimmed: lines may lack the blanks at their end. gaps: bytes that must be blank, which tells
    shifted fields; then blanks beyond the width do no harm. least: bytes that a line has at least where something has
    taken all the blanks at its end away (0: they must be there). derived: further cells by expressions over slots.
    """

    layout: Layout
    slots: Mapping[str, Slot]
    width: int = 0
    rows: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    trimmed: bool = False
    gaps: tuple[int, ...] = ()
    least: int = 0
    derived: Mapping[str, pl.Expr] = field(default_factory=dict)

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
    def _width(self) -> int:
        return self.width or max(slot.end for slot in self.slots.values())

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether one of the first lines is a whole row of this layout, all that must be there being there."""
        return self.explain(filename, head) == ""

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this layout is not, by the first of its lines; empty where it is."""
        layout = self.layout.told_by(filename)
        if layout.pattern and not re.search(layout.pattern, filename):
            return f"the name does not fit {layout.pattern}"
        data = head[: head.rfind(b"\n") + 1] or head
        start, end, _ = self._outline(data)
        cells, refused = self._cells(data, Part(start, end, 1 + layout.preamble))
        rows = self._canonical(cells.head(SAMPLE_ROWS), layout, Context(acquirer="?", account="?"))
        columns = schemas.BY_SIDE[self.side].columns
        needs = [n for n, c in columns.items() if not c.nullable and n.removesuffix("_minor") in layout.stated]
        whole = pl.all_horizontal(pl.col(needs).is_not_null(), pl.col("unreadable").is_null())
        if not rows.filter(whole).is_empty():
            return ""
        unread = schemas.check(schemas.BY_SIDE[self.side], rows).rejected.select("line", "reason")
        first = pl.concat([unread, refused]).sort("line").head(1)
        return f"line {first.item(0, 0)}: {first.item(0, 1)}" if first.height else "there is no row"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        if not data or data.isspace():
            raise SourceError("the file is empty", mend="ask the sender to send it again", profile=self.name)
        (whole,) = self._parsed([Piece(data)], context)
        return whole

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Read a large file part by part; the last part has the totals of all."""
        yield from self._parsed(lines_of(data), context)

    def _parsed(self, pieces: Iterable[Piece], context: Context) -> Iterator[Parsed]:
        layout = self.layout.told_by(context.filename)
        tally = Tally(layout)

        def read(piece: Piece) -> tuple[Piece, Trailers, pl.DataFrame, pl.DataFrame]:
            start, end, trailers = self._outline(piece.text, begins=piece.first == 1, ends=piece.last)
            if piece.last and layout.trailer_required and not trailers:
                raise no_trailer(piece.text, layout, piece.first)
            first = piece.first + (layout.preamble if piece.first == 1 else 0)
            parts = [*_parts(piece.text, start, end, first)] or [Part(start, end, first)]
            rows, refused = gathered(lambda part: self._converted(piece.text, part, layout, context), parts)
            return piece, trailers, rows, refused

        for piece, trailers, rows, refused in abreast(read, pieces):
            tally.add(rows, refused.height)
            yield Parsed(
                profile=self.name,
                side=self.side,
                rows=rows,
                refused=refused,
                raw=self._raw(piece),
                data_rows=rows.height + refused.height,
                totals=tally.totals(stated_totals(piece.text, trailers, first=piece.first) if piece.last else None),
            )

    def _raw(self, piece: Piece) -> RawSlots:
        return RawSlots(
            piece.text,
            first=piece.first,
            encoding=self.layout.encoding,
            width=self._width,
            slot=self._card,
            apart=bool(self.gaps),
        )

    def _outline(self, data: bytes, *, begins: bool = True, ends: bool = True) -> tuple[int, int, Trailers]:
        """Where the rows of a text begin and end, and its trailers; whether it begins and ends the file."""
        mark = len(codecs.BOM_UTF8) if begins and data.startswith(codecs.BOM_UTF8) else 0
        start = mark + skipped(data[mark:], self.layout.preamble) if begins and self.layout.preamble else mark
        return start, *(tail_of(data, start, self.layout, self.layout.encoding) if ends else (len(data), ()))

    @property
    def _card(self) -> Slot | None:
        source = self.layout.fields["card_no"].source if "card_no" in self.layout.fields else ()
        return self.slots.get(str(source[0])) if source else None

    def _converted(
        self, data: bytes, part: Part, layout: Layout, context: Context
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        cells, refused = self._cells(data, part)
        return self._canonical(cells, layout, context), refused

    def _canonical(self, cells: pl.DataFrame, layout: Layout, context: Context) -> pl.DataFrame:
        cells = cells.with_columns(**self.derived)
        names = [name for name in cells.columns if name != "line"]
        numbered = cells.rename({name: str(number) for number, name in enumerate(names, 1)})
        return to_canonical(numbered, layout, context, names)

    @property
    def _asked(self) -> dict[str, Slot]:
        """The slots that fields or derived cells need."""
        wanted = {*self.layout.names, *(root for cell in self.derived.values() for root in cell.meta.root_names())}
        return {name: slot for name, slot in self.slots.items() if name in wanted}

    def _cells(self, data: bytes, part: Part) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`line` and a text column for each slot, and the lines that are no rows."""
        lines, refused = self._even(data, part) or self._sorted_out(data, part)
        cells, garbled = lines.cut(self._asked, self.layout.encoding)
        shifted = lines.filled(self.gaps)
        cells = cells.filter(~pl.col("line").is_in(shifted["line"].implode())) if shifted.height else cells
        return cells, pl.concat([refused, shifted, garbled]).unique("line", keep="first").sort("line")

    def _even(self, data: bytes, part: Part) -> tuple[Lines, pl.DataFrame] | None:
        """All lines as they stand, if each has the width and any of them may be a row; else None."""
        end = b"\r\n" if data[part.start + self._width : part.start + self._width + 1] == b"\r" else b"\n"
        stride = self._width + len(end)
        count, rest = divmod(part.end - part.start, stride)
        if rest or self.rows or self.others or data.count(b"\n", part.start, part.end) != count:
            return None
        if any(
            data[part.start + self._width + n : part.end : stride] != end[n : n + 1] * count for n in range(len(end))
        ):
            return None
        body = data[part.start : part.end]
        if b" " * self._width in body:  # perhaps a blank line, which is no row
            return None
        numbers = pl.int_range(part.first, part.first + count, dtype=pl.Int64, eager=True)
        return Lines(body, stride, numbers), NO_REFUSALS

    def _sorted_out(self, data: bytes, part: Part) -> tuple[Lines, pl.DataFrame]:
        """The lines of rows, evened, and those that are refused; blank lines and lines that say nothing aside."""
        kept: list[bytes] = []
        numbers: list[int] = []
        refused: list[tuple[int, str]] = []
        lines = data[part.start : part.end].split(b"\n")
        for number, line in enumerate(lines, part.first):
            row = self._row(line.rstrip(b"\r"), closed=number < part.first + len(lines) - 1)
            if isinstance(row, bytes):
                kept.append(row)
                numbers.append(number)
            elif row:
                refused.append((number, row))
        body = b"\n".join([*kept, b""])
        stride = self._width + 1
        return Lines(body, stride, pl.Series(numbers, dtype=pl.Int64)), pl.DataFrame(
            refused, schema=NO_REFUSALS.schema, orient="row"
        )

    def _row(self, line: bytes, *, closed: bool) -> bytes | str:
        """The line at its width; or why it is refused, which is nothing for one that says nothing.

        closed: whether its end is there: one that is short because the file is cut off lacks more than blanks.
        """
        if not line.strip(b" \t\0") or line.startswith(self._codes(self.others)):
            return ""
        if self.rows and not line.startswith(self._codes(self.rows)):
            code = line[: max(len(code) for code in self.rows)].decode(self.layout.encoding, errors="replace")
            return f"the line begins with {shown(code)!r}, which no row does"
        if len(line) < self._width and (self.trimmed or (closed and 0 < self.least <= len(line.rstrip()) == len(line))):
            return line.ljust(self._width)
        beyond = line[self.width :].strip(b" ") if self.gaps else line[self.width :]
        if len(line) < self._width or (self.width and beyond):
            return f"the line has {len(line)} bytes instead of {self._width}"
        return line[: self._width]

    def _codes(self, codes: tuple[str, ...]) -> tuple[bytes, ...]:
        return tuple(code.encode(self.layout.encoding) for code in codes)


def _parts(data: bytes, start: int, end: int, first: int) -> Iterator[Part]:
    """The lines in parts of whole lines, none of them copied."""
    while start < end:
        stop = data.find(b"\n", start + PIECE, end) + 1 if start + PIECE < end else end
        stop = stop or end
        yield Part(start, stop, first)
        first += data.count(b"\n", start, stop)
        start = stop


@dataclass(frozen=True)
class RawSlots(RawText):
    """Gives single lines of a fixed-width text.

    slot: holds a card number in lines of `width` bytes. apart: the fields never touch, so that a card number stands
    for itself wherever it has shifted; else every long number is masked in lines of another length.
    """

    encoding: str = "utf-8"
    width: int = 0
    slot: Slot | None = None
    apart: bool = False

    def _masked_bytes(self, line: bytes) -> bytes:
        """The card's place masked; one that is masked or blank stays as it is."""
        if self.slot is None or len(line) < self.width:
            return line
        place = slice(self.slot.start - 1, self.slot.end)
        card = mask_card(line[place].decode("latin-1")).encode("latin-1")
        return line[: place.start] + card.ljust(self.slot.length) + line[place.stop :]

    def _shown(self, line: bytes) -> str:
        """The line masked and cut."""
        return super()._shown(self._masked_bytes(line).decode(self.encoding, errors="replace").encode())

    def _masked(self, text: str) -> str:
        if self.slot is None:
            return mask_text(text)
        masked = mask_digit_runs(mask_text(text))
        return masked if self.apart or len(text) >= self.width else _RUN.sub(r"\1***\2", masked)
