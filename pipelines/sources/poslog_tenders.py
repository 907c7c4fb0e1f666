"""One tender of a POSLog to one row of texts: what was paid, how, and whether it stood."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from pipelines.money import EXPONENTS
from pipelines.sources.bank_rows import read_amount
from pipelines.sources.pan import mask_card, mask_text
from schemas.validation import shown

RETAIL = ("RetailTransaction", "CustomerOrderTransaction", "VoidTransaction", "PostVoidTransaction", "PostVoid")
CARDS = frozenset({"creditdebit", "credit", "debit", "creditcard", "debitcard", "card"})
WALLETS = {"alipay": "ALIPAY", "wechat": "WECHAT", "weixin": "WECHAT", "unionpayqr": "UNIONPAY_QR"}
TYPES = {
    "sale": "SALE",
    "refund": "REFUND",
    "return": "REFUND",
    "void": "VOID",
    "postvoid": "VOID",
    "reversal": "REVERSAL",
}
CARD_TYPES = {"debit": "DEBIT", "credit": "CREDIT"}
NUMBERS = ("PrimaryAccountNumber", "AccountNumber", "CardNumber", "PAN", "CreditCardNumber", "CardAccountNumber")
NOT_STANDING = frozenset({"voided", "cancelled", "canceled", "failed", "suspended", "training", "postvoided"})


class Tender(NamedTuple):
    """One tender as texts.

    key, original: `store/workstation/day/sequence` of its transaction and of the one that it is linked to.
    """

    line: int
    merchant_id: str | None
    terminal_id: str | None
    rrn: str | None
    auth_code: str | None
    txn_type: str | None
    channel: str
    card_no: str | None
    card_type: str | None
    amount_minor: int | None
    currency: str | None
    txn_time: str | None
    business_date: str | None
    response_code: str | None
    status: str
    order_no: str | None
    operator_id: str | None
    key: str
    original: str
    fault: str | None


def local_name(element: etree._Element) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: etree._Element | None, *names: str) -> str | None:
    """Text of the first of the named children (any namespace) that says something."""
    for name in names:
        found = element.find(f"{{*}}{name}") if element is not None else None
        said = (found.text or "").strip() if found is not None else ""
        if said:
            return said
    return None


def attribute(element: etree._Element, name: str) -> str:
    """Value of an attribute in any namespace, in lower case."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value).strip().lower()
    return ""


def _key(element: etree._Element, day: str | None = None) -> str:
    parts = [text_of(element, name) for name in ("RetailStoreID", "WorkstationID", "BusinessDayDate", "SequenceNumber")]
    parts[2] = parts[2] or day
    return "/".join(part or "" for part in parts)


def channel_of(tender: etree._Element) -> str | None:
    """How the customer paid, null where no acquirer is concerned."""
    names = [attribute(tender, name) for name in ("TenderType", "TenderDescription")]
    for name in (re.sub(r"[^a-z]", "", each.rpartition(":")[2]) for each in names):
        found = next((channel for word, channel in WALLETS.items() if word in name), None)
        if found:
            return found
    kind = names[0].rpartition(":")[2]
    return "CARD" if kind in CARDS or tender.find("{*}CreditDebit") is not None else None


def tender_of(
    transaction: etree._Element, body: etree._Element, tender: etree._Element, line: int, channel: str
) -> Tender:
    """Read one tender; body: the retail or void transaction that holds it."""
    authorization = tender.find("{*}Authorization")
    card = tender.find("{*}CreditDebit")
    link = next(transaction.iter("{*}TransactionLink"), None)
    day, reference = text_of(transaction, "BusinessDayDate"), text_of(authorization, "ReferenceNumber")
    amount = tender.find("{*}Amount")
    stated = ((amount.text or "") if amount is not None else "").strip()
    currency = (attribute(amount, "Currency") if amount is not None else "").upper() or (
        text_of(transaction, "CurrencyCode") or ""
    ).upper()
    minor, why = read_amount(stated, currency)
    kind, unknown = _kind(body, tender, negative=(minor or 0) < 0)
    number = next(
        (each for each in (text_of(place, *NUMBERS) for place in (card, tender) if place is not None) if each), None
    )
    return Tender(
        line=line,
        merchant_id=text_of(transaction, "RetailStoreID"),
        terminal_id=text_of(tender, "TerminalID")
        or text_of(authorization, "TerminalID")
        or text_of(transaction, "WorkstationID"),
        rrn=reference if channel == "CARD" else None,
        auth_code=text_of(authorization, "AuthorizationCode"),
        txn_type=kind,
        channel=channel,
        card_no=mask_card(number) if number else None,
        card_type=CARD_TYPES.get(attribute(card, "CardType")) if card is not None else None,
        amount_minor=None if minor is None else abs(minor),
        currency=currency if currency in EXPONENTS else None,
        txn_time=text_of(authorization, "AuthorizationDateTime")
        or text_of(transaction, "EndDateTime", "BeginDateTime")
        or text_of(body, "ReceiptDateTime"),
        business_date=day,
        response_code=text_of(authorization, "ResponseCode", "AuthorizationResponseCode"),
        status="APPROVED" if _stands(transaction, body, tender, authorization) else "DECLINED",
        order_no=None if channel == "CARD" else reference,
        operator_id=mask_text(text_of(transaction, "OperatorID") or "") or None,
        key=_key(transaction),
        original=_key(link, day) if link is not None else "",
        fault="; ".join(filter(None, (why, unknown))) or None,
    )


def _kind(body: etree._Element, tender: etree._Element, *, negative: bool) -> tuple[str | None, str | None]:
    """What the till did: by TypeCode; money that goes back under the name of a sale is a refund."""
    said = attribute(tender, "TypeCode").rpartition(":")[2] or "sale"
    kind = "VOID" if "Void" in local_name(body) else TYPES.get(said)
    if kind is None:
        return None, f"TypeCode {shown(said)!r} of the tender is not known"
    return ("REFUND" if kind == "SALE" and negative else kind), None


def _stands(
    transaction: etree._Element, body: etree._Element, tender: etree._Element, authorization: etree._Element | None
) -> bool:
    """Whether the tender was neither voided, cancelled nor declined in its own transaction."""
    item = tender.getparent()
    flags = [attribute(transaction, "CancelFlag"), attribute(body, "CancelFlag")]
    flags += [attribute(item, name) for name in ("VoidFlag", "CancelFlag")] if item is not None else []
    declined = authorization is not None and attribute(authorization, "Declined") == "true"
    states = {attribute(body, "TransactionStatus").rpartition(":")[2], attribute(transaction, "TransactionStatus")}
    return "true" not in flags and not declined and not states & NOT_STANDING
