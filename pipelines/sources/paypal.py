"""PayPal Settlement Report (STL): lines that begin with the word for what they are, sections, totals at their ends.

Source: formats/SPEC-paypal.md. Amounts are unsigned with two implied decimals, whatever the currency; DR and CR give
the side. A section footer (SF) and a report footer (RF) state, for each currency, what was credited and debited; bank
withdrawals (T04nn) are no part of it, conversions (T02nn) are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import polars as pl

from pipelines.sources.base import Context, Parsed, Side, SourceError
from pipelines.sources.encoding import encoding_of, utf8, utf8_head
from pipelines.sources.layout import ISO_DATES, Field
from pipelines.sources.paypal_codes import is_known, kind_of
from pipelines.sources.paypal_totals import Footer, totals_of
from pipelines.sources.quoted import PADDING, cells_of
from pipelines.sources.report import Reading, canonical, in_the_books_time, named, own, printed_span
from pipelines.sources.report_words import by_word, counted, optional, unknown_words, with_honest_types
from pipelines.sources.text import RawText, read_cells

FIELDS = {
    **own("payout_id", "record_type", "merchant_id", "terminal_id", "original_rrn", "order_no", "reason_code"),
    **own("acquirer_ref"),
    **own("gross", "fee", kind="amount"),
    "currency": Field("code", ("currency",)),
    "settlement_date": Field("date", ("settlement_date",), None, ISO_DATES),
    "txn_time": Field("datetime", ("txn_time",), None, ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")),
}
NEEDS = (
    *("transaction id", "transaction event code", "transaction initiation date", "transaction debit or credit"),
    *("gross transaction amount", "gross transaction currency", "fee debit or credit", "fee amount"),
)
UNFINISHED = ("P", "D")
"""Transactional status of entries that moved no money, in layouts that list them: pending, denied."""

_RECORD = re.compile(rb'^[ \t]*"?(RH|FH|SH|CH|SF|SC|RF|RC|FF)"?[ \t]*(?=[,;|\t\r]|$)', re.MULTILINE)
_DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Section:
    """One block of body lines: bytes, number of its first line, its header names, number, day and account."""

    body: bytes
    first: int
    names: list[str]
    number: int
    day: str
    account: str


@dataclass(frozen=True)
class Outline:
    """The report without its body lines.

    part: number of the file, where a report comes in several. open_end: whether it has totals and yet not the footer
    FF that ends a file with a header FH.
    """

    sections: list[Section]
    footers: list[Footer]
    delimiter: str
    columns: int
    part: int
    open_end: bool = False


@dataclass(frozen=True)
class PaypalStl:
    """The report as a profile."""

    name: str = "paypal_stl"
    side: Side = "settlement"

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether the first line is of this report and one of its lines names the columns."""
        return not self.explain(filename, head)

    def explain(self, filename: str, head: bytes) -> str:
        """Why it is no such report; empty where it is one."""
        del filename
        text = utf8_head(head, encoding_of(head, "utf-8"))
        if not _RECORD.match(text.lstrip()):
            return f"no header of {self.name} is there"
        for record in _RECORD.finditer(text):
            if record[1] == b"CH":
                line, missing = text.count(b"\n", 0, record.start()) + 1, _missing(_names(_line(text, record.start())))
                return f"line {line}: {missing} of {self.name} missing in the header" if missing else ""
        return f"no header of {self.name} is there"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        text = utf8(data, encoding_of(data, "utf-8"))
        try:
            return self._parsed(text, replace(context, acquirer=context.acquirer or "PAYPAL"))
        except SourceError as error:
            error.profile = error.profile or self.name
            raise

    def _parsed(self, text: bytes, context: Context) -> Parsed:
        why = self.explain("", text[:65536])
        if why:
            raise SourceError(why)
        outline = _outline(text)
        parts = [_read(section, outline.delimiter, context) for section in outline.sections]
        read = Reading(*(pl.concat(frames) for frames in zip(*parts, strict=True)))
        reading, warnings = in_the_books_time(read, context.source_timezone, context)
        rows = with_honest_types(reading.rows)
        totals, unfinished = totals_of(reading, outline.footers, outline.part)
        if outline.open_end:
            raise SourceError("the footer FF is missing: the file is cut off", mend="ask the sender to send it again")
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=rows,
            refused=reading.refused,
            raw=RawText(text, outline.delimiter, outline.columns),
            data_rows=rows.height + reading.refused.height,
            totals=totals,
            warnings=(*warnings, *unfinished, *unknown_words(counted(rows["reason_code"]), is_known)),
            printed=printed_span(reading.extras),
        )


def _line(text: bytes, at: int) -> str:
    end = text.find(b"\n", at)
    return text[at : end if end >= 0 else len(text)].decode(errors="replace").strip(PADDING)


def _cells(line: str) -> list[str]:
    return max((cells_of(line, sign, '"') for sign in _DELIMITERS), key=len)


def _names(line: str) -> list[str]:
    return [" ".join(cell.lower().split()) for cell in _cells(line)]


def _missing(names: list[str]) -> str:
    gone = [name for name in NEEDS if name not in names]
    return f"{'columns' if len(gone) > 1 else 'column'} {', '.join(gone)}" if gone else ""


