"""The workbook of fee claims: each claim with its worth, and every line that it is made of, for who must check them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, ClassVar

from pipelines.cases.variances import CAUSES
from pipelines.money import to_major
from reports.books import Money
from reports.sheet import LONGEST_SHEET, Column, Formula, Sheet, Sheets

CLAIMS = (
    Column("Claim 编号", 9, "count"),
    Column("Acquirer 收单机构", 14),
    Column("Fee of the contract 合同费率", 70),
    Column("What went wrong", 36),
    Column("原因", 26),
    Column("Currency 币种", 10),
    Column("Lines 笔数", 11, "count"),
    Column("Gross 交易额", 17, "money"),
    Column("Charged 实收", 15, "money"),
    Column("By the contract 应收", 15, "money"),
    Column("Too much: to claim 多收（可追索）", 18, "money"),
    Column("Too little 少收", 14, "money"),
    Column("In all 合计差额", 15, "money"),
)
LINES = (
    Column("Claim 编号", 9, "count"),
    Column("Settled 清算日", 12, "date"),
    Column("Business date 营业日", 12, "date"),
    Column("File 文件", 34),
    Column("Line 行", 9, "count"),
    Column("Merchant 商户号", 18),
    Column("Terminal 终端号", 12),
    Column("RRN 参考号", 15),
    Column("Order 订单号", 22),
    Column("Payout 划款", 20),
    Column("Type 类型", 10),
    Column("Card type 卡类型", 11),
    Column("Currency 币种", 10),
    Column("Gross 交易额", 15, "money"),
    Column("Charged 实收", 13, "money"),
    Column("Rate (bp) 费率（万分之一）", 12),
    Column("Fixed 固定", 10),
    Column("Minimum 保底", 10),
    Column("Cap 封顶", 10),
    Column("Rounding 舍入", 11),
    Column("On a refund 退货", 11),
    Column("By the contract 应收", 13, "money"),
    Column("Difference 差额", 13, "money"),
    Column("Worked out", 60),
    Column("计算过程", 50),
    Column("What went wrong", 36),
    Column("原因", 26),
)
NONE = (
    Column("Acquirer 收单机构", 14),
    Column("Currency 币种", 10),
    Column("Why no fee governs the lines 无合同原因", 70),
    Column("Lines 笔数", 11, "count"),
    Column("First settled 最早清算日", 13, "date"),
    Column("Last settled 最晚清算日", 13, "date"),
    Column("Gross 交易额", 17, "money"),
    Column("Charged 实收", 15, "money"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One settlement line whose fee is not the contract's; amounts in minor units of `currency`, terms in major ones.

    working: how the contract's fee comes about. Terms are empty where an older version kept none.
    """

    FROM_BOOKS: ClassVar = (
        *("settlement_date", "business_date", "file", "line", "merchant_id", "terminal_id", "rrn", "order_no"),
        *("payout_id", "record_type", "card_type", "currency", "gross_minor", "fee_minor", "expected_minor", "detail"),
    )

    settlement_date: date
    business_date: date | None
    file: str
    line: int
    merchant_id: str | None
    terminal_id: str | None
    rrn: str | None
    order_no: str | None
    payout_id: str | None
    record_type: str
    card_type: str | None
    currency: str
    gross_minor: int
    fee_minor: int
    expected_minor: int
    detail: str | None
    rate_bp: Decimal | None = None
    fixed: Decimal | None = None
    minimum: Decimal | None = None
    cap: Decimal | None = None
    rounding: str = ""
    refund: str = ""
    working: str = ""
    working_zh: str = ""

    @property
    def difference(self) -> int:
        """What was charged too much; below zero: too little."""
        return self.fee_minor - self.expected_minor


@dataclass(frozen=True, slots=True)
class Claim:
    """Lines of one acquirer, fee of its contract, cause and currency."""

    number: int
    acquirer: str
    contract: str
    cause: str
    currency: str
    lines: tuple[ClaimLine, ...]

    @property
    def words(self) -> tuple[str, str]:
        """What went wrong, in English and Chinese."""
        return CAUSES.get(self.cause, (self.cause, ""))


@dataclass(frozen=True, slots=True)
class Ungoverned:
    """Lines that no fee of a contract governs, and why; amounts in minor units."""

    acquirer: str
    currency: str
    why: str
    lines: int
    first: date
    last: date
    gross_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimBook:
    """What is claimed: title is the date, week or month; made: end of the newest run, whose state it is."""

    title: str
    acquirer: str
    made: datetime
    claims: tuple[Claim, ...]
    ungoverned: tuple[Ungoverned, ...]


def render(book: ClaimBook) -> bytes:
    """The workbook; the same claims give the same bytes."""
    import xlsxwriter  # noqa: PLC0415 - only who writes a workbook waits for it

    written = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    out = xlsxwriter.Workbook(written, {"constant_memory": True, "remove_timezone": True, **options})
    out.set_properties({"title": f"Fee claims {book.title}", "created": book.made})
    sheets = Sheets(out)
    pages = _pages(book)
    _overview(sheets, book, list(pages))
    for name, lines in pages.items():
        sheets.add(name, LINES).table(LINES, (_line(*told, at) for at, told in enumerate(lines, start=2)), main=True)
    _none(sheets, book)
    out.close()
    return written.getvalue()


