"""The policy table says what exceptions.md says, completely, in both languages."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cases.taxonomy import POLICY, SEVERITIES, due_date
from pipelines.cases.texts.en import ENGLISH
from pipelines.cases.texts.zh import CHINESE

TERMS = """
FILE_LATE 文件未到
FILE_INVALID 控制总数不符
ROW_REJECTED 行校验失败
TIMING 在途
NOT_SETTLED 短款 单边账
NOT_IN_JOURNAL 长款 单边账
FAILED_BUT_SETTLED 失败已扣款
REVERSAL_NOT_SETTLED 冲正未达
VOID_NOT_SETTLED 撤销未达
AMOUNT_OVER 多收
AMOUNT_UNDER 少收
CURRENCY_MISMATCH 币种不符
TYPE_MISMATCH 类型不符
DUPLICATE_CHARGE 重复扣款
DUPLICATE_SETTLEMENT 重复清算
PREAUTH_NOT_COMPLETED 预授权未完成
PREAUTH_EXCESS 预授权超额
REFUND_NOT_SETTLED 退货未达
REFUND_UNLINKED 无原交易退货
REFUND_EXCESS 超额退货
REFUND_DUPLICATE 重复退货
CHARGEBACK 退单
ADJUSTMENT_UNEXPLAINED 调账待查
AMBIGUOUS_MATCH 多对多待定
FEE_VARIANCE 手续费差异
NET_BREAK 轧差不平
DEPOSIT_MISSING 未到账
DEPOSIT_AMOUNT_DIFF 到账差额
DEPOSIT_UNIDENTIFIED 不明入账 挂账
BALANCE_BREAK 余额不连续
CHANNEL_INCIDENT 通道故障
UNUSUAL_PATTERN 异常交易
TERMINAL_HEALTH 终端异常
CUSTOMER_CLAIM 客户申诉
"""


def weekdays(day: date, n: int) -> date:
    """The n-th weekday strictly after `day`: a calendar without holidays."""
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5
    return day


def chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def test_types_and_terms_are_those_of_the_table_in_its_order() -> None:
    expected = [tuple(line.split(" ", 1)) for line in TERMS.strip().splitlines()]
    assert [(code, policy.term_zh) for code, policy in POLICY.items()] == expected
    assert list(ENGLISH) == list(CHINESE) == list(POLICY)


@pytest.mark.parametrize("code", POLICY)
def test_every_type_says_everything_in_its_own_language(code: str) -> None:
    policy = POLICY[code]
    assert policy.code == code
    for field in ("cause", "action", "contact", "evidence"):
        english, local = getattr(policy, f"{field}_en"), getattr(policy, f"{field}_zh")
        assert english, field
        assert not chinese(english), field
        assert chinese(local), field
    assert policy.action_en.endswith(".")
    assert policy.action_zh.endswith("。")
    assert policy.title_en
    assert policy.due.en
    assert chinese(policy.due.zh)


def test_legs_severities_and_directions_are_the_contracts() -> None:
    legs = {"file", "journal-settlement", "settlement", "settlement-bank", "monitor"}
    assert {policy.leg for policy in POLICY.values()} == legs
    assert {policy.severity for policy in POLICY.values()} == set(SEVERITIES)
    assert {policy.direction for policy in POLICY.values()} == {"short", "long", "none", None}


@pytest.mark.parametrize(
    ("code", "direction"),
    [
        ("NOT_SETTLED", "short"),
        ("NOT_IN_JOURNAL", "long"),
        ("FAILED_BUT_SETTLED", "long"),
        ("AMOUNT_OVER", "long"),
        ("AMOUNT_UNDER", "short"),
        ("DEPOSIT_MISSING", "short"),
        ("FEE_VARIANCE", None),
    ],
)
def test_direction_is_the_merchants(code: str, direction: str | None) -> None:
    assert POLICY[code].direction == direction


def test_the_policy_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        POLICY["TIMING"] = POLICY["NOT_SETTLED"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        POLICY["TIMING"].severity = "high"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("code", "due"),
    [
        ("FILE_LATE", date(2026, 3, 6)),
        ("VOID_NOT_SETTLED", date(2026, 3, 9)),
        ("NOT_SETTLED", date(2026, 3, 10)),
        ("AMOUNT_OVER", date(2026, 3, 8)),
        ("ADJUSTMENT_UNEXPLAINED", date(2026, 3, 11)),
        ("DEPOSIT_UNIDENTIFIED", date(2026, 3, 13)),
        ("REFUND_NOT_SETTLED", date(2026, 3, 21)),
        ("FEE_VARIANCE", date(2026, 3, 31)),
        ("CHARGEBACK", None),
        ("TIMING", None),
    ],
)
def test_due_dates_of_what_was_first_seen_on_a_friday(code: str, due: date | None) -> None:
    assert due_date(POLICY[code], date(2026, 3, 6), weekdays) == due


def test_monthly_ends_in_february_too() -> None:
    assert due_date(POLICY["FEE_VARIANCE"], date(2028, 2, 3), weekdays) == date(2028, 2, 29)


@given(st.sampled_from(list(POLICY)), st.dates(date(2020, 1, 1), date(2039, 12, 31)))
def test_nothing_is_due_before_it_was_seen(code: str, seen: date) -> None:
    due = due_date(POLICY[code], seen, weekdays)
    assert due is None or due >= seen
