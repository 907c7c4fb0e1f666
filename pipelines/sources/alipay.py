"""Alipay merchant bills: the trade bill 业务明细 and the ledger 账务明细 of a merchant account.

Lines that begin with # stand before and after the rows and hold account and totals; cells end in tabs; columns are
found by name. Source: formats/SPEC-alipay.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import polars as pl

from pipelines.sources.layout import Field, Given, Layout
from pipelines.sources.wallet import (
    CHINA,
    YUAN,
    Control,
    WalletBill,
    amount,
    ledger_entries,
    moment,
    or_nothing,
    text,
)

PREAMBLE = 12
GBK = "gb18030"
NAMES = {
    "银联交易号": "支付宝交易号",
    "退款批次号": "退款批次号/请求号",
    "订单金额(元)": "订单金额",
    "商家实收(元)": "商家实收",
    "交易金额": "商家实收",
    "交易金额(元)": "商家实收",
    "服务费(元)": "服务费",
    "收入金额(+元)": "收入金额",
    "收入(+元)": "收入金额",
    "支出金额(-元)": "支出金额",
    "支出(-元)": "支出金额",
    "账户余额(元)": "账户余额",
    "入账时间": "发生时间",
    "支付宝流水号": "账务流水号",
    "账务类型": "业务类型",
}
"""Names of older and newer layouts, and those with the currency, by those that are asked for."""

TYPES = {"交易": "SALE", "退款": "REFUND", "交易退款": "REFUND"}
PAID_OUT = ("提现", "自动提现", "提现到银行卡", "转账到银行卡", "结算")
REPEATS = (
    *("在线支付", "交易付款", "交易", "交易分账", "当面付", "退款", "交易退款", "退款(交易退款)", "退款（交易退款）"),
    *("收费", "服务费", "交易服务费", "退费", "退款退费"),
)
HOLDER = r"账号[：:]\s*\[?\s*(?P<holder>\d+)|\Z"


def _merchant() -> pl.Expr:
    """The account at the head without the currency that Alipay puts at its end (0156: yuan)."""
    return pl.col("holder").str.replace(r"^(\d{16})0156$", "${1}")


def _total(label: str, name: str) -> re.Pattern[str]:
    amounts = rf"{label}合计[：:]\s*(?P<{name}_rows>[\d,]+)\s*笔[，,]?\D*?共?\s*(?P<{name}>[+-]?[\d,]+(?:\.\d+)?)\s*元"
    return re.compile(amounts)


def _declared(closing: bytes, layout: Layout, totals: tuple[re.Pattern[str], ...]) -> dict[str, str] | None:
    """Counts and sums of both ways; None unless both are whole."""
    del layout
    told = closing.decode(errors="replace")
    found = [total.search(told) for total in totals]
    cells = {name: cell.replace(",", "") for match in found if match for name, cell in match.groupdict().items()}
    rows = sum(int(cell) for name, cell in cells.items() if name.endswith("_rows"))
    return {"rows": str(rows), **cells} if all(found) else None


def _trades(frame: pl.DataFrame) -> pl.DataFrame:
    """A refund stands under the number of its sale and has one of its own in a further column."""
    refund = pl.col("record_type") == "REFUND"
    return frame.with_columns(
        gross_minor=pl.col("received"),
        fee_minor=-or_nothing("service"),
        merchant_id=pl.coalesce(pl.col("merchant"), _merchant()),
        order_no=pl.when(refund).then(pl.coalesce("refund_no", "order")).otherwise("order"),
        original_rrn=pl.when(refund).then(pl.col("order")),
    )


def _flows(frame: pl.DataFrame) -> pl.DataFrame:
    """One amount of the two columns: what came in less what went out, whichever sign that is written with."""
    blank = pl.col("income").is_null() & pl.col("expense").is_null()
    flow = or_nothing("income") - or_nothing("expense").abs()
    frame = frame.with_columns(flow=pl.when(~blank).then(flow), merchant_id=_merchant())
    return ledger_entries(frame, PAID_OUT, REPEATS)


def _bill(
    profile: str, fields: dict[str, Field], trailer: str, derive: Callable[[pl.DataFrame], pl.DataFrame]
) -> Layout:
    return Layout(
        profile=profile,
        side="settlement",
        fields={**fields, "holder": Field(source=(Given("holder"),))},
        encoding=GBK,
        quote=None,
        preamble=PREAMBLE,
        timezone=CHINA,
        synonyms=NAMES,
        trailer=rf"^[,\s]*#+\s*({trailer})合计",
        trailer_required=True,
        footer=r"^[,\s]*#",
        derive=derive,
        head=(HOLDER,),
    )


ALIPAY_TRADE = WalletBill(
    layout=_bill(
        "alipay_trade",
        {
            **moment("完成时间"),
            **YUAN,
            "acquirer_ref": text("支付宝交易号"),
            "order": text("商户订单号"),
            "record_type": Field("code", ("业务类型",), codes=TYPES),
            "terminal_id": text("终端号", optional=True),
            "ordered": amount("订单金额"),
            "received": amount("商家实收"),
            "refund_no": text("退款批次号/请求号", optional=True),
            "service": amount("服务费"),
            "merchant": text("商户识别号", optional=True),
        },
        "交易|退款",
        _trades,
    ),
    controls={
        "rows": Control(),
        "sales_rows": Control(where=pl.col("record_type") == "SALE"),
        "sales": Control("received", pl.col("record_type") == "SALE", either="ordered"),
        "refunds_rows": Control(where=pl.col("record_type") == "REFUND"),
        "refunds": Control("received", pl.col("record_type") == "REFUND", either="ordered"),
    },
    declared=partial(_declared, totals=(_total("交易", "sales"), _total("退款", "refunds"))),
)

ALIPAY_ACCOUNT = WalletBill(
    layout=_bill(
        "alipay_account",
        {
            **moment("发生时间"),
            **YUAN,
            "entry_no": text("账务流水号"),
            "acquirer_ref": text("业务流水号", optional=True),
            "order_no": text("商户订单号", optional=True),
            "reason_code": text("业务类型"),
            "income": amount("收入金额"),
            "expense": amount("支出金额"),
            "balance": amount("账户余额"),
        },
        "收入|支出",
        _flows,
    ),
    controls={
        "rows": Control(),
        "income_rows": Control(where=pl.col("flow") > 0),
        "income": Control("flow", pl.col("flow") > 0),
        "expense_rows": Control(where=pl.col("flow") < 0),
        "expense": Control("spent", pl.col("flow") < 0, either="flow"),
    },
    declared=partial(_declared, totals=(_total("支出", "expense"), _total("收入", "income"))),
)
