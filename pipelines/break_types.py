"""The exception types by name, for whoever names one: settings check theirs, the policy holds a row for each."""

from __future__ import annotations

from typing import Literal

Severity = Literal["critical", "high", "medium", "low", "info"]

BREAK_TYPES: tuple[str, ...] = (
    *("FILE_LATE", "FILE_INVALID", "ROW_REJECTED", "TIMING", "NOT_SETTLED", "NOT_IN_JOURNAL", "FAILED_BUT_SETTLED"),
    *("REVERSAL_NOT_SETTLED", "VOID_NOT_SETTLED", "AMOUNT_OVER", "AMOUNT_UNDER", "CURRENCY_MISMATCH", "TYPE_MISMATCH"),
    *("DUPLICATE_CHARGE", "DUPLICATE_SETTLEMENT", "PREAUTH_NOT_COMPLETED", "PREAUTH_EXCESS", "REFUND_NOT_SETTLED"),
    *("REFUND_UNLINKED", "REFUND_EXCESS", "REFUND_DUPLICATE", "CHARGEBACK", "ADJUSTMENT_UNEXPLAINED"),
    *("AMBIGUOUS_MATCH", "FEE_VARIANCE", "NET_BREAK", "DEPOSIT_MISSING", "DEPOSIT_AMOUNT_DIFF", "DEPOSIT_UNIDENTIFIED"),
    *("BALANCE_BREAK", "CHANNEL_INCIDENT", "UNUSUAL_PATTERN", "TERMINAL_HEALTH", "CUSTOMER_CLAIM"),
)
"""In the order of exceptions.md."""

CHECKED_OFF: tuple[str, ...] = (
    *("journal", "settlement", "bank", "slip", "receipt", "order", "approval", "contract", "reason-code", "delivery"),
    *("id-check", "arrival-log", "resend", "notice", "terminal-log", "query-result", "reply", "photo", "claim-form"),
)
"""Pieces of evidence that a checklist may ask for; the first three are records and there by themselves."""
