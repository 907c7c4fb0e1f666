"""What to do where it depends on the situation: questions to the shop, and the next step by their answers, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FACTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "delivered": ("Were the goods handed over?", "货物是否已交付？"),
        "refundable": ("Can it still be refunded to the original card or wallet?", "能否原路退款？"),
        "charged-again": ("Was the customer charged again?", "客户是否被再次扣款？"),
        "one-sale": ("Was it one sale?", "是否只有一笔销售？"),
        "acquirer-short": ("Did the acquirer settle less than was approved?", "是否为收单机构少结？"),
        "defensible": ("Is there evidence for what the reason code asks?", "是否有原因码要求的证据？"),
        "recognised": (
            "Does the customer recognise the payment once shown the record?",
            "客户看到记录后是否认可该笔付款？",
        ),
    }
)
"""Question behind each fact, English and Chinese; an answer is yes or no."""


@dataclass(frozen=True, slots=True)
class Guide:
    """The next step in one situation, and the remedy that it leads to."""

    facts: tuple[tuple[str, bool], ...]
    action_en: str
    action_zh: str
    remedy: str


_NO_MONEY = (
    "Nothing is owed: the goods stayed here. Note it and close the case.",
    "货未交付，无应收款；记录后结案。",
)
_REFUND_SALE = ("Refund the payment to the original card or wallet.", "将该笔款项原路退回。")
_CREDIT = (
    "It can no longer be refunded: ask the acquirer for a credit adjustment (贷记调整).",
    "已无法退款：向收单机构申请贷记调整。",
)
_CONFIRM = (
    "The goods were handed over: record the sale (补单) and keep the money.",
    "货已交付：补记该笔销售，款项保留。",
)

GUIDES: Mapping[str, tuple[Guide, ...]] = MappingProxyType(
    {
        "NOT_SETTLED": (
            Guide(
                (("delivered", True), ("charged-again", False)),
                "Have the sale submitted again, or file a debit adjustment (请款). Never charge the customer again "
                "without consent.",
                "要求重新上送或提交请款。未经持卡人同意，不得再次扣款。",
                "debit-adjustment",
            ),
            Guide(
                (("delivered", True), ("charged-again", True)),
                "The customer has paid with another payment: nothing is owed. Have this one cancelled.",
                "客户已另行付款，本笔无应收款；要求取消本笔。",
                "no-action",
            ),
            Guide((("delivered", False),), *_NO_MONEY, "no-action"),
        ),
        "NOT_IN_JOURNAL": (
            Guide((("delivered", True),), *_CONFIRM, "accept"),
            Guide((("delivered", False), ("refundable", True)), *_REFUND_SALE, "refund"),
            Guide((("delivered", False), ("refundable", False)), *_CREDIT, "credit-adjustment"),
        ),
        "FAILED_BUT_SETTLED": (
            Guide(
                (("charged-again", True), ("refundable", True)),
                "The customer paid twice: refund this payment, the one that the terminal called failed.",
                "客户被扣款两次：退回终端显示失败的这一笔。",
                "refund",
            ),
            Guide((("charged-again", True), ("refundable", False)), *_CREDIT, "credit-adjustment"),
            Guide((("charged-again", False), ("delivered", True)), *_CONFIRM, "accept"),
            Guide((("charged-again", False), ("delivered", False), ("refundable", True)), *_REFUND_SALE, "refund"),
            Guide(
                (("charged-again", False), ("delivered", False), ("refundable", False)), *_CREDIT, "credit-adjustment"
            ),
        ),
        "REVERSAL_NOT_SETTLED": (
            Guide((("refundable", True),), *_REFUND_SALE, "refund"),
            Guide((("refundable", False),), *_CREDIT, "credit-adjustment"),
        ),
        "VOID_NOT_SETTLED": (
            Guide((("refundable", True),), *_REFUND_SALE, "refund"),
            Guide((("refundable", False),), *_CREDIT, "credit-adjustment"),
        ),
        "AMOUNT_OVER": (
            Guide(
                (("refundable", True),),
                "Refund the difference to the original card or wallet.",
                "将差额原路退回。",
                "refund",
            ),
            Guide((("refundable", False),), *_CREDIT, "credit-adjustment"),
        ),
        "AMOUNT_UNDER": (
            Guide(
                (("acquirer-short", True),),
                "The acquirer fell short: file a debit adjustment (请款) for the difference.",
                "收单机构少结：就差额提交请款。",
                "debit-adjustment",
            ),
            Guide(
                (("acquirer-short", False), ("delivered", True)),
                "Ask the customer for a new payment of the difference, with consent; write off what is not paid.",
                "征得客户同意后另行收取差额；未付部分核销。",
                "write-off",
            ),
            Guide((("acquirer-short", False), ("delivered", False)), *_NO_MONEY, "no-action"),
        ),
        "DUPLICATE_CHARGE": (
            Guide((("one-sale", True), ("refundable", True)), *_REFUND_SALE, "refund"),
            Guide((("one-sale", True), ("refundable", False)), *_CREDIT, "credit-adjustment"),
            Guide(
                (("one-sale", False),),
                "They were two sales: note who confirmed it and close the case.",
                "确为两笔销售：记录确认人后结案。",
                "no-action",
            ),
        ),
        "REFUND_NOT_SETTLED": (
            Guide((("refundable", True),), "Send the refund again.", "重新发起退货。", "refund"),
            Guide((("refundable", False),), *_CREDIT, "credit-adjustment"),
        ),
        "CHARGEBACK": (
            Guide(
                (("defensible", True),),
                "Defend it: send the representment with the evidence before the acquirer's date.",
                "抗辩：在收单机构规定日期前提交再请款及证据。",
                "representment",
            ),
            Guide((("defensible", False),), "Accept the chargeback and note why.", "接受退单并记录原因。", "accept"),
        ),
        "CUSTOMER_CLAIM": (
            Guide(
                (("recognised", True),),
                "Send the customer the evidence pack with a letter and close the case.",
                "将证据包与复函发给客户后结案。",
                "no-action",
            ),
            Guide((("recognised", False), ("delivered", False), ("refundable", True)), *_REFUND_SALE, "refund"),
            Guide((("recognised", False), ("delivered", False), ("refundable", False)), *_CREDIT, "credit-adjustment"),
            Guide(
                (("recognised", False), ("delivered", True)),
                "The goods were handed over: answer with slip and proof of delivery, and be ready for a chargeback.",
                "货已交付：以签购单和交货凭证答复，并准备应对退单。",
                "no-action",
            ),
        ),
    }
)
"""Situations by exception type; types that are not here have one next step in all situations."""


def guide(kind: str, facts: Mapping[str, bool]) -> Guide | None:
    """The one situation that the known facts name."""
    return next((each for each in GUIDES.get(kind, ()) if all(facts.get(f) is v for f, v in each.facts)), None)


def questions(kind: str, facts: Mapping[str, bool]) -> list[str]:
    """Facts that are not known yet and would narrow down the situation, in the order in which to ask."""
    possible = [g for g in GUIDES.get(kind, ()) if all(facts.get(f, v) is v for f, v in g.facts)]
    asked = dict.fromkeys(f for g in possible for f, _ in g.facts if f not in facts)
    return [] if guide(kind, facts) else list(asked)


def remaining(kind: str, facts: Mapping[str, bool]) -> list[Guide]:
    """Situations that the known facts leave possible."""
    return [g for g in GUIDES.get(kind, ()) if all(facts.get(f, v) is v for f, v in g.facts)]