def _pages(book: ClaimBook) -> dict[str, list[tuple[Claim, ClaimLine]]]:
    """Lines by the sheet they stand on: one, or as many as they need."""
    every = [(claim, line) for claim in book.claims for line in claim.lines]
    firsts = range(0, max(len(every), 1), LONGEST_SHEET)
    return {f"Lines {n}" if n > 1 else "Lines": every[at : at + LONGEST_SHEET] for n, at in enumerate(firsts, start=1)}


def _overview(sheets: Sheets, book: ClaimBook, pages: Sequence[str]) -> None:
    """One row per claim; what it is worth are formulas over its lines, and the totals are formulas over the claims."""
    sheet = sheets.add("Claims", CLAIMS)
    whose = f"{book.acquirer} " if book.acquirer else ""
    sheet.line(f"Fee claims {whose}{book.title} 手续费申诉", bold=True, font_size=16)
    sheet.line("Fees charged otherwise than the contract in force on the line's day says, and still open; each line is")
    sheet.line("on the sheet Lines with the terms of the contract and how its fee comes about.")
    sheet.line("实收手续费与当日有效合同不符且尚未解决的明细；每笔的合同条款与计算过程见 Lines 页。")
    sheet.skip()
    top = sheet.row + 2
    first, last = sheet.table(CLAIMS, (_claim(c, at, pages) for at, c in enumerate(book.claims, start=top)), main=True)
    for coin in sorted({claim.currency for claim in book.claims}):
        _total(sheet, coin, (first, last), [claim for claim in book.claims if claim.currency == coin])


def _claim(claim: Claim, at: int, pages: Sequence[str]) -> Sequence[Any]:
    coin, sums = claim.currency, _sums([claim])

    def over(letter: str, more: str = "") -> str:
        told = [f"SUMIFS('{p}'!{letter}:{letter},'{p}'!$A:$A,$A{at}{more.format(p=p)})" for p in pages]
        return "=" + "+".join(told)

    def money(text: str, name: str) -> Formula:
        return Formula(text, to_major(sums[name], coin), coin)

    counted = "=" + "+".join(f"COUNTIFS('{page}'!$A:$A,$A{at})" for page in pages)
    return (
        *(claim.number, claim.acquirer, claim.contract, *claim.words, coin, Formula(counted, len(claim.lines))),
        *(money(over("N"), "gross"), money(over("O"), "charged"), money(over("V"), "right")),
        money(over("W", ",'{p}'!W:W,\">0\""), "much"),
        money(over("W", ",'{p}'!W:W,\"<0\""), "little"),
        money(f"=K{at}+L{at}", "off"),
    )


def _sums(claims: Sequence[Claim]) -> dict[str, int]:
    lines = [line for claim in claims for line in claim.lines]
    return {
        "gross": sum(line.gross_minor for line in lines),
        "charged": sum(line.fee_minor for line in lines),
        "right": sum(line.expected_minor for line in lines),
        "much": sum(line.difference for line in lines if line.difference > 0),
        "little": sum(line.difference for line in lines if line.difference < 0),
        "off": sum(line.difference for line in lines),
    }


def _total(sheet: Sheet, coin: str, rows: tuple[int, int], claims: Sequence[Claim]) -> None:
    first, last = rows

    def over(letter: str) -> str:
        return f'=SUMIFS({letter}{first}:{letter}{last},F{first}:F{last},"{coin}")'

    lines = Formula(over("G"), sum(len(claim.lines) for claim in claims))
    given = zip("HIJKLM", _sums(claims).values(), strict=True)
    sums = [Formula(over(letter), to_major(value, coin), coin) for letter, value in given]
    sheet.total({1: "Total 合计", 5: coin, 6: lines, **dict(enumerate(sums, start=7))})


def _line(claim: Claim, line: ClaimLine, at: int) -> Sequence[Any]:
    coin = line.currency
    english, chinese = claim.words
    return (
        *(claim.number, line.settlement_date, line.business_date, line.file, line.line, line.merchant_id),
        *(line.terminal_id, line.rrn, line.order_no, line.payout_id, line.record_type, line.card_type, coin),
        *(Money(coin, line.gross_minor), Money(coin, line.fee_minor)),
        *_texts(line.rate_bp, line.fixed, line.minimum, line.cap),
        *(line.rounding, line.refund, Money(coin, line.expected_minor)),
        Formula(f"=O{at}-V{at}", to_major(line.difference, coin), coin),
        *(line.working, line.working_zh, f"{english} ({line.detail})" if line.detail else english, chinese),
    )


def _texts(*terms: Decimal | None) -> Iterator[str]:
    """Terms of the contract exactly as they are agreed, whatever their decimals."""
    return ("" if term is None else f"{term}" for term in terms)


def _none(sheets: Sheets, book: ClaimBook) -> None:
    """Lines of which no contract says what they should cost: said here, claimed nowhere."""
    sheet = sheets.add("No contract", NONE)
    rows = (
        (
            *(each.acquirer, each.currency, each.why, each.lines, each.first, each.last),
            *(Money(each.currency, each.gross_minor), Money(each.currency, each.fee_minor)),
        )
        for each in book.ungoverned
    )
    sheet.table(NONE, rows, main=True)
