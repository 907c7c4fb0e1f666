"""Reports of acquirers abroad: a header names the columns, and what the cells mean takes more than a layout can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from pipelines.sources.base import Context, Parsed, Side, SourceError, Totals
from pipelines.sources.convert import business_dates, to_canonical
from pipelines.sources.encoding import checked_utf8, encoding_of, utf8, utf8_head
from pipelines.sources.gather import gathered
from pipelines.sources.layout import Field, Layout
from pipelines.sources.quoted import PADDING, cells_of
from pipelines.sources.text import RawText, pieces, read_cells
from pipelines.sources.zones import to_books
from schemas.validation import shown

DELIMITERS = (",", ";", "\t")
"""Reports come with commas; those that went through a spreadsheet have what its language likes."""

MOST_TOLD = 5
"""Unknown words that are named in warnings."""

TAKES_A_SIGN = {"SALE": 1, "REFUND": -1}


@dataclass(frozen=True)
class Reading:
    """Rows of a report on their way.

    rows: canonical columns; extras: columns of the report's own that stand beside them, row by row; refused: `line`,
    `reason`.
    """

    rows: pl.DataFrame
    extras: pl.DataFrame
    refused: pl.DataFrame


@dataclass(frozen=True)
class Finished:
    """What a report says as a whole, once all its rows are there."""

    rows: pl.DataFrame
    totals: Totals = field(default_factory=Totals)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """One kind of report.

    needs: header names in lower case, all of which it has. aliases: other names of a column. texts: gives from the
    file's cells the text of canonical columns (amounts and codes as `fields` reads them) and extras, whose names begin
    with an underscore; `_zone` is the zone of the row's time, blank for that of the report. finish: completes the rows.
    acquirer: who writes such reports. zone: what their times mean unless the source says otherwise.
    """

    name: str
    acquirer: str
    needs: frozenset[str]
    fields: Mapping[str, Field]
    texts: Callable[[pl.DataFrame, Context], pl.DataFrame]
    finish: Callable[[Reading, Context], Finished]
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

    def _parsed(self, text: bytes, context: Context) -> Parsed:
        header = self._header(text)
        if header is None:
            checked_utf8(text)
            raise SourceError(self.explain("", text[:65536]))
        names, delimiter, first, start = header
        parts = pieces(text[start:], first, '"')
        rows, extras, refused = gathered(lambda part: self._read(*part, names, delimiter, context), parts)
        read = Reading(rows, extras, refused)
        reading, warnings = in_the_books_time(read, context.zone_or(self.zone or context.source_timezone), context)
        finished = self.finish(reading, context)
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=finished.rows,
            refused=reading.refused,
            raw=RawText(text, delimiter, len(names)),
            data_rows=finished.rows.height + reading.refused.height,
            totals=finished.totals,
            warnings=(*warnings, *finished.warnings),
            printed=printed_span(reading.extras),
            carried=self.carried,
        )

    def _read(
        self, body: bytes, first: int, names: list[str], delimiter: str, context: Context
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        cells = read_cells(body, first, len(names), delimiter=delimiter)
        filled = cells.rows.filter(pl.any_horizontal(pl.col(pl.String).is_not_null()))
        rows, extras = canonical(self.texts(named(filled, names), context), self.fields, context)
        return rows, extras, cells.refused

    def _names(self, line: str, delimiter: str) -> list[str]:
        lower = [" ".join(name.lower().split()) for name in cells_of(line, delimiter, '"')]
        return [self.aliases.get(name, name) for name in lower]

    def _header(self, text: bytes) -> tuple[list[str], str, int, int] | None:
        """Names, delimiter, and number and offset of the line after; None where it is another file's header."""
        number, line, after = _first_line(text)
        for delimiter in DELIMITERS:
            names = self._names(line, delimiter)
            if self.needs <= set(names):
                twice = [name for name in sorted(self.needs) if names.count(name) > 1]
                if not twice:
                    return names, delimiter, number + 1, after
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


def optional(cells: pl.DataFrame, *names: str) -> pl.Expr:
    """The first filled one of some columns, those that the report does not have left aside."""
    there = [pl.col(name) for name in names if name in cells.columns]
    return pl.coalesce(there) if there else pl.lit(None, pl.String)


def by_word(words: pl.Series, code: Callable[[str], str | None]) -> pl.Series:
    """What a function says of each word, asked once for each that is there; blank stays blank."""
    there = words.drop_nulls().unique().to_list()
    said = dict(zip(there, map(code, there), strict=True))
    return words.replace_strict(said, default=None, return_dtype=pl.String) if said else words


def words_of(cells: pl.DataFrame, *names: str) -> pl.Series:
    """`optional` as a column, for `by_word`."""
    return cells.with_columns(_words=optional(cells, *names))["_words"]


def printed_span(extras: pl.DataFrame) -> tuple[date, date] | None:
    """First and last date as printed."""
    first, last = extras["_printed"].min(), extras["_printed"].max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else None


def with_honest_types(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn a sale that takes money, or a refund that brings it, into an adjustment; its reason code tells which."""
    kind, gross = pl.col("record_type"), pl.col("gross_minor")
    turned = pl.any_horizontal((kind == name) & (gross * sign < 0) for name, sign in TAKES_A_SIGN.items())
    return rows.with_columns(record_type=pl.when(turned).then(pl.lit("ADJUSTMENT")).otherwise(kind))


def unknown_words(words: pl.Series, known: Callable[[str], bool]) -> tuple[str, ...]:
    """Warnings for the words of a column that no mapping knows, most frequent first; their lines are adjustments."""
    unknown = [(word, n) for word, n in words.drop_nulls().value_counts(sort=True).iter_rows() if not known(word)]
    told = [f"type {shown(w)!r} is unknown: {n} line(s) are taken as adjustments" for w, n in unknown[:MOST_TOLD]]
    more = len(unknown) - len(told)
    return (*told, *([f"{more} more types are unknown"] if more else []))


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
