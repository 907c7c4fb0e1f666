"""ISO 20022 bank messages (camt.052, 053, 054): which file is which, and the way through its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipelines.sources import camt_xml
from pipelines.sources.base import NO_REFUSALS, Context, Data, Parsed, Side, SourceError, Standing
from pipelines.sources.camt_rows import balance_rows
from pipelines.sources.camt_totals import control
from pipelines.sources.camt_walk import ENTRY, HEADER, Part, Walk
from pipelines.sources.xml_stream import XmlReader

HEAD = 1 << 16
PART = 8 * 2**20
"""Bytes of text in a part of a file: some 20,000 entries."""

OLDEST_VERSION, NEWEST_VERSION = 1, 13
NAMESPACE = re.compile(r"(?:\S*[:/])?(camt\.[0-9]{3})\.001\.([0-9]{2})(?:\.\S*)?")
"""ISO writes `urn:iso:std:iso:20022:tech:xsd:camt.053.001.08`; SWIFT and some clearing houses another beginning."""

_NAMED = re.compile(r"[:/](camt\.[0-9]{3})\.001\.([0-9]{2})\b")
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
        head = camt_xml.head_as_utf8(data[:HEAD])
    except SourceError as error:
        return Recognised(why=error.text)
    if b"<!DOCTYPE" in head:  # refused by `parse`; not even its head goes to the XML parser
        found = _NAMED.search(head.decode(errors="ignore"))
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
    large: int = PART

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
        (whole,) = self._parts(data, context, None)
        return whole

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """`parse` part by part; the last part has the totals, balances, days and warnings of all."""
        yield from self._parts(data, context, PART)

    def _parts(self, data: Data, context: Context, most: int | None) -> Iterator[Parsed]:
        known = recognise(data[:HEAD])
        ours = self.name if known.message == self.message else None
        reader = XmlReader(data, (ENTRY, self.report, HEADER), (ENTRY, self.report), profile=ours)
        if not ours:
            reader.check()
            raise SourceError(self.explain("", data[:HEAD]), mend=f"ask the sender for a {self.message} file")
        walk = Walk(reader, self.message, self.report, self.name, context.account)
        parts = walk.parts(most)
        part = next(parts)
        for following in parts:
            yield self._parsed(part)
            part = following
        if not walk.statements:
            what = f"the {self.message} message holds no {self.report}"
            raise SourceError(what, mend="ask the bank for the statement itself", profile=self.name)
        yield self._last(part, walk, known)

    def _parsed(self, part: Part) -> Parsed:
        return Parsed(
            profile=self.name,
            side=self.side,
            rows=part.rows,
            refused=NO_REFUSALS,
            raw=part.raw,
            data_rows=part.rows.height,
            standing=self.standing,
        )

    def _last(self, part: Part, walk: Walk, known: Recognised) -> Parsed:
        totals, unchecked = control(walk.statements, walk.added, final=self.standing == "final")
        # A page among several says nothing final of its days; the last one does.
        paged = self.standing == "final" and walk.last_page
        complete = [statement for statement in walk.statements if paged and statement.last_page]
        covered = {day for statement in complete for day in statement.days()}
        return replace(
            self._parsed(part),
            totals=totals,
            covered=tuple(sorted(covered)),
            warnings=(*_warnings(walk, known), *unchecked),
            balances=balance_rows(walk.statements, walk.lines, walk.account),
        )


def _warnings(walk: Walk, known: Recognised) -> list[str]:
    """What was assumed or left out, one sentence each."""
    unsigned = sum(balance.sign is None for statement in walk.statements for balance in statement.balances)
    nameless = sum(statement.account is None for statement in walk.statements)
    pending = walk.tally.not_booked
    codes = ", ".join(f"{code} {count}" for code, count in sorted(pending.items()))
    told = (
        (pending.total(), f"left out as not booked ({codes})", "entry", "entries"),
        (walk.tally.no_status, "without status taken as booked", "entry", "entries"),
        (walk.tally.no_sign, "without CdtDbtInd taken as credit", "entry", "entries"),
        (walk.undated, "without booking date dated by their statement", "entry", "entries"),
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
