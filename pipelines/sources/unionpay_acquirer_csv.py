"""Clearing file of an acquirer behind UnionPay: 46 columns, one line for each transaction, no totals.

Source: formats/SPEC-unionpay.md. Amounts are yuan with the zeros at their end dropped (34.2, .85); times have no year.
Trace numbers repeat, the reference number 参考号 does not. Types are ISO 8583 processing codes (field 3).
"""

from __future__ import annotations

from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import Amounts, Field, Layout
from pipelines.sources.ums_portal import CARD_TYPES, TYPES

PROCESSING_CODES = {"000000": "SALE", "200000": "REFUND"}
"""The code of a void is that of a refund; both take money back."""


def _texts(**columns: str) -> dict[str, Field]:
    return {name: Field(source=(column,)) for name, column in columns.items()}


UNIONPAY_ACQUIRER_CSV = Delimited(
    Layout(
        profile="unionpay_acquirer_csv",
        side="settlement",
        fields=_texts(
            merchant_id="结算商户编号",
            terminal_id="交易终端号",
            stan="终端流水号bit11",
            rrn="参考号bit37",
            auth_code="授权号",
            original_rrn="原bit37",
            order_no="订单号",
        )
        | {
            "settlement_date": Field("date", ("清算日期",), None, ("%Y%m%d",)),
            "txn_time": Field("datetime", ("交易时间",), None, ("%Y%m%d%H%M%S",), near="清算日期"),
            "record_type": Field("code", ("交易类型",), codes={**PROCESSING_CODES, **TYPES}),
            "card_no": Field("card", ("卡号",)),
            "card_type": Field("code", ("卡种",), codes=CARD_TYPES),
            "gross": Field("amount", ("交易金额",)),
            "fee": Field("amount", ("商户手续费",)),
            "currency": Field("code", constant="CNY"),
        },
        amounts=Amounts(sign="by-type"),
    )
)
