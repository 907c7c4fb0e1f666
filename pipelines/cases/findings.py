"""What a customer is told: what the records say and what is done about it, nothing of the shop's own affairs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipelines.money import money_text

Row = Mapping[str, Any]

ANSWERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "refund": (
            "We refund {amount} to your original card or account; when you see it depends on your bank.",
            "我们将把 {amount} 原路退回您的原卡或原支付账户，到账时间以发卡机构为准。",
        ),
        "credit-adjustment": (
            "We have asked the acquirer to return {amount} to your original card or account.",
            "我们已请收单机构将 {amount} 退回您的原卡或原支付账户。",
        ),
        "debit-adjustment": (
            "We have asked the acquirer to settle what is outstanding. Without your consent you are not charged again.",
            "我们已请收单机构补结差额。您无需操作；未经您同意，不会再次扣款。",
        ),
        "representment": (
            "By our records the payment is right. They are with your bank, which decides.",
            "根据我方记录，该笔付款无误；记录已提交发卡机构，由其裁定。",
        ),
        "write-off": ("Nothing more is asked of you.", "我们不再向您收取任何款项。"),
        "accept": ("The payment stands as it was settled.", "该笔付款以清算记录为准。"),
        "no-action": (
            "By these records the payment is right, and there is nothing to refund.",
            "根据上述记录，该笔付款无误，无需退款。",
        ),
    }
)
"""By remedy, in English and Chinese."""

_STATUS = {
    "APPROVED": ("approved", "成功"),
    "DECLINED": ("declined", "被拒绝"),
    "TIMEOUT": ("without an answer", "无应答"),
}
_KINDS = {"REFUND": ("refund", "退款"), "VOID": ("void", "撤销"), "REVERSAL": ("reversal", "冲正")}


def answer(remedy: str | None, minor: int, currency: str | None) -> tuple[str, str]:
    """What is done, in both languages; blank while nothing is proposed. minor: of how much, minor units."""
    amount = money_text(minor, currency) if currency else ""
    english, chinese = ANSWERS.get(remedy or "", ("", ""))
    return english.format(amount=amount), chinese.format(amount=amount)


def finding(journal: Row, line: Row) -> tuple[str, str]:
    """What terminal and acquirer recorded, in both languages; blank where neither did. Rows as the views have them."""
    told = [sentence for sentence in (_terminal(journal), _acquirer(line)) if sentence]
    return " ".join(english for english, _ in told), "".join(chinese for _, chinese in told)


def _terminal(row: Row) -> tuple[str, str] | None:
    if row.get("amount_minor") is None:
        return None
    kind, kind_zh = _KINDS.get(row["txn_type"], ("payment", "付款"))
    status, status_zh = _STATUS.get(row["status"], (str(row["status"]).lower(), str(row["status"])))
    amount, at = money_text(row["amount_minor"], row["currency"]), f"{row['txn_time']:%Y-%m-%d %H:%M:%S}"
    return (
        f"Our terminal recorded a {kind} of {amount} at {at}: {status}.",
        f"我方终端于 {at} 记录一笔 {amount} 的{kind_zh}：{status_zh}。",
    )


def _acquirer(row: Row) -> tuple[str, str] | None:
    if row.get("gross_minor") is None:
        return None
    amount, day = money_text(abs(row["gross_minor"]), row["currency"]), row["settlement_date"]
    if row["gross_minor"] < 0:
        return f"The acquirer returned {amount} on {day}.", f"收单机构于 {day} 退回 {amount}。"
    return f"The acquirer settled {amount} on {day}.", f"收单机构于 {day} 清算 {amount}。"
