"""UTF-8 text of a file: lines as an editor numbers them, and the cells between delimiters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import polars as pl

from pipelines.sources.encoding import checked_utf8
from pipelines.sources.leads import UNIT_SEPARATOR, led_cells, quoted_leads, without_leads
from pipelines.sources.pan import mask_card, mask_text
from pipelines.sources.quoted import PADDING, Quoting, Record, keep_to_their_line
from pipelines.sources.signs import count
from schemas.validation import mask_digit_runs

LONGEST_RAW = 2_000
LONGEST_CARD = 64


PIECE = 30 * 2**20
"""Bytes of text that are cut and converted at a time: what a large file costs beside its result."""


@dataclass(frozen=True)
class RawText:
    """Gives single lines of a text by number, without keeping a list of them all.

    first: number of the text's first line; card: 0-based cell that holds a card number, of `columns` cells.
    A line that is asked for is mostly a faulty one,
    whose cells may have shifted: in files with card numbers whatever could be one is masked.
    """

    data: bytes
    delimiter: str = ","
    columns: int = 0
    card: int | None = None
    first: int = 1

    def __call__(self, lines: list[int]) -> dict[int, str]:
        """Text of the lines asked for, 1 = first; longer ones are cut, card numbers masked."""
        wanted = sorted(set(lines))
        found: dict[int, str] = {}
        at, number = 0, self.first
        for line in wanted:
            while number < line and at >= 0:
                at = self.data.find(b"\n", at) + 1 or -1
                number += 1
            if at < 0:
                break
            stop = self.data.find(b"\n", at)
            found[line] = self._shown(self.data[at : stop if stop >= 0 else len(self.data)].rstrip(b"\r"))
        return found

    def _shown(self, line: bytes) -> str:
        """The line cut and masked; masked first, lest half a card number stays at the cut."""
        whole = line.decode(errors="replace")
        masked = self._masked(whole[: LONGEST_RAW + LONGEST_CARD])
        return masked[:LONGEST_RAW] + ("…" if len(whole) > LONGEST_RAW else "")

    def _masked(self, text: str) -> str:
        if self.card is None:
            return mask_text(text)
        cells = text.split(self.delimiter)
        if len(cells) == self.columns:
            cells[self.card] = mask_card(cells[self.card])
        return mask_digit_runs(mask_text(self.delimiter.join(cells)))


@dataclass(frozen=True)
class Cells:
    """Text cells of the data rows: `line` and one String column per cell, named 1, 2, 3 … (blank = null).

    refused: `line`, `reason` of lines whose number of columns is wrong.
    """

    rows: pl.DataFrame
    refused: pl.DataFrame


def number_lines(data: bytes, first: int) -> pl.DataFrame:
    """All lines with something on them: `line` (numbered from `first`), `raw`."""
    raw = pl.DataFrame({"raw": data.decode().split("\n")}) if b"\x01" in data else _lines(data)
    numbered = raw.with_row_index("line", offset=first).with_columns(pl.col("line").cast(pl.Int64))
    return numbered.filter(pl.col("raw").str.strip_chars(PADDING) != "")


def _lines(data: bytes) -> pl.DataFrame:
    return pl.read_csv(
        data,
        separator="\x01",
        quote_char=None,
        has_header=False,
        new_columns=["raw"],
        schema={"raw": pl.String},
        empty_string_is_null=False,
    )


def _lines_if_regular(body: bytes, columns: int, delimiter: bytes, quote: str | None) -> int | None:
    """Number of lines, if counts over the whole text allow each to be one row of plain cells; else None."""
    if columns == 1 or (quote and quote.encode() in body):
        return None
    lines = count(body, b"\n") + (not body.endswith(b"\n"))
    return lines if count(body, delimiter) == lines * (columns - 1) else None


def _has_padding(body: bytes, delimiter: bytes) -> bool:
    signs = PADDING if not body.isascii() else PADDING[:3]
    for pad in (sign.encode() for sign in signs):
        if pad == delimiter or pad not in body:
            continue
        if body.startswith(pad) or body.endswith(pad):
            return True
        if any(pad + end in body or end + pad in body for end in (delimiter, b"\n")):
            return True
    return False


def read_cells(
    body: bytes,
    first: int,
    columns: int,
    *,
    delimiter: str = ",",
    quote: str | None = '"',
    ragged: bool = False,
    lead: str = "",
    wanted: Collection[int] | None = None,
) -> Cells:
    """Cut the data lines into cells.

    body: UTF-8 data lines only (no header, no trailer); first: line number of its first line; columns: how many
    cells a row has; ragged: a row may lack blank cells at its end, or have more of them; lead: sign before each cell;
    wanted: of cells with leads those that are asked for, the others may be left out.
    """
    if not body or body.isspace():
        return Cells(_empty(columns), _refusals([]))
    if lead and (delimiter + lead).encode() in body:
        led = _led(body, first, columns, delimiter, lead, wanted)
        if led is not None:
            return led
        body, delimiter, quote = _without_leads(body, delimiter, lead), UNIT_SEPARATOR, None
    separator = delimiter.encode()
    lines = _lines_if_regular(body, columns, separator, quote)
    if lines is not None:
        try:
            cells = _cut(body, columns, delimiter)
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
            # not UTF-8, or a line with too many cells beside one with too few
            checked_utf8(body, first)
        else:
            if cells.height == lines:  # no blank line was passed over
                cells = cells.insert_column(0, _numbers(first, lines))
                return Cells(_stripped(cells) if _has_padding(body, separator) else cells, _refusals([]))
    checked_utf8(body, first)
    if quote and quote.encode() in body:
        quoting = Quoting(delimiter, quote)
        if ragged:
            return _of_records(_padded(quoting.records(body.decode().split("\n"), 0), columns), first, columns)
        return _read_quoted(body, first, columns, quoting)
    return _read_line_by_line(body, first, columns, delimiter, ragged=ragged)


def _led(
    body: bytes, first: int, columns: int, delimiter: str, lead: str, wanted: Collection[int] | None
) -> Cells | None:
    """Cells with leads where they are regular, or quoted by a spreadsheet; None where neither holds."""
    if quoted_leads(body, delimiter, lead):
        cells = read_cells(body, first, columns, delimiter=delimiter)
        return Cells(without_leads(cells.rows, lead), cells.refused)
    led = led_cells(body, columns, delimiter, lead, wanted)
    return None if led is None else Cells(led.insert_column(0, _numbers(first, led.height)), _refusals([]))


def _numbers(first: int, lines: int) -> pl.Series:
    return pl.int_range(first, first + lines, dtype=pl.Int64, eager=True).alias("line")


def _without_leads(body: bytes, delimiter: str, lead: str) -> bytes:
    """The lines with one control sign for each delimiter and the lead after it, so that cells may hold delimiters."""
    sign = UNIT_SEPARATOR.encode()
    body = (b"\n" + body).replace(b"\r\n", b"\n").replace(sign, b" ")
    return body.replace((delimiter + lead).encode(), sign).replace(b"\n" + lead.encode(), b"\n")[1:]


def pieces(body: bytes, first: int, quote: str | None) -> list[tuple[bytes, int]]:
    """The data lines in pieces of whole rows, each with the number of its first line.

    A piece holds an even number of quotes, for a cell in quotes may hold line ends.
    """
    if len(body) < 2 * PIECE:
        return [(body, first)]
    found, at = [], 0
    while at < len(body):
        end, quotes = at, 0
        while end < len(body) and (end == at or quotes % 2):
            start, end = end, body.find(b"\n", end + PIECE) + 1 or len(body)
            quotes += body.count(quote.encode(), start, end) if quote else 0
        found.append((body[at:end], first))
        first += body.count(b"\n", at, end)
        at = end
    return found or [(body, first)]


def _names(columns: int) -> dict[str, pl.DataType]:
    return {str(number): pl.String() for number in range(1, columns + 1)}


def _cut(body: bytes, columns: int, delimiter: str, quote: str | None = None) -> pl.DataFrame:
    body = body if body.endswith(b"\n") else body + b"\n"  # else polars passes over a cell too many in the last line
    return pl.read_csv(body, separator=delimiter, quote_char=quote, has_header=False, schema=_names(columns))


def _stripped(cells: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String).str.strip_chars(PADDING)
    cells = cells.with_columns(text)
    return cells.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)))


def _empty(columns: int) -> pl.DataFrame:
    return pl.DataFrame(schema={"line": pl.Int64(), **_names(columns)})


def _refusals(found: list[tuple[int, str]]) -> pl.DataFrame:
    return pl.DataFrame(found, schema={"line": pl.Int64, "reason": pl.String}, orient="row")


def _wrong_count(has: int, wants: int) -> str:
    return f"the row has {has} column{'s' if has != 1 else ''} instead of {wants}"


def _read_line_by_line(body: bytes, first: int, columns: int, delimiter: str, *, ragged: bool) -> Cells:
    numbered = number_lines(body, first)
    if ragged:
        numbered = numbered.with_columns(_evened(pl.col("raw"), columns, delimiter))
    counted = numbered.with_columns(has=pl.col("raw").str.count_matches(delimiter, literal=True) + 1)
    good = counted.filter(pl.col("has") == columns)
    bad = counted.filter(pl.col("has") != columns)
    refused = [(line, _wrong_count(has, columns)) for line, has in bad.select("line", "has").iter_rows()]
    if good.is_empty():
        return Cells(_empty(columns), _refusals(refused))
    cells = _cut("\n".join(good["raw"].to_list()).encode(), columns, delimiter)
    return Cells(_stripped(cells.insert_column(0, good["line"])), _refusals(refused))


def _evened(raw: pl.Expr, columns: int, delimiter: str) -> pl.Expr:
    """Lines with as many blank cells at their end as make `columns`."""
    kept = raw.str.strip_chars_end(PADDING + delimiter)
    lacking = columns - 1 - kept.str.count_matches(delimiter, literal=True).cast(pl.Int64)
    return kept + pl.lit(delimiter * columns).str.head(lacking.clip(lower_bound=0))


def _read_quoted(body: bytes, first: int, columns: int, quoting: Quoting) -> Cells:
    """Rows in quotes may hold delimiters and line ends; an unclosed quote costs its own line, not the rest."""
    numbered = number_lines(body, first)
    plain = keep_to_their_line(numbered["raw"], columns, quoting)
    if plain is None:
        return _of_records(quoting.records(body.decode().split("\n"), columns), first, columns)
    good, rest = numbered.filter(plain), numbered.filter(~plain)
    whole = body if good.height == body.count(b"\n") + (not body.endswith(b"\n")) else _joined(good["raw"])
    cells = _empty(columns).drop("line")
    with suppress(pl.exceptions.ComputeError, pl.exceptions.SchemaError):  # polars takes a quote otherwise than we
        cells = _cut(whole, columns, quoting.delimiter, quoting.quote) if good.height else cells
    if cells.height != good.height:  # or ends a row elsewhere
        return _of_records(quoting.records(body.decode().split("\n"), columns), first, columns)
    found = Cells(_stripped(cells.insert_column(0, good["line"])), _refusals([]))
    if rest.is_empty():
        return found
    odd = [replace(quoting.record([raw], 0), at=line) for line, raw in rest.select("line", "raw").iter_rows()]
    others = _of_records(odd, 0, columns)
    return Cells(pl.concat([found.rows, others.rows]).sort("line"), others.refused)


def _joined(raw: pl.Series) -> bytes:
    return str(raw.str.join("\n").item()).encode()


def _padded(records: Iterable[Record], columns: int) -> Iterator[Record]:
    """Records with as many blank cells at their end as make `columns`."""
    for record in records:
        cells = record.cells and [cell.strip(PADDING) for cell in record.cells]
        while cells and len(cells) > columns and not cells[-1]:
            cells.pop()
        yield replace(record, cells=cells and cells + [""] * (columns - len(cells)))


def _of_records(records: Iterable[Record], first: int, columns: int) -> Cells:
    rows: list[list[str]] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    for record in records:
        if record.cells is None:
            refused.append((first + record.at, "a quote is opened and never closed"))
        elif len(record.cells) != columns:
            refused.append((first + record.at, _wrong_count(len(record.cells), columns)))
        else:
            rows.append(record.cells)
            numbers.append(first + record.at)
    frame = pl.DataFrame(rows, schema=_names(columns), orient="row")
    frame = frame.insert_column(0, pl.Series("line", numbers, pl.Int64))
    return Cells(_stripped(frame), _refusals(refused))
