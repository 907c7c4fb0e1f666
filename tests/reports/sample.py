"""A rich, made-up night for the report: four acquirers, CNY and EUR, every exception type at least once."""
# ruff: noqa: E501  one record a line reads as the table it is

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sample_items import DAY, carried_items, cleared_items, item, new_items, sha

from pipelines.cases.taxonomy import POLICY
from pipelines.money import money_text
from reports.books import Bridge, Proof, ProofLine, ProofPart, RejectedRows, Rounding, Step
from reports.grouping import ageing, first_to_do, grouped
from reports.model import FileRow, MatchRate, MatchRule, RejectedLine, Report, RowCounts, TrendPoint, Waiting

NIGHT = datetime(2026, 3, 6, 2, 14, 7, tzinfo=timezone(timedelta(hours=8)))


def bridge(acquirer: str, currency: str, sales: int, parts: Iterable[tuple[str, str, int, str]]) -> Bridge:
    """A bridge whose totals are summed from its deltas; a part labelled "=" states the total reached."""
    level = sales
    steps = [Step("Journal: approved sales", "流水：批准的销售", sales, "total")]
    for en, zh, minor, note in parts:
        total = en.startswith("=")
        level += 0 if total else minor
        code = note if note in POLICY else ""
        steps.append(Step(en.lstrip("= "), zh, level if total else minor, "total" if total else "delta",
                          "" if code else note, type=code))  # fmt: skip
    return Bridge(acquirer, currency, tuple(steps))


def bridges() -> tuple[Bridge, ...]:
    """From journal to bank for three acquirers."""
    return (
        bridge("UNIONPAY", "CNY", 84_210_350, [
            ("Refunds", "退货", -1_904_200, ""),
            ("Voids and reversals", "撤销与冲正", -412_600, ""),
            ("In transit", "在途", -31_245_080, "settles by 2026-03-07"),
            ("Sale not settled", "短款 单边账", -585_400, "NOT_SETTLED"),
            ("Settled, but not in the journal", "长款 单边账", 44_800, "NOT_IN_JOURNAL"),
            ("Failed at the terminal, but settled", "失败已扣款", 19_900, "FAILED_BUT_SETTLED"),
            ("Settled for more than sold", "多收", 90_000, "AMOUNT_OVER"),
            ("Other breaks", "其他差异", 78_300, "reversals, voids and duplicates"),
            ("= Settlement: gross", "清算：总额", 0, ""),
            ("Fees", "手续费", -251_480, "14 lines differ from the contract"),
            ("Chargebacks", "退单", -26_500, "CHARGEBACK"),
            ("Adjustments", "调账", -1_500, "ADJUSTMENT_UNEXPLAINED"),
            ("Reserve held", "保证金扣留", -250_000, ""),
            ("= Settlement: net", "清算：净额", 0, ""),
            ("Not yet in a payout", "尚未划款", -1_204_000, ""),
            ("= In payouts", "已列入划款", 0, "7 payouts"),
            ("Not yet due", "未到期", -16_420_110, "due 2026-03-06"),
            ("Payout has not reached the bank", "未到账", -1_824_055, "DEPOSIT_MISSING"),
            ("Unidentified bank entry", "不明入账 挂账", 77_700, "DEPOSIT_UNIDENTIFIED"),
            ("= Banked", "银行到账", 0, "account CMB-001"),
        ]),
        bridge("WECHAT", "CNY", 20_511_200, [
            ("Refunds", "退货", -310_000, ""), ("In transit", "在途", -9_800_150, ""),
            ("Settled for less than sold", "少收", -1_000, "AMOUNT_UNDER"),
            ("= Settlement: gross", "清算：总额", 0, ""), ("Fees", "手续费", -62_401, ""),
            ("= Settlement: net", "清算：净额", 0, ""), ("Not yet due", "未到期", -2_104_120, ""),
            ("= Banked", "银行到账", 0, ""),
        ]),
        bridge("ADYEN", "EUR", 1_204_500, [
            ("Refunds", "退货", -42_000, ""), ("In transit", "在途", -602_000, ""),
            ("= Settlement: gross", "清算：总额", 0, ""), ("Fees", "手续费", -9_950, ""),
            ("= Settlement: net", "清算：净额", 0, ""), ("Payout has not reached the bank", "未到账", -91_250, "DEPOSIT_MISSING"),
            ("Bank amount differs from the payout", "到账差额", -2_500, "DEPOSIT_AMOUNT_DIFF"),
            ("= Banked", "银行到账", 0, ""),
        ]),
    )  # fmt: skip


