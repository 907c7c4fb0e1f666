"""The sheets of exceptions, one for each type: what to do stands above them, sums are formulas over what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import polars as pl

from pipelines.cases.taxonomy import POLICY
from pipelines.money import to_major
from reports.listed import Listed
from reports.model import Report, TypeGroup
from reports.sheet import LONGEST_SHEET, Column, Formula, Sheets, money_of

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


def exceptions(sheets: Sheets, report: Report, codes: Sequence[str]) -> None:
    """A sheet for each type: what to do stands above, sums per currency are formulas over what is open."""
    parts = {"new": report.new, "carried": report.carried, "cleared": report.cleared}
    frames = [_together(groups).with_columns(section=pl.lit(SECTIONS[part])) for part, groups in parts.items()]
    at = pl.col("type").replace_strict({code: n for n, code in enumerate(codes)}, default=None, return_dtype=pl.Int64)
    every = pl.concat(frames).sort(at, maintain_order=True)
    every = every.with_columns(part=pl.int_range(pl.len()).over("type") // LONGEST_SHEET)
    ready = sheets.told(ITEMS, every.select(_VALUES))
    open_ = every.filter(pl.col("section") != SECTIONS["cleared"], pl.col("currency") != "")
    sums = open_.group_by("type", "part", "currency").agg(pl.col("amount_minor").cast(pl.Int128).sum())
    worth: dict[tuple[str, int], dict[str, int]] = {}
    for code, part, currency, minor in sums.sort("currency").iter_rows():
        worth.setdefault((code, part), {})[currency] = minor
    counts: dict[str, list[int]] = {code: [] for code in codes}
    for code, _, count in every.group_by("type", "part", maintain_order=True).len().iter_rows():
        counts[code].append(count)
    for code, parts_of in counts.items():
        for part, count in enumerate(parts_of or [0]):
            name = f"{_sheet_name(code)[:28]} {part + 1}" if len(parts_of) > 1 else _sheet_name(code)
            _exceptions(sheets, name, code, worth.get((code, part), {}), (count, ready))


def _exceptions(
    sheets: Sheets,
    name: str,
    code: str,
    worth: Mapping[str, int],
    rows: tuple[int, Iterator[Sequence[Any] | str]],
) -> None:
    """A sheet of exceptions. worth: of those that are open, by currency; rows: how many of those that are ready."""
    count, ready = rows
    sheet = sheets.add(name, ITEMS)
    policy = POLICY.get(code)
    sheet.line(f"{code}  {policy.term_zh}  {policy.title_en}" if policy else code, bold=True, font_size=13)
    if policy:
        sheet.line(f"Next 下一步: {policy.action_en} {policy.action_zh}")
        sheet.line(f"Contact 联系: {policy.contact_en} {policy.contact_zh}")
    first = sheet.row + len(worth) + 2
    last = first + max(count, 1) - 1
    for coin, minor in worth.items():
        money, kind, section = (f"{letter}{first}:{letter}{last}" for letter in "DEA")
        value = to_major(minor, coin)
        total = Formula(f'=SUMIFS({money},{kind},"{coin}",{section},"<>{SECTIONS["cleared"]}")', value, coin)
        sheet.total({0: "Open 未结", AMOUNT: total, CURRENCY: coin})
    sheet.table(ITEMS, islice(ready, count), main=True)


def _sheet_name(code: str) -> str:
    """A name that a workbook takes: at most 31 signs, none of them with a meaning of its own."""
    return "".join(sign if sign.isalnum() or sign == "_" else "_" for sign in code)[:31]


def _together(groups: Iterable[TypeGroup]) -> pl.DataFrame:
    """Exceptions of one type and incident after each other, in the place of the most urgent of them."""
    incident = pl.when(pl.col("parent_id") == "").then("exception_id").otherwise("parent_id")
    frame = Listed.together(groups).frame.with_row_index("place")
    return frame.sort(pl.col("place").min().over("type", incident), "place").drop("place")


_EVIDENCE = pl.element().struct
_VALUES = (
    *("section", "exception_id", "severity", money_of("amount_minor"), "currency", "direction", "due_date", "age_days"),
    *("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "business_date"),
    *("first_seen", "explanation", "explanation_zh"),
    pl.col("evidence").list.eval(
        pl.concat_str(
            _EVIDENCE.field("side"), pl.lit(" "), _EVIDENCE.field("file"),
            pl.when(_EVIDENCE.field("line").is_not_null())
            .then(pl.concat_str(pl.lit(":"), _EVIDENCE.field("line").cast(pl.String)))
            .otherwise(pl.lit("")),
        )
    ).list.join("; "),
    "parent_id",
)  # fmt: skip
"""The columns of ITEMS."""
