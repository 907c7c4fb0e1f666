"""Tables on the sheets of a workbook: text stays text, amounts are numbers, totals are formulas.

Nothing that came from a file can run or be followed: every text is written as a text cell, none as formula or link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from pipelines.money import EXPONENTS, to_major
from reports import row_by_row
from reports.books import Money
from reports.row_by_row import LONGEST, Cells, RowByRow, serial

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

LONGEST_SHEET = 1_000_000
"""Rows of a table on one sheet; a sheet ends at 1,048,576, and what does not fit goes on on the next."""

SHAPES = {"count": "#,##0", "date": "yyyy-mm-dd", "percent": "0.00%"}
TWO_LINES = 32
"""Height of a heading: English above, Chinese below."""

_NO_CHARACTER = re.compile("[\ufffe\uffff\ud800-\udfff]")
_BEFORE_CHINESE = re.compile(r" (?=[^\x00-\x7f])")

Kind = Literal["text", "count", "money", "date", "percent"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, its width in characters, and what its cells are.

    A money cell is a `Money` or None; a percent cell is a Decimal between 0 and 1.
    """

    title: str
    width: int
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of ours with the value it gives, for readers that do not compute."""

    text: str
    value: Decimal | int
    currency: str = ""


def plain(text: str) -> str:
    """The text as a cell can hold it: cut to its size, and never taken for the XML of a rich text."""
    cut = text if len(text) <= LONGEST else text[:LONGEST] + " … (cut)"
    cut = cut if cut.isascii() else _NO_CHARACTER.sub("\ufffd", cut)
    return f" {cut}" if cut.startswith("<r>") else cut


def money_of(minor: str) -> pl.Expr:
    """The column `amount` (row_by_row.MONEY) of one of minor units, and `currency`; null where one of them is not."""
    there = (pl.col("currency") != "") & pl.col(minor).is_not_null()
    return pl.when(there).then(pl.struct("currency", minor=minor)).cast(row_by_row.MONEY).alias("amount")


def _value(value: Any) -> Any:
    """A value of a frame as the cells of a small workbook take it."""
    if not isinstance(value, dict):
        return value
    return Money(**value) if value["currency"] and value["minor"] is not None else None


def major_format(currency: str) -> str:
    """Number format with the decimals of the currency."""
    digits = EXPONENTS.get(currency, 2)
    return "#,##0" + (f".{'0' * digits}" if digits else "") + ";[Red]-#,##0" + (f".{'0' * digits}" if digits else "")


class Sheets:
    """The workbook's formats, each made once, and its sheets."""

    def __init__(self, book: Workbook):
        self.book = book
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def form(self, **properties: Any) -> Format:
        """A cell format."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def money_form(self, currency: str) -> Format:
        """The format of amounts in a currency."""
        return self.form(num_format=major_format(currency))

    def told(self, columns: Sequence[Column], values: pl.DataFrame) -> Iterator[Sequence[Any] | str]:
        """Rows without formulas and percents, for one table or several; amounts are row_by_row.MONEY.

        A large workbook has them made together.
        """
        if not self.book.constant_memory:
            return (tuple(map(_value, row)) for row in values.iter_rows())
        return row_by_row.told([self._cells(column) for column in columns], values)

    def _cells(self, column: Column) -> Cells:
        if column.kind == "text":
            return row_by_row.text(self.form(indent=1, align="left"), plain)
        if column.kind == "money":
            return row_by_row.money(self.money_form)
        return row_by_row.number(self.form(num_format=SHAPES[column.kind]))

    def add(self, name: str, columns: Sequence[Column] = ()) -> Sheet:
        """A new sheet, with the widths of its columns."""
        page = self.book.add_worksheet(name, worksheet_class=RowByRow)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.hide_gridlines(2)
        for at, column in enumerate(columns):
            page.set_column(at, at, column.width)
        return Sheet(self, page)


class Sheet:
    """One sheet, written from the top down: large workbooks keep no row that is done."""

    def __init__(self, sheets: Sheets, page: RowByRow):
        self.sheets, self.page, self.row = sheets, page, 0

    def line(self, *texts: str, **properties: Any) -> None:
        """One row of texts."""
        form = self.sheets.form(**properties)
        if size := properties.get("font_size"):
            self.page.set_row(self.row, size * 1.6)
        for at, text in enumerate(texts):
            self.page.write_string(self.row, at, plain(text), form)
        self.row += 1

    def skip(self, rows: int = 1) -> None:
        """Leave rows empty."""
        self.row += rows

    def header(self, columns: Sequence[Column]) -> None:
        """The headings of a table."""
        self.page.set_row(self.row, TWO_LINES)
        for at, column in enumerate(columns):
            side = "left" if column.kind == "text" else "right"
            form = self.sheets.form(
                bold=True, bg_color="#E8EFF8", bottom=1, text_wrap=True, align=side, indent=int(side == "left")
            )
            self.page.write_string(self.row, at, _BEFORE_CHINESE.sub("\n", column.title), form)
        self.row += 1

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[Any] | str], *, main: bool = False
    ) -> tuple[int, int]:
        """Headings and rows; main: the headings stay in sight and filter. First and last row of data, from 1."""
        head = self.row
        self.header(columns)
        self.rows(columns, rows)
        if self.row == head + 1:
            self.line("none 无", font_color="#566173")
        if main:
            self.page.freeze_panes(head + 1, 1)
            self.page.autofilter(head, 0, max(self.row - 1, head), len(columns) - 1)
            self.page.repeat_rows(head)
        return head + 2, self.row

    def rows(self, columns: Sequence[Column], rows: Iterable[Sequence[Any] | str]) -> None:
        """Rows alone, all of values or all as `Sheets.told` has them; an empty text or None leaves its cell empty."""
        first = next(left := iter(rows), None)
        if isinstance(first, str):
            self.row = self.page.write_told(self.row, len(columns), cast("Iterable[str]", chain([first], left)))
            return
        writers = [self._writer(column) for column in columns]
        for row in chain([] if first is None else [first], left):
            at = self.row
            for place, (write, value) in enumerate(zip(writers, row, strict=True)):
                if value is not None and value != "":
                    write(at, place, value)
            self.row = at + 1

    def total(self, cells: dict[int, Formula | str]) -> None:
        """A closing row of formulas and words, by column."""
        for at, cell in sorted(cells.items()):
            if isinstance(cell, str):
                self.page.write_string(self.row, at, cell, self.sheets.form(bold=True, top=1))
            else:
                shape = major_format(cell.currency) if cell.currency else "#,##0"
                form = self.sheets.form(bold=True, top=1, num_format=shape)
                self.page.write_formula(self.row, at, cell.text, form, cell.value)
        self.row += 1

    def _writer(self, column: Column) -> Callable[[int, int, Any], Any]:
        page, form = self.page, self.sheets.form
        if column.kind == "money":
            return self._write_money
        if column.kind == "text":
            words = form(indent=1, align="left")
            return lambda row, at, value: page.write_string(row, at, plain(value), words)
        shape = form(num_format=SHAPES[column.kind])
        if column.kind == "date":
            return lambda row, at, value: page.write_number(row, at, serial(value), shape)
        return lambda row, at, value: (
            page.write_formula(row, at, value.text, shape, value.value)
            if isinstance(value, Formula)
            else page.write_number(row, at, value, shape)
        )

    def _write_money(self, row: int, at: int, value: Money | Formula) -> None:
        form = self.sheets.money_form(value.currency)
        if isinstance(value, Formula):
            self.page.write_formula(row, at, value.text, form, value.value)
        else:
            self.page.write_number(row, at, to_major(value.minor, value.currency), form)
