"""Fields of SWIFT statements that carry money or dates: balances, entries, floor limits and sums.

Source: SWIFT field specifications 60a, 61, 62a, 34F, 90a, with what banks make of them: entry dates missing or blank,
funds codes, lower case, amounts without a comma, 30 February as the value date of months of 30 days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from schemas.validation import shown

_BALANCE = re.compile(r"([CD])\s*([0-9]{6})\s*([A-Z]{3})?\s*([0-9][0-9.,]*)", re.IGNORECASE)
_ENTRY = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4}|\s{4})?\s*(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*"
    r"(?P<amount>[0-9][0-9.,]*)\s*(?P<kind>[NFS].{3}|[NFS].{0,2}$)?(?P<rest>.*)",
    re.IGNORECASE,
)
_SUM = re.compile(r"([0-9]{1,9})\s*([A-Z]{3})\s*([0-9][0-9.,]*)", re.IGNORECASE)
_FLOOR = re.compile(r"([A-Z]{3})([CD]?)\s*([0-9][0-9.,]*)", re.IGNORECASE)
_FIXED = re.compile(r"(.{15}\s)\s*(\S.*)")


class StatedBalance(NamedTuple):
    """One balance as it stands; debit: its mark is D."""

    line: int
    debit: bool
    day: date | None
    currency: str
    amount: str


class Line61(NamedTuple):
    """One entry as it stands; expected: announced and not booked (EC, ED); fault: which date is none."""

    booked: date | None
    valued: date | None
    credit: bool
    reversal: bool
    expected: bool
    amount: str
    owner_ref: str
    bank_ref: str
    name: str
    fault: str | None
    moved: bool


def balance_of(text: str, line: int) -> StatedBalance | None:
    """A field 60a or 62a, null where it is none; banks leave out the currency of a closing balance."""
    found = _BALANCE.fullmatch(text.strip())
    if found is None:
        return None
    mark, day, currency, amount = found.groups()
    return StatedBalance(line, mark.upper() == "D", six_digits(day)[0], (currency or "").upper(), amount)


def sum_of(text: str) -> tuple[int, str, str] | None:
    """Number, currency and amount of a field 90a."""
    found = _SUM.fullmatch(text.strip())
    return (int(found.group(1)), found.group(2).upper(), found.group(3)) if found else None


def floor_currency(text: str) -> str:
    """Currency of a field 34F, empty where there is none."""
    found = _FLOOR.fullmatch(text.strip())
    return found.group(1).upper() if found else ""


def six_digits(text: str) -> tuple[date | None, bool]:
    """YYMMDD as a date, and whether it had to be moved: 29 and 30 February are the month's last day there."""
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += 1900 if year >= 80 else 2000
    last = monthrange(year, 2)[1]
    if month == 2 and last < day <= 30:
        return date(year, 2, last), True
    try:
        return date(year, month, day), False
    except ValueError:
        return None, False


def entry_day(text: str, valued: date) -> date | None:
    """MMDD as the date nearest to the value date: its year is not printed, and turns at New Year."""
    found = []
    for year in (valued.year - 1, valued.year, valued.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    return min(found, key=lambda day: abs((day - valued).days), default=None)


def entry_of(text: str, anchor: date | None) -> Line61 | None:
    """First line of a field 61, null where it is none.

    anchor: a day of the statement, which gives the year where the value date is none. Without an entry date the
    booking date is the value date. Marks: C and RD are credits, D and RC debits.
    """
    found = _ENTRY.fullmatch(text.strip())
    if found is None:
        return None
    mark = found["mark"].upper()
    valued, moved = six_digits(found["value"])
    near, printed = valued or anchor, (found["entry"] or "").strip()
    booked = entry_day(printed, near) if printed and near else (None if printed else valued)
    faults = []
    if valued is None:
        faults.append(f"value date {found['value']!r} is not a date")
    if printed and booked is None:
        faults.append(f"entry date {printed!r} is not a date")
    owner, _, bank = found["rest"].partition("//")
    fixed = _FIXED.fullmatch(owner)
    return Line61(
        booked=booked,
        valued=valued,
        credit=mark in {"C", "RD", "EC"},
        reversal=mark in {"RC", "RD"},
        expected=mark in {"EC", "ED"},
        amount=found["amount"],
        owner_ref=(fixed.group(1) if fixed else owner).strip(),
        bank_ref=bank.strip(),
        name=fixed.group(2).strip() if fixed else "",
        fault="; ".join(faults) or None,
        moved=moved,
    )


def no_entry(text: str) -> str:
    """Why a line is no entry, as a person is told."""
    return f":61: {shown(text)!r} is no entry: value date, mark, amount and type are expected"