def files() -> tuple[FileRow, ...]:
    """Loaded, already loaded, refused and missing."""
    morning = NIGHT.replace(hour=1, minute=3)

    def row(source: str, name: str, side: str, rows: int, rejected: int = 0, **more: object) -> FileRow:
        values: dict[str, object] = {
            "state": "loaded", "expected_for": DAY, "totals_agree": True, "sha256": sha(name), "arrived_at": morning,
            "declared": f"rows {rows + rejected:,}", "computed": f"rows {rows + rejected:,}",
        }  # fmt: skip
        return FileRow(source=source, name=name, side=side, rows=rows, rejected_rows=rejected, **(values | more))  # type: ignore[arg-type]

    return (
        row("pos", "journal_20260305.csv", "journal", 4_811, 1),
        row("unionpay", "settlement_UNIONPAY_20260305.csv", "settlement", 3_120),
        row("wechat", "wechat_trade_20260305.csv", "settlement", 1_204, state="already loaded"),
        row("alipay", "settlement_ALIPAY_20260305.csv", "settlement", 0, state="rejected", totals_agree=False,
            declared="rows 412", computed="rows 398",
            reason="line 399: the trailer declares 412 rows, the file holds 398; ask the sender for the whole file"),
        row("bank-main", "bank_20260305.csv", "bank", 14, declared="closing 81,977.00 CNY", computed="closing 81,977.00 CNY"),
        row("bank-eur", "camt053_20260305.xml", "bank", 3, totals_agree=None, declared="", computed=""),
    )  # fmt: skip


def proof() -> Proof:
    """Two currencies on three sides, refused rows and WeChat's fee decimals on lines of their own."""

    def line(side: str, currency: str, *parts: tuple[str, str, int, int, str]) -> ProofLine:
        rows, amount = sum(part[2] for part in parts), sum(part[3] for part in parts)
        return ProofLine(side, currency, rows, rows, amount, amount, tuple(ProofPart(*part) for part in parts))

    return Proof(
        lines=(
            line("journal", "CNY", ("matched", "已匹配", 61_204, 1_204_551_230, ""), ("excepted", "异常", 31, 1_422_000, ""),
                 ("waiting", "在途", 3_870, 41_045_230, ""), ("out of scope", "不在范围", 212, 0, "declined or timed out")),
            line("settlement", "CNY", ("matched", "已匹配", 61_204, 1_204_640_230, ""), ("excepted", "异常", 24, 310_200, "")),
            line("bank", "CNY", ("matched", "已匹配", 88, 1_180_221_019, ""), ("excepted", "异常", 1, 77_700, ""),
                 ("out of scope", "不在范围", 41, -20_110_000, "no contract names the counterparty")),
            line("settlement", "EUR", ("matched", "已匹配", 410, 4_120_050, ""), ("excepted", "异常", 2, 95_450, "")),
            line("bank", "EUR", ("matched", "已匹配", 9, 4_021_000, "")),
        ),
        rejected=(RejectedRows("journal", "CNY", 1, 4_590), RejectedRows("settlement", "XXX", 1, 0)),
        rounding=(Rounding("wechat", "CNY", 1_204, Decimal("624.01482"), 62_401, 62_401),),
    )  # fmt: skip


def trend(days: int = 30) -> tuple[TrendPoint, ...]:
    """Rates of some nights before the sample's, the last of them the worst."""
    nights = [DAY - timedelta(days=n) for n in reversed(range(days))]

    def point(day: date, currency: str, wrong: int) -> TrendPoint:
        return TrendPoint(day, "journal-settlement", currency, 1_000 - wrong, 1_000, 10**6 - 10 * wrong, 10**6)

    wrong = [at * 7 % 23 for at in range(days)]
    return tuple(point(day, code, n) for day, n in zip(nights, wrong, strict=True) for code in ("CNY", "EUR"))


def rejects() -> tuple[RejectedLine, ...]:
    """One line with an amount, one that nobody can read."""
    return (
        RejectedLine("journal_20260305.csv", 17, "journal", "amount 'x' is not an amount", "T1,=1+1,x", 4_590, "CNY"),
        RejectedLine("settlement_UNIONPAY_20260305.csv", 4, "settlement", "too few cells", "@SUM(A1)"),
    )


