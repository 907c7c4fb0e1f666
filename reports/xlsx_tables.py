"""The sheets behind the summary: bridge, proof, fees, refused rows, and the exceptions of one type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from pipelines.cases.taxonomy import POLICY
from pipelines.money import to_major
from reports.books import Bridge, FeeCheck, Money
from reports.fees import claims
from reports.model import ExceptionItem, Report, TypeGroup
from reports.sheet import LONGEST_SHEET, Column, Formula, Sheets

ITEMS = (
    Column("Section 栏", 13),
    Column("Exception 编号", 19),
    Column("Severity 级别", 10),
    Column("Amount 金额", 16, "money"),
    Column("Currency 币种", 10),
    Column("Direction 长短款", 10),
    Column("Due 截止", 11, "date"),
    Column("Age (days) 账龄", 11, "count"),
    Column("Acquirer 收单机构", 12),
    Column("Merchant 商户号", 18),
    Column("Terminal 终端号", 11),
    Column("RRN 参考号", 15),
    Column("Order 订单号", 22),
    Column("Payout 划款", 20),
    Column("Bank reference 银行流水号", 18),
    Column("Business date 营业日", 13, "date"),
    Column("First seen 首次发现", 11, "date"),
    Column("What happened", 100),
    Column("情况", 70),
    Column("Evidence 证据", 60),
    Column("Part of incident 所属事件", 19),
)
AMOUNT, CURRENCY = 3, 4
SECTIONS = {"new": "new 新增", "carried": "carried 结转", "cleared": "cleared 核销"}
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
    rows = [
        (r.file, r.line, r.side, r.reason, _amount(r.currency, r.amount_minor), r.currency, r.raw)
        for r in report.rejects
    ]
    sheet.table(REJECTS, sheets.told(REJECTS, [*zip(*rows, strict=True)] or [()] * len(REJECTS)), main=True)


def _amount(currency: str | None, minor: int | None) -> Money | None:
    return Money(currency, minor) if currency and minor is not None else None


def exceptions(sheets: Sheets, report: Report, codes: Sequence[str]) -> None:
    """A sheet for each type: what to do stands above, sums per currency are formulas over what is open."""
    parts = {"new": report.new, "carried": report.carried, "cleared": report.cleared}
    found = {
        code: [(SECTIONS[part], item) for part, groups in parts.items() for item in _together(_of(groups, code))]
        for code in codes
    }
    ready = sheets.told(ITEMS, _values([each for several in found.values() for each in several]))
    for code, several in found.items():
        starts = range(0, max(len(several), 1), LONGEST_SHEET)
        for number, first in enumerate(starts, start=1):
            name = f"{_sheet_name(code)[:28]} {number}" if len(starts) > 1 else _sheet_name(code)
            _exceptions(sheets, name, code, several[first : first + LONGEST_SHEET], ready)


def _exceptions(
    sheets: Sheets,
    name: str,
    code: str,
    found: Sequence[tuple[str, ExceptionItem]],
    ready: Iterator[Sequence[Any] | str],
) -> None:
    """A sheet of exceptions, whose rows are the next that are ready."""
    sheet = sheets.add(name, ITEMS)
    policy = POLICY.get(code)
    sheet.line(f"{code}  {policy.term_zh}  {policy.title_en}" if policy else code, bold=True, font_size=13)
    if policy:
        sheet.line(f"Next 下一步: {policy.action_en} {policy.action_zh}")
        sheet.line(f"Contact 联系: {policy.contact_en} {policy.contact_zh}")
    unsettled = [item for section, item in found if section != SECTIONS["cleared"]]
    coins = sorted({item.currency for item in unsettled if item.currency})
    first = sheet.row + len(coins) + 2
    last = first + max(len(found), 1) - 1
    for coin in coins:
        money, kind, section = (f"{letter}{first}:{letter}{last}" for letter in "DEA")
        value = to_major(sum(item.amount_minor for item in unsettled if item.currency == coin), coin)
        total = Formula(f'=SUMIFS({money},{kind},"{coin}",{section},"<>{SECTIONS["cleared"]}")', value, coin)
        sheet.total({0: "Open 未结", AMOUNT: total, CURRENCY: coin})
    sheet.table(ITEMS, islice(ready, len(found)), main=True)


def _sheet_name(code: str) -> str:
    """A name that a workbook takes: at most 31 signs, none of them with a meaning of its own."""
    return "".join(sign if sign.isalnum() or sign == "_" else "_" for sign in code)[:31]


def _of(groups: Iterable[TypeGroup], code: str) -> tuple[ExceptionItem, ...]:
    return tuple(item for group in groups if group.type == code for item in group.items)


def _together(items: Sequence[ExceptionItem]) -> list[ExceptionItem]:
    """Exceptions of one incident after each other, in the place of the most urgent of them."""
    first: dict[str, int] = {}
    for at, item in enumerate(items):
        first.setdefault(item.parent_id or item.exception_id, at)
    return sorted(items, key=lambda item: first[item.parent_id or item.exception_id])


def _values(found: Sequence[tuple[str, ExceptionItem]]) -> list[Sequence[Any]]:
    """The columns of ITEMS: of very many exceptions they are told at once."""
    fields: list[Sequence[Any]] = [*zip(*(item for _, item in found), strict=True)] or [()] * len(ExceptionItem._fields)
    of = dict(zip(ExceptionItem._fields, fields, strict=True))
    amounts = zip(of["currency"], of["amount_minor"], strict=True)
    return [
        [section for section, _ in found],
        *(of[name] for name in ("exception_id", "severity")),
        [Money(currency, minor) if currency else None for currency, minor in amounts],
        *(of[name] for name in ("currency", "direction", "due_date", "age_days", "acquirer", "merchant_id")),
        *(of[name] for name in ("terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "business_date")),
        *(of[name] for name in ("first_seen", "explanation", "explanation_zh")),
        ["; ".join([_place(*each) for each in evidence]) for evidence in of["evidence"]],
        of["parent_id"],
    ]


def _place(side: str, file: str, line: int | None) -> str:
    return f"{side} {file}" if line is None else f"{side} {file}:{line}"