def _outline(text: bytes) -> Outline:
    """Sections and footers; body lines belong to the last header of columns before them."""
    sections: list[Section] = []
    footers: list[Footer] = []
    now = Section(b"", 1, [], 0, "", "")
    part, delimiter, columns, line, counted = 1, ",", 0, 1, 0
    records = [*_RECORD.finditer(text)]
    ends = [*(record.start() for record in records[1:]), len(text)]
    for record, stop in zip(records, ends, strict=True):
        line, counted = line + text.count(b"\n", counted, record.start()), record.start()
        word, cells = record[1].decode(), _cells(_line(text, record.start()))
        if word == "SH":
            account = cells[3] if len(cells) > 3 else ""
            now = replace(now, number=now.number + 1, day=cells[1][:10] if len(cells) > 1 else "", account=account)
        elif word == "CH":
            now = replace(now, names=_names(_line(text, record.start())))
            delimiter = next(d for d in _DELIMITERS if len(cells_of(_line(text, record.start()), d, '"')) == len(cells))
            columns = len(cells)
        elif word == "FH":
            part = int(cells[1]) if len(cells) > 1 and cells[1].isdecimal() else 1
        elif word not in ("RH", "FF"):
            footers.append(Footer(word, cells[1:], line, now.number))
        start = text.find(b"\n", record.start(), stop) + 1
        if start and text[start:stop].strip():
            if _missing(now.names):
                raise SourceError("the lines have no header that names their columns", line=line + 1)
            sections.append(replace(now, body=text[start:stop], first=line + 1))
    words = {record[1] for record in records}
    open_end = b"FH" in words and b"FF" not in words and bool(footers)
    return Outline(sections or [now], footers, delimiter, columns, part, open_end)


def _read(section: Section, delimiter: str, context: Context) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    cells = read_cells(section.body, section.first, len(section.names), delimiter=delimiter)
    rows = named(cells.rows, section.names)
    ours = (pl.col(section.names[0]).str.to_uppercase() == "SB").fill_null(value=False)
    open_still = optional(rows, "transactional status").str.to_uppercase().is_in(UNFINISHED).fill_null(value=False)
    strange = rows.filter(~ours).select("line", reason=pl.lit("the line is of no kind that the report has"))
    waiting = rows.filter(ours & open_still).select("line", reason=pl.lit("the transaction is pending or denied"))
    lines, extras = canonical(_texts(rows.filter(ours & ~open_still), section), FIELDS, context)
    return lines, extras, pl.concat([cells.refused, strange, waiting]).sort("line")


def _texts(cells: pl.DataFrame, section: Section) -> pl.DataFrame:
    code = pl.col("transaction event code").str.to_uppercase()
    side = pl.col("transaction debit or credit").str.to_uppercase()
    cells = cells.with_columns(_code=code, _side=side)
    cells = cells.with_columns(
        _kind=by_word(pl.select(pl.format("{} {}", cells["_code"], cells["_side"])).to_series(), kind_of)
    )
    payout, refund = pl.col("_kind") == "PAYOUT", pl.col("_kind") == "REFUND"
    number, invoice = pl.col("transaction id"), optional(cells, "invoice id")
    time = optional(cells, "transaction initiation date", "transaction completion date")
    gross = _signed("gross transaction amount", pl.col("_side"), plus="CR", minus="DR")
    fee = _signed("fee amount", pl.col("fee debit or credit").str.to_uppercase(), plus="DR", minus="CR")
    paid = _signed("gross transaction amount", pl.col("_side"), plus="DR", minus="CR")
    return cells.select(
        "line",
        record_type="_kind",
        reason_code="_code",
        merchant_id=pl.lit(section.account or None, pl.String),
        terminal_id=optional(cells, "store id"),
        payout_id=pl.when(payout).then(optional(cells, "bank reference id", "transaction id")),
        acquirer_ref=number,
        order_no=pl.when(payout).then(None).when(refund).then(number).otherwise(pl.coalesce(invoice, number)),
        original_rrn=pl.when(~pl.col("_kind").is_in(("SALE", "PAYOUT"))).then(
            optional(cells, "invoice id", "paypal reference id")
        ),
        currency="gross transaction currency",
        gross=pl.when(payout).then(paid).otherwise(gross),
        fee=_of_the_same_currency(cells, pl.when(pl.col("fee amount").is_null()).then(pl.lit("0")).otherwise(fee)),
        settlement_date=pl.lit(section.day.replace("/", "-") or None, pl.String).fill_null(
            time.str.head(10).str.replace_all("/", "-")
        ),
        txn_time=time.str.head(19),
        _zone=time.str.slice(19).str.strip_chars(),
        _section=pl.lit(section.number),
        _withdrawal=pl.col("_code").str.starts_with("T04").fill_null(value=False),
    )


def _signed(name: str, side: pl.Expr, plus: str, minus: str) -> pl.Expr:
    """Major units of an amount in hundredths, with its sign; text that is none stays as it is, to be told."""
    digits = pl.col(name).str.zfill(3)
    major = pl.format("{}.{}", digits.str.head(-2), digits.str.tail(2))
    fits = pl.col(name).str.contains(r"^[0-9]+$")
    return (
        pl.when(~fits | pl.col(name).is_null())
        .then(pl.format("{} hundredths", name))
        .when(side == minus)
        .then(pl.format("-{}", major))
        .when(side == plus)
        .then(major)
        .otherwise(pl.format("{} neither CR nor DR", major))
    )


def _of_the_same_currency(cells: pl.DataFrame, fee: pl.Expr) -> pl.Expr:
    """The fee; one in another currency than the amount's is no fee of this line's."""
    theirs = optional(cells, "fee currency")
    other = theirs != pl.col("gross transaction currency")
    return pl.when(other.fill_null(value=False) & (fee != "0")).then(pl.format("{} {}", fee, theirs)).otherwise(fee)


PAYPAL_STL = PaypalStl()
