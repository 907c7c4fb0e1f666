"""Reports of acquirers abroad: a header names the columns, and what the cells mean takes more than a layout can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from pipelines.sources.base import NO_PAYOUTS, Context, Data, Parsed, Side, SourceError, Totals
from pipelines.sources.convert import business_dates, to_canonical
from pipelines.sources.encoding import checked_utf8, encoding_of, utf8, utf8_head
from pipelines.sources.gather import abreast, gathered
from pipelines.sources.layout import Field, Layout
from pipelines.sources.quoted import PADDING, cells_of
from pipelines.sources.streaming import HEAD, Piece, comes_in_pieces, pieces_of
from pipelines.sources.text import RawText, pieces, read_cells
from pipelines.sources.zones import to_books

DELIMITERS = (",", ";", "\t")
"""Reports come with commas; those that went through a spreadsheet have what its language likes."""

_AS_TEXT = Layout(profile="", side="settlement", fields={})
"""How a large report is cut at line ends: quotes as anywhere, in the encoding that its bytes plainly are."""


@dataclass(frozen=True)
class Reading:
    """Rows of a report on their way.

    rows: canonical columns; extras: columns of the report's own that stand beside them, row by row; refused: `line`,
    `reason`.
    """

    rows: pl.DataFrame
    extras: pl.DataFrame
    refused: pl.DataFrame


Survey = Mapping[str, pl.DataFrame]
"""What rows of a report amount to, in small frames by name: those of a whole report are those of its parts in turn."""


@dataclass(frozen=True)
class Told:
    """What a report says as a whole. formed: payouts that only its lines give, in columns of NO_PAYOUTS."""

    totals: Totals = field(default_factory=Totals)
    warnings: tuple[str, ...] = ()
    formed: pl.DataFrame = field(default_factory=NO_PAYOUTS.clone)


@dataclass(frozen=True)
class Columns:
    """The header of a report: names of its columns, what stands between them, and the number of the line after."""

    names: list[str]
    delimiter: str
    first: int


@dataclass(frozen=True)
class Report:
    """One kind of report.

    needs: header names in lower case, all of which it has. aliases: other names of a column. texts: gives from the
    file's cells the text of canonical columns (amounts and codes as `fields` reads them) and extras, whose names begin
    with an underscore; `_zone` is the zone of the row's time, blank for that of the report. survey: what the rows
    amount to; finish: completes the rows, given the survey of the whole report; told: what that says of the report,
    of which some lines were refused, or none. acquirer: who writes such reports. zone: what their times mean unless
    the source says otherwise.
    """

    name: str
    acquirer: str
    needs: frozenset[str]
    fields: Mapping[str, Field]
    texts: Callable[[pl.DataFrame, Context], pl.DataFrame]
    survey: Callable[[Reading], Survey]
    finish: Callable[[Reading, Survey], pl.DataFrame]
    told: Callable[[Survey, bool], Told]
    aliases: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[str, ...] = ()
    zone: str | None = None
    side: Side = "settlement"

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether the first line that holds anything is this report's header."""
        del filename
        return self._header(utf8_head(head, encoding_of(head, "utf-8"))) is not None

    def explain(self, filename: str, head: bytes) -> str:
        """Which columns of the report are missing; empty where it is one."""
        if self.identify(filename, head):
            return ""
        line, text, _ = _first_line(utf8_head(head, encoding_of(head, "utf-8")))
        lacking = min((self.needs - set(self._names(text, d)) for d in DELIMITERS), key=len)
        theirs = {ours: name for name, ours in reversed([*self.aliases.items()])}
        missing = [theirs.get(name, name) for name in lacking]
        if len(missing) * 3 >= len(self.needs):
            return f"no header of {self.name} is there"
        several = "columns" if len(missing) > 1 else "column"
        return f"line {line}: {several} {', '.join(sorted(missing))} of {self.name} missing in the header"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        text = utf8(data, encoding_of(data, "utf-8"))
        try:
            return self._parsed(text, replace(context, acquirer=context.acquirer or self.acquirer))
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Read a large report part by part, twice: first for what it amounts to, then for its rows."""
        if not comes_in_pieces(data):
            yield self.parse(data[:], context)
            return
        try:
            yield from self._streamed(data, replace(context, acquirer=context.acquirer or self.acquirer))
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def _parsed(self, text: bytes, context: Context) -> Parsed:
        columns, start = self._columns(text)
        parts = pieces(text[start:], columns.first, '"')
        read = Reading(*gathered(lambda part: self._read(*part, columns, context), parts))
        reading, unknown = self._timed(read, context)
        survey = self.survey(reading)
        found = self._found(reading, survey, RawText(text, columns.delimiter, len(columns.names)))
        return self._whole(found, self.told(survey, bool(reading.refused.height)), unknown)

    def _streamed(self, data: Data, context: Context) -> Iterator[Parsed]:
        columns, start = self._columns(utf8_head(data[:HEAD], encoding_of(data[:HEAD], "utf-8")))

        def read(piece: Piece) -> tuple[Piece, Reading, tuple[str, ...]]:
            body, first = (piece.text[start:], columns.first) if piece.first == 1 else (piece.text, piece.first)
            return piece, *self._timed(Reading(*self._read(body, first, columns, context)), context)

        surveys, refused, unknown = [], False, dict[str, None]()
        for _, reading, words in abreast(read, pieces_of(data, _AS_TEXT)):
            surveys.append(self.survey(reading))
            refused |= bool(reading.refused.height)
            unknown |= dict.fromkeys(words)
        survey = {name: pl.concat([each[name] for each in surveys]) for name in surveys[0]}
        for piece, reading, _ in abreast(read, pieces_of(data, _AS_TEXT)):
            raw = RawText(piece.text, columns.delimiter, len(columns.names), first=piece.first)
            found = self._found(reading, survey, raw)
            yield self._whole(found, self.told(survey, refused), tuple(unknown)) if piece.last else found

    def _timed(self, read: Reading, context: Context) -> tuple[Reading, tuple[str, ...]]:
        return in_the_books_time(read, context.zone_or(self.zone or context.source_timezone), context)

    def _found(self, reading: Reading, survey: Survey, raw: RawText) -> Parsed:
        rows = self.finish(reading, survey)
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=rows,
            refused=reading.refused,
            raw=raw,
            data_rows=rows.height + reading.refused.height,
            printed=printed_span(reading.extras),
            carried=self.carried,
        )

    def _whole(self, found: Parsed, told: Told, unknown: tuple[str, ...]) -> Parsed:
        return replace(found, totals=told.totals, warnings=(*unknown, *told.warnings), formed=told.formed)

    def _columns(self, text: bytes) -> tuple[Columns, int]:
        """The header, and the offset behind it; SourceError where it is another file's."""
        found = self._header(text)
        if found is None:
            checked_utf8(text)
            raise SourceError(self.explain("", text[:HEAD]))
        return found

    def _read(
        self, body: bytes, first: int, columns: Columns, context: Context
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        cells = read_cells(body, first, len(columns.names), delimiter=columns.delimiter)
        filled = cells.rows.filter(pl.any_horizontal(pl.col(pl.String).is_not_null()))
        rows, extras = canonical(self.texts(named(filled, columns.names), context), self.fields, context)
        return rows, extras, cells.refused

    def _names(self, line: str, delimiter: str) -> list[str]:
        lower = [" ".join(name.lower().split()) for name in cells_of(line, delimiter, '"')]
        return [self.aliases.get(name, name) for name in lower]

    def _header(self, text: bytes) -> tuple[Columns, int] | None:
        """The header and the offset of the line after; None where it is another file's header."""
        number, line, after = _first_line(text)
        for delimiter in DELIMITERS:
            names = self._names(line, delimiter)
            if self.needs <= set(names):
                twice = [name for name in sorted(self.needs) if names.count(name) > 1]
                if not twice:
                    return Columns(names, delimiter, number + 1), after
        return None


def named(cells: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Cells under the names of their columns, the first where one stands twice, and without those that have none."""
    places = {name: str(number) for number, name in reversed([*enumerate(names, 1)]) if name}
    return cells.select("line", *(pl.col(place).alias(name) for name, place in places.items()))


def canonical(texts: pl.DataFrame, fields: Mapping[str, Field], context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical settlement rows of text columns named as the fields, their times as printed, and the extras."""
    extras = texts.select(pl.col("^_.*$"))
    names = [name for name in fields if fields[name].source]
    numbered = texts.select("line", *(pl.col(name).alias(str(n)) for n, name in enumerate(names, 1)))
    layout = Layout(profile="", side="settlement", fields=fields)
    as_printed = replace(context, source_timezone=context.timezone)
    return to_canonical(numbered, layout, as_printed, names), extras


def in_the_books_time(reading: Reading, own: str, context: Context) -> tuple[Reading, tuple[str, ...]]:
    """Times of the books instead of those printed, whose dates stay beside the rows as `_printed`; and warnings.

    own: zone of the rows whose `_zone` is blank or unknown.
    """
    printed = reading.rows["txn_time"]
    times, unknown = to_books(printed, reading.extras["_zone"], own, context)
    rows = reading.rows.with_columns(times).with_columns(business_date=business_dates(pl.col("txn_time"), context))
    extras = reading.extras.with_columns(_printed=printed.dt.date())
    warnings = tuple(f"the time zone {word!r} is unknown: its times are taken as those of {own}" for word in unknown)
    return replace(reading, rows=rows, extras=extras), warnings


def own(*names: str, kind: str = "text") -> dict[str, Field]:
    """Fields whose text columns bear their own name."""
    return {name: Field(kind, (name,)) for name in names}  # type: ignore[arg-type]


def printed_span(extras: pl.DataFrame) -> tuple[date, date] | None:
    """First and last date as printed."""
    first, last = extras["_printed"].min(), extras["_printed"].max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def _first_line(text: bytes) -> tuple[int, str, int]:
    """Number and text of the first line that holds anything, and the offset after it."""
    at, number = 0, 0
    while at < len(text):
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        number += 1
        line = text[at:end].decode(errors="replace")
        at = end + 1
        if line.strip(PADDING):
            return number, line, at
    return number, "", at
