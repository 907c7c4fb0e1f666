"""A customer's claim as an exception: what the customer knows, which payments it may be about, and the sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from pipelines.cases.register import Break, Evidence, exception_id
from pipelines.money import money_text

CLAIM = "CUSTOMER_CLAIM"
KINDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "denied": ("long", "was never made", "并非本人付款"),
        "double": ("long", "was charged twice", "被重复扣款"),
        "wrong-amount": ("long", "has a wrong amount", "金额有误"),
        "failed": ("long", "failed at the terminal and was charged all the same", "终端显示失败但已扣款"),
        "not-received": ("long", "was to be refunded, and no money came", "应退款未到账"),
        "underpaid": ("short", "was too little, or came from the wrong person", "少收或付款人有误"),
        "other": ("none", "is not right", "有异议"),
    }
)
"""What is claimed: direction, and the words for it in English and Chinese."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the customer knows: how much (minor units), about when, and whatever else."""

    kind: str
    amount_minor: int
    currency: str
    about: datetime
    hours: int = 24
    last4: str | None = None
    order_no: str | None = None
    rrn: str | None = None
    merchant_id: str | None = None
    terminal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payment that the claim may be about: its keys, and where its records stand."""

    text: str
    exact: bool
    amount_minor: int
    moment: datetime | None
    business_date: date | None
    acquirer: str | None
    merchant_id: str | None
    terminal_id: str | None
    rrn: str | None
    order_no: str | None
    payout_id: str | None
    evidence: tuple[Evidence, ...]


def opened(known: Known, candidates: Sequence[Candidate], number: int) -> Break:
    """The claim as an exception; one candidate alone is the payment, several are all named.

    number: of the act that opens it, which makes it this claim and no other.
    """
    direction, words, words_zh = KINDS[known.kind]
    money, when = money_text(known.amount_minor, known.currency), f"{known.about:%Y-%m-%d %H:%M}"
    refs, refs_zh = _references(known)
    fits = {0: "no payment of the books fits", 1: "one payment of the books fits"}
    fits_zh = {0: "账中无相符交易", 1: "账中有一笔相符"}
    found = Break(
        type=CLAIM,
        exception_id=exception_id(CLAIM, ("claim", str(number))),
        amount_minor=known.amount_minor,
        direction=direction,
        explanation=f"A customer says that a payment of {money} around {when}{refs} {words}; "
        + fits.get(len(candidates), f"{len(candidates)} payments of the books may be meant")
        + ".",
        explanation_zh=f"客户申诉：{when} 前后一笔 {money}{refs_zh}{words_zh}；"
        + fits_zh.get(len(candidates), f"账中有 {len(candidates)} 笔可能相符")
        + "。",
        currency=known.currency,
        business_date=known.about.date(),
        merchant_id=known.merchant_id,
        terminal_id=known.terminal_id,
        rrn=known.rrn,
        order_no=known.order_no,
        evidence=tuple(dict.fromkeys(e for each in candidates for e in each.evidence)),
    )
    return about_one(found, candidates[0]) if len(candidates) == 1 else found


def _references(known: Known) -> tuple[str, str]:
    """What else the customer knows, in brackets, in both languages."""
    keys = (
        ("card …", "卡尾号 ", known.last4),
        ("order ", "订单号 ", known.order_no),
        ("RRN ", "参考号 ", known.rrn),
        ("terminal ", "终端 ", known.terminal_id),
    )
    told = [(en + value, zh + value) for en, zh, value in keys if value]
    if not told:
        return "", ""
    return f" ({', '.join(en for en, _ in told)})", f"（{'，'.join(zh for _, zh in told)}）"


def about_one(claim: Break, candidate: Candidate) -> Break:
    """The claim once it is known which payment it is about."""
    names = ("business_date", "acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id")
    told = {name: getattr(candidate, name) for name in names if getattr(candidate, name) is not None}
    return replace(claim, **told, evidence=candidate.evidence)


def as_json(known: Known, candidates: Sequence[Candidate]) -> str:
    """What the customer said and what was found, as the act keeps it."""
    return json.dumps({**asdict(known), "candidates": [asdict(c) for c in candidates]}, default=str, ensure_ascii=False)


def candidates_of(text: str) -> list[Candidate]:
    """The candidates that an act kept."""
    return [_candidate(row) for row in json.loads(text)["candidates"]]


def _candidate(row: Mapping[str, Any]) -> Candidate:
    told = dict(row)
    told["moment"] = datetime.fromisoformat(row["moment"]) if row["moment"] else None
    told["business_date"] = date.fromisoformat(row["business_date"]) if row["business_date"] else None
    return Candidate(**{**told, "evidence": tuple(Evidence(**e) for e in row["evidence"])})
