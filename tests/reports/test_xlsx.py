"""The workbook: numbers are numbers, totals are formulas of ours, and nothing from a file can run or be followed."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sample
from lxml import etree
from python_calamine import CalamineWorkbook
from sample_items import item

from reports import grouping, row_by_row, xlsx, xlsx_exceptions
from reports.model import Report

FORMULA = re.compile(r"(SUM|SUMIFS)\(.+\)|[A-I][0-9]+([+-]([A-I][0-9]+|SUM\([A-I0-9:]+\)))*|IF\([A-Z0-9]+=0,\"\",.+\)")
NASTY = (
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "http://evil.example/", "mailto:a@b", "<r><t>x</t></r>",
    "<script>",
    "_x0041_", "\x01\x1f", "internal:Summary!A1", "file:///etc/passwd", "{=1}",
    "\ufffe\uffff", "😀" * 20_000, "M" * 4_000, "x" * 40_000,
)  # fmt: skip


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def formulas(content: bytes) -> list[str]:
    sheets = [part for name, part in parts(content).items() if name.startswith("xl/worksheets/sheet")]
    return [f.text or "" for sheet in sheets for f in etree.fromstring(sheet).iter("{*}f")]


def sheet(content: bytes, name: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()  # type: ignore[return-value]


def nasty(text: str) -> Report:
    """A night whose texts all came from somebody who means harm."""
    found = item(1, "NOT_SETTLED", 4_560, text, merchant_id=text, terminal_id=text, rrn=text, order_no=text,
                 payout_id=text, bank_ref=text, acquirer=text, explanation_zh=text)  # fmt: skip
    rejects = tuple(replace(line, file=text, reason=text, raw=text) for line in sample.rejects())
    files = tuple(replace(row, name=text, source=text) for row in sample.files())
    return grouping.filled(replace(sample.sample(), rejects=rejects, files=files), [found], [found])


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("text", NASTY, ids=lambda text: repr(text[:12]))
def test_nothing_from_a_file_runs_or_leads_away(text: str, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LARGE", 0 if large else 10**9)
    content = xlsx.render(nasty(text))
    for name, part in parts(content).items():
        etree.fromstring(part)
        assert "externalLink" not in name
        assert b"<hyperlink" not in part
        assert b"relationships/hyperlink" not in part
    assert all(FORMULA.fullmatch(formula) for formula in formulas(content))
    (head, row) = sheet(content, "NOT_SETTLED")[-3:-1]
    told = row[head.index("Merchant\n商户号")] if "Merchant\n商户号" in head else row[9]
    shown = str(told).strip()
    assert shown.startswith(text.strip()[:30].replace("\x01\x1f", "").replace("\ufffe\uffff", "\ufffd\ufffd"))
    assert len(shown) < 32_767


def test_amounts_and_days_are_real() -> None:
    rows = sheet(xlsx.render(sample.sample()), "NOT_SETTLED")
    head = next(at for at, row in enumerate(rows) if "Exception\n编号" in row)
    by_name = dict(zip(rows[head], rows[head + 1], strict=True))
    first = next(g for g in sample.sample().new if g.type == "NOT_SETTLED").items[0]
    assert Decimal(str(by_name["Amount\n金额"])) == Decimal(first.amount_minor) / 100
    assert by_name["Due\n截止"] == first.due_date
    assert isinstance(by_name["First seen\n首次发现"], date)
    assert by_name["Age (days)\n账龄"] == first.age_days


def test_totals_are_formulas_with_the_right_values() -> None:
    report = sample.sample()
    content = xlsx.render(report)
    total = next(row for row in sheet(content, "Summary") if row[0] == "All types 合计")
    everything = (*report.new, *report.carried)
    assert total[5] == sum(group.count for group in everything)
    worth = {money.currency: Decimal(money.minor) / 100 for money in grouping.worth(everything)}
    assert {Decimal(str(value)) for value in total[6:] if value != ""} == set(worth.values())
    for group in report.carried:
        opened = [r for r in sheet(content, group.type) if r[0] == "Open 未结"]
        assert len(opened) == len(
            {i.currency for g in everything if g.type == group.type for i in g.items if i.currency}
        )


def test_the_bridge_adds_up_by_formulas() -> None:
    rows = sheet(xlsx.render(sample.sample()), "Bridge")
    assert {row[8] for row in rows[1:] if row[7] != ""} == {0.0}
    assert sum(1 for row in rows[1:] if row[7] != "") == sum(
        1 for bridge in sample.bridges() for step in bridge.steps[1:] if step.kind == "total"
    )


def test_headings_stay_in_sight_and_filter() -> None:
    book = parts(xlsx.render(sample.sample()))
    tables = [p for name, p in book.items() if name.startswith("xl/worksheets/sheet") and b"autoFilter" in p]
    assert len(tables) > 10
    assert all(b"<pane " in part for part in tables)


@pytest.mark.parametrize("large", [False, True])
def test_large_and_small_workbooks_say_the_same(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    small = xlsx.render(sample.sample())
    monkeypatch.setattr(xlsx, "LARGE", 0 if large else 10**9)
    again = xlsx.render(sample.sample())
    names = CalamineWorkbook.from_filelike(io.BytesIO(small)).sheet_names
    assert [sheet(small, name) for name in names] == [sheet(again, name) for name in names]
    assert names[:6] == ["Summary", "Bridge", "Proof", "Fees", "Fee check", "Rejected rows"]


@pytest.mark.parametrize("module", ["xlsx", "claims"])
def test_workbooks_are_packed_alike_whichever_is_written_first(module: str) -> None:
    code = f"from reports import {module}; from xlsxwriter import workbook; print(workbook.ZipFile.keywords)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str({"compresslevel": row_by_row.PACKED})


def test_the_same_report_gives_the_same_bytes() -> None:
    assert xlsx.render(sample.sample()) == xlsx.render(sample.sample())


@pytest.mark.parametrize("report", [sample.empty(), sample.clean(), sample.failed()], ids=["empty", "clean", "failed"])
def test_a_night_with_little_in_it_is_a_workbook_too(report: Report) -> None:
    assert sheet(xlsx.render(report), "Summary")[1][0] == report.verdict


@pytest.mark.parametrize("large", [False, True])
def test_amounts_have_the_decimals_of_their_currency(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LARGE", 0 if large else 10**9)
    amounts = [("JPY", 1_000), ("KWD", 1_234), ("CNY", 5), ("USD", 123_456_789_012), ("EUR", 0), ("", 0)]
    rows = [item(n, "NOT_SETTLED", minor, "x", currency=code) for n, (code, minor) in enumerate(amounts)]
    report = grouping.filled(sample.clean(), rows, [])
    told = {row[4]: row[3] for row in sheet(xlsx.render(report), "NOT_SETTLED") if row[0] == "new 新增"}
    assert told == {"JPY": 1000.0, "KWD": 1.234, "CNY": 0.05, "USD": 1_234_567_890.12, "EUR": 0.0, "": ""}


def test_a_negative_amount_of_a_refused_line_keeps_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LARGE", 0)
    lines = [replace(sample.rejects()[0], currency="CNY", amount_minor=minor) for minor in (-5, -123_456, 7)]
    rows = sheet(xlsx.render(replace(sample.sample(), rejects=tuple(lines))), "Rejected rows")
    assert [row[4] for row in rows[1:]] == [-0.05, -1234.56, 0.07]


def test_a_type_that_does_not_fit_on_one_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_exceptions, "LONGEST_SHEET", 2)
    rows = [item(n, "NOT_SETTLED", 100 * n, "it is late") for n in range(1, 6)]
    content = xlsx.render(grouping.filled(sample.clean(), rows, []))
    shown = [sheet(content, f"NOT_SETTLED {n}") for n in (1, 2, 3)]
    ids = [cell for page in shown for row in page for cell in row if cell in {r.exception_id for r in rows}]
    assert sorted(ids) == sorted(r.exception_id for r in rows), "each exception stands on one sheet"


def test_exceptions_of_one_incident_stand_together() -> None:
    due = [date(2026, 3, day) for day in (1, 2, 3, 4)]
    of = ("E-lone", "E-storm", "", "E-storm")
    several = [
        item(n, "NOT_SETTLED", 100, "", exception_id=f"E{n}", due_date=day, parent_id=parent)
        for n, (day, parent) in enumerate(zip(due, of, strict=True))
    ]
    rows = sheet(xlsx.render(grouping.filled(sample.clean(), several, [])), "NOT_SETTLED")
    assert [row[1] for row in rows if str(row[1]).startswith("E") and row[1][1:].isdigit()] == ["E0", "E1", "E3", "E2"]
