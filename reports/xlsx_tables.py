"""The sheets behind the summary: bridge, proof, fees, and refused rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from pipelines.money import to_major
from reports.books import Bridge, FeeCheck, Money
from reports.fees import claims
from reports.listed import column
from reports.model import Report
from reports.sheet import Column, Formula, Sheets, money_of

REJECTS = (
    Column("File 文件", 34),
    Column("Line 行", 8, "count"),
    Column("Side 来源", 11),
    Column("Reason 原因", 60),
    Column("Amount 金额", 15, "money"),
    Column("Currency 币种", 10),
    Column("Line as it came 原始行", 100),
)
BRIDGE = (
    Column("Acquirer 收单机构", 14),
    Column("Currency 币种", 10),
    Column("Step", 36),
    Column("步骤", 24),
    Column("Type 类型", 24),
    Column("Change 变动", 17, "money"),
    Column("Level 余额", 17, "money"),
    Column("By the steps 推算", 17, "money"),
    Column("Difference 差额", 15, "money"),
)
PROOF = (
    Column("Side 来源", 12),
    Column("Currency 币种", 10),
    Column("Where 去向", 18),
    Column("Reason 原因", 52),
    Column("Rows 行数", 12, "count"),
    Column("Amount 金额", 19, "money"),
)
FEES = (
    Column("Acquirer 收单机构", 16),
    Column("Currency 币种", 10),
    Column("Fee of the contract 合同费率", 70),
    Column("What went wrong", 40),
    Column("原因", 26),
    Column("Lines too dear 多收笔数", 12, "count"),
    Column("To claim 可追索", 17, "money"),
    Column("Lines too cheap 少收笔数", 12, "count"),
    Column("Charged too little 少收", 17, "money"),
)
CHECKS = (
    Column("Acquirer 收单机构", 16),
    Column("Currency 币种", 10),
    Column("Fee of the contract 合同费率", 70),
    Column("Verdict 结论", 15),
    Column("Cause or reason 原因", 50),
    Column("Lines 笔数", 12, "count"),
    Column("Gross 交易额", 19, "money"),
    Column("Charged 实收", 17, "money"),
    Column("By the contract 应收", 17, "money"),
    Column("Difference 差额", 17, "money"),
)


def bridge(sheets: Sheets, bridges: Iterable[Bridge]) -> None:
    """Every step from journal to bank; a level stands beside what the steps before it give."""
    sheet = sheets.add("Bridge", BRIDGE)
    sheet.table(BRIDGE, (row for found in _placed(bridges) for row in found), main=True)


def _placed(bridges: Iterable[Bridge]) -> Iterator[Iterator[Sequence[Any]]]:
    row = 2
    for found in bridges:
        yield _steps(found, row)
        row += len(found.steps)


def _steps(found: Bridge, first: int) -> Iterator[Sequence[Any]]:
    """Rows of one bridge from a row of the sheet on; its first level is given, the others are computed beside it."""
    level, start, coin = 0, first, found.currency
    for at, step in enumerate(found.steps, start=first):
        head = (found.acquirer, coin, step.label_en, step.label_zh, step.type)
        amount = Money(coin, step.amount_minor)
        if step.kind == "delta":
            level += step.amount_minor
            yield (*head, amount, None, None, None)
            continue
        if at == first:
            yield (*head, None, amount, None, None)
        else:
            changes = f"+SUM(F{start + 1}:F{at - 1})" if at - 1 > start else ""
            reached = Formula(f"=G{start}{changes}", to_major(level, coin), coin)
            yield (
                *head,
                None,
                amount,
                reached,
                Formula(f"=G{at}-H{at}", to_major(step.amount_minor - level, coin), coin),
            )
        level, start = step.amount_minor, at


def proof(sheets: Sheets, report: Report) -> None:
    """Where every accepted row went; the sum of the parts is a formula beside what came in."""
    sheet = sheets.add("Proof", PROOF)
    sheet.header(PROOF)
    for line in report.proof.lines:
        coin = line.currency
        sheet.rows(PROOF, [(line.side, coin, "came in 接收", "", line.rows_in, Money(coin, line.amount_in_minor))])
        first = sheet.row + 1
        sheet.rows(
            PROOF,
            ((line.side, coin, p.label_en, p.reason, p.rows, Money(coin, p.amount_minor)) for p in line.parts),
        )
        last = max(sheet.row, first)
        accounted = Formula(f"=SUM(F{first}:F{last})", to_major(line.amount_accounted_minor, coin), coin)
        sheet.total(
            {2: "accounted for 已有去向", 4: Formula(f"=SUM(E{first}:E{last})", line.rows_accounted), 5: accounted}
        )
    refused = [
        (
            part.side,
            part.currency,
            "refused 拒收",
            "not in the sums above",
            part.rows,
            _readable(part.currency, part.amount_minor),
        )
        for part in report.proof.rejected
    ]
    sheet.rows(PROOF, refused)


def _readable(currency: str, minor: int) -> Money | None:
    return None if currency == "XXX" else Money(currency, minor)


def fees(sheets: Sheets, report: Report) -> None:
    """What was charged otherwise than agreed, one row per claim; the lines are on the sheet FEE_VARIANCE."""
    sheet = sheets.add("Fees", FEES)
    found = claims(report)
    rows = [
        (
            *(f.acquirer, f.currency, f.contract, *f.cause_words, f.claim_lines, Money(f.currency, f.claim_minor)),
            *(f.owed_lines, Money(f.currency, f.owed_minor)),
        )
        for f in found
    ]
    first, last = sheet.table(FEES, rows, main=True)
    for coin in sorted({f.currency for f in found}):
        mine = [f for f in found if f.currency == coin]
        given: tuple[tuple[str, int | Money], ...] = (
            *(("F", sum(f.claim_lines for f in mine)), ("G", Money(coin, sum(f.claim_minor for f in mine)))),
            *(("H", sum(f.owed_lines for f in mine)), ("I", Money(coin, sum(f.owed_minor for f in mine)))),
        )
        sums = {at: sum_of(letter, (first, last), ("B", coin), value) for at, (letter, value) in enumerate(given, 5)}
        sheet.total({0: "Total 合计", 1: coin, **sums})


def sum_of(letter: str, rows: tuple[int, int], only: tuple[str, str], value: int | Money) -> Formula:
    """A column's sum over the rows, first to last, in which another column says a word."""
    (first, last), (where, word) = rows, only
    text = f'=SUMIFS({letter}{first}:{letter}{last},{where}{first}:{where}{last},"{word}")'
    if isinstance(value, int):
        return Formula(text, value)
    return Formula(text, to_major(value.minor, value.currency), value.currency)


