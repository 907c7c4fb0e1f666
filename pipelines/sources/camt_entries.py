"""One Ntry of a camt message to one row of texts as they stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl
from lxml import etree

BOOKED = "BOOK"
NOT_BOOKED = frozenset({"PDNG", "INFO", "FUTR"})
NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF"})
FULL_CHUNK = 140
"""Length of an Ustrd that is full: its text goes on in the next one without a space."""

_ONCE = ("Amt", "CdtDbtInd", "Sts", "BookgDt", "ValDt")
_SIGNS = frozenset({"CRDT", "DBIT"})
_DETAILS = ("Ustrd", "EndToEndId", "Dbtr", "Cdtr", "Strd", "AddtlTxInf", "RtrInf", "NbOfTxs")
_REFERENCE_OF = {"Ref": "CdtrRefInf", "CdtrRef": "CdtrRefInf", "Nb": "RfrdDocInf", "AddtlRmtInf": "Strd"}

Row = tuple[int, int, str | None, str | None, bool, *tuple[str | bool | int | None, ...]]
RAW_COLUMNS: dict[str, type[pl.DataType]] = {
    "entry": pl.Int64,
    "place": pl.Int64,
    "amount": pl.String,
    "currency": pl.String,
    "debit": pl.Boolean,
    "booked": pl.String,
    "valued": pl.String,
    "bank_ref": pl.String,
    "end_to_end_id": pl.String,
    "remittance": pl.String,
    "counterparty": pl.String,
    "reversal": pl.Boolean,
    "batch_count": pl.Int64,
    "fault": pl.String,
}
"""`entry`: index of the Ntry in the file; `place`: index of its Stmt; `fault`: what could not be read."""


@dataclass
class Tally:
    """What was assumed or left out on the way, told in one warning each."""

    no_status: int = 0
    no_sign: int = 0
    not_booked: Counter[str] = field(default_factory=Counter)


class Details(NamedTuple):
    """What NtryDtls say of one entry, in document order.

    returned: it pays an earlier payment back; payments: number of those that it books as one sum, where stated.
    """

    references: list[str]
    pieces: list[str]
    debtors: list[str]
    creditors: list[str]
    returned: bool
    payments: int | None


def detail_tags(namespace: str) -> tuple[str, ...]:
    """Qualified names of what `details` looks at; namespace in lxml's braces, or empty."""
    return tuple(namespace + name for name in _DETAILS)


def content(element: etree._Element | None) -> str | None:
    """Text of an element without outer blanks, null where it is absent or blank."""
    text = element.text if element is not None else None
    return (text.strip() or None) if text else None


def read_entry(
    entry: etree._Element, skip: int, wanted: tuple[str, ...], place: tuple[int, int], tally: Tally
) -> Row | None:
    """One Ntry as texts, or None where it is not booked (pending and information entries are no money yet).

    skip: length of the namespace in its tags; place: index of the entry and of its statement. The amount is
    Ntry/Amt, never the sum of its details (charges and batches make them differ); CdtDbtInd is the booked
    direction also of a reversal.
    """
    parts = {child.tag[skip:]: child for child in entry}
    status, sign = _choice(parts.get("Sts")), content(parts.get("CdtDbtInd"))
    fault = None if _plain(entry, parts, status, sign) else _fault(entry, parts, skip, status, sign)
    if status in NOT_BOOKED and not fault:
        tally.not_booked[status] += 1
        return None
    tally.no_status += status is None
    tally.no_sign += sign is None
    amount = parts.get("Amt")
    debit = sign == "DBIT"
    found = details(entry, wanted, skip)
    if "AddtlNtryInf" in parts:
        found.pieces.append(parts["AddtlNtryInf"].text or "")
    reversal = "RvslInd" in parts and content(parts["RvslInd"]) in {"true", "1"}
    return (
        *place,
        None if fault else content(amount),
        amount.get("Ccy") if amount is not None else None,
        debit,
        _choice(parts.get("BookgDt")),
        _choice(parts.get("ValDt")),
        _reference(parts),
        _joined([each for each in found.references if each.strip() not in NO_REFERENCE], once=True),
        _joined(found.pieces),
        other_party(found, debit=debit, undoes=found.returned or reversal),
        reversal,
        found.payments,
        fault,
    )


def _joined(pieces: list[str], by: str = " ", *, once: bool = False) -> str | None:
    """The pieces that say something, in order; null where none does."""
    if len(pieces) < 2:
        return (pieces[0].strip() or None) if pieces else None
    said = [piece for piece in map(str.strip, pieces) if piece]
    return by.join(dict.fromkeys(said) if once else said) or None


