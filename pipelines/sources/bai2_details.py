"""Records 03 and 16 of BAI2: amounts with their funds types, and the text of a transaction.

Source: as in `bai2_records.py`. The sign of an entry is in its type code; amounts are minor units of the currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from pipelines.sources.bai2_records import Record, closed
from pipelines.sources.wrapped import joined, told

OPENING, CLOSING = "010", "015"
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}")
_TYPE = re.compile(r"[0-9]{3}")
_KEYED = re.compile(r"([A-Z]{4}):\s*(.*)")
_ORIGIN = re.compile(
    r"(?:ORIG CO NAME|ORIGINATOR NAME|COMPANY NAME)[:=]\s*(.*?)\s*(?=ORIG|CO ENTRY|[A-Z]+ ?[A-Z]*[:=]|\||$)"
)


class Transaction(NamedTuple):
    """One record 16 as it stands; amount: null where it is none."""

    kind: str
    amount: int | None
    stated: str
    value_date: date | None
    bank_ref: str
    customer_ref: str
    end_to_end: str
    remittance: str | None
    counterparty: str | None


def amount_of(text: str) -> int | None:
    """A whole number of minor units with or without a sign, null where it is none."""
    return int(text) if _AMOUNT.fullmatch(text) else None


def day_of(text: str) -> date | None:
    """YYMMDD, or YYYYMMDD as some banks write it."""
    if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", text):
        return None
    century = "" if len(text) == 8 else ("19" if text >= "80" else "20")
    whole = century + text
    try:
        return date(int(whole[:4]), int(whole[4:6]), int(whole[6:]))
    except ValueError:
        return None


def sign_of(kind: str) -> int:
    """+1 for credits (100 to 399, 920 to 959), -1 for debits (400 to 699, 960 to 999), else 0."""
    number = int(kind) if _TYPE.fullmatch(kind) else 0
    if 100 <= number < 400 or 920 <= number < 960:
        return 1
    return -1 if 400 <= number < 700 or 960 <= number < 1000 else 0


def _after_funds(kind: str, following: list[str]) -> int:
    """How many of the fields after a funds type belong to it: S three amounts, V date and time, D its distribution."""
    fixed = {"S": 3, "V": 2}.get(kind.upper(), 0)
    if kind.upper() == "D" and following[:1] and following[0].isdecimal() and len(following[0]) < 4:
        return 1 + 2 * int(following[0])
    return fixed


def summaries(record: Record) -> Iterator[tuple[str, str]]:
    """Type code and amount of each status or summary in a record 03; surplus empty fields are passed over."""
    cells = record.fields()[2:]
    at = 0
    while at < len(cells):
        if not cells[at]:
            at += 1
            continue
        kind, amount, *_ = (*cells[at : at + 2], "")
        at += 3
        if at < len(cells):
            at += 1 + _after_funds(cells[at], cells[at + 1 :])
        yield kind, amount


def transaction(record: Record) -> Transaction:
    """Read one record 16; its text begins after the customer reference, wherever a continuation puts it."""
    head, used = closed(record.texts[0]), 1
    cells = _split(head)
    while cells is None and used < len(record.texts):
        head = f"{head},{closed(record.texts[used])}"
        used += 1
        cells = _split(head)
    kind, stated, funds, bank, customer, *text = cells or (*map(str.strip, head.split(",")), *[""] * 5)
    if cells is None:
        text = []
    further = [closed(piece) for piece in record.texts[used:]]
    pieces = [*text, *further]
    full = [record.full[used - 1]] * len(text) + record.full[used:]
    said, others = joined(pieces, full)
    keyed = {found[1]: found[2] for found in map(_KEYED.fullmatch, map(str.strip, further)) if found}
    amount = amount_of(stated)
    party = keyed.get("DBNM" if sign_of(kind) * (amount or 1) > 0 else "CRNM") or _origin(said)
    valued = funds.partition(",")[2].split(",")[0] if funds[:1].upper() == "V" else ""
    return Transaction(
        kind=kind,
        amount=amount,
        stated=stated,
        value_date=day_of(valued),
        bank_ref=bank,
        customer_ref=customer,
        end_to_end=keyed.get("EREF", ""),
        remittance=told(said, others),
        counterparty=" ".join(party.split()) or None,
    )


def _origin(text: str) -> str:
    found = _ORIGIN.search(" ".join(text.split()))
    return found.group(1) if found else ""


def _split(head: str) -> list[str] | None:
    """type, amount, funds, bank reference, customer reference and text; null while the text has not begun."""
    cells = head.split(",")
    if len(cells) < 3:
        return None
    width = _after_funds(cells[2].strip(), [cell.strip() for cell in cells[3:]])
    if len(cells) < 6 + width:
        return None
    head_cells = [cell.strip() for cell in (*cells[:2], ",".join(cells[2 : 3 + width]), *cells[3 + width : 5 + width])]
    return [*head_cells, ",".join(cells[5 + width :])]
