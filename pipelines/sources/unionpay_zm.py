"""UnionPay 全渠道 day files: ZM (transactions) and ZME (corrections), fixed width, counted in bytes of GBK.

Source: formats/SPEC-unionpay.md (full-channel access specification, part 3, 6.1 and 6.2). Amounts are fen; fees and
settled amounts carry a letter, C to the merchant's credit and D to its debit. Times have no year: that is the query
id's. The day of clearing stands in the name only, and runs from about 23:00 to 23:00.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from pipelines.sources.base import Context, Data, Parsed, Side, SourceError
from pipelines.sources.fixed import FixedWidth
from pipelines.sources.layout import Amounts, Field, Layout
from pipelines.sources.slots import Slot, gaps_between, slots_in_a_row

TYPES = {
    "01": "SALE",
    "03": "SALE",
    "04": "REFUND",
    "31": "VOID",
    "33": "VOID",
    "99": "REVERSAL",
    "S22": "SALE",
    "S30": "REFUND",
    "E": "ADJUSTMENT",
}
"""By the type of the full-channel interface, or, where that is blank, by the code of the clearing system."""

CARD_TYPES = {"01": "DEBIT", "02": "CREDIT", "03": "CREDIT"}
TO_MERCHANT = {"C": "+", "D": "-"}
FROM_MERCHANT = {"C": "-", "D": "+"}
CLEARING_DAY_BEGINS_BEFORE_MIDNIGHT = timedelta(hours=1)
_DAY = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_IN_NAME = rf"(?i:INN|(?<![0-9])20)(?P<settlement_date>{_DAY})(?i:[0-9]{{2}}ZM|(?![0-9]))"

_BOTH = "code agent sender stan time card amount mcc terminal_type"
_ZM = slots_in_a_row(
    f"{_BOTH} query_id method_old order_no card_type original_stan original_time fee settled method group type subtype"
    " business account bill bill_no interaction original_query_id merchant_id split sub_merchant short_name"
    " split_amount net terminal_id merchant_text discount invoice instalment_fee instalments medium original_order_no"
    " reserved",
    (
        *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
        *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
    ),
    gap=1,
)
_ZME = slots_in_a_row(
    f"{_BOTH} card_type original_stan original_time original_day original_amount fee settled group merchant_id split"
    " instalment_fee instalments reserved",
    (3, 11, 11, 6, 10, 19, 12, 4, 2, 2, 6, 10, 4, 12, 13, 13, 15, 15, 1, 12, 2, 135),
    gap=1,
)
_RRN = Slot(_ZM["reserved"].start + 13 + 1 + 2 + 1 + 1 + 1, 12)
"""Newer files use part of what was reserved: amount cleared, entry mode, mobile product, and the RRN."""

_CODE = pl.when(pl.col("code").str.starts_with("E")).then(pl.lit("E")).otherwise("code")
"""The code of the clearing system; all its corrections begin with the same letter."""


def _fields(near: str, **more: Field) -> dict[str, Field]:
    return {
        "settlement_date": Field("date", (), None, ("%y%m%d",)),
        "record_type": Field("code", ("kind",), codes=TYPES),
        "merchant_id": Field(source=("merchant_id",)),
        "stan": Field(source=("stan",)),
        "card_no": Field("card", ("card",)),
        "card_type": Field("code", ("card_type",), codes=CARD_TYPES),
        "txn_time": Field("datetime", ("time",), None, ("%Y%m%d%H%M%S",), near=near),
        "gross": Field("amount", ("amount",)),
        "fee": Field("amount", ("fee",), codes=FROM_MERCHANT),
        "net": Field("amount", ("settled",), codes=TO_MERCHANT),
        "currency": Field("code", constant="CNY"),
        **more,
    }


def _layout(amounts: Amounts, fields: dict[str, Field]) -> Layout:
    return Layout(
        profile="unionpay_zm",
        side="settlement",
        encoding="gb18030",
        fields=fields,
        amounts=amounts,
        from_name=_IN_NAME,
    )


ZM = FixedWidth(
    _layout(
        Amounts(unit="minor", sign="by-type"),
        _fields(
            near="query_id",
            terminal_id=Field(source=("terminal_id",)),
            rrn=Field(source=("known_rrn",)),
            order_no=Field(source=("order_no",)),
            acquirer_ref=Field(source=("query_id",)),
            original_rrn=Field(source=("original",)),
        ),
    ),
    slots={**_ZM, "rrn": _RRN},
    width=_ZM["reserved"].end,
    gaps=gaps_between(_ZM),
    least=_ZM["medium"].end,
    derived={
        "kind": pl.coalesce("type", _CODE),
        "known_rrn": pl.when(pl.col("rrn").str.contains("^[0-9A-Za-z]{12}$")).then("rrn"),
        "original": pl.coalesce("original_order_no", "original_query_id"),
    },
)

ZME = FixedWidth(
    _layout(
        Amounts(unit="minor", direction="direction", plus=("C",), minus=("D",)),
        _fields(near="day", reason_code=Field(source=("code", "original_stan", "original_time"))),
    ),
    slots={**_ZME, "direction": Slot(_ZME["settled"].start, 1)},
    width=_ZME["reserved"].end,
    gaps=gaps_between(_ZME),
    derived={
        "kind": _CODE,
        "day": pl.lit("20000601"),  # any will do to know such a file; its name gives the right one
    },
)


@dataclass(frozen=True)
class UnionpayZm:
    """Both kinds of file under one name; the length of the lines tells which it is."""

    name: str = "unionpay_zm"
    side: Side = "settlement"

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Both layouts."""
        return ZM.layout, ZME.layout

    def identify(self, filename: str, head: bytes) -> bool:  # noqa: ARG002 - any name will do
        """Whether it is one of the two."""
        return ZM.identify("", head) or ZME.identify("", head)

    def explain(self, filename: str, head: bytes) -> str:
        """Why it is neither."""
        return "" if self.identify(filename, head) else ZM.explain("", head)

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""
        told = _day_in(context.filename)
        parsed = _kind_of(data[:65536], told).parse(data, context)
        return parsed if told else _dated(parsed)

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Read a large file part by part; whole where only all its rows tell its day."""
        told = _day_in(context.filename)
        if told is None:
            yield self.parse(data[:], context)
        else:
            yield from _kind_of(data[:65536], told).stream(data, context)


def _day_in(filename: str) -> str | None:
    """The day of clearing as the file's name gives it."""
    return ZM.layout.told_by(filename).fields["settlement_date"].constant


def _kind_of(head: bytes, told: str | None) -> FixedWidth:
    """What reads the file: its transactions or its corrections; SourceError where these have no day."""
    if ZM.identify("", head) or not ZME.identify("", head):
        return ZM
    if told is None:
        mend = "give it the name UnionPay gave it, INNyymmdd88ZME_…, or one with the date YYYYMMDD"
        raise SourceError("no day of clearing stands in the name", mend=mend, profile=ZM.name)
    return replace(ZME, derived={**ZME.derived, "day": pl.lit(f"20{told}")})


def _dated(parsed: Parsed) -> Parsed:
    """The day of clearing by the times of most transactions, where the name holds none."""
    days = (parsed.rows["txn_time"] + CLEARING_DAY_BEGINS_BEFORE_MIDNIGHT).dt.date().drop_nulls()
    usual = days.mode().max()
    if not isinstance(usual, date):
        return parsed
    rows = parsed.rows.with_columns(settlement_date=pl.lit(usual))
    says = f"no day of clearing stands in the name; {usual} is taken, by the times of the transactions"
    return replace(parsed, rows=rows, warnings=(*parsed.warnings, says))


UNIONPAY_ZM = UnionpayZm()
