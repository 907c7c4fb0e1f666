"""The daily report as a workbook an analyst works in: summary, bridge, fees, refused rows, one sheet per type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from pipelines.cases.taxonomy import POLICY
from pipelines.money import to_major
from reports import xlsx_exceptions
from reports import xlsx_tables as tables
from reports.books import Money
from reports.grouping import UNCOUNTED, type_rank
from reports.model import Report
from reports.sheet import Column, Formula, Sheet, Sheets
from reports.verdict import sentence

LARGE = 300
"""Exceptions from which the workbook is written row by row through temporary files and not held in memory."""

FILES = (
    Column("Source 来源", 26),
    Column("File 文件", 34),
    Column("State 状态", 16),
    Column("Expected for 应到日期", 16, "date"),
    Column("Rows 行数", 16, "count"),
    Column("Refused rows 拒收行", 18, "count"),
    Column("Declared 声明", 52),
    Column("Computed 实算", 52),
    Column("SHA-256", 66),
)


def render(report: Report) -> bytes:
    """Return the workbook; the same report gives the same bytes."""
    import xlsxwriter  # noqa: PLC0415 - a night that writes no workbook does not wait for it

    held = sum(len(group.items) for group in (*report.new, *report.carried, *report.cleared))
    small = held + len(report.rejects) < LARGE
    written = BytesIO()
    book = xlsxwriter.Workbook(
        written,
        {
            "in_memory": small,
            "constant_memory": not small,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )
    book.set_properties({"title": f"Settlement reconciliation {report.title}", "created": _moment(report)})
    sheets = Sheets(book)
    _summary(sheets, report)
    tables.bridge(sheets, report.bridges)
    tables.proof(sheets, report)
    tables.fees(sheets, report)
    tables.fee_check(sheets, report)
    tables.rejects(sheets, report)
    xlsx_exceptions.exceptions(sheets, report, _types(report))
    book.close()
    return written.getvalue()


def _moment(report: Report) -> datetime:
    return report.generated_at.replace(tzinfo=None)


def _types(report: Report) -> list[str]:
    codes = {group.type for group in (*report.new, *report.carried, *report.cleared)}
    return sorted(codes, key=lambda code: (type_rank(code), code))


def _summary(sheets: Sheets, report: Report) -> None:
    sheet = sheets.add("Summary", FILES)
    verdict = sentence(report)
    sheet.line(f"Settlement reconciliation {report.title} 对账", bold=True, font_size=16)
    sheet.line(report.verdict, bold=True, font_color={"OK": "#17693F"}.get(report.verdict, "#A8231A"))
    sheet.line(verdict.en)
    sheet.line(verdict.zh)
    if report.scope:
        sheet.line(f"Only: {report.scope}", italic=True)
    facts = [("run", report.run_id), *report.versions]
    sheet.line(" · ".join(f"{name} {value}" for name, value in facts), font_color="#566173")
    sheet.skip()
    if report.files or report.still_missing:
        sheet.line("Files 文件", bold=True, font_size=13)
        sheet.table(FILES, (_file(row) for row in (*report.files, *report.still_missing)))
        sheet.skip()
    _overview(sheet, report)
    if report.nights and not report.scope:
        sheet.skip()
        _nights(sheet, report)
    if report.match_rates:
        sheet.skip()
        _rates(sheet, report)


def _file(row: Any) -> Sequence[Any]:
    came = row.state != "missing"
    return (
        *(row.source, row.name, row.state, row.expected_for, row.rows if came else None),
        *(row.rejected_rows if came else None, row.declared, row.computed, row.sha256),
    )


def _overview(sheet: Sheet, report: Report) -> None:
    """Types with their counts and open amounts; the last rows add them up. Incidents count no money of their own."""
    coins = sorted({m.currency for group in (*report.new, *report.carried) for m in group.totals})
    columns = [
        *(
            Column("Type 类型", 0),
            Column("术语", 0),
            Column("New 新增", 0, "count"),
            Column("Cleared 核销", 0, "count"),
        ),
        *(Column("Carried 结转", 0, "count"), Column("Open 未结", 0, "count")),
        *(Column(f"Open {coin}", 0, "money") for coin in coins),
    ]
    sheet.line("Exceptions 异常", bold=True, font_size=13)
    codes, top = _types(report), sheet.row + 2
    numbers = {code: _counts(report, code) for code in codes}
    rows = (
        [
            *(code, POLICY[code].term_zh if code in POLICY else "", *numbers[code]),
            Formula(f"=C{at}+E{at}", numbers[code][0] + numbers[code][2]),
            *(_worth(report, code, coin) for coin in coins),
        ]
        for at, code in enumerate(codes, start=top)
    )
    first, last = sheet.table(columns, rows)
    if not codes:
        return
    sums: dict[int, Formula | str] = {0: "All types 合计"}
    for at, letter in enumerate("CDE", start=2):
        sums[at] = Formula(f"=SUM({letter}{first}:{letter}{last})", sum(n[at - 2] for n in numbers.values()))
    sums[5] = Formula(f"=SUM(F{first}:F{last})", sum(n[0] + n[2] for n in numbers.values()))
    for at, coin in enumerate(coins, start=6):
        letter = chr(ord("A") + at)
        total = sum((m.minor for code in codes if (m := _worth(report, code, coin))), 0)
        value = to_major(total, coin)
        sums[at] = Formula(f"=SUM({letter}{first}:{letter}{last})", value, coin)
    sheet.total(sums)


def _counts(report: Report, code: str) -> tuple[int, int, int]:
    groups = (report.new, report.cleared, report.carried)
    new, cleared, carried = (sum(g.count for g in part if g.type == code) for part in groups)
    return new, cleared, carried


def _worth(report: Report, code: str, currency: str) -> Money | None:
    """Open money of a type in a currency; that of incidents and signals is not counted."""
    found = [
        m.minor for g in (*report.new, *report.carried) if g.type == code for m in g.totals if m.currency == currency
    ]
    return Money(currency, sum(found)) if found and code not in UNCOUNTED else None


def _nights(sheet: Sheet, report: Report) -> None:
    sheet.line("Night by night 逐晚", bold=True, font_size=13)
    columns = (
        *(Column("Business date 营业日", 0, "date"), Column("Verdict 结论", 0), Column("Opened 新增", 0, "count")),
        *(Column("Cleared 核销", 0, "count"), Column("Matched 匹配", 0, "count"), Column("Decided 已判定", 0, "count")),
    )
    rows = (
        (n.day, n.verdict or "no run 未运行", n.opened, n.cleared, n.rows_matched, n.rows_total) for n in report.nights
    )
    sheet.table(columns, rows)


def _rates(sheet: Sheet, report: Report) -> None:
    """Rates over all runs; where a file is missing they speak only of what has come."""
    sheet.line("Match rate, all runs 累计匹配率", bold=True, font_size=13)
    if report.missing:
        sheet.line("Inputs are incomplete: these rates speak only of what has arrived. 输入不完整，仅就已到数据而言。")
    columns = (
        *(Column("Side 来源", 0), Column("Currency 币种", 0), Column("Matched rows 匹配行", 0, "count")),
        *(Column("of 共", 0, "count"), Column("Rate 匹配率", 0, "percent")),
        *(
            Column("Matched value 匹配金额", 0, "money"),
            Column("of 共", 0, "money"),
            Column("Rate 金额匹配率", 0, "percent"),
        ),
    )
    top = sheet.row + 2
    rows = (
        [
            *(rate.leg, rate.currency, rate.rows_matched, rate.rows_total),
            _share("C", "D", at, rate.rows_matched, rate.rows_total),
            Money(rate.currency, rate.amount_matched_minor),
            Money(rate.currency, rate.amount_total_minor),
            _share("F", "G", at, rate.amount_matched_minor, rate.amount_total_minor),
        ]
        for at, rate in enumerate(report.match_rates, start=top)
    )
    sheet.table(columns, rows)


def _share(part: str, whole: str, row: int, matched: int, total: int) -> Formula:
    value = Decimal(matched) / Decimal(total) if total else Decimal(0)
    return Formula(f'=IF({whole}{row}=0,"",{part}{row}/{whole}{row})', value)
