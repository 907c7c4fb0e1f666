"""UMS 银联商务 portal exports, tab-separated: `.netbank` with header and totals, `.wap` with neither.

Source: formats/SPEC-unionpay.md. Amounts are yuan; the settlement day holds trades from about 23:00 of the day before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.sources.base import Context, Data, Parsed, Side
from pipelines.sources.delimited import Delimited
from pipelines.sources.encoding import encoding_of, utf8_head
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
WAP_COLUMNS = 21
_SUM = r"-?[\d,]+(?:\.\d+)?"
_TITLE = r"^对账明细查询结果"


def _fields(*source: str | int) -> dict[str, Field]:
    """The columns whose place is known in both exports, from the date of clearing to the type of card."""
    cleared, date, time, terminal, gross, net, fee, stan, kind, rrn, card_no, merchant, card_type = source
    return {
        "settlement_date": Field("date", (cleared,), None, ("%Y%m%d",)),
        "txn_time": Field("datetime", (date, time), None, ("%Y-%m-%d %H:%M:%S",)),
        "terminal_id": Field(source=(terminal,)),
        "gross": Field("amount", (gross,)),
        "net": Field("amount", (net,)),
        "fee": Field("amount", (fee,)),
        "stan": Field(source=(stan,)),
        "record_type": Field("code", (kind,), codes=TYPES),
        "rrn": Field(source=(rrn,)),
        "card_no": Field("card", (card_no,)),
        "merchant_id": Field(source=(merchant,)),
        "card_type": Field("code", (card_type,), codes=CARD_TYPES),
        "currency": Field("code", constant="CNY"),
    }


NETBANK = Delimited(
    Layout(
        profile="ums_portal",
        side="settlement",
        delimiter="\t",
        quote=None,
        preamble=8,
        blank_rows=True,
        fields=_fields(
            *("清算日期", "交易日期", "交易时间", "终端号", "交易金额", "清算金额", "手续费"),
            *("流水号", "交易类型", "参考号", "卡号", "商户号", "卡类型"),
        )
        | {"order_no": Field(source=("商户订单号",))},
        amounts=Amounts(sign="by-type", thousands=","),
        trailer=rf"总笔数：\s*(?P<rows>\d+)\s*交易金额：\s*(?P<gross>{_SUM})"
        rf"\s*结算金额：\s*(?P<net>{_SUM})\s*手续费：\s*(?P<fee>{_SUM})$",
        footer=_TITLE,
        trailer_required=True,
    )
)

WAP = Delimited(
    Layout(
        profile="ums_portal",
        side="settlement",
        delimiter="\t",
        quote=None,
        header=False,
        columns=WAP_COLUMNS,
        blank_rows=True,
        ragged=True,
        fields=_fields(1, 2, 3, 5, 4, 6, 7, 8, 9, 10, 11, 12, 14),
        amounts=Amounts(sign="by-type", thousands=","),
        trailer=_TITLE,
        footer=_TITLE,
        trailer_required=True,
    )
)
"""Its title lines stand at the end and declare nothing, but a file without them is cut off."""


@dataclass(frozen=True)
class UmsPortal:
    """Both exports under one name; the content tells which it is."""

    name: str = "ums_portal"
    side: Side = "settlement"

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Both layouts."""
        return NETBANK.layout, WAP.layout

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether it is one of the two."""
        return NETBANK.identify(filename, head) or WAP.identify(filename, head) or _of_a_quiet_day(head)

    def explain(self, filename: str, head: bytes) -> str:
        """Why it is neither."""
        return "" if self.identify(filename, head) else NETBANK.explain(filename, head)

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        return _kind_of(data[:65536]).parse(data, context)

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Read a large file part by part."""
        yield from _kind_of(data[:65536]).stream(data, context)


def _of_a_quiet_day(head: bytes) -> bool:
    """Whether it is the export without header that holds blank rows and its title lines and nothing else."""
    text = utf8_head(head, encoding_of(head, "utf-8")).decode(errors="replace")
    filled = [line.strip() for line in text.split("\n") if line.strip()]
    return text.startswith("\t") and bool(filled) and all(re.search(_TITLE, line) for line in filled)


def _kind_of(head: bytes) -> Delimited:
    wap = WAP.identify("", head) or _of_a_quiet_day(head)
    return WAP if wap and not NETBANK.identify("", head) else NETBANK


UMS_PORTAL = UmsPortal()
