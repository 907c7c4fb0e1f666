"""UMS 银联商务 portal export (`.netbank`): tab-separated, three preamble lines, totals in the last line.

Source: formats/SPEC-unionpay.md. Amounts are yuan; the settlement day holds trades from about 23:00 of the day before.
"""

from __future__ import annotations

from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import Amounts, Field, Layout

TYPES = {
    "消费": "SALE",
    "预授权完成": "SALE",
    "退货": "REFUND",
    "联机退货": "REFUND",
    "消费撤销": "VOID",
    "预授权完成撤销": "VOID",
    "消费冲正": "REVERSAL",
    "冲正": "REVERSAL",
}
CARD_TYPES = {"借记卡": "DEBIT", "贷记卡": "CREDIT", "准贷记卡": "CREDIT"}
_SUM = r"(-?[\d,]+(?:\.\d+)?)"

UMS_PORTAL = Delimited(
    Layout(
        profile="ums_portal",
        side="settlement",
        delimiter="\t",
        quote=None,
        preamble=8,
        blank_rows=True,
        fields={
            "acquirer": Field(),
            "settlement_date": Field("date", ("清算日期",), None, ("%Y%m%d",)),
            "txn_time": Field("datetime", ("交易日期", "交易时间"), None, ("%Y-%m-%d %H:%M:%S",)),
            "terminal_id": Field(source=("终端号",)),
            "gross": Field("amount", ("交易金额",)),
            "net": Field("amount", ("清算金额",)),
            "fee": Field("amount", ("手续费",)),
            "stan": Field(source=("流水号",)),
            "record_type": Field("code", ("交易类型",), codes=TYPES),
            "rrn": Field(source=("参考号",)),
            "card_no": Field("card", ("卡号",)),
            "merchant_id": Field(source=("商户号",)),
            "card_type": Field("code", ("卡类型",), codes=CARD_TYPES),
            "order_no": Field(source=("商户订单号",)),
            "currency": Field("code", constant="CNY"),
        },
        amounts=Amounts(sign="by-type"),
        trailer=rf"总笔数：\s*(?P<rows>\d+)\s*交易金额：\s*(?P<gross>{_SUM[1:-1]})"
        rf"\s*结算金额：\s*(?P<net>{_SUM[1:-1]})\s*手续费：\s*(?P<fee>{_SUM[1:-1]})",
        footer=r"^对账明细查询结果",
        trailer_required=True,
    )
)
