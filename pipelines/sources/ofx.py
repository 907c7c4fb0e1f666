"""OFX 1 (SGML) and 2 (XML), QFX: statements of bank accounts and cards as a bank profile.

Source: Open Financial Exchange 1.6 and 2.2, section 11. Amounts have the sign of TRNAMT; the booking date is the date
part of DTPOSTED as printed, whatever its zone. The format declares no totals, but a file without its end tags was cut
off.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipelines.money import EXPONENTS
from pipelines.sources.bank_rows import (
    Balance,
    Entry,
    balance_frame,
    entry_frame,
    read_amount,
    reference,
    refusal_frame,
    together,
)
from pipelines.sources.base import Context, Parsed, Side, SourceError
from pipelines.sources.camt_xml import RawElements
from pipelines.sources.ofx_tags import ENTRY, NAME, PENDING, STATEMENTS, Document, Element, Scanner, as_utf8
from pipelines.sources.pan import mask_card
from pipelines.sources.swift import unfit
from pipelines.sources.wrapped import joined, told
from schemas.validation import shown

LONGEST_PERIOD = 31
LONGEST_NAME = 32
_HEAD = re.compile(rb"<OFX[\s>]", re.IGNORECASE)
_BEGINS = re.compile(rb"\s*(?:OFXHEADER|<\?xml|<\?OFX|<OFX[\s>]|<!--)", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})(?=[0-9]{4}|[^0-9]|$)")


def day_of(text: str) -> date | None:
    """The date part of a date or time as printed, null where it begins with none."""
    found = _DATE.match(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def looks_like(head: bytes) -> bool:
    """Whether the file begins as OFX does and holds its root element."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    return _BEGINS.match(text) is not None and _HEAD.search(text) is not None


@dataclass
class Walk:
    """What is gathered on the way through the statements of one file."""

    context: Context
    entries: list[Entry] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    days: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)

    def statement(self, stated: Element) -> None:
        """Read one statement of an account or a card."""
        account = _account(stated) or self.context.account
        currency = stated.get("CURDEF").upper()
        for entry in stated.all(ENTRY):
            self._entry(entry, account, currency)
        self.told["pending"] += len(stated.all(PENDING))
        for balance in stated.all("LEDGERBAL"):
            amount, _ = read_amount(balance.get("BALAMT"), currency)
            self.told["balance"] += amount is None
            if amount is not None:
                day = day_of(balance.get("DTASOF"))
                self.balances.append(Balance(stated.line, account, None, "closing", day, amount, currency))
        for period in stated.children.get("BANKTRANLIST", ()):
            self.days |= _days(period)

    def _entry(self, stated: Element, account: str | None, currency: str) -> None:
        own = stated.get("CURRENCY/CURSYM").upper()
        self.told["foreign"] += bool(own) and own != currency
        amount, why = read_amount(stated.get("TRNAMT"), own or currency)
        self.told["correction"] += bool(stated.get("CORRECTFITID"))
        self.offsets.append(stated.offset)
        self.entries.append(
            Entry(
                line=stated.line,
                account=account,
                booking_date=day_of(stated.get("DTPOSTED")),
                amount_minor=None if stated.twice else amount,
                currency=(own or currency) if (own or currency) in EXPONENTS else None,
                value_date=day_of(stated.get("DTAVAIL")),
                bank_ref=reference(stated.get("FITID")),
                end_to_end_id=together((stated.get("REFNUM"), stated.get("CHECKNUM"))),
                remittance=_remittance(stated),
                counterparty=stated.get("PAYEE/NAME") or stated.get("NAME") or None,
                unreadable="; ".join(_faults(stated, why)) or None,
            )
        )


def _faults(stated: Element, why: str | None) -> list[str]:
    """What of a transaction cannot be read."""
    faults = [why] if why else []
    posted = stated.get("DTPOSTED")
    if day_of(posted) is None:
        faults.append(f"DTPOSTED {shown(posted)!r} is not a date" if posted else "DTPOSTED is missing")
    if stated.twice:
        faults.append(f"{' and '.join(dict.fromkeys(stated.twice))} given more than once")
    return faults


def _account(stated: Element) -> str | None:
    """Number of the account; that of a card is masked."""
    card = stated.get("CCACCTFROM/ACCTID")
    number = mask_card(card) if card else stated.get("BANKACCTFROM/ACCTID") or stated.get("INVACCTFROM/ACCTID")
    return number or None


