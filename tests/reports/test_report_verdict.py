"""The verdict sentence: whether the night can be trusted comes before any number."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sample

from reports.model import FileRow
from reports.verdict import listed, sentence


def missing(number: int) -> tuple[FileRow, ...]:
    return tuple(
        FileRow(source=f"s{n}", name=f"f{n}", side="bank", state="missing", expected_for=sample.DAY)
        for n in range(number)
    )


def test_a_clean_night() -> None:
    assert sentence(sample.clean()).en == "2026-03-05: reconciled and proven; no open exceptions."
    assert sentence(sample.clean()).zh == "2026-03-05：对账完成并验证平衡；无未结异常。"


def test_open_exceptions_are_counted_and_valued_per_currency() -> None:
    report = replace(sample.sample(), verdict="OK")
    assert sentence(report).en == (
        "2026-03-05: reconciled and proven; 55 open exceptions worth 31,866.82 CNY and 979.50 EUR: "
        "42 new, 13 carried over; 3 cleared today."
    )


def test_incomplete_names_what_is_missing_before_any_rate() -> None:
    words = sentence(sample.sample())
    assert words.en.startswith(
        "INCOMPLETE: 1 expected file is missing (adyen 2026-03-04) and 1 file was refused "
        "(settlement_ALIPAY_20260305.csv); what did arrive for 2026-03-05 is reconciled and proven; 55 open"
    )
    assert words.zh.startswith("不完整：缺少 1 个应到文件（adyen 2026-03-04），拒收 1 个文件")


def test_many_missing_files_are_counted_not_listed() -> None:
    report = replace(sample.empty(), verdict="INCOMPLETE", files=missing(5))
    assert sentence(report).en.startswith(
        "INCOMPLETE: 5 expected files are missing (s0 2026-03-05, s1 2026-03-05, s2 2026-03-05 and 2 more)"
    )


def test_incomplete_without_a_name_still_says_so() -> None:
    assert sentence(replace(sample.empty(), verdict="INCOMPLETE")).en.startswith("INCOMPLETE: inputs are inc")


def test_failed_promises_nothing() -> None:
    words = sentence(sample.failed())
    assert words.en.startswith("FAILED: 2026-03-05 was not reconciled; nothing was published")
    assert "proven" not in words.en


@pytest.mark.parametrize(
    ("texts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_prose(texts: list[str], text: str) -> None:
    assert listed(texts, "and") == text
