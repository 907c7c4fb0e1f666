"""ISO 20022 bank messages (camt.052, 053, 054): which file is which, and the way through its statements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl
from lxml import etree

from pipelines.sources import camt_xml
from pipelines.sources.base import NO_REFUSALS, Context, Parsed, Side, SourceError, Standing
from pipelines.sources.camt_entries import Row, Tally, detail_tags, read_entry
from pipelines.sources.camt_rows import BESIDE, ROWS_AT_ONCE, balance_rows, canonical_rows, raw_rows
from pipelines.sources.camt_statement import Statement, read_statement
from pipelines.sources.camt_totals import control

HEAD = 1 << 16
OLDEST_VERSION, NEWEST_VERSION = 1, 13
NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.[0-9]{3})\.001\.([0-9]{2})")
ROOTS = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}


@dataclass(frozen=True)
class Recognised:
    """What a file is by its first elements: message (null: none of camt) and version, else why not."""

    message: str | None = None
    version: int | None = None
    why: str = ""


def _split(tag: object) -> tuple[str, str]:
    """Namespace (in lxml's braces, or empty) and local name of a qualified name."""
    head, brace, local = str(tag).rpartition("}")
    return head + brace, local


def recognise(data: bytes) -> Recognised:
    """Message and version by the namespace of Document; without a namespace by the name of its child.

    What surrounds Document (business headers, envelopes of the bank) is passed over.
    """
    try:
        head = camt_xml.as_utf8(data[:HEAD], errors="ignore")
    except SourceError as error:
        return Recognised(why=error.text)
    if b"<!DOCTYPE" in head:  # refused by `parse`; not even its head goes to the XML parser
        found = NAMESPACE.search(head.decode(errors="ignore"))
        return _by_namespace(found) if found else Recognised(why="it carries a DOCTYPE")
    names = [_split(tag) for tag in camt_xml.opening_tags(head)]
    for namespace, local in names:
        found = NAMESPACE.fullmatch(namespace.strip("{}"))
        if found and (local == "Document" or local.removesuffix("V01") in ROOTS):
            return _by_namespace(found)
        if not namespace and local in ROOTS:
            return Recognised(ROOTS[local])
    return Recognised(why=_stranger(names))


def _stranger(names: list[tuple[str, str]]) -> str:
    """Why elements that begin like these are of no camt message."""
    if not names:
        return "it is no well-formed XML"
    for namespace, local in names:
        if local == "Document" or local.removesuffix("V01") in ROOTS:
            return f"the namespace of its {local} is {namespace.strip('{}') or '(none)'!r}"
    return f"its first element is {names[0][1]!r}, and no Document of ISO 20022 is in its first 64 KiB"


def _by_namespace(found: re.Match[str]) -> Recognised:
    return Recognised(found.group(1), int(found.group(2)))


@dataclass
class Walk:
    """What is gathered on the way through one file; `entries` counts every Ntry, booked or not.

    Rows wait as Python tuples only until there are enough of them for a frame, which is a tenth of their size.
    """

    rows: list[Row] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    entries: int = 0
    left_out_before: int = 0
    last_page: bool = True

    def keep(self, row: Row) -> None:
        """Add one booked entry."""
        self.rows.append(row)
        if len(self.rows) >= ROWS_AT_ONCE:
            self.frames.append(raw_rows(self.rows))
            self.rows = []

    def raw(self) -> pl.DataFrame:
        """All booked entries, in the columns of RAW_COLUMNS."""
        return pl.concat([*self.frames, raw_rows(self.rows)])


@dataclass(frozen=True)
class CamtProfile:
    """One camt message as a bank profile. report: the element that holds the entries of one account.

    standing: only a statement has the last word on its days, and must tie with its balances.
    """

    name: str
    message: str
    report: str
    standing: Standing = "final"
    side: Side = "bank"

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - a file called camt054 may hold a camt.053
        """Whether the first 64 KiB are of this message, by namespace or element names."""
        return recognise(head).message == self.message

    def explain(self, filename: str, head: bytes) -> str:  # noqa: ARG002 - as above
        """Why a file that should be of this message is not."""
        found = recognise(head)
        if found.message == self.message:
            return f"it is {self.message}"
        if found.message:
            return f"it is {found.message}, not {self.message}"
        return f"not {self.message}: {found.why}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read every booked entry of every statement; SourceError where the file cannot be used at all.

        Source: ISO 20022 message definitions camt.05x.001.01 to 13; money is Ntry/Amt by CdtDbtInd.
        """
        known = recognise(data)
        ours = self.name if known.message == self.message else None
        text = camt_xml.as_utf8(data, profile=ours)
        offsets = camt_xml.starts(text, "Ntry", profile=ours)
        if not ours:
            raise SourceError(self.explain("", data), mend=f"ask the sender for a {self.message} file")
        walk = self._walk(text)
        if not walk.statements:
            what = f"the {self.message} message holds no {self.report}"
            raise SourceError(what, mend="ask the bank for the statement itself", profile=self.name)
        if walk.entries != len(offsets):
            raise SourceError("its entries cannot be told apart by line", profile=self.name)
        return self._parsed(text, walk, offsets, known, context)

    def _walk(self, text: bytes) -> Walk:
        walk = Walk()
        wanted: dict[str, tuple[str, ...]] = {}
        done: tuple[etree._Element, etree._Element] | None = None
        names: dict[str, tuple[str, str]] = {}
        for element in camt_xml.elements(text, ("Ntry", self.report, "GrpHdr"), profile=self.name):
            tag = element.tag
            if tag not in names:
                names[tag] = _split(tag)
            namespace, local = names[tag]
            if local == "GrpHdr":
                page = element.findtext(f"{namespace}MsgPgntn/{namespace}LastPgInd")
                walk.last_page &= page != "false"
                continue
            if namespace not in wanted:
                wanted[namespace] = self._details_of(namespace)
            if local == "Ntry":
                holder = element.getparent()
                if done is None or holder is not done[0]:
                    holder = self._holder(walk, element, namespace)
                place = (walk.entries, len(walk.statements))
                row = read_entry(element, len(namespace), wanted[namespace], place, walk.tally)
                walk.entries += 1
                if row is not None:
                    walk.keep(row)
                if done is not None:  # an entry later: the parser still holds the one it has just closed
                    done[0].remove(done[1])
                done = holder, element
            else:
                self._take_statement(walk, element, namespace)
                done = None
        return walk

    def _details_of(self, namespace: str) -> tuple[str, ...]:
        found = NAMESPACE.fullmatch(namespace.strip("{}"))
        if namespace and not (found and found.group(1) == self.message):
            what = f"beside {self.message} it holds elements of the namespace {namespace.strip('{}')!r}"
            raise SourceError(what, mend="ask the sender for one message a file", profile=self.name)
        return detail_tags(namespace)

    def _holder(self, walk: Walk, entry: etree._Element, namespace: str) -> etree._Element:
        """The element that an entry belongs to; an entry that belongs to none is never passed over."""
        above = entry.getparent()
        if above is None or above.tag != namespace + self.report:
            what = f"entry {walk.entries + 1} stands outside any {self.report}"
            raise SourceError(what, mend="ask the bank for a valid file", profile=self.name)
        return above

    def _take_statement(self, walk: Walk, element: etree._Element, namespace: str) -> None:
        left_out = walk.tally.not_booked.total()
        walk.statements.append(read_statement(element, namespace, self.report, left_out - walk.left_out_before))
        walk.left_out_before = left_out
        element.clear()

    def _statement_lines(self, text: bytes, walk: Walk) -> list[int]:
        lines = camt_xml.line_numbers(text, camt_xml.starts(text, self.report))
        return lines if len(lines) == len(walk.statements) else [1] * len(walk.statements)

    def _parsed(self, text: bytes, walk: Walk, offsets: list[int], known: Recognised, context: Context) -> Parsed:
        lines = camt_xml.line_numbers(text, offsets)
        accounts = [statement.account or context.account for statement in walk.statements]
        days = [statement.closing_day for statement in walk.statements]
        names = [statement.name for statement in walk.statements]
        booked = walk.raw()
        read = canonical_rows(booked, lines, accounts, days, names)
        totals, unchecked = control(walk.statements, read, final=self.standing == "final")
        suspects = booked.filter(read["unreadable"].is_not_null())["entry"]
        raw = camt_xml.RawElements(text, "Ntry", offsets, lines, frozenset(offsets[at] for at in suspects))
        # A page among several says nothing final of its days; the last one does.
        paged = self.standing == "final" and walk.last_page
        complete = [statement for statement in walk.statements if paged and statement.last_page]
        covered = {day for statement in complete for day in statement.days()}
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=read.drop(BESIDE),
            refused=NO_REFUSALS,
            raw=raw,
            data_rows=read.height,
            totals=totals,
            covered=tuple(sorted(covered)),
            warnings=(*_warnings(walk, known, read), *unchecked),
            balances=balance_rows(walk.statements, self._statement_lines(text, walk), accounts),
            standing=self.standing,
        )


def _warnings(walk: Walk, known: Recognised, read: pl.DataFrame) -> list[str]:
    """What was assumed or left out, one sentence each."""
    unsigned = sum(balance.sign is None for statement in walk.statements for balance in statement.balances)
    nameless = sum(statement.account is None for statement in walk.statements)
    pending = walk.tally.not_booked
    codes = ", ".join(f"{code} {count}" for code, count in sorted(pending.items()))
    undated = read.filter(pl.col("assumed_date") & pl.col("booking_date").is_not_null()).height
    told = (
        (pending.total(), f"left out as not booked ({codes})", "entry", "entries"),
        (walk.tally.no_status, "without status taken as booked", "entry", "entries"),
        (walk.tally.no_sign, "without CdtDbtInd taken as credit", "entry", "entries"),
        (undated, "without booking date dated by their statement", "entry", "entries"),
        (unsigned, "without CdtDbtInd taken as credit", "balance", "balances"),
        (nameless, "without account number booked on the configured account", "statement", "statements"),
    )
    sentences = [f"{count} {one if count == 1 else many} {what}" for count, what, one, many in told if count]
    if known.version is None:
        sentences.append("the XML names no namespace: read by its element names")
    elif not OLDEST_VERSION <= known.version <= NEWEST_VERSION:
        sentences.append(f"version {known.version} of {known.message} is newer than this reader ({NEWEST_VERSION})")
    if not (walk.last_page and all(statement.last_page for statement in walk.statements)):
        sentences.append("it is not the last page: further pages of the statement follow in other files")
    return sentences
