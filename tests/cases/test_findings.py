"""What a customer is told: by the records alone, for every remedy, in both languages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from pipelines.cases.findings import ANSWERS, answer, finding
from pipelines.cli_cases import REMEDIES

JOURNAL: dict[str, Any] = {
    "txn_type": "SALE", "status": "TIMEOUT", "amount_minor": 12_800, "currency": "CNY",
    "txn_time": datetime.fromisoformat("2026-03-30T12:00:00"),
}  # fmt: skip
TERMINAL = "Our terminal recorded a payment of 128.00 CNY at 2026-03-30 12:00:00: without an answer."
TERMINAL_ZH = "我方终端于 2026-03-30 12:00:00 记录一笔 128.00 CNY 的付款：无应答。"
LINE: dict[str, Any] = {"gross_minor": 12_800, "currency": "CNY", "settlement_date": date(2026, 3, 31)}


def test_every_remedy_has_its_answer() -> None:
    assert set(ANSWERS) == set(REMEDIES)
    for remedy in REMEDIES:
        english, chinese = answer(remedy, 12_800, "CNY")
        assert english.endswith(".")
        assert chinese.endswith("。")
        assert "{" not in english + chinese
    assert "128.00 CNY" in answer("refund", 12_800, "CNY")[0]
    assert answer(None, 12_800, "CNY") == ("", "")


@pytest.mark.parametrize(
    ("journal", "line", "english", "chinese"),
    [
        (
            JOURNAL,
            LINE,
            f"{TERMINAL} The acquirer settled 128.00 CNY on 2026-03-31.",
            f"{TERMINAL_ZH}收单机构于 2026-03-31 清算 128.00 CNY。",
        ),
        (
            JOURNAL | {"txn_type": "REFUND", "status": "APPROVED"},
            {},
            "Our terminal recorded a refund of 128.00 CNY at 2026-03-30 12:00:00: approved.",
            "我方终端于 2026-03-30 12:00:00 记录一笔 128.00 CNY 的退款：成功。",
        ),
        (
            {},
            LINE | {"gross_minor": -12_800},
            "The acquirer returned 128.00 CNY on 2026-03-31.",
            "收单机构于 2026-03-31 退回 128.00 CNY。",
        ),
        ({}, {}, "", ""),
    ],
)
def test_what_the_records_say(journal: dict[str, Any], line: dict[str, Any], english: str, chinese: str) -> None:
    assert finding(journal, line) == (english, chinese)