def _remittance(stated: Element) -> str | None:
    """Name and memo: banks write one text into both, and cut it after 32 signs of the name."""
    name, memo = stated.get("NAME"), stated.get("MEMO")
    pieces = [piece for piece in (("" if memo.startswith(name) else name), memo, stated.get("EXTDNAME")) if piece]
    said, others = joined(pieces, [len(piece) == LONGEST_NAME for piece in pieces])
    return told(said, others if len(name) >= LONGEST_NAME else [])


def _days(period: Element) -> set[str]:
    """ISO dates from DTSTART to DTEND."""
    first, last = day_of(period.get("DTSTART")), day_of(period.get("DTEND"))
    if first is None or last is None or not 0 <= (last - first).days < LONGEST_PERIOD:
        return set()
    return {(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)}


@dataclass(frozen=True)
class Ofx:
    """OFX and QFX, both versions."""

    name: str = NAME
    side: Side = "bank"

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - extensions say nothing of the content
        """Whether it begins as OFX does and its root element is in the first 64 KiB."""
        return looks_like(head)

    def explain(self, filename: str, head: bytes) -> str:  # noqa: ARG002 - as above
        """Why it is no such file."""
        return f"it is {NAME}" if looks_like(head) else f"not {NAME}: {unfit(head) or 'it has no OFX element'}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read every transaction of every statement; SourceError where the file cannot be used at all."""
        if not looks_like(data[:65536]):
            raise SourceError(self.explain("", data[:65536]), mend="ask the bank for an OFX file")
        text = as_utf8(data)
        found = Scanner(text).run()
        _refuse_fragments(found, text)
        walk = Walk(context)
        for stated in _statements(found.root):
            walk.statement(stated)
        rows = entry_frame(walk.entries)
        suspects = frozenset(walk.offsets[at] for at in rows["unreadable"].is_not_null().arg_true())
        lines = [entry.line for entry in walk.entries]
        return Parsed(
            profile=NAME,
            side=self.side,
            rows=rows,
            refused=refusal_frame(
                [(line, "an amount in no transaction, or a transaction in no statement") for line in found.loose]
            ),
            raw=RawElements(text, ENTRY, walk.offsets, lines, suspects),
            data_rows=rows.height + len(found.loose),
            covered=tuple(sorted(walk.days)),
            warnings=tuple(_warnings(found, walk)),
            balances=balance_frame(walk.balances),
        )


def _statements(root: Element) -> list[Element]:
    found = [each for name in sorted(STATEMENTS) for each in root.all(name)]
    return sorted(found, key=lambda element: element.offset)


def _refuse_fragments(found: Document, text: bytes) -> None:
    """A file without its end tag was cut off, and one without a statement says nothing."""
    if not found.ended:
        line = 1 + text.rstrip().count(b"\n")
        what = "the file breaks off: its end tag </OFX> is missing"
        raise SourceError(what, line=line, mend="ask the bank for the whole file", profile=NAME)
    if not _statements(found.root):
        status = next((each for each in found.root.all("STATUS") if each.get("SEVERITY").upper() == "ERROR"), None)
        why = f": the bank answered {status.get('CODE')} {shown(status.get('MESSAGE'))}" if status else ""
        mend = "ask the bank for the statement itself"
        raise SourceError(f"it holds no statement{why.rstrip()}", mend=mend, profile=NAME)


def _warnings(found: Document, walk: Walk) -> list[str]:
    """What was assumed or left out, one sentence each."""
    refused = sum(
        each.get("STATUS/SEVERITY").upper() == "ERROR"
        for name in ("STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS")
        for each in found.root.all(name)
    )
    sentences = (
        (walk.told["balance"], "ledger balances that cannot be read are left out"),
        (walk.told["pending"], "transactions left out as pending"),
        (walk.told["foreign"], "transactions are in a currency of their own"),
        (walk.told["correction"], "transactions correct earlier ones"),
        (found.unclosed, "elements without end tag taken to end where the next of their kind begins"),
        (refused, "statements that the bank refused to give are not in the file"),
    )
    return [f"{what}: {count}" for count, what in sentences if count]


OFX = Ofx()
