"""BAI2 as a bank profile: every transaction of every account, held against the totals and counts of its trailers.

Source: as in `bai2_records.py`. Booking date is the as-of date of the group; opening and closing ledger are types 010
and 015. Without a currency in account and group the standard means USD.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from pipelines.money import EXPONENTS
from pipelines.sources import bai2_records
from pipelines.sources.bai2_details import CLOSING, OPENING, amount_of, day_of, sign_of, summaries, transaction
from pipelines.sources.bai2_records import Record, records
from pipelines.sources.bai2_totals import Account, Group, control
from pipelines.sources.bank_rows import Balance, Entry, balance_frame, entry_frame, refusal_frame, together
from pipelines.sources.base import Context, Parsed, Side, SourceError
from pipelines.sources.swift import as_lines, text_of, unfit
from pipelines.sources.text import RawText
from schemas.validation import shown

NAME = "bai2"
STANDARD_CURRENCY = "USD"
NO_MONEY = "890"
INTERIM = ("1", "3")
UNUSABLE = {"2": "a deletion of data sent before", "4": "test data"}


@dataclass
class Walk:
    """What is gathered on the way through the records of one file."""

    context: Context
    file_id: str | None = None
    groups: list[Group] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    against: list[tuple[int, str]] = field(default_factory=list)
    trailer: list[str] | None = None
    physical: int = 0

    def take(self, record: Record) -> None:
        """Read one record in its place."""
        cells = record.fields()
        self.physical += record.physical
        if record.code == "01":
            self.file_id = (cells[4:5] or [""])[0] or None
        elif record.code == "02":
            self._group(record, cells)
        elif record.code == "99":
            self._once(record, self.trailer is not None)
            self.trailer = cells
        elif not self.groups or (record.code in {"16", "49"} and not self.groups[-1].accounts):
            self.against.append((record.line, f"record {record.code} stands outside of what it belongs to"))
            self._stray(record)
        else:
            self._inside(self.groups[-1], record, cells)

    def _stray(self, record: Record) -> None:
        if record.code == "16":
            self.refused.append((record.line, "the transaction belongs to no account"))

    def _once(self, record: Record, again: bool) -> None:
        if again:
            self.against.append((record.line, f"a second record {record.code} ends what has ended before"))

    def _group(self, record: Record, cells: list[str]) -> None:
        cells += [""] * 7
        if cells[2] in UNUSABLE:
            what = f"its group is {UNUSABLE[cells[2]]} (status {cells[2]}), not for the books"
            raise SourceError(what, line=record.line, mend="ask the bank for what applies", profile=NAME)
        self.told["correction"] += cells[2] == "3"
        group = Group(record.line, day_of(cells[3]), cells[3], cells[5].upper(), cells[6] in INTERIM)
        self.groups.append(group)
        group.records += record.physical

    def _inside(self, group: Group, record: Record, cells: list[str]) -> None:
        group.records += record.physical
        if record.code == "98":
            self._once(record, group.trailer is not None)
            group.trailer = cells
            return
        if record.code == "03":
            group.accounts.append(self._account(group, record, cells))
        account = group.accounts[-1]
        account.records += record.physical
        if record.code == "16":
            self._transaction(group, account, record)
        elif record.code == "49":
            self._once(record, account.trailer is not None)
            account.trailer = cells

    def _account(self, group: Group, record: Record, cells: list[str]) -> Account:
        cells += [""] * 2
        currency = cells[1].upper() or group.currency
        self.told["currency"] += not currency
        account = Account(record.line, cells[0] or self.context.account, currency or STANDARD_CURRENCY)
        for kind, text in summaries(record):
            amount = amount_of(text)
            account.total += amount or 0
            account.broken |= amount is None and bool(text)
            if kind in {OPENING, CLOSING} and amount is not None and account.currency in EXPONENTS:
                side = "opening" if kind == OPENING else "closing"
                place = (record.line, account.number, self.file_id, side)
                self.balances.append(Balance(*place, group.day, amount, account.currency))
        return account

    def _transaction(self, group: Group, account: Account, record: Record) -> None:
        found = transaction(record)
        account.total += found.amount or 0
        account.broken |= found.amount is None and bool(found.stated)
        sign = sign_of(found.kind)
        if found.kind == NO_MONEY:
            self.told["no money"] += 1
        elif not sign:
            what = f"type code {shown(found.kind)!r} is neither credit nor debit"
            self.refused.append((record.line, what))
        else:
            faults = list(_faults(found.amount, found.stated, account.currency, group.day, group.stated_day))
            self.entries.append(
                Entry(
                    line=record.line,
                    account=account.number,
                    booking_date=group.day,
                    amount_minor=None if found.amount is None else sign * found.amount,
                    currency=account.currency if account.currency in EXPONENTS else None,
                    value_date=found.value_date,
                    bank_ref=together((found.bank_ref,)),
                    end_to_end_id=together((found.end_to_end, found.customer_ref)),
                    remittance=found.remittance,
                    counterparty=found.counterparty,
                    statement=self.file_id,
                    unreadable="; ".join(faults) or None,
                )
            )

    def warnings(self) -> list[str]:
        """What was assumed or left out, one sentence each."""
        told = []
        if self.told["currency"]:
            told.append(f"accounts that state no currency taken as {STANDARD_CURRENCY}, as the standard says: "
                        f"{self.told['currency']}")  # fmt: skip
        if self.told["no money"]:
            told.append(f"records of type {NO_MONEY} left out, for they are information without money: "
                        f"{self.told['no money']}")  # fmt: skip
        if self.told["correction"]:
            told.append(f"groups that correct what was sent before: {self.told['correction']}")
        if any(group.interim for group in self.groups):
            told.append("it holds interim data: the final report of the day has the last word")
        return told


def _faults(amount: int | None, stated: str, currency: str, day: date | None, stated_day: str) -> list[str]:
    faults = []
    if amount is None and stated:
        faults.append(f"amount {shown(stated)!r} is not a whole number of minor units")
    if currency not in EXPONENTS:
        faults.append(f"currency {shown(currency)!r} is not an ISO 4217 currency")
    if day is None:
        faults.append(f"as-of date {shown(stated_day)!r} is not a date")
    return faults


@dataclass(frozen=True)
class Bai2:
    """BAI2, version 2."""

    name: str = NAME
    side: Side = "bank"

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - extensions say nothing of the content
        """Whether it begins with a file header of version 2."""
        return bai2_records.looks_like(head)

    def explain(self, filename: str, head: bytes) -> str:  # noqa: ARG002 - as above
        """Why it is no such file."""
        if bai2_records.looks_like(head):
            return f"it is {NAME}"
        return f"not {NAME}: {unfit(head) or 'it does not begin with a file header (record 01) of version 2'}"

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read every transaction; SourceError where the file cannot be used at all."""
        if unfit(data) or not bai2_records.looks_like(data):
            raise SourceError(self.explain("", data), mend="ask the bank for a BAI2 file of version 2")
        lines = as_lines(data)
        text = "\n".join(map(text_of, lines.split(b"\n")))
        whole = self._parsed(lines, text, context)
        if whole.totals.agree is not False:
            return whole
        return min(whole, self._parsed(lines, text, context, close=True), key=_against)

    def _parsed(self, lines: bytes, text: str, context: Context, *, close: bool = False) -> Parsed:
        found, strangers = records(text, close=close)
        walk = Walk(context)
        walk.refused += [(line, f"{shown(piece)!r} is no record of BAI2") for line, piece in strangers]
        for record in found:
            walk.take(record)
        totals = control(walk.groups, walk.trailer, walk.physical, found[-1].line, walk.against)
        interim = [group.interim for group in walk.groups]
        days = {group.day.isoformat() for group in walk.groups if group.day and not group.interim}
        return Parsed(
            profile=NAME,
            side=self.side,
            rows=entry_frame(walk.entries),
            refused=refusal_frame(walk.refused),
            raw=RawText(lines),
            data_rows=len(walk.entries) + len(walk.refused),
            totals=totals.totals(),
            covered=tuple(sorted(days)),
            warnings=(*walk.warnings(), *totals.unchecked),
            balances=balance_frame(walk.balances),
            standing="interim" if interim and all(interim) else "final",
        )


def _against(parsed: Parsed) -> tuple[bool, bool]:
    """How much speaks against a reading: a trailer that is missing or out of place, or else totals only."""
    return parsed.totals.contradiction is not None, parsed.totals.agree is False


BAI2 = Bai2()
