"""Adyen's Settlement details report: the batches of a day, one for each merchant account, each with its payout.

Lines name the merchant's own reference, times are those of Amsterdam, amounts have no sign and no padding: the side is
the column that is filled. Fees are kept when a sale is paid back. A batch and its payout add up to nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from pipelines.synth.layouts.unionpay_zm import CUT_AT
from pipelines.synth.layouts.wechat import digits, yuan
from pipelines.synth.settle import order_number, order_text
from pipelines.synth.world import CURRENCY

TYPES = {
    "SALE": "Settled",
    "REFUND": "Refunded",
    "CHARGEBACK": "Chargeback",
    "REPRESENTMENT": "ChargebackReversed",
    "ADJUSTMENT": "ManualCorrected",
    "PAYOUT": "MerchantPayout",
}
METHODS = {"ALIPAY": "alipay", "WECHAT": "wechatpay"}
COLUMNS = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,"
    "Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,"
    "Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),"
    "Payment Method Variant,Modification Merchant Reference,Batch Number,Reserved4,Reserved5,"
    "Reserved6,Reserved7,Reserved8,Reserved9,Reserved10,Booking Date,Booking Date TimeZone"
)
COMPANY = "ShopsCompany"
_HERE, _THERE = "Asia/Shanghai", "Europe/Amsterdam"


class AdyenFile:
    """A report under way: header at once, batches as they come; nothing stands behind them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(f"{COLUMNS}\n".encode())
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write each batch's lines and then its payout; return lines with truth and payouts, with `line`."""
        paid = payouts.with_columns(
            pl.lit("PAYOUT").alias("a_type"),
            (-pl.col("net")).alias("net"),
            pl.lit(0, pl.Int64).alias("fee"),
            pl.col("settles").cast(pl.Datetime("us")).alias("a_time"),
        )
        rows = pl.concat([lines, paid], how="diagonal")
        last = [False, False, newest_first, newest_first, False]
        closing = pl.col("a_type") == "PAYOUT"
        rows = rows.sort("payout_id", closing, "a_time", "id", "copy", nulls_last=True, descending=last)
        rows = rows.with_columns((pl.int_range(pl.len()) + self.rows + 2).alias("line"))
        text = rows.select(pl.concat_str(pl.concat_list(_cells()).list.join(","))).to_series()
        self._file.writelines(f"{line}\n".encode() for line in text)
        self.rows += rows.height
        told = pl.col("fault").is_not_null() | pl.col("told") | closing
        return rows.with_columns(pl.when(closing).then(-pl.col("net")).otherwise("net").alias("net")).filter(told)

    def end(self) -> None:
        """Nothing stands behind the batches."""


def batch_name() -> pl.Expr:
    """How a payout is called, by Adyen and in the bank's text: its batch and the merchant account."""
    return pl.format("batch {}, {}", _batch(), "merchant_id")


def spoil_payout(good: Path, bad: Path) -> None:
    """Copy a report whose last payout is 1.00 too high; one without payouts has its header cut."""
    text = good.read_bytes()
    found = [*re.finditer(rb"(?m)^.*,MerchantPayout,.*$", text)]
    if not found:
        bad.write_bytes(text[:CUT_AT])
        return
    line, amount = found[-1], re.search(rb"(?<=,CNY,)(\d+)(?=\.|,)", found[-1][0])
    assert amount is not None  # noqa: S101 - written by this module a moment ago
    at = line.start() + amount.start()
    bad.write_bytes(text[:at] + str(int(amount[1]) + 1).encode() + text[line.start() + amount.end() :])


def _batch() -> pl.Expr:
    return pl.col("settles").dt.ordinal_day().cast(pl.String) + pl.col("merchant_id").str.tail(2)


def _cells() -> list[pl.Expr]:
    kind, gross, net = pl.col("a_type"), pl.col("gross"), pl.col("net")
    paid, back = kind == "PAYOUT", kind == "REFUND"
    blank = pl.lit("")
    number = pl.when(back).then("parent").otherwise("order_id")
    transfer = pl.format('"TX{}XT {}"', digits("line", 6) + _batch(), batch_name())
    modified = pl.when(paid).then(transfer).when(~paid).then(pl.lit("M") + digits("id", 15))
    second = pl.when(pl.col("kind") == "second_chargeback").then(pl.lit("SecondChargeback"))
    cells = [
        pl.lit(COMPANY),
        pl.col("merchant_id"),
        pl.when(~paid).then(pl.lit("P") + number.cast(pl.String).str.zfill(15)),
        pl.when(back).then(order_number("parent")).otherwise(order_text()),
        pl.col("channel").replace_strict(METHODS, default=None, return_dtype=pl.String),
        _clock(),
        _zone(),
        pl.coalesce(second, kind.replace_strict(TYPES, return_dtype=pl.String)),
        modified,
        pl.when(~paid).then(pl.lit(CURRENCY)),
        pl.when(gross < 0).then(_plain(gross)),
        pl.when(gross > 0).then(_plain(gross)),
        pl.when(~paid).then(pl.lit("1")),
        pl.lit(CURRENCY),
        pl.when(net < 0).then(_plain(net)),
        _spoilt(pl.when(net >= 0).then(_plain(net))),
        pl.when(pl.col("fee") != 0).then(_plain(pl.col("fee"))),
        *(blank,) * 3,
        pl.col("channel").replace_strict(METHODS, default=None, return_dtype=pl.String),
        pl.when(back).then(order_text()),
        _batch(),
        *(blank,) * 7,
        pl.col("settles").dt.to_string("%Y-%m-%d") + pl.lit(" 03:12:45"),
        pl.lit("CET"),
    ]
    return [cell.fill_null("") for cell in cells]


def _spoilt(credit: pl.Expr) -> pl.Expr:
    wrong = (pl.col("spoilt") == "a_gross").fill_null(value=False)
    return pl.when(wrong).then(pl.lit("x") + credit).otherwise(credit)


def _plain(minor: pl.Expr) -> pl.Expr:
    """An amount without sign and without zeros behind its last decimal."""
    return yuan(minor.abs()).str.replace(r"\.00$", "").str.replace(r"(\.\d)0$", "${1}")


def _there() -> pl.Expr:
    return pl.col("a_time").dt.replace_time_zone(_HERE).dt.convert_time_zone(_THERE)


def _clock() -> pl.Expr:
    wrong = (pl.col("spoilt") == "a_time").fill_null(value=False)
    impossible = _there().dt.strftime("%Y-02-30 %H:%M:%S")
    return pl.when(wrong).then(impossible).otherwise(_there().dt.strftime("%Y-%m-%d %H:%M:%S"))


def _zone() -> pl.Expr:
    return _there().dt.strftime("%Z")
