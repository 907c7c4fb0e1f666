"""WeChat Pay merchant bills: the trade bill and the fund bill (ledger) of a merchant account.

Cells of rows begin with a backtick; a second table of one row at the end holds the totals. Columns are found by name,
for layouts of 20, 24, 27 and 29 columns are in use. Source: formats/SPEC-wechat.md.
"""

from __future__ import annotations

import polars as pl

from pipelines.sources.layout import Amounts, Field, Layout
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

LEAD = "`"
NAMES = {
    "子商户号": "特约商户号",
    "总金额": "应结订单金额",
    "企业红包退款金额": "充值券退款金额",
    "代金券或立减优惠退款金额": "充值券退款金额",
    "总交易额": "应结订单总金额",
    "总退款金额": "退款总金额",
    "总企业红包退款金额": "充值券退款总金额",
    "总代金券或立减优惠退款金额": "充值券退款总金额",
    "银联订单号": "微信订单号",
    "银联退款单号": "微信退款单号",
}
NAMES |= {
    f"{name}(元)": NAMES.get(name, name)
    for name in (
        *("应结订单金额", "总金额", "代金券金额", "退款金额", "充值券退款金额", "企业红包退款金额"),
        *("手续费", "订单金额", "申请退款金额", "收支金额", "账户结余"),
    )
}
"""Names of older layouts and of bills that come through UnionPay, by those in use since 2018."""

SUMMARY = {
    "总交易单数": "rows",
    "应结订单总金额": "sales",
    "退款总金额": "refunds",
    "充值券退款总金额": "voucher_refunds",
    "手续费总金额": "fee_micro",
    "订单总金额": "orders",
    "申请退款总金额": "refunds_asked",
    "资金流水总笔数": "rows",
    "收入笔数": "income_rows",
    "收入金额": "income",
    "支出笔数": "expense_rows",
    "支出金额": "expense",
}
NONE = "0"
"""How the trade bill writes that there is no such number."""

TYPES = {"SUCCESS": "SALE", "REFUND": "REFUND", "REVOKED": "VOID"}
PAID_OUT = ("提现", "充值/提现", "结算", "自动提现", "提现结算")
REPEATS = ("交易", "退款", "退款关闭", "扣除交易手续费", "退还交易手续费", "手续费", "交易手续费", "退还手续费")


def _declared(closing: bytes, layout: Layout) -> dict[str, str] | None:
    """Totals of the second table by our names; None where a cell of it is missing."""
    lines = [line for line in closing.decode(errors="replace").splitlines() if line.strip()]
    if len(lines) != 2:
        return None
    names = [layout.named(cell) for cell in lines[0].rstrip(", ").split(",")]
    cells = [cell.strip().removeprefix(LEAD) for cell in lines[1].rstrip(", ").split(",")]
    if len(names) != len(cells) or not all(cells):
        return None
    found = {SUMMARY[name]: cell for name, cell in zip(names, cells, strict=True) if name in SUMMARY}
    return found if "rows" in found else None


def _trades(frame: pl.DataFrame) -> pl.DataFrame:
    """A refund or revocation names the order it pays back, and has a number of its own where it is given one."""
    back = pl.col("record_type") != "SALE"
    frame = frame.with_columns(or_nothing(c) for c in ("refunded", "voucher_refunded", "ordered", "refund_asked"))
    return frame.with_columns(
        gross_minor=pl.col("paid") - pl.col("refunded"),
        merchant_id=pl.coalesce(_number("sub_merchant"), "merchant"),
        order_no=pl.when(back).then(pl.coalesce(_number("refund_no"), "order")).otherwise("order"),
        original_rrn=pl.when(back).then(pl.col("order")),
        acquirer_ref=pl.when(back).then(pl.coalesce(_number("refund_ref"), "acquirer_ref")).otherwise("acquirer_ref"),
        card_type=pl.col("card_type").str.extract("_(DEBIT|CREDIT)$"),
    )


def _number(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != NONE).then(pl.col(column))


def _bill(profile: str, fields: dict[str, Field], **others: object) -> Layout:
    return Layout(
        profile=profile,
        side="settlement",
        fields=fields,
        quote=None,
        lead=LEAD,
        timezone=CHINA,
        synonyms=NAMES,
        trailer=rf"^{LEAD}?[-\d.]+(,{LEAD}?[-\d.]*)*,*$",
        trailer_required=True,
        footer=rf"^{LEAD}?(总交易单数|资金流水总笔数)",
        **others,  # type: ignore[arg-type]
    )


WECHAT_TRADE = WalletBill(
    layout=_bill(
        "wechat_trade",
        {
            **moment("交易时间"),
            "merchant": text("商户号"),
            "sub_merchant": text("特约商户号", optional=True),
            "terminal_id": text("设备号", optional=True),
            "acquirer_ref": text("微信订单号"),
            "order": text("商户订单号"),
            "record_type": Field("code", ("交易状态",), codes=TYPES),
            "card_type": text("付款银行", optional=True),
            "currency": Field("code", ("货币种类",)),
            "paid": amount("应结订单金额"),
            "refund_ref": text("微信退款单号", optional=True),
            "refund_no": text("商户退款单号", optional=True),
            "refunded": amount("退款金额", optional=True),
            "voucher_refunded": amount("充值券退款金额", optional=True),
            "fee_micro": Field("micro", ("手续费",)),
            "ordered": amount("订单金额", optional=True),
            "refund_asked": amount("申请退款金额", optional=True),
        },
        derive=_trades,
    ),
    controls={
        "rows": Control(),
        "sales": Control("paid"),
        "refunds": Control("refunded"),
        "voucher_refunds": Control("voucher_refunded"),
        "fee_micro": Control("fee_micro"),
        "orders": Control("ordered"),
        "refunds_asked": Control("refund_asked"),
    },
    declared=_declared,
)


def _flows(frame: pl.DataFrame) -> pl.DataFrame:
    return ledger_entries(frame.with_columns(flow=pl.col("gross_minor")), PAID_OUT, REPEATS)


WECHAT_FUND = WalletBill(
    layout=_bill(
        "wechat_fund",
        {
            **moment("记账时间"),
            **YUAN,
            "acquirer_ref": text("微信支付业务单号"),
            "entry_no": text("资金流水单号"),
            "reason_code": text("业务类型"),
            "gross": amount("收支金额"),
            "balance": amount("账户结余"),
            "order_no": text("业务凭证号", optional=True),
        },
        amounts=Amounts(direction="收支类型", plus=("收入",), minus=("支出",)),
        derive=_flows,
    ),
    controls={
        "rows": Control(),
        "income_rows": Control(where=pl.col("flow") > 0),
        "income": Control("flow", pl.col("flow") > 0),
        "expense_rows": Control(where=pl.col("flow") < 0),
        "expense": Control("spent", pl.col("flow") < 0),
    },
    declared=_declared,
    chained=True,
)
