"""Answers to questions, written as people and programs read them: table, CSV, JSON, Parquet, XLSX; batch by batch."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text
from xlsxwriter import Workbook

from reports.sheet import plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

SHOWN = 200
"""Rows that a table in the terminal shows."""

SHEET_ROWS = 1_048_575
"""Rows that fit on a sheet below its heading."""

EXACT = 10**15
"""Whole numbers from here on lose digits in a spreadsheet and are written as text."""

RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a text begins with that a spreadsheet would run as a formula."""

Write = Callable[[pa.RecordBatchReader, BinaryIO], int]


def rows(answer: pa.RecordBatchReader) -> Iterator[tuple[object, ...]]:
    """Row after row, in Python's own values. ValueError for what cannot be one."""
    for batch in answer:
        columns = [_values(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
        yield from zip(*columns, strict=True)


def _values(name: str, column: pa.Array) -> list[object]:
    """Python's own values. ValueError for what it has none for: years before 1 or after 9999, an endless interval."""
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError) as error:
        mend = f"CAST({name} AS VARCHAR), or take --format parquet"
        raise ValueError(f"{name} holds what only the database can hold ({error}); {mend}") from None


def text_of(value: object) -> str:
    """A cell as text: dates in ISO form, decimals in full, lists and structures as JSON, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_json_value)
    return str(value)


def harmless(value: object) -> str:
    """A cell of a CSV file: text that a spreadsheet would run gets an apostrophe before it."""
    told = text_of(value)
    return f"'{told}" if isinstance(value, str) and told.startswith(RUNS) else told


def as_csv(answer: pa.RecordBatchReader, out: BinaryIO) -> int:
    """RFC 4180, UTF-8, with a header; returns the number of rows."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(harmless, answer.schema.names))
    count = 0
    for row in rows(answer):
        writer.writerow(map(harmless, row))
        count += 1
    text.detach()
    return count


def as_json(answer: pa.RecordBatchReader, out: BinaryIO) -> int:
    """A list of objects; decimals are strings, so that no reader makes floats of money."""
    names, count = answer.schema.names, 0
    out.write(b"[")
    for row in rows(answer):
        told = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=_json_value)
        out.write((",\n " if count else "\n ").encode() + told.encode())
        count += 1
    out.write(b"\n]\n" if count else b"]\n")
    return count


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else f"{value:f}"
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def as_parquet(answer: pa.RecordBatchReader, out: BinaryIO) -> int:
    """With the column types of the answer."""
    count = 0
    with pq.ParquetWriter(out, answer.schema, compression="zstd") as writer:
        for batch in answer:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def as_xlsx(answer: pa.RecordBatchReader, out: BinaryIO) -> int:
    """One sheet: text is text, whatever it begins with; what does not fit on a sheet is refused, not left out."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    count = 0
    with Workbook(out, options) as book:
        page, bold = book.add_worksheet("answer"), book.add_format({"bold": True})
        day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"))
        page.freeze_panes(1, 0)
        for at, name in enumerate(answer.schema.names):
            page.write_string(0, at, plain(name), bold)
        for row in rows(answer):
            count += 1
            if count > SHEET_ROWS:
                raise ValueError(f"more than {SHEET_ROWS:,} rows do not fit on a sheet; take --format csv or parquet")
            for at, value in enumerate(row):
                _write_cell(page, count, at, value, day, moment)
    return count


def _write_cell(page: Worksheet, row: int, at: int, value: object, day: Format, moment: Format) -> None:
    if isinstance(value, (date, datetime)):
        page.write_datetime(row, at, value, moment if isinstance(value, datetime) else day)
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool) and -EXACT < value < EXACT:
        page.write_number(row, at, value)
    elif value is not None:
        page.write_string(row, at, plain(text_of(value)))


def as_table(answer: pa.RecordBatchReader, out: BinaryIO) -> int:
    """For the eye: the first rows; what there is more is said, not counted."""
    table, count = Table(box=None, pad_edge=False, header_style="bold"), 0
    for field in answer.schema:
        number = pa.types.is_integer(field.type) or pa.types.is_decimal(field.type) or pa.types.is_floating(field.type)
        table.add_column(Text(printable(field.name)), justify="right" if number else "left", overflow="fold")
    more, shown = False, list[tuple[object, ...]]()
    for row in rows(answer):
        if more := count == SHOWN:
            break
        shown.append(row)
        count += 1
    places = [_decimals(column) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (_shown(value, at) for value, at in zip(row, places, strict=True))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    text = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    _console(text, table).print(table)
    text.write(f"the first {SHOWN} rows; --format csv gives them all\n" if more else f"{count} rows\n")
    text.detach()
    return count


MONEY_DECIMALS = 2


def _decimals(column: Iterable[object]) -> int:
    """How many decimals the numbers of a column need, money's two at least: the books keep four for all currencies."""
    exponents = [value.normalize().as_tuple().exponent for value in column if isinstance(value, Decimal)]
    return max([MONEY_DECIMALS, *(-exponent for exponent in exponents if isinstance(exponent, int))])


def _shown(value: object, decimals: int) -> str:
    """A cell for the eye; a number that has no decimals at all in the database is left as it is."""
    whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
    return f"{value:.{decimals}f}" if isinstance(value, Decimal) and not whole else text_of(value)


def _console(text: io.TextIOWrapper, table: Table) -> Console:
    """As wide as the terminal; where there is none, as wide as the table."""
    if text.isatty():
        return Console(file=text, highlight=False)
    wide = Console(file=io.StringIO(), width=100_000).measure(table).maximum
    return Console(file=text, highlight=False, width=max(wide, 1), color_system=None)


def printable(text: str) -> str:
    """Text that cannot command a terminal; line ends become blanks, or stand for themselves in a plan."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)


FORMATS: dict[str, Write] = {
    "table": as_table,
    "csv": as_csv,
    "json": as_json,
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