def _choice(element: etree._Element | None) -> str | None:
    """Text of an element that holds either text or one child with it (Sts or Sts/Cd, Dt or DtTm)."""
    if element is None:
        return None
    text = (element[0] if len(element) else element).text
    return (text.strip() or None) if text else None


def _plain(entry: etree._Element, parts: dict[str, etree._Element], status: str | None, sign: str | None) -> bool:
    """Whether nothing about it is odd, as is the rule: `_fault` costs more to ask."""
    whole = len(parts) == len(entry) and "Amt" in parts and not len(parts["Amt"])
    return whole and status == BOOKED and sign in _SIGNS


def _fault(
    entry: etree._Element, parts: dict[str, etree._Element], skip: int, status: str | None, sign: str | None
) -> str | None:
    """Why it cannot be told what was booked, if so."""
    if status is not None and status != BOOKED and status not in NOT_BOOKED:
        return f"Sts {status[:40]!r} says neither booked nor pending"
    if sign is not None and sign not in _SIGNS:
        return f"CdtDbtInd {sign[:40]!r} is neither CRDT nor DBIT"
    if "Amt" in parts and len(parts["Amt"]):
        return "Amt holds other elements"
    if len(parts) < len(entry):
        names = Counter(child.tag[skip:] for child in entry)
        twice = [name for name in _ONCE if names[name] > 1]
        return f"{' and '.join(twice)} given more than once" if twice else None
    return None


def _reference(parts: dict[str, etree._Element]) -> str | None:
    for name in ("AcctSvcrRef", "NtryRef"):
        reference = content(parts[name]) if name in parts else None
        if reference and reference not in NO_REFERENCE:
            return reference
    return None


def details(entry: etree._Element, wanted: tuple[str, ...], skip: int) -> Details:
    """References, remittance and names of all transactions of an entry."""
    references: list[str] = []
    pieces: list[str] = []
    debtors: list[str] = []
    creditors: list[str] = []
    returned = False
    payments: int | None = None
    goes_on: etree._Element | None = None
    for element in entry.iter(*wanted):
        name = element.tag[skip:]
        if name == "Ustrd":
            goes_on = _add_chunk(pieces, element, goes_on)
        elif name == "EndToEndId":
            references.append(element.text or "")
        elif name in {"Dbtr", "Cdtr"}:
            (debtors if name == "Dbtr" else creditors).append(_name(element, skip))
        elif name == "RtrInf":
            returned = True
        elif name == "NbOfTxs":
            payments = _added(payments, element.text)
        else:
            pieces.extend([element.text or ""] if name == "AddtlTxInf" else _structured(element, skip))
    return Details(references, pieces, debtors, creditors, returned, payments)


def _added(payments: int | None, number: str | None) -> int | None:
    """Payments of another batch of the same entry; what is no plain count says nothing."""
    text = (number or "").strip()
    return (payments or 0) + int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else payments


def _add_chunk(pieces: list[str], ustrd: etree._Element, goes_on: etree._Element | None) -> etree._Element | None:
    """Add an Ustrd to the pieces; one of full length goes on in the next of its RmtInf (given back)."""
    text = ustrd.text or ""
    full = len(text) == FULL_CHUNK
    parent = ustrd.getparent() if full or goes_on is not None else None
    if goes_on is not None and parent is goes_on:
        pieces[-1] += text
    else:
        pieces.append(text)
    return parent if full else None


def _structured(strd: etree._Element, skip: int) -> list[str]:
    """References and free text of structured remittance, in document order."""
    namespace = strd.tag[:skip]
    pieces = []
    for element in strd.iter(*(namespace + name for name in _REFERENCE_OF)):
        above = element.getparent()
        if above is not None and above.tag[skip:] == _REFERENCE_OF[element.tag[skip:]]:
            pieces.append(element.text or "")
    return pieces


def _name(party: etree._Element, skip: int) -> str:
    """Nm until version 07, Pty/Nm or Agt/FinInstnId/Nm from 08; empty where none is given."""
    for child in party:
        local = child.tag[skip:]
        if local == "Nm":
            return child.text or ""
        if local in {"Pty", "Agt", "FinInstnId"}:
            return _name(child, skip)
    return ""


def other_party(found: Details, *, debit: bool, undoes: bool) -> str | None:
    """Names of the other side, each once: who paid a credit, who was paid by a debit.

    Reversals and returns keep the roles of the payment they undo, unless only the new role is named.
    """
    own, other = (found.debtors, found.creditors) if debit else (found.creditors, found.debtors)
    named = _joined(own, "; ", once=True) if undoes else None
    return named or _joined(other, "; ", once=True)
