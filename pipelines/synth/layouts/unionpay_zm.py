"""UnionPay's full-channel day file, as a newer one is: 607 bytes of GBK a line, the RRN in what was reserved.

No header, no totals, no payouts, no batch, without which the RRN is never left out. Lines are those of
`settle.lines`; amounts are fen, letters are the merchant's.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Self

import polars as pl

from pipelines.synth.settle import card_text

TYPES = {"SALE": "01", "REFUND": "04", "VOID": "31", "REVERSAL": "99"}
ZM_CANNOT = frozenset(
    {
        *("CHARGEBACK", "ADJUSTMENT", "ADJUSTMENT_UNEXPLAINED", "AMBIGUOUS_MATCH", "WEAK_KEYS"),
        *("TYPE_MISMATCH", "CURRENCY_MISMATCH"),
    }
)
"""Chargebacks and adjustments come in another file; the RRN is always there."""
CUT_AT = 300
_SHOP_TEXT = "门店收款" + " " * 24


class ZmFile:
    """A ZM file under way; payouts have no place in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.path.open("wb")
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write the lines in the native order; return those with truth, with `line`."""
        del payouts
        last = [False, False, newest_first, newest_first]
        rows = lines.sort("group", "copy", "a_time", "id", nulls_last=True, descending=last)
        rows = rows.with_columns((pl.int_range(pl.len()) + self.rows + 1).alias("line"))
        text = rows.select(pl.concat_str(_cells(), separator=" ")).to_series()
        self._file.writelines(f"{line}\n".encode("gbk") for line in text)
        self.rows += rows.height
        return rows.filter(pl.col("fault").is_not_null() | pl.col("told"))

    def end(self) -> None:
        """Nothing stands behind the lines."""


def cut_short(good: Path, bad: Path) -> None:
    """Copy a file with its first line cut and the rest lost, as after a broken transfer."""
    bad.write_bytes(good.read_bytes()[:CUT_AT])


def _cells() -> list[pl.Expr]:
    """The 42 fields and those that newer files have instead of the last, each as wide as it is."""
    kind, time, zero = pl.col("a_type"), pl.col("a_time"), _blank(1, "000000000000")
    wrong_day = pl.when(pl.col("spoilt") == "a_time").then(pl.lit("0230")).otherwise(time.dt.to_string("%m%d"))
    undone = pl.when(kind.is_in(["REFUND", "VOID", "REVERSAL"])).then(_digits("parent", 12))
    shop_text = pl.when(pl.col("id") % 7 == 0).then(pl.lit(_SHOP_TEXT)).otherwise(pl.lit(" " * 32))
    card_type = pl.when(pl.col("card_type") == "DEBIT").then(pl.lit("01")).otherwise(pl.lit("02"))
    return [
        pl.when(kind == "REFUND").then(pl.lit("S30")).otherwise(pl.lit("S22")),
        *(_text("48010000", 11), _text("00010000", 11), _digits("stan", 6)),
        wrong_day + time.dt.to_string("%H%M%S"),
        card_text().str.pad_end(19),
        *(_amount(), _text("5411", 4), _text("08", 2)),
        time.dt.to_string("%Y%m%d%H%M%S") + _digits("stan", 6) + pl.lit("8"),
        *(_text("", 2), _text("", 32), card_type, _text("", 6), _text("", 10)),
        *(_lettered(-pl.col("fee")), _lettered(pl.col("net"))),
        *(_text("0201", 4), _text("", 15), kind.replace_strict(TYPES, return_dtype=pl.String)),
        *(_text("", width) for width in (2, 6, 2, 4, 32, 1, 21)),
        *(pl.col("merchant_id").str.pad_end(15), _text("", 1), _text("", 15), _text("", 32), zero),
        *(_lettered(pl.col("net")), pl.col("terminal_id").str.pad_end(8), shop_text, zero, zero),
        *(_blank(1, "00000000000"), _text("", 2), _text("1", 1), undone.fill_null("").str.pad_end(32)),
        *(_lettered(pl.col("gross")), _text("05", 2), _text("1", 1)),
        _digits("a_rrn", 12),
        _text("", 66),
    ]


def _text(text: str, width: int) -> pl.Expr:
    return pl.lit(text.ljust(width))


def _blank(width: int, text: str) -> pl.Expr:
    return pl.lit(" " * width + text)


def _digits(column: str, width: int) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(width)


def _amount() -> pl.Expr:
    digits = pl.col("gross").abs().cast(pl.String).str.zfill(12)
    spoilt = pl.col("spoilt") == "a_gross"
    return pl.when(spoilt).then(pl.lit("x") + digits.str.tail(11)).otherwise(digits)


def _lettered(value: pl.Expr) -> pl.Expr:
    """An amount behind its letter: C to the merchant's credit, D to its debit, none for nothing."""
    letter = pl.when(value > 0).then(pl.lit("C")).when(value < 0).then(pl.lit("D")).otherwise(pl.lit(" "))
    return letter + value.abs().cast(pl.String).str.zfill(12)