def sample() -> Report:
    """The whole night, INCOMPLETE."""
    new, carried = new_items(), carried_items()
    late = FileRow(source="adyen", name="adyen_settlement_20260304.csv", side="settlement", state="missing",
                   expected_for=DAY - timedelta(days=1), reason="its sales keep waiting",
                   reason_zh="相关销售继续等待")  # fmt: skip
    return Report(
        run_id="20260305T181407Z-7c1e", business_date=DAY, generated_at=NIGHT, verdict="INCOMPLETE",
        files=files(), still_missing=(late,), rows=RowCounts(4_811, 4_324, 17, 1), bridges=bridges(), proof=proof(),
        match_rates=(
            MatchRate("journal-settlement", "CNY", 61_204, 61_235, 1_204_551_230, 1_205_973_230),
            MatchRate("journal-settlement", "EUR", 410, 410, 4_120_050, 4_120_050),
            MatchRate("settlement-bank", "CNY", 88, 90, 1_180_221_019, 1_182_122_774),
        ),
        match_rules=(
            MatchRule("journal-settlement", "rrn", "CNY", 52_310, 980_114_200),
            MatchRule("journal-settlement", "order_no", "CNY", 8_882, 224_401_030),
            MatchRule("journal-settlement", "batch_stan", "CNY", 12, 36_000),
            MatchRule("journal-settlement", "order_no", "EUR", 410, 4_120_050),
            MatchRule("settlement-bank", "payout_id", "CNY", 80, 1_100_221_019),
            MatchRule("settlement-bank", "group", "CNY", 8, 80_000_000),
        ),
        top=first_to_do([*new, *carried]), new=grouped(new), carried=grouped(carried), cleared=grouped(cleared_items()),
        ageing=ageing([*new, *carried]),
        waiting=(
            Waiting("UNIONPAY", DAY, "CNY", 2_310, 28_445_080, DAY + timedelta(days=2)),
            Waiting("UNIONPAY", DAY - timedelta(days=1), "CNY", 140, 2_800_000, DAY + timedelta(days=1)),
            Waiting("WECHAT", DAY, "CNY", 1_204, 9_800_150, DAY + timedelta(days=2)),
            Waiting("ADYEN", DAY - timedelta(days=1), "EUR", 216, 602_000, None, "until the file of adyen 2026-03-04 arrives", "等待 adyen 2026-03-04 文件"),
        ),
        trend=trend(), rejects=rejects(),
        versions=(("settlement-recon", "0.1.0"), ("rules", "2026-03-01"), ("recon.toml", sha("recon.toml")[:12])),
        outputs={"html": "var/reports/2026-03-05.html", "xlsx": "var/reports/2026-03-05.xlsx", "json": "var/reports/2026-03-05.json"},
        seconds={"total": 7.4, "load": 2.1}, peak_rss_mb=412,
    )  # fmt: skip


def clean() -> Report:
    """A night on which everything agrees."""
    base = sample()
    good = tuple(
        replace(row, state="loaded", totals_agree=True, reason="") for row in base.files if row.state != "rejected"
    )
    return replace(
        base, verdict="OK", files=good, still_missing=(), bridges=base.bridges[1:2], top=(), new=(), carried=(), cleared=(),
        ageing=(), proof=replace(base.proof, rejected=()), rows=replace(base.rows, rejected=0),
    )  # fmt: skip


def empty() -> Report:
    """A first night with nothing in it."""
    return Report(run_id="r1", business_date=DAY, generated_at=NIGHT, verdict="OK")


def failed() -> Report:
    """A night that published nothing."""
    return replace(empty(), verdict="FAILED", failure="disk full while writing var/published; free 2 GB and run again")


def crowded(count: int = 2_000) -> Report:
    """More exceptions than a page should hold: one large type beside two small ones."""
    many = [item(n, "FEE_VARIANCE", n, f"Charged {money_text(n, 'CNY')} too much.") for n in range(1, count - 9)]
    few = [item(n, "NOT_SETTLED", 100 * n, "Nothing settled.", rrn=f"{n:012d}") for n in range(8)]
    one = [item(n, "DEPOSIT_MISSING", 5_000, "Nothing arrived.") for n in range(2)]
    rows = [*many, *few, *one]
    return replace(sample(), new=grouped(rows), carried=(), cleared=(), top=first_to_do(rows), ageing=ageing(rows))
