"""The way through one camt message: entries gathered until there are enough for a part, statements as they end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import polars as pl
from lxml import etree

from pipelines.sources.base import Data, SourceError
from pipelines.sources.camt_entries import Row, Tally, read_entry
from pipelines.sources.camt_rows import BESIDE, ROWS_AT_ONCE, canonical_rows, raw_rows
from pipelines.sources.camt_statement import Statement, read_statement
from pipelines.sources.camt_totals import Added
from pipelines.sources.camt_xml import RawElements
from pipelines.sources.xml_stream import XmlReader

ENTRY, HEADER = "Ntry", "GrpHdr"

_Of = tuple[str | None, str | None, str | None]
"""What the rows take from their statement: account, day of undated entries, name."""


@dataclass(frozen=True)
class Part:
    """Booked entries of one stretch of the file. rows: canonical; raw: gives single entries as they stand."""

    rows: pl.DataFrame
    raw: partial[dict[int, str]]


@dataclass
class Walk:
    """What is gathered on the way through one file.

    report: the element that holds the entries of one account; account: of statements that name none; entries: counts
    every Ntry, booked or not; undated: those that took the day of their statement.
    """

    reader: XmlReader
    message: str
    report: str
    profile: str
    account: str | None
    statements: list[Statement] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    added: Added = field(default_factory=Added)
    tally: Tally = field(default_factory=Tally)
    entries: int = 0
    undated: int = 0
    last_page: bool = True
    _rows: list[Row] = field(default_factory=list)
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _heads: list[_Of] = field(default_factory=list)
    _handed_on: _Of | None = None
    _left_out: int = 0

    def parts(self, most: int | None) -> Iterator[Part]:
        """The entries in parts of `most` bytes of text each, or in one; the last may hold none."""
        begun, holder, done = 0, None, None
        names: dict[str, tuple[str, str]] = {}
        for element in self.reader:
            tag = element.tag
            if tag not in names:
                names[tag] = self._known(tag)
            namespace, local = names[tag]
            if local == ENTRY:
                above = element.getparent()
                if above is not holder:
                    holder, done = self._holder(above, namespace), None
                at = self._take(element, namespace)
                if done is not None and holder is not None:
                    holder.remove(done)  # an entry later: the parser still holds the one it has just closed
                done = element
                if most is not None and at - begun > most:
                    begun = at
                    yield self._part(holder, namespace)
            elif local == HEADER:
                self.last_page &= element.findtext(f"{namespace}MsgPgntn/{namespace}LastPgInd") != "false"
            else:
                self._end(element, namespace)
                holder = done = None
        self._whole()
        yield self._part(None, "")

    def _known(self, tag: str) -> tuple[str, str]:
        """Namespace (in lxml's braces, or empty) and local name of a tag; SourceError for another message's."""
        head, brace, local = str(tag).rpartition("}")
        if brace and f"{self.message}.001." not in head and local != HEADER:
            what = f"beside {self.message} it holds elements of the namespace {head.strip('{}')!r}"
            raise SourceError(what, mend="ask the sender for one message a file", profile=self.profile)
        return head + brace, local

    def _holder(self, above: etree._Element | None, namespace: str) -> etree._Element:
        """The element that an entry belongs to; an entry that belongs to none is never passed over."""
        if above is None or above.tag != namespace + self.report:
            what = f"entry {self.entries + 1} stands outside any {self.report}"
            raise SourceError(what, mend="ask the bank for a valid file", profile=self.profile)
        return above

    def _take(self, entry: etree._Element, namespace: str) -> int:
        """Read one entry; returns where it begins. Rows wait as Python tuples only until there are enough of them."""
        at, line = self.reader.take(ENTRY)
        row = read_entry(entry, len(namespace), (at, line, len(self.statements)), self.tally)
        self.entries += 1
        if row is not None:
            self._rows.append(row)
            if len(self._rows) >= ROWS_AT_ONCE:
                self._frames.append(raw_rows(self._rows))
                self._rows = []
        return at

    def _end(self, element: etree._Element, namespace: str) -> None:
        """Read a statement that is complete, though its entries may be gone already."""
        _, line = self.reader.take(self.report)
        statement = self._statement(element, namespace)
        self._left_out = self.tally.not_booked.total()
        head = self._of(statement)
        if self._handed_on not in (None, head):
            what = f"the head of the {self.report} that begins here comes after its entries"
            raise SourceError(what, line=line, mend="ask the bank for a valid file", profile=self.profile)
        self._handed_on = None
        self._heads.append(head)
        self.statements.append(statement)
        self.lines.append(line)
        element.clear()

    def _statement(self, element: etree._Element, namespace: str) -> Statement:
        left_out = self.tally.not_booked.total() - self._left_out
        return read_statement(element, namespace, self.report, left_out)

    def _of(self, statement: Statement) -> _Of:
        return statement.account or self.account, statement.closing_day, statement.name

    def _whole(self) -> None:
        """Start tags without an element of their own would mean that lines are wrong."""
        if any(self.reader.places.values()):
            raise SourceError("its entries cannot be told apart by line", profile=self.profile)

    def _part(self, open_: etree._Element | None, namespace: str) -> Part:
        """What was gathered since the last one; open_: the statement that goes on."""
        heads, first, self._heads = self._heads, len(self.statements) - len(self._heads), []
        if open_ is not None:
            self._handed_on = self._of(self._statement(open_, namespace))
            heads.append(self._handed_on)
        raw = pl.concat([*self._frames, raw_rows(self._rows)])
        self._frames, self._rows = [], []
        read = canonical_rows(raw, heads, first)
        self.added.add(read)
        self.undated += read.filter(pl.col("assumed_date") & pl.col("booking_date").is_not_null()).height
        shown = raw.select("offset", "line").with_columns(suspect=read["unreadable"].is_not_null())
        told = partial(_raw, self.reader.text(), shown)
        self.reader.forget(self.reader.read)
        return Part(read.drop(BESIDE), told)


def _raw(text: Data, places: pl.DataFrame, lines: list[int]) -> dict[int, str]:
    offsets, suspects = places["offset"].to_list(), places.filter("suspect")["offset"].to_list()
    return RawElements(text, ENTRY, offsets, places["line"].to_list(), frozenset(suspects))(lines)