def fee_check(sheets: Sheets, report: Report) -> None:
    """All SALE and REFUND lines of the books by what became of their fees; those without a contract say why."""
    sheet = sheets.add("Fee check", CHECKS)
    rows = [_check(found, at) for at, found in enumerate(report.fee_checks, start=2)]
    first, last = sheet.table(CHECKS, rows, main=True)
    for coin in sorted({found.currency for found in report.fee_checks}):
        mine = [found for found in report.fee_checks if found.currency == coin]
        given: tuple[tuple[str, int | Money], ...] = (
            *(("F", sum(f.lines for f in mine)), ("G", Money(coin, sum(f.gross_minor for f in mine)))),
            ("H", Money(coin, sum(f.fee_minor for f in mine))),
            ("I", Money(coin, sum(f.expected_minor for f in mine))),
            ("J", Money(coin, sum(f.fee_minor - f.expected_minor for f in mine if f.verdict != NO_CONTRACT))),
        )
        sums = {at: sum_of(letter, (first, last), ("B", coin), value) for at, (letter, value) in enumerate(given, 5)}
        sheet.total({0: "Total 合计", 1: coin, **sums})


NO_CONTRACT = "no contract"


def _check(found: FeeCheck, at: int) -> Sequence[Any]:
    coin, right = found.currency, found.verdict != NO_CONTRACT
    off = to_major(found.fee_minor - found.expected_minor, coin)
    return (
        *(found.acquirer, coin, found.contract, found.verdict, found.cause or found.why, found.lines),
        *(Money(coin, found.gross_minor), Money(coin, found.fee_minor)),
        Money(coin, found.expected_minor) if right else None,
        Formula(f"=H{at}-I{at}", off, coin) if right else None,
    )


def rejects(sheets: Sheets, report: Report) -> None:
    """Lines that the schemas refused in this run, as they came, card numbers masked."""
    sheet = sheets.add("Rejected rows", REJECTS)
    told = {
        "file": pl.String, "line": pl.Int64, "side": pl.String, "reason": pl.String, "raw": pl.String,
        "minor": pl.Int64, "currency": pl.String,
    }  # fmt: skip
    of = {"minor": "amount_minor"}
    frame = pl.DataFrame(
        [column(name, kind, [getattr(r, of.get(name, name)) for r in report.rejects]) for name, kind in told.items()]
    )
    rows = frame.select("file", "line", "side", "reason", money_of("minor"), "currency", "raw")
    sheet.table(REJECTS, sheets.told(REJECTS, rows), main=True)
