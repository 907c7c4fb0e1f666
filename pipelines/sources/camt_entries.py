"""One Ntry of a camt message to one row of texts as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl
from lxml import etree

from pipelines.sources.wrapped import AFTERTHOUGHT, joined

BOOKED = "BOOK"
NOT_BOOKED = frozenset({"PDNG", "INFO", "FUTR"})
NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF"})
FULL_CHUNK = 140
"""Length of an Ustrd that is full: its text goes on in the next one without a space."""

_ONCE = ("Amt", "CdtDbtInd", "Sts", "BookgDt", "ValDt")
_SIGNS = frozenset({"CRDT", "DBIT"})
_REFERENCE_OF = {"Ref": "CdtrRefInf", "CdtrRef": "CdtrRefInf", "Nb": "RfrdDocInf", "AddtlRmtInf": "Strd"}
_ASIDE = frozenset(
    {
        *("Amt", "AmtDtls", "BkTxCd", "CdtDbtInd", "Chrgs", "Intrst", "RltdAgts", "RltdDts", "SplmtryData", "Tax"),
        *("DbtrAcct", "CdtrAcct", "UltmtDbtr", "UltmtCdtr", "InitgPty", "TradgPty"),
    }
)
"""Parts of a transaction that say nothing of who paid and what for."""

Row = tuple[int, int, int, str | None, str | None, bool, *tuple[str | bool | int | None, ...]]
RAW_COLUMNS: dict[str, type[pl.DataType]] = {
    "offset": pl.Int64,
    "line": pl.Int64,
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
"""`offset`, `line`: where the Ntry begins; `place`: index of its Stmt; `fault`: what could not be read."""


@dataclass
class Tally:
    """What was assumed or left out on the way, told in one warning each."""

    no_status: int = 0
    no_sign: int = 0
    not_booked: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Details:
    """What NtryDtls say of one entry, in document order.

    returned: it pays an earlier payment back; payments: number of those that it books as one sum, where stated.
    others: words at the breaks of a text, read the other way.
    """

    references: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    debtors: list[str] = field(default_factory=list)
    creditors: list[str] = field(default_factory=list)
    returned: bool = False
    payments: int | None = None
    others: list[str] = field(default_factory=list)


def content(element: etree._Element | None) -> str | None:
    """Text of an element without outer blanks, null where it is absent or blank."""
    text = element.text if element is not None else None
    return (text.strip() or None) if text else None


def read_entry(entry: etree._Element, skip: int, place: tuple[int, int, int], tally: Tally) -> Row | None:
    """One Ntry as texts, or None where it is not booked (pending and information entries are no money yet).

    skip: length of the namespace in its tags; place: its offset and line, and the index of its statement. The amount
    is Ntry/Amt, never the sum of its details (charges and batches make them differ); CdtDbtInd is the booked direction
    also of a reversal.
    """
    parts = {child.tag[skip:]: child for child in entry}
    get = parts.get
    status, sign = _choice(get("Sts")), content(get("CdtDbtInd"))
    amount = get("Amt")
    plain = status == BOOKED and sign in _SIGNS and amount is not None and len(parts) == len(entry) and not len(amount)
    fault = None if plain else _fault(entry, parts, skip, status, sign)
    if not plain:
        if status in NOT_BOOKED and not fault:
            tally.not_booked[status] += 1
            return None
        tally.no_status += status is None
        tally.no_sign += sign is None
    found = Details()
    if "NtryDtls" in parts:
        _gather(entry if len(parts) < len(entry) else parts["NtryDtls"], found, skip)
    if "AddtlNtryInf" in parts:
        found.pieces.append(parts["AddtlNtryInf"].text or "")
    debit = sign == "DBIT"
    reversal = "RvslInd" in parts and content(parts["RvslInd"]) in {"true", "1"}
    return (
        *place,
        None if fault else content(amount),
        amount.get("Ccy") if amount is not None else None,
        debit,
        _choice(get("BookgDt")),
        _choice(get("ValDt")),
        _reference(parts),
        _references(found.references),
        _remittance(found),
        _other_party(found, debit=debit, undoes=found.returned or reversal),
        reversal,
        found.payments,
        fault,
    )


def _references(given: list[str]) -> str | None:
    return _joined([each for each in given if each.strip() not in NO_REFERENCE], once=True) if given else None


def _remittance(found: Details) -> str | None:
    text = _joined(found.pieces)
    return AFTERTHOUGHT.join((text, *dict.fromkeys(found.others))) if text and found.others else text


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


def _gather(within: etree._Element, found: Details, skip: int) -> None:
    """References, remittance and names of all transactions below an element, wherever a bank has put them."""
    for element in within:
        _TAKES.get(element.tag[skip:], _gather)(element, found, skip)


def _pass_over(element: etree._Element, found: Details, skip: int) -> None:
    del element, found, skip


def _add_reference(element: etree._Element, found: Details, skip: int) -> None:
    del skip
    found.references.append(element.text or "")


def _add_texts(within: etree._Element, found: Details, skip: int) -> None:
    """Remittance information: structured, or free and then perhaps cut into chunks, in mid-word or not."""
    chunks: list[str] = []
    for element in within:
        if element.tag[skip:] == "Ustrd":
            chunks.append(element.text or "")
            continue
        _add_chunks(chunks, found)
        chunks = []
        if element.tag[skip:] == "Strd":
            _add_structured(element, found, skip)
    _add_chunks(chunks, found)


def _add_chunks(chunks: list[str], found: Details) -> None:
    if len(chunks) < 2:
        found.pieces.extend(chunks)
        return
    text, others = joined(chunks, [len(chunk) == FULL_CHUNK for chunk in chunks])
    found.pieces.append(text)
    found.others.extend(others)


def _add_piece(element: etree._Element, found: Details, skip: int) -> None:
    del skip
    found.pieces.append(element.text or "")


def _add_structured(element: etree._Element, found: Details, skip: int) -> None:
    found.pieces.extend(_structured(element, skip))


def _add_debtor(element: etree._Element, found: Details, skip: int) -> None:
    found.debtors.append(_name(element, skip))


def _add_creditor(element: etree._Element, found: Details, skip: int) -> None:
    found.creditors.append(_name(element, skip))


def _add_return(element: etree._Element, found: Details, skip: int) -> None:
    del element, skip
    found.returned = True


def _add_payments(element: etree._Element, found: Details, skip: int) -> None:
    """Payments of another batch of the same entry; what is no plain count says nothing."""
    del skip
    text = (element.text or "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= 15:
        found.payments = (found.payments or 0) + int(text)


_TAKES: dict[str, Callable[[etree._Element, Details, int], None]] = {
    **dict.fromkeys(_ASIDE, _pass_over),
    "EndToEndId": _add_reference,
    "RmtInf": _add_texts,
    "Ustrd": _add_piece,
    "Strd": _add_structured,
    "AddtlTxInf": _add_piece,
    "Dbtr": _add_debtor,
    "Cdtr": _add_creditor,
    "RtrInf": _add_return,
    "NbOfTxs": _add_payments,
}


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


def _other_party(found: Details, *, debit: bool, undoes: bool) -> str | None:
    """Names of the other side, each once: who paid a credit, who was paid by a debit.

    Reversals and returns keep the roles of the payment they undo, unless only the new role is named.
    """
    if not (found.debtors or found.creditors):
        return None
    own, other = (found.debtors, found.creditors) if debit else (found.creditors, found.debtors)
    named = _joined(own, "; ", once=True) if undoes else None
    return named or _joined(other, "; ", once=True)
