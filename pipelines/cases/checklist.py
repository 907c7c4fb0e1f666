"""Which pieces of evidence each exception type asks for, as data; what of it is there and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipelines.break_types import CHECKED_OFF

RECORDS: tuple[str, ...] = ("journal", "settlement", "bank")
"""Pieces that are records of the books and need not be attached."""

PIECES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "journal": ("the journal line", "终端流水"),
        "settlement": ("the settlement line", "清算明细行"),
        "bank": ("the statement line", "银行流水行"),
        "slip": ("the signed slip or void slip", "签购单或撤销单"),
        "receipt": ("the itemised receipt", "购物明细小票"),
        "order": ("the order", "订单"),
        "approval": ("the supervisor's approval", "主管审批记录"),
        "contract": ("the contract", "合同"),
        "reason-code": ("what the chargeback's reason code asks for", "退单原因码要求的材料"),
        "delivery": ("the proof of delivery", "交货凭证"),
        "id-check": ("how the customer was identified", "客户身份核验记录"),
        "arrival-log": ("the arrival log", "到达日志"),
        "resend": ("the request to the sender", "重发请求"),
        "notice": ("the platform's notice or error codes", "平台公告或错误码"),
        "terminal-log": ("the terminal's log", "终端日志"),
        "query-result": ("the query's result", "查询结果"),
        "reply": ("the answer of the other party", "对方答复"),
        "photo": ("a photo of the terminal's screen or of the receipt", "终端屏幕或小票照片"),
        "claim-form": ("the customer's written claim", "客户书面申诉"),
    }
)
"""Name of each piece in English and Chinese."""

NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "FILE_LATE": ("arrival-log", "resend"),
        "FILE_INVALID": ("resend",),
        "ROW_REJECTED": ("resend",),
        "TIMING": (),
        "NOT_SETTLED": ("journal", "slip"),
        "NOT_IN_JOURNAL": ("settlement", "terminal-log"),
        "FAILED_BUT_SETTLED": ("journal", "settlement"),
        "REVERSAL_NOT_SETTLED": ("journal", "settlement"),
        "VOID_NOT_SETTLED": ("journal", "settlement", "slip"),
        "AMOUNT_OVER": ("journal", "settlement", "receipt"),
        "AMOUNT_UNDER": ("journal", "settlement", "order", "slip"),
        "CURRENCY_MISMATCH": ("journal", "settlement"),
        "TYPE_MISMATCH": ("journal", "settlement"),
        "DUPLICATE_CHARGE": ("journal", "order"),
        "DUPLICATE_SETTLEMENT": ("settlement",),
        "PREAUTH_NOT_COMPLETED": ("journal", "slip"),
        "PREAUTH_EXCESS": ("journal", "slip"),
        "REFUND_NOT_SETTLED": ("journal", "slip"),
        "REFUND_UNLINKED": ("journal", "approval"),
        "REFUND_EXCESS": ("journal", "approval"),
        "REFUND_DUPLICATE": ("journal",),
        "CHARGEBACK": ("settlement", "reason-code"),
        "ADJUSTMENT_UNEXPLAINED": ("settlement", "reply"),
        "AMBIGUOUS_MATCH": ("settlement", "journal"),
        "FEE_VARIANCE": ("settlement", "contract"),
        "NET_BREAK": ("reply",),
        "DEPOSIT_MISSING": ("settlement", "reply"),
        "DEPOSIT_AMOUNT_DIFF": ("bank", "reply"),
        "DEPOSIT_UNIDENTIFIED": ("bank",),
        "BALANCE_BREAK": ("resend",),
        "CHANNEL_INCIDENT": ("notice",),
        "UNUSUAL_PATTERN": ("query-result",),
        "TERMINAL_HEALTH": ("terminal-log",),
        "CUSTOMER_CLAIM": ("journal", "settlement", "claim-form"),
    }
)
"""Pieces by exception type; recon.toml may ask for others."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a checklist; there: whether it is a record of the case or was attached."""

    code: str
    en: str
    zh: str
    there: bool


def checked(needed: Iterable[str], sides: Iterable[str], attached: Iterable[str]) -> list[Piece]:
    """The checklist of a case. sides: of the records behind it; attached: pieces for which people kept a file."""
    there = {*sides, *attached}
    return [Piece(code, *PIECES[code], code in there) for code in needed]


assert tuple(PIECES) == CHECKED_OFF  # noqa: S101 - settings check their words against the same list
