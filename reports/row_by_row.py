"""A worksheet that takes rows as XML, many of them made at once: cells one by one take three times as long.

It writes the same XML as XlsxWriter's own constant_memory mode, whose inner parts it leans on; the tests hold both
ways against each other. How tightly workbooks are packed is said here, too, once for all of them: XlsxWriter has no
word for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from xml.sax.saxutils import escape
from zipfile import ZipFile

import polars as pl
from xlsxwriter import workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from pipelines.money import EXPONENTS

LONGEST = 16_000
"""A cell holds 32,767 UTF-16 units, up to two for a character; what is longer is cut, and says so."""

AT_ONCE = 20_000
"""Rows made in one go; the memory they take does not grow with the table."""

WRITTEN = 1_000
"""Rows written in one go."""

NUMBER = "\0"
"""Stands in a row for its number; no text of a workbook holds it."""

EPOCH = date(1899, 12, 30)
PACKED = 4
"""By zlib's own 6 ten thousand exceptions take a twelfth less room, and a quarter more time."""

workbook.ZipFile = partial(ZipFile, compresslevel=PACKED)

_ODD = r"[&<>\x00-\x1f\x{FFFE}\x{FFFF}]|_x[0-9a-fA-F]{4}_"
_SPACED = r"^\s|\s$"


class RowByRow(Worksheet):  # type: ignore[misc]  # XlsxWriter ships no types
    """A worksheet in constant_memory mode with a way in for rows that are XML already."""

    def write_told(self, first: int, width: int, rows: Iterable[str]) -> int:
        """Rows of `told` of so many columns from a place on, counted from 0; the place after the last."""
        self._write_single_row(first)
        self._check_dimensions(first, 0)
        at, left = first, iter(rows)
        while some := list(islice(left, WRITTEN)):
            self.fh.write("".join(row.replace(NUMBER, str(here)) for here, row in enumerate(some, start=at + 1)))
            at += len(some)
        self.previous_row = max(first, at - 1)
        self._check_dimensions(self.previous_row, width - 1)
        self.previous_row = at
        return at


@dataclass(frozen=True)
class Cells:
    """A column that becomes XML: the frame columns that its values make, and the text of a cell told from these.

    kept: from the name of the column and its values; text: null where a cell is empty; style: number of the format;
    plain: of texts, how one is written that a cell cannot hold as it is.
    """

    kept: Callable[[str, pl.Series], dict[str, pl.Series]]
    text: Callable[[str], pl.Expr]
    style: Callable[[str], pl.Expr]
    plain: Callable[[str], str] | None = None

    def xml(self, at: int) -> pl.Expr:
        """The cell, empty where it has no text."""
        name = str(at)
        place = pl.lit(f'<c r="{xl_col_to_name(at)}{NUMBER}" s="')
        opened, closed = [pl.lit('"><v>')], pl.lit("</v></c>")
        if self.plain:
            preserve = pl.when(pl.col(name).str.contains(_SPACED)).then(pl.lit(' xml:space="preserve"'))
            opened = [pl.lit('" t="inlineStr"><is><t'), preserve.otherwise(pl.lit("")), pl.lit(">")]
            closed = pl.lit("</t></is></c>")
        cell = pl.concat_str(place, self.style(name), *opened, self.text(name), closed)
        return pl.when(self.text(name) != "").then(cell).otherwise(pl.lit(""))


def told(columns: Sequence[Cells], values: pl.DataFrame) -> Iterator[str]:
    """The XML of each row; null and empty text leave a cell empty."""
    row = (pl.lit(f'<row r="{NUMBER}">'), *(each.xml(at) for at, each in enumerate(columns)), pl.lit("</row>"))
    for some in values.iter_slices(AT_ONCE):
        kept: dict[str, pl.Series] = {}
        for at, (cells, each) in enumerate(zip(columns, some.get_columns(), strict=True)):
            kept |= cells.kept(str(at), each)
        yield from _mended(pl.DataFrame(kept), columns).select(row=pl.concat_str(row))["row"].to_list()


def _mended(frame: pl.DataFrame, columns: Sequence[Cells]) -> pl.DataFrame:
    """The frame with its texts as XML holds them."""
    texts = {str(at): each.plain for at, each in enumerate(columns) if each.plain}
    odd = frame.select(pl.col(name).str.contains(_ODD) | (pl.col(name).str.len_bytes() > LONGEST) for name in texts)
    found = [name for name, some in zip(texts, odd.select(pl.all().any()).row(0), strict=True) if some]
    for name in found:
        plain, here = texts[name], odd[name].fill_null(value=False)
        mended = [escape(Worksheet._escape_control_characters(plain(value))) for value in frame[name].filter(here)]
        frame = frame.with_columns(frame[name].scatter(here.arg_true(), mended))
    return frame


def text(form: Format, plain: Callable[[str], str]) -> Cells:
    """Cells of text, whatever it looks like. plain: a text as a cell can hold it, asked where one may not."""
    return Cells(lambda name, values: {name: values}, pl.col, _style(form), plain)


def number(form: Format) -> Cells:
    """Cells of whole numbers and of dates."""

    def kept(name: str, values: pl.Series) -> dict[str, pl.Series]:
        return {name: (values - EPOCH).dt.total_days() if values.dtype == pl.Date else values.cast(pl.Int64)}

    return Cells(kept, lambda name: pl.col(name).cast(pl.String), _style(form))


MONEY = pl.Struct({"currency": pl.String, "minor": pl.Int64})
"""An amount in a column."""


def money(form: Callable[[str], Format]) -> Cells:
    """Cells of MONEY in major units; form: the format of a currency."""

    def kept(name: str, values: pl.Series) -> dict[str, pl.Series]:
        coins = values.struct.field("currency")
        known = coins.drop_nulls().unique().sort().to_list()
        styles = {coin: str(form(coin)._get_xf_index()) for coin in known}
        digits = {coin: EXPONENTS.get(coin, 2) for coin in known}
        return {
            name: values.struct.field("minor").alias(name),
            f"{name} style": coins.replace_strict(styles, default=None, return_dtype=pl.String),
            f"{name} digits": coins.replace_strict(digits, default=None, return_dtype=pl.Int64),
        }

    return Cells(kept, _major, lambda name: pl.col(f"{name} style"))


def _style(form: Format) -> Callable[[str], pl.Expr]:
    return lambda _: pl.lit(str(form._get_xf_index()))


def _major(name: str) -> pl.Expr:
    """Minor units as text in major units, with as many decimals as `digits` says."""
    digits = pl.col(f"{name} digits")
    figures = pl.col(name).abs().cast(pl.String).str.zfill(digits + 1)
    whole, part = figures.str.head(-digits), figures.str.tail(digits)
    size = pl.when(digits == 0).then(figures).otherwise(pl.concat_str(whole, pl.lit("."), part))
    return pl.concat_str(pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit("")), size)


def serial(day: date) -> int:
    """A date as workbooks count days."""
    return (day - EPOCH).days
