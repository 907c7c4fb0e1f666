"""Sheets of a workbook (.xlsx, .xls) as text: one line a row, numbers as Excel shows them at full width, dates as ISO.

A sheet's text begins with its name between file separators. Cells stand between unit separators, the decimal sign of
a number is a record separator: so it can be told from text, and written as a profile writes it (`as_written`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import python_calamine as calamine

from pipelines.sources.base import SourceError
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Layout

NAME, CELL, POINT = "\x1c", "\x1f", "\x1e"
OLE_BEGINS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LONGEST_NAME = 100
MOST_CELLS = 25_000_000
MOST_DIGITS = 15
"""Digits that Excel keeps of a number."""

DAMAGE = (calamine.CalamineError, OSError, ValueError)
MEND = "save it anew as .xlsx, or ask the sender to send it again"

_ROW = re.compile(rb"""\br=["'][A-Z]{0,3}([0-9]{1,9})["']""")
_COLUMN = re.compile(rb"""\br=["']([A-Z]{2,3})[0-9]""")
_SEPARATORS = str.maketrans(dict.fromkeys([NAME, CELL, POINT, "\n", "\r", "\0"], " "))


def sheets(data: bytes) -> list[tuple[str, bytes]]:
    """Name and text of each visible sheet that holds something; SourceError where the workbook cannot be read."""
    try:
        with calamine.CalamineWorkbook.from_object(io.BytesIO(data)) as book:
            return [(name, _text(name, book.get_sheet_by_name(name))) for name in _visible(book)]
    except calamine.PasswordError:
        raise SourceError("the workbook is encrypted", mend="ask for it without password") from None
    except DAMAGE:
        raise SourceError("the workbook is damaged, or no workbook of Excel", mend=MEND) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library's own word for a defect of its own
            raise
        raise SourceError("the workbook cannot be read", mend=MEND) from None


def check_area(chunks: Iterable[bytes]) -> None:
    """SourceError where a sheet's XML spans more cells than memory has room for: one stray cell can be far away."""
    rows, columns, before = 1, 26, b""
    for chunk in chunks:
        piece = before + chunk
        rows = max(rows, *map(int, {*_ROW.findall(piece)}), 1)
        columns = max(columns, *(_number(letters) for letters in {*_COLUMN.findall(piece)}), 1)
        before = piece[-64:]
        if rows * columns > MOST_CELLS:
            raise SourceError("a sheet spans too many cells", mend="delete its empty rows and columns and save it anew")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _visible(book: calamine.CalamineWorkbook) -> Iterator[str]:
    for sheet in book.sheets_metadata:
        shown = sheet.visible == calamine.SheetVisibleEnum.Visible
        if shown and sheet.typ == calamine.SheetTypeEnum.WorkSheet and book.get_sheet_by_name(sheet.name).start:
            yield sheet.name


def _text(name: str, sheet: calamine.CalamineSheet) -> bytes:
    rows = (CELL.join(map(_cell, row)) if any(cell != "" for cell in row) else "" for row in sheet.iter_rows())
    return f"{NAME}{name.translate(_SEPARATORS)[:LONGEST_NAME]}{NAME}{chr(10).join(rows)}\n".encode()


def _plain(value: float) -> str:
    """The number with the digits that Excel shows; longer ones are written so that nobody takes them for exact."""
    shown = f"{value:.{MOST_DIGITS}g}"
    if abs(value) >= 10**MOST_DIGITS:
        return shown
    return f"{Decimal(shown):f}".replace(".", POINT)


def _moment(value: datetime) -> str:
    whole = _rounded(value)
    return whole.date().isoformat() if whole.time() == time() else f"{whole.date()} {_clock(whole.time())}"


def _rounded(value: datetime) -> datetime:
    """To milliseconds: Excel keeps a moment as a fraction of a day."""
    value += timedelta(microseconds=500)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _clock(value: time) -> str:
    return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")


def _duration(value: timedelta) -> str:
    """A time of day, which calamine takes for a duration in some number formats."""
    return _clock((datetime(1900, 1, 1) + value).time()) if value < timedelta(days=1) else str(value)  # noqa: DTZ001


_WRITTEN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (str, lambda value: value.translate(_SEPARATORS).strip()),
    (bool, lambda value: str(value).upper()),
    (int, _plain),
    (float, _plain),
    (datetime, _moment),
    (date, date.isoformat),
    (time, _clock),
    (timedelta, _duration),
)
"""Text of a cell by its type; the order counts, for a bool is an int and a datetime a date."""


def _cell(value: object) -> str:
    return next(write(value) for kind, write in _WRITTEN if isinstance(value, kind))


def is_sheet(data: bytes) -> bool:
    """Whether the text is that of a sheet."""
    return data[:1] == NAME.encode() and data.find(NAME.encode(), 1, LONGEST_NAME * 4) > 0


def sheet_name(text: bytes) -> str:
    """What the sheet is called."""
    return text.split(NAME.encode(), 2)[1].decode(errors="replace")


def as_written(text: bytes, layout: Layout) -> bytes:
    """The sheet's rows as the layout writes them: its delimiter, its quotes where needed, its decimal sign."""
    body = text.split(NAME.encode(), 2)[2]
    delimiter, quote = layout.delimiter.encode(), (layout.quote or "").encode()
    if delimiter in body or (quote and quote in body):
        body = b"\n".join(_row(line, delimiter, quote) for line in body.split(b"\n"))
    return body.replace(CELL.encode(), delimiter).replace(POINT.encode(), layout.amounts.decimal.encode())


def _row(line: bytes, delimiter: bytes, quote: bytes) -> bytes:
    cells = line.split(CELL.encode())
    if not quote:
        return CELL.encode().join(cell.replace(delimiter, b" ") for cell in cells)
    odd = (delimiter, quote)
    return CELL.encode().join(
        quote + cell.replace(quote, quote * 2) + quote if any(sign in cell for sign in odd) else cell for cell in cells
    )


def in_sheets(layout: Layout) -> Layout:
    """The layout with the dates that a workbook may hold as dates beside those it holds as text."""
    also = {"date": (*ISO_DATES, *ISO_TIMES), "datetime": (*ISO_TIMES, *ISO_DATES)}
    fields = {
        name: replace(spec, formats=tuple(dict.fromkeys((*spec.formats, *also[spec.kind]))))
        if spec.kind in also
        else spec
        for name, spec in layout.fields.items()
    }
    return replace(layout, fields=fields)
