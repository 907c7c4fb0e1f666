"""POSLog (NRF ARTS / IXRetail): the store's own log of its tills, as a journal profile.

One row a card or wallet tender of a retail transaction: what the till believes it took. Cash and other tenders never
reach an acquirer and are counted in a warning. Store, workstation, business day and sequence number identify a
transaction; the acquirer's reference of a tender is its ReferenceNumber.

Source: ARTS XML POSLog 2.x to 6.0. Elements are known by their local names, for vendors bring namespaces of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import polars as pl
from lxml import etree

import schemas
from pipelines.sources import camt_xml
from pipelines.sources.base import NO_REFUSALS, Context, Data, Parsed, Side, SourceError
from pipelines.sources.convert import business_dates
from pipelines.sources.layout import ISO_DATES, ISO_TIMES
from pipelines.sources.poslog_tenders import RETAIL, Tender, attribute, channel_of, local_name, tender_of, text_of
from pipelines.sources.times import parsed_dates, parsed_times
from pipelines.sources.traces import runs_of
from pipelines.sources.xml_stream import XmlReader

NAME = "poslog"
HEAD = 1 << 16
PART = 8 * 2**20
"""Bytes of a large log that are read at a time: what they are in memory is many times that."""


@dataclass
class Walk:
    """What is gathered on the way through the transactions.

    Of the part that is read: tenders, numbers, and offsets and lines of each tender in document order. Of all so far:
    days, told, and sales, the RRNs by transaction and amount.
    """

    reader: XmlReader
    context: Context
    tenders: list[Tender] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    days: set[str] = field(default_factory=set)
    numbers: list[tuple[str | None, ...]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    sales: dict[tuple[str, int | None], list[str]] = field(default_factory=dict)

    def parts(self, most: int | None) -> Iterator[Parsed]:
        """What was read of some `most` bytes each, all at once without; the last part has the warnings of all."""
        begun, before = 0, None
        for transaction in self.reader:
            if most and self.reader.read - begun >= most and self.tenders:
                yield self._part()
                begun = self.reader.read
                self.reader.forget(next((at for at, _ in self.reader.places["Tender"]), begun))
            self.take(transaction)
            transaction.clear()
            if before is not None and (above := before.getparent()) is not None:
                above.remove(before)  # a transaction later: the parser still holds the one it has just closed
            before = transaction
        if self.reader.places["Tender"]:
            raise SourceError("tenders stand outside of any transaction", mend="ask for a valid POSLog", profile=NAME)
        yield replace(self._part(), warnings=tuple(self.warnings()))

    def _part(self) -> Parsed:
        rows, text = _frame(self.tenders, self._originals(), self.context), self.reader.text()
        part = Parsed(
            profile=NAME,
            side="journal",
            rows=rows,
            refused=NO_REFUSALS,
            raw=camt_xml.RawElements(text, "Tender", self.offsets, self.lines, frozenset()),
            data_rows=rows.height,
            covered=tuple(sorted(filter(_is_day, self.days))),
            traces=self.traces(),
        )
        self.tenders, self.offsets, self.lines, self.numbers = [], [], [], []
        return part

    def _originals(self) -> list[str | None]:
        """RRN of the tender that each one undoes: of the linked transaction, with the same amount."""
        for tender in self.tenders:
            if tender.txn_type == "SALE" and tender.rrn:
                self.sales.setdefault((tender.key, tender.amount_minor), []).append(tender.rrn)
        keys = [None if each.txn_type == "SALE" else (each.original, each.amount_minor) for each in self.tenders]
        undone = [self.sales.get(key, []) if key else [] for key in keys]
        return [found[0] if len(found) == 1 else None for found in undone]

    def take(self, transaction: etree._Element) -> None:
        """Read one transaction; all its tenders are counted, whatever they are."""
        body = next((child for child in transaction if local_name(child) in RETAIL), None)
        day = text_of(transaction, "BusinessDayDate")
        self.days |= {day} if day else set()
        self._number(transaction, day)
        training = attribute(transaction, "TrainingModeFlag") == "true"
        for tender in transaction.iter("{*}Tender"):
            offset, line = self.reader.take("Tender")
            self.offsets.append(offset)
            self.lines.append(line)
            kind = channel_of(tender)
            if body is None or training:
                self.told["training" if training else "control"] += 1
            elif kind is None:
                self.told["other"] += 1
            else:
                self.tenders.append(tender_of(transaction, body, tender, line, kind))
                self.told["voided"] += self.tenders[-1].status == "DECLINED"

    def _number(self, transaction: etree._Element, day: str | None) -> None:
        """Every transaction bears a number of its workstation, whatever it is; none is left out."""
        number = text_of(transaction, "SequenceNumber")
        store, till = text_of(transaction, "RetailStoreID"), text_of(transaction, "WorkstationID")
        self.numbers.append((store, till, number, day))

    def traces(self) -> pl.DataFrame:
        """The numbers of each workstation as stretches without a gap."""
        names = ("merchant_id", "terminal_id", "stan", "day")
        told = pl.DataFrame(self.numbers, schema=dict.fromkeys(names, pl.String), orient="row")
        days = parsed_dates(told["day"].str.slice(0, 10), ISO_DATES)
        return runs_of(told.with_columns(business_date=days, batch_no=pl.lit(None, pl.String)))

    def warnings(self) -> list[str]:
        """What was left out or assumed, one sentence each."""
        sentences = (
            (self.told["other"], "tenders that no acquirer settles (cash and others) left out"),
            (self.told["training"], "tenders in training mode left out"),
            (self.told["control"], "tenders outside of sales (floats, pickups) left out"),
            (self.told["voided"], "tenders voided in their own transaction or declined taken as declined"),
        )
        return [f"{what}: {count}" for count, what in sentences if count]


def _frame(tenders: list[Tender], originals: list[str | None], context: Context) -> pl.DataFrame:
    """Tenders as the canonical frame of the journal side."""
    wanted = schemas.canonical(schemas.JOURNAL)
    texts = {name: wanted.get(name, pl.String()) for name in Tender._fields}
    texts |= {"txn_time": pl.String(), "business_date": pl.String()}
    columns = zip(*tenders, strict=True) if tenders else ((),) * len(texts)
    raw = pl.DataFrame(dict(zip(texts, columns, strict=True)), schema=texts)
    times = parsed_times(raw["txn_time"], ISO_TIMES, context)
    days = parsed_dates(raw["business_date"].str.slice(0, 10), ISO_DATES)
    no_time = pl.lit(times.is_null()) & pl.col("txn_time").is_not_null()
    unreadable = pl.concat_str(
        pl.col("fault"),
        pl.when(no_time).then(pl.format("time '{}' is not a time", pl.col("txn_time").str.slice(0, 40))),
        separator="; ",
        ignore_nulls=True,
    )
    return raw.with_columns(
        txn_time=times,
        business_date=pl.Series(days).fill_null(pl.select(business_dates(pl.lit(times), context)).to_series()),
        original_rrn=pl.Series(originals, dtype=pl.String),
        unreadable=pl.when(unreadable != "").then(unreadable),
        batch_no=pl.lit(None, pl.String),
        stan=pl.lit(None, pl.String),
    ).select(list(wanted))


def looks_like(head: bytes) -> str:
    """Why the first bytes are no POSLog; empty where they are."""
    try:
        text = camt_xml.head_as_utf8(head)
    except SourceError as error:
        return error.text
    names = [tag.rpartition("}")[2] for tag in camt_xml.opening_tags(text)[:20]] if b"<!DOCTYPE" not in text else []
    if "POSLog" in names or (b"<!DOCTYPE" in text and re.search(rb"<(?:\w+:)?POSLog[\s>]", text)):
        return ""
    return f"its first element is {names[0]!r}, not POSLog" if names else "it is no well-formed XML"


@dataclass(frozen=True)
class PosLog:
    """POSLog of any version."""

    name: str = NAME
    side: Side = "journal"
    large: int = PART

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - any name ends with .xml
        """Whether its first elements hold a POSLog."""
        return not looks_like(head)

    def explain(self, filename: str, head: bytes) -> str:  # noqa: ARG002 - as above
        """Why it is no such file."""
        why = looks_like(head)
        return f"not {NAME}: {why}" if why else f"it is {NAME}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read every card and wallet tender; SourceError where the file cannot be used at all."""
        (whole,) = self._walk(data, context).parts(None)
        return whole

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """`parse` part by part."""
        yield from self._walk(data, context).parts(PART)

    def _walk(self, data: Data, context: Context) -> Walk:
        why = looks_like(data[:HEAD])
        if why:
            raise SourceError(f"not {NAME}: {why}", mend="ask for the POSLog itself")
        return Walk(XmlReader(data, ("Transaction",), ("Tender",), profile=NAME), context)


def _is_day(text: str) -> bool:
    return re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", text) is not None


POSLOG = PosLog()
