"""One SWIFT message as a page of a statement: its fields read to balances, sums and entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from pipelines.money import EXPONENTS
from pipelines.sources.bank_rows import Entry, read_amount, together
from pipelines.sources.swift import Field, Message
from pipelines.sources.swift_details import Details, details_of, striped
from pipelines.sources.swift_fields import (
    Line61,
    StatedBalance,
    balance_of,
    entry_of,
    floor_currency,
    no_entry,
    sum_of,
)
from schemas.validation import shown

LONGEST_PERIOD = 31
"""Days between two balances that a statement is taken to speak for; a longer period is a search."""


@dataclass
class Page:
    """One message: what it says of itself, and what its entries add up to (minor units).

    stated, ends, minor: its balances by kind (opening, closing), as far as they can be read. first, final: its opening
    and closing balances are those of the whole statement. rows, sums: by mark (credit, debit); expected: those that
    are announced and not booked. broken: an entry could not be read. against: contradictions, each with its line.
    """

    line: int
    account: str | None = None
    statement: str | None = None
    currency: str = ""
    ends: dict[str, StatedBalance] = field(default_factory=dict)
    minor: dict[str, int] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    final: bool = False
    first: bool = False
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    expected_rows: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    against: list[tuple[int, str]] = field(default_factory=list)
    broken: bool = False
    moved: int = 0

    @property
    def label(self) -> str:
        """Names the message among several."""
        return " ".join(filter(None, (self.account, self.statement))) or f"line {self.line}"

    def days(self) -> list[str]:
        """ISO dates it speaks for: those after its opening balance until the closing one, if it is the last page."""
        opening, closing = (self.ends[kind].day if kind in self.ends else None for kind in ("opening", "closing"))
        if closing is None or not self.final:
            return []
        length = (closing - opening).days if opening else 0
        count = length if 0 < length <= LONGEST_PERIOD else 1
        return [(closing - timedelta(days=ago)).isoformat() for ago in range(count)]


def page_of(message: Message, account: str | None) -> Page:
    """Read one message; account: the configured one, where the message names none."""
    page = Page(message.line)
    for each in message.fields:
        _head(page, each)
    page.account = page.account or account
    known = [end.currency for end in page.ends.values() if end.currency]
    page.currency = known[0] if known else page.currency
    if len(set(known)) > 1:
        page.against.append((page.line, f"the balances of one statement are in {' and '.join(known)}"))
    for kind, stated in page.ends.items():
        _read_balance(page, kind, stated)
    for entry, details in _entries(message):
        _take(page, entry, details)
    return page


def _head(page: Page, each: Field) -> None:
    """Account, number, currency and balances: what the entries need to know, wherever it stands."""
    if each.tag in {"25", "25P"}:
        if page.account is not None and each.text != page.account:
            page.against.append((each.line, "a second account (:25:) in one statement"))
        page.account = page.account or each.text or None
    elif each.tag in {"28", "28C"}:
        page.statement = page.statement or each.text or None
    elif each.tag == "34F":
        page.currency = page.currency or floor_currency(each.text)
    elif each.tag in {"90C", "90D"}:
        found = sum_of(each.text)
        page.currency = page.currency or (found[1] if found else "")
    elif each.tag in {"60F", "60M", "62F", "62M"}:
        _balance(page, each)


def _balance(page: Page, each: Field) -> None:
    kind = "opening" if each.tag.startswith("60") else "closing"
    found = balance_of(each.text, each.line)
    if found is None:
        page.against.append((each.line, f"the {kind} balance {shown(each.text)!r} cannot be read"))
    elif kind in page.ends:
        page.against.append((each.line, f"a second {kind} balance in one statement"))
    else:
        page.ends[kind] = found
    page.stated.add(kind)
    page.final |= each.tag == "62F"
    page.first |= each.tag == "60F"


def _read_balance(page: Page, kind: str, stated: StatedBalance) -> None:
    amount, why = read_amount(stated.amount, page.currency)
    if amount is not None:
        page.minor[kind] = -amount if stated.debit else amount
    elif page.currency in EXPONENTS:
        page.against.append((stated.line, f"the {kind} balance cannot be read: {why}"))


def _entries(message: Message) -> Iterator[tuple[Field, list[Field]]]:
    """Entries with the fields that belong to each: an 86 or NS after a balance is about the statement."""
    entry: Field | None = None
    details: list[Field] = []
    for each in message.fields:
        if each.tag in {"86", "NS"} and entry is not None:
            details.append(each)
            continue
        if entry is not None:
            yield entry, details
        entry, details = (each, []) if each.tag == "61" else (None, [])
    if entry is not None:
        yield entry, details


def _take(page: Page, stated: Field, details: list[Field]) -> None:
    anchor = next((end.day for end in reversed(page.ends.values()) if end.day), None)
    found = entry_of(stated.texts[0], anchor)
    if found is None:
        page.broken = True
        page.refused.append((stated.line, no_entry(stated.texts[0])))
        return
    amount, why = read_amount(found.amount, page.currency)
    mark = "credit" if found.credit else "debit"
    rows, sums = (page.expected_rows, page.expected) if found.expected else (page.rows, page.sums)
    rows[mark] += 1
    sums[mark] += amount or 0
    if found.expected:
        return
    page.broken |= amount is None
    page.moved += found.moved
    signed = amount if amount is None or found.credit else -amount
    page.entries.append(_row(page, stated.line, found, _details(stated, details), signed, why))


def _details(stated: Field, fields: list[Field]) -> Details:
    """What the fields after an entry say; several 86 in a row are one text."""
    more = [text for text in map(str.strip, stated.texts[1:]) if text]
    stripes = [text for each in fields if each.tag == "NS" for text in each.texts]
    if stripes:
        return striped(stripes, more)
    return details_of([text for each in fields for text in each.texts], more)


def _row(page: Page, line: int, found: Line61, said: Details, amount: int | None, why: str | None) -> Entry:
    return Entry(
        line=line,
        account=page.account,
        booking_date=found.booked,
        amount_minor=amount,
        currency=page.currency if page.currency in EXPONENTS else None,
        value_date=found.valued,
        bank_ref=together((found.bank_ref,)),
        end_to_end_id=together((said.end_to_end_id, found.owner_ref)),
        remittance=said.remittance,
        counterparty=said.counterparty or found.name or None,
        statement=page.statement,
        reversal=found.reversal,
        unreadable="; ".join(filter(None, (found.fault, why))) or None,
    )
