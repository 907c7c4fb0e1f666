"""The exception types and what to do about each: exceptions.md as frozen data for reports, cases and docs."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from pipelines.break_types import Severity
from pipelines.cases.checklist import NEEDED
from pipelines.cases.texts.en import ENGLISH
from pipelines.cases.texts.zh import CHINESE

Leg = Literal["file", "journal-settlement", "settlement", "settlement-bank", "monitor"]
Direction = Literal["short", "long", "none"]
Basis = Literal["same-day", "business-days", "calendar-days", "month-end", "acquirer-date", "retest"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when an exception must be dealt with, counted from the day it was first seen.

    `days` counts business days or calendar days by `basis`, else it is 0. "acquirer-date" and "retest" give
    no date of their own: the acquirer names it, or the nightly run decides.
    """

    basis: Basis
    days: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the exceptions.md table.

    `direction` is seen from the merchant's books, for a row of positive amount (a refund reverses it);
    None where the sign of the difference decides. needed: pieces of evidence on its checklist.
    """

    code: str
    leg: Leg
    severity: Severity
    direction: Direction | None
    due: Deadline
    title_en: str
    term_zh: str
    cause_en: str
    cause_zh: str
    action_en: str
    action_zh: str
    contact_en: str
    contact_zh: str
    evidence_en: str
    evidence_zh: str
    needed: tuple[str, ...]


_SAME_DAY = Deadline("same-day", 0, "the same day", "当天")
_T1 = Deadline("business-days", 1, "T+1 (next business day)", "T+1（下一工作日）")
_T2 = Deadline("business-days", 2, "T+2 (second business day)", "T+2（第二个工作日）")
_2_DAYS = Deadline("calendar-days", 2, "within 2 days", "2 天内")
_5_DAYS = Deadline("calendar-days", 5, "within 5 days", "5 天内")
_15_DAYS = Deadline("calendar-days", 15, "within 15 days", "15 天内")
_WEEKLY = Deadline("calendar-days", 7, "weekly", "每周")
_MONTHLY = Deadline("month-end", 0, "monthly, by the last day of the month", "每月，月末之前")
_ACQUIRER = Deadline("acquirer-date", 0, "the acquirer's date", "以收单机构规定日期为准")
_RETEST = Deadline("retest", 0, "none: retested every night", "无：每晚复核")
# a cardholder may dispute at any time, so the shop gets the two days it gets for any wrong amount
_DISPUTE = Deadline("calendar-days", 2, "before the customer disputes it: within 2 days", "客户申诉之前：2 天内")
# the row is listed only once preauth_days are over, so no day is left to wait for
_EXPIRY = Deadline("same-day", 0, "before the authorisation expires: the same day", "预授权失效之前：当天")
_COMPLAINT = Deadline("same-day", 0, "on complaint: the same day", "接到申诉当天")

_Row = tuple[str, Leg, Severity, Direction | None, Deadline]

_TABLE: tuple[_Row, ...] = (
    ("FILE_LATE", "file", "high", "none", _SAME_DAY),
    ("FILE_INVALID", "file", "critical", "none", _SAME_DAY),
    ("ROW_REJECTED", "file", "medium", "none", _SAME_DAY),
    ("TIMING", "journal-settlement", "info", "none", _RETEST),
    ("NOT_SETTLED", "journal-settlement", "high", "short", _T2),
    ("NOT_IN_JOURNAL", "journal-settlement", "high", "long", _T2),
    ("FAILED_BUT_SETTLED", "journal-settlement", "high", "long", _T2),
    ("REVERSAL_NOT_SETTLED", "journal-settlement", "high", "long", _T1),
    ("VOID_NOT_SETTLED", "journal-settlement", "high", "long", _T1),
    ("AMOUNT_OVER", "journal-settlement", "medium", "long", _2_DAYS),
    ("AMOUNT_UNDER", "journal-settlement", "medium", "short", _2_DAYS),
    ("CURRENCY_MISMATCH", "journal-settlement", "medium", "none", _2_DAYS),
    ("TYPE_MISMATCH", "journal-settlement", "medium", "none", _2_DAYS),
    ("DUPLICATE_CHARGE", "journal-settlement", "high", "long", _DISPUTE),
    ("DUPLICATE_SETTLEMENT", "journal-settlement", "high", "long", _T2),
    ("PREAUTH_NOT_COMPLETED", "journal-settlement", "medium", "none", _EXPIRY),
    ("PREAUTH_EXCESS", "journal-settlement", "medium", "long", _2_DAYS),
    ("REFUND_NOT_SETTLED", "journal-settlement", "medium", "long", _15_DAYS),
    ("REFUND_UNLINKED", "journal-settlement", "high", "short", _SAME_DAY),
    ("REFUND_EXCESS", "journal-settlement", "high", "short", _SAME_DAY),
    ("REFUND_DUPLICATE", "journal-settlement", "high", "short", _2_DAYS),
    ("CHARGEBACK", "settlement", "high", "short", _ACQUIRER),
    ("ADJUSTMENT_UNEXPLAINED", "settlement", "medium", None, _5_DAYS),
    ("AMBIGUOUS_MATCH", "journal-settlement", "medium", "none", _2_DAYS),
    ("FEE_VARIANCE", "settlement", "low", None, _MONTHLY),
    ("NET_BREAK", "settlement", "high", None, _T1),
    ("DEPOSIT_MISSING", "settlement-bank", "critical", "short", _T2),
    ("DEPOSIT_AMOUNT_DIFF", "settlement-bank", "high", None, _T2),
    ("DEPOSIT_UNIDENTIFIED", "settlement-bank", "medium", None, _WEEKLY),
    ("BALANCE_BREAK", "settlement-bank", "high", "none", _SAME_DAY),
    ("CHANNEL_INCIDENT", "monitor", "critical", "none", _SAME_DAY),
    ("UNUSUAL_PATTERN", "monitor", "medium", "none", _SAME_DAY),
    ("TERMINAL_HEALTH", "monitor", "medium", "none", _SAME_DAY),
    ("CUSTOMER_CLAIM", "monitor", "high", None, _COMPLAINT),
)


def _policy(row: _Row) -> Policy:
    """Join one table row to its words in both languages; KeyError names a type without words."""
    en, zh = ENGLISH[row[0]], CHINESE[row[0]]
    return Policy(
        *row,
        title_en=en.title,
        term_zh=zh.title,
        cause_en=en.cause,
        cause_zh=zh.cause,
        action_en=en.action,
        action_zh=zh.action,
        contact_en=en.contact,
        contact_zh=zh.contact,
        evidence_en=en.evidence,
        evidence_zh=zh.evidence,
        needed=NEEDED[row[0]],
    )


POLICY: Mapping[str, Policy] = MappingProxyType({row[0]: _policy(row) for row in _TABLE})
"""Policy by exception type, in the order of the exceptions.md table."""


def due_date(policy: Policy, first_seen: date, next_business_day: Callable[[date, int], date]) -> date | None:
    """Return the date by which an exception first seen on `first_seen` is due; None where policy names none.

    `next_business_day(day, n)` is the n-th business day strictly after `day`.
    """
    due = policy.due
    match due.basis:
        case "same-day":
            return first_seen
        case "business-days":
            return next_business_day(first_seen, due.days)
        case "calendar-days":
            return first_seen + timedelta(days=due.days)
        case "month-end":
            last = calendar.monthrange(first_seen.year, first_seen.month)[1]
            return first_seen.replace(day=last)
        case "acquirer-date" | "retest":
            return None
