"""Bytes of a text file: encoding, lines as an editor numbers them, and the cells between delimiters."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.pan import mask_text

LONGEST_RAW = 2_000
MOST_LINES_OF_ONE_CELL = 50


def utf8(data: bytes, encoding: str) -> bytes:
    """The text as UTF-8 bytes without byte order mark; SourceError names the line that cannot be decoded."""
    if not data or data.isspace():
        raise SourceError("the file is empty", mend="ask the sender to send it again")
    if codecs.lookup(encoding).name == "utf-8":
        data = data.removeprefix(codecs.BOM_UTF8)
    else:
        try:
            data = data.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            raise _undecodable(data, error.start, encoding) from None
    if b"\0" in data:
        raise SourceError("the file is not text", line=1 + data[: data.index(b"\0")].count(b"\n"))
    return data


def checked_utf8(data: bytes) -> None:
    """SourceError on the first line that is no UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise _undecodable(data, error.start, "UTF-8") from None


def _undecodable(data: bytes, at: int, encoding: str) -> SourceError:
    mend = "ask the sender for the right encoding, or declare it as `encoding` of the profile"
    return SourceError(f"not {encoding.upper()} text", line=1 + data[:at].count(b"\n"), mend=mend)


@dataclass(frozen=True)
class RawText:
    """Gives single lines of a text by number, without keeping a list of them all."""

    data: bytes

    def __call__(self, lines: list[int]) -> dict[int, str]:
        """Text of the lines asked for, 1 = first; longer ones are cut, card numbers masked."""
        wanted = sorted(set(lines))
        found: dict[int, str] = {}
        at, number = 0, 1
        for line in wanted:
            while number < line and at >= 0:
                at = self.data.find(b"\n", at) + 1 or -1
                number += 1
            if at < 0:
                break
            stop = self.data.find(b"\n", at)
            whole = self.data[at : stop if stop >= 0 else len(self.data)].decode(errors="replace").rstrip("\r")
            found[line] = _cut_short(mask_text(whole))
        return found


def _cut_short(text: str) -> str:
    return text if len(text) <= LONGEST_RAW else text[:LONGEST_RAW] + "…"


@dataclass(frozen=True)
class Cells:
    """Text cells of the data rows: `line` and one String column per header name (blank = null).

    refused: `line`, `reason` of lines whose number of columns is wrong.
    """

    rows: pl.DataFrame
    refused: pl.DataFrame


def number_lines(data: bytes, first: int) -> pl.DataFrame:
    """All lines with something on them: `line` (numbered from `first`), `raw`."""
    raw = pl.read_csv(
        data,
        separator="\x01",
        quote_char=None,
        has_header=False,
        new_columns=["raw"],
        schema={"raw": pl.String},
        empty_string_is_null=False,
    )
    numbered = raw.with_row_index("line", offset=first).with_columns(
        pl.col("line").cast(pl.Int64), pl.col("raw").str.strip_chars_end("\r")
    )
    return numbered.filter(pl.col("raw").str.strip_chars() != "")


def _lines_if_regular(body: bytes, columns: int, delimiter: bytes, quote: str | None) -> int | None:
    """Number of lines, if counts over the whole text allow each to be one row of plain cells; else None."""
    if (quote and quote.encode() in body) or b"\x01" in body:
        return None
    lines = body.count(b"\n") + (not body.endswith(b"\n"))
    return lines if body.count(delimiter) == lines * (columns - 1) else None


def _has_padding(body: bytes, delimiter: bytes) -> bool:
    pads = [pad for pad in (b" ", b"\t", b"\r") if pad != delimiter and pad in body]
    ends = (delimiter, b"\n")
    return any(pad + end in body or end + pad in body for pad in pads for end in ends)


def read_cells(
    body: bytes, first: int, names: Sequence[str], *, delimiter: str = ",", quote: str | None = '"'
) -> Cells:
    """Cut the data lines into cells.

    body: UTF-8 data lines only (no header, no trailer); first: line number of its first line; names: the header.
    """
    if not body or body.isspace():
        return Cells(_empty(names), _refusals([]))
    separator = delimiter.encode()
    lines = _lines_if_regular(body, len(names), separator, quote)
    if lines is not None:
        try:
            cells = _cut(body, names, delimiter)
        except pl.exceptions.ComputeError:  # not UTF-8, or a line with too many cells beside one with too few
            checked_utf8(body)
        else:
            if cells.height == lines:  # no blank line was passed over
                numbers = pl.int_range(first, first + lines, dtype=pl.Int64, eager=True).alias("line")
                cells = cells.insert_column(0, numbers)
                return Cells(_stripped(cells) if _has_padding(body, separator) else cells, _refusals([]))
    checked_utf8(body)
    if quote and quote.encode() in body:
        return _read_quoted(body, first, names, delimiter, quote)
    return _read_line_by_line(body, first, names, delimiter)


def _cut(body: bytes, names: Sequence[str], delimiter: str) -> pl.DataFrame:
    return pl.read_csv(
        body,
        separator=delimiter,
        quote_char=None,
        has_header=False,
        schema=dict.fromkeys(names, pl.String()),
    )


def _stripped(cells: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String).str.strip_chars()
    cells = cells.with_columns(text)
    return cells.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))


def _empty(names: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={"line": pl.Int64(), **dict.fromkeys(names, pl.String())})


def _refusals(found: list[tuple[int, str]]) -> pl.DataFrame:
    return pl.DataFrame(found, schema={"line": pl.Int64, "reason": pl.String}, orient="row")


def _wrong_count(has: int, wants: int) -> str:
    return f"the row has {has} columns, the header has {wants}"


def _read_line_by_line(body: bytes, first: int, names: Sequence[str], delimiter: str) -> Cells:
    wants = len(names)
    counted = number_lines(body, first).with_columns(
        has=pl.col("raw").str.count_matches(delimiter, literal=True) + 1
    )
    good = counted.filter(pl.col("has") == wants)
    bad = counted.filter(pl.col("has") != wants)
    refused = [(line, _wrong_count(has, wants)) for line, has in bad.select("line", "has").iter_rows()]
    if good.is_empty():
        return Cells(_empty(names), _refusals(refused))
    cells = _cut("\n".join(good["raw"].to_list()).encode(), names, delimiter)
    return Cells(_stripped(cells.insert_column(0, good["line"])), _refusals(refused))


def _read_quoted(body: bytes, first: int, names: Sequence[str], delimiter: str, quote: str) -> Cells:
    """Rows in quotes may hold delimiters and line ends; an unclosed quote costs its own line, not the rest."""
    lines = body.decode().split("\n")
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        record, taken = _one_record(lines, at, quote)
        if record is None:
            refused.append((first + at, "a quote is opened and never closed"))
        else:
            cells = next(csv.reader(io.StringIO(record), delimiter=delimiter, quotechar=quote))
            if len(cells) == len(names):
                rows.append([cell or None for cell in cells])
                numbers.append(first + at)
            else:
                refused.append((first + at, _wrong_count(len(cells), len(names))))
        at += taken
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row")
    frame = frame.insert_column(0, pl.Series("line", numbers, pl.Int64))
    return Cells(_stripped(frame), _refusals(refused))


def _one_record(lines: list[str], at: int, quote: str) -> tuple[str | None, int]:
    quotes = 0
    for taken in range(1, min(MOST_LINES_OF_ONE_CELL, len(lines) - at) + 1):
        quotes += lines[at + taken - 1].count(quote)
        if quotes % 2 == 0:
            return "\n".join(lines[at : at + taken]), taken
    return None, 1
