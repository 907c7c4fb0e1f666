"""What a Stmt of a camt message says of itself: account, balances, transaction summary, dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import etree

from pipelines.money import to_minor
from pipelines.sources.camt_entries import content

OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)
LONGEST_PERIOD = 31
"""Days of FrToDt a statement is taken to speak for; a longer period is a search, not a statement."""

_PLAIN = re.compile(r"[0-9]{1,15}(\.[0-9]*)?|\.[0-9]+")
_SUMMARY = (
    ("rows", "TtlNtries/NbOfNtries"),
    ("sum", "TtlNtries/Sum"),
    ("credit_rows", "TtlCdtNtries/NbOfNtries"),
    ("credit", "TtlCdtNtries/Sum"),
    ("debit_rows", "TtlDbtNtries/NbOfNtries"),
    ("debit", "TtlDbtNtries/Sum"),
)
_NET = (
    ("TtlNtries/TtlNetNtry/Amt", "TtlNtries/TtlNetNtry/CdtDbtInd"),
    ("TtlNtries/TtlNetNtryAmt", "TtlNtries/CdtDbtInd"),
)


@dataclass(frozen=True)
class Balance:
    """One Bal: code of its type, amount as text, sign (null where not stated), date as printed."""

    kind: str
    amount: str
    currency: str
    sign: str | None
    day: str

    @property
    def minor(self) -> int | None:
        """Minor units, debit negative, null where unreadable; without a sign it is a credit."""
        if self.sign not in {None, "CRDT", "DBIT"}:
            return None
        value = minor(self.amount, self.currency)
        return -value if value is not None and self.sign == "DBIT" else value


@dataclass(frozen=True)
class Statement:
    """One Stmt, Rpt or Ntfctn without its entries; not_booked: number of entries left out as pending or information.

    name: its Id, with the page where it has several.
    """

    name: str | None
    account: str | None
    balances: tuple[Balance, ...]
    summary: dict[str, str]
    period: tuple[str, str]
    created: str
    last_page: bool
    not_booked: int

    def ends(self, kinds: tuple[str, ...], *, last: bool) -> dict[str, list[Balance]]:
        """Balances of the first kind present, by currency: those of the earliest (or latest) day."""
        found: dict[str, list[Balance]] = {}
        for currency in dict.fromkeys(balance.currency for balance in self.balances):
            of_kinds = [[b for b in self.balances if (b.kind, b.currency) == (k, currency)] for k in kinds]
            present = next(filter(None, of_kinds), [])
            if present:
                day = (max if last else min)(balance.day for balance in present)
                found[currency] = [balance for balance in present if balance.day == day]
        return found

    @property
    def closing_day(self) -> str | None:
        """Date of the closing balance, else end of the period, else of writing; what undated entries are booked on."""
        days = [balance.day for balance in self.balances if balance.kind in CLOSING and balance.day]
        end = _end_of(*self.period) or iso_day(self.created)
        return max(days, default=None) or (end.isoformat() if end else None)

    def days(self) -> set[str]:
        """ISO dates the statement speaks for, whether or not it holds entries of them."""
        closing = [b.day for b in self.balances if b.kind in CLOSING and iso_day(b.day)]
        return {*closing, *_days_between(*self.period)}


def minor(amount: str, currency: str) -> int | None:
    """Minor units of a plain unsigned amount, null where it is none."""
    try:
        return to_minor(amount, currency) if _PLAIN.fullmatch(amount) else None
    except ValueError:
        return None


def iso_day(text: str) -> date | None:
    """The date that a date or time of day begins with, null where it begins with none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _end_of(first: str, last: str) -> date | None:
    """Last day of a period; a period that ends at midnight ends with the day before."""
    start, end = iso_day(first), iso_day(last)
    midnight = "T00:00:00" in last and start is not None and end is not None and end > start
    return end - timedelta(days=1) if midnight and end is not None else end


def _days_between(first: str, last: str) -> list[str]:
    start, end = iso_day(first), _end_of(first, last)
    if start is None or end is None:
        return []
    length = (end - start).days + 1
    return [(start + timedelta(days=n)).isoformat() for n in range(length)] if length <= LONGEST_PERIOD else []


def read_statement(element: etree._Element, namespace: str, report: str, not_booked: int) -> Statement:
    """Read a Stmt (or what `report` is called) that is complete; its Ntry children may be gone already."""

    def text(path: str, within: etree._Element = element) -> str:
        steps = "/".join(namespace + step for step in path.split("/"))
        return content(within.find(steps)) or ""

    def balance(within: etree._Element) -> Balance:
        amount = within.find(f"{namespace}Amt")
        return Balance(
            kind=text("Tp/CdOrPrtry/Cd", within) or text("Tp/CdOrPrtry/Prtry", within) or text("Tp/Cd", within),
            amount=(content(amount) or "") if amount is not None and not len(amount) else "",
            currency=(amount.get("Ccy") if amount is not None else None) or "",
            sign=text("CdtDbtInd", within) or None,
            day=(text("Dt/Dt", within) or text("Dt/DtTm", within))[:10],
        )

    summary = {key: text(f"TxsSummry/{path}") for key, path in _SUMMARY}
    for amount, sign in _NET:
        if text(f"TxsSummry/{amount}"):
            debit = text(f"TxsSummry/{sign}") == "DBIT"
            summary["net"] = ("-" if debit else "") + text(f"TxsSummry/{amount}")
    page, last_page = text(f"{report}Pgntn/PgNb"), text(f"{report}Pgntn/LastPgInd") != "false"
    several = page and not (page.lstrip("0") == "1" and last_page)
    iban = text("Acct/Id/IBAN").replace(" ", "")
    return Statement(
        name=" ".join(filter(None, (text("Id"), f"page {page}" if several else ""))) or None,
        account=iban or text("Acct/Id/Othr/Id") or text("Acct/Id/PrtryAcct/Id") or text("Acct/Id/BBAN") or None,
        balances=tuple(balance(within) for within in element.findall(f"{namespace}Bal")),
        summary={key: value for key, value in summary.items() if value},
        period=(
            text("FrToDt/FrDtTm") or text("FrToDt/FrDt"),
            text("FrToDt/ToDtTm") or text("FrToDt/ToDt"),
        ),
        created=text("CreDtTm"),
        last_page=last_page,
        not_booked=not_booked,
    )
