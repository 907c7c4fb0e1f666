"""The section on corrected and retracted files: only where there are any, with both amounts, every value escaped."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import sample

from reports import html
from reports.json import render, run_json
from reports.model import Report, RestatedRow, Restatement, TakenBack


def corrected() -> Report:
    """A night with a corrected file of two differences, of which one is shown, and a file taken back."""
    row = RestatedRow(
        change="changed",
        key="RRN <1>",
        currency="CNY",
        changed=("gross", "net"),
        old_line=3,
        new_line=4,
        old_minor=123_456,
        new_minor=-50,
        meaning=("AMOUNT_OVER cleared",),
    )
    told = Restatement(
        file="new.csv",
        replaced="old & wrong.csv",
        source="unionpay",
        currency="CNY",
        old_rows=1_000,
        new_rows=1_001,
        added=1,
        removed=0,
        changed=1,
        old_minor=123_456,
        new_minor=-50,
        rows=(row,),
    )
    back = TakenBack("test.csv", "pos", "Li <Na>", "a test & no sale")
    return replace(sample.clean(), restatements=(told,), taken_back=(back,))


def section(report: Report) -> str:
    page = html.render(report).decode()
    return page.split('id="corrected"')[1].split("</section>")[0] if 'id="corrected"' in page else ""


def test_what_was_corrected_is_told_with_both_amounts_and_lines() -> None:
    found = section(corrected())
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found))
    for words in ("1,000 → 1,001", "1,234.56 CNY", "-0.50 CNY", ":3", ":4", "AMOUNT_OVER cleared", "gross, net"):
        assert words in plain, words
    assert "1 of 2 differences shown" in plain
    assert "更正文件" in plain


def test_values_are_escaped() -> None:
    found = section(corrected())
    for raw in ("RRN <1>", "old & wrong", "Li <Na>", "test & no"):
        assert raw not in found
    assert "Li &lt;Na&gt;: a test &amp; no sale" in found


def test_without_any_there_is_no_section_and_no_key() -> None:
    assert section(sample.sample()) == ""
    assert "restatements" not in json.loads(render(sample.sample()))


def test_json_tells_them_after_the_contracts_keys() -> None:
    told = json.loads(render(corrected()))
    assert list(told)[: len(run_json(corrected()))] == list(run_json(corrected())), "the contract's own come first"
    (restated,) = told["restatements"]
    assert (restated["file"], restated["rows"][0]["new_minor"]) == ("new.csv", -50)
    assert told["taken_back"] == [
        {"file": "test.csv", "source": "pos", "actor": "Li <Na>", "reason": "a test & no sale"}
    ]
