"""Amounts as files write them to signed minor units: separators, units, signs by word or type, what is not stated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import polars as pl

from pipelines.money import EXPONENTS, minor_units
from pipelines.sources.base import MICRO
from pipelines.sources.layout import Amounts

SIGNED = ("amount_minor", "gross_minor", "net_minor")
NEGATIVE_TYPES = ("REFUND", "VOID", "REVERSAL", "CHARGEBACK", "RESERVE_HOLD")
GIVE_FEE_BACK = ("REFUND", "VOID", "REVERSAL")

_PLAIN = re.compile(r"[0-9]*(?:[.,][0-9]*)?")
_GROUPED = re.compile(r"([0-9]{1,3})((?P<sign>[.,' ])[0-9]{3}(?:(?P=sign)[0-9]{3})*)(?:(?!(?P=sign))[.,][0-9]*)?")


def any_decimal(text: str) -> str | None:
    """One number with either decimal sign as a plain decimal with a point; null where it is none.

    A single point or comma is the decimal sign ("1.234" is no thousand): only other signs, or several of them in
    threes, group digits. For formats whose standard fixes the sign and whose writers do not keep to it.
    """
    bare = text.strip().replace("\u00a0", " ").replace("\u202f", " ")
    sign = bare[:1] if bare[:1] in {"+", "-"} else ""
    number = bare.removeprefix(sign).strip()
    if not any(digit in number for digit in "0123456789"):
        return None
    if not _PLAIN.fullmatch(number):
        found = _GROUPED.fullmatch(number)
        if found is None:
            return None
        whole = found.end(2)
        number = re.sub(r"[.,' ]", "", number[:whole]) + number[whole:]
    return sign.replace("+", "") + number.replace(",", ".")


def grouped_pattern(amounts: Amounts) -> str:
    """Regular expression of a number whose whole part is grouped: `1,234.50`, also `1,23,456.00`.

    What looks grouped and is not ("12,50" where the comma groups) is no number: read otherwise it would be 1250.
    """
    comma, point = re.escape(amounts.thousands), re.escape(amounts.decimal)
    return rf"^[+-]?[0-9]{{1,3}}({comma}[0-9]{{2,3}})*{comma}[0-9]{{3}}({point}[0-9]*)?$"


def plain_text(text: pl.Expr, amounts: Amounts) -> pl.Expr:
    """The text as a plain decimal with a point; text that breaks the file's own way of writing stays unreadable."""
    if amounts.marks:
        mark = "|".join(re.escape(mark) for mark in sorted(amounts.marks, key=len, reverse=True))
        text = text.str.replace(rf"^([(+-]?)\s*(?:{mark})\s*", "${1}").str.replace(rf"\s*(?:{mark})\s*([)-]?)$", "${1}")
    if amounts.negative != "leading":
        minus = r"^([0-9.,\s\']+)-$" if amounts.negative == "trailing" else r"^\(([0-9.,\s\']+)\)$"
        text = text.str.replace(minus, "-${1}")
    if amounts.thousands:
        bare = text.str.replace_all(amounts.thousands, "", literal=True)
        ungrouped = ~text.str.contains(amounts.thousands, literal=True)
        text = pl.when(ungrouped | text.str.contains(grouped_pattern(amounts))).then(bare).otherwise(text)
    if amounts.decimal != ".":
        pointed = text.str.replace(amounts.decimal, ".", literal=True)
        text = pl.when(text.str.contains(".", literal=True)).then(text + "?").otherwise(pointed)
    return text


def of_any_country(text: pl.Expr) -> pl.Expr:
    """Plain decimals of amounts as any country writes them: `1.234,50`, `1,234.50`, `1 234,50`, `-75,57`.

    A comma alone is a decimal sign: read as a group it would be a thousand times too much.
    """
    bare = text.str.replace_all("[\\s\u00a0\u202f'’]", "").str.replace("^−", "-")
    points = bare.str.contains(r"^[+-]?[0-9]{1,3}(\.[0-9]{3})*,[0-9]*$") | bare.str.contains(r"^[+-]?[0-9]*,[0-9]*$")
    commas = bare.str.contains(r"^[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]*$")
    european = bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(points).then(european).when(commas).then(bare.str.replace_all(",", "", literal=True)).otherwise(bare)


def with_plain_decimals(cells: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """`of_any_country` for those of the columns that need it; most files write plain decimals anyway."""
    there = [name for name in columns if name in cells.columns]
    foreign = [name for name in there if cells[name].str.contains(r"[^0-9.+-]").any()]
    return cells.with_columns(of_any_country(pl.col(name)) for name in foreign)


def plain_number(text: str, amounts: Amounts) -> str:
    """`plain_text` for one text."""
    return str(pl.select(plain_text(pl.lit(text), amounts)).item())


def by_letter(text: pl.Expr, signs: Mapping[str, str]) -> pl.Expr:
    """Amounts as `+…` or `-…` that stand behind or before a word which gives their sign; none is needed for zero.

    signs: "+" or "-" by word; "" is that of amounts without any word.
    """
    words = "|".join(re.escape(word) for word in sorted(signs, key=len, reverse=True) if word)
    word = pl.coalesce(text.str.extract(rf"^({words})"), text.str.extract(rf"({words})$"), pl.lit(""))
    bare = text.str.replace(rf"^(?:{words})\s*|\s*(?:{words})$", "")
    sign = word.replace_strict(dict(signs), default=None, return_dtype=pl.String)
    sign = (
        pl.when(word == "").then(sign.fill_null(pl.when(text.str.contains(r"[1-9]")).then(pl.lit("?")))).otherwise(sign)
    )
    return sign.fill_null("") + bare


def amount_of(frame: pl.DataFrame, column: str, amounts: Amounts) -> pl.Series:
    """Int64 minor units of the text column, by the unit the file uses; needs the column `currency`."""
    if amounts.thousands or amounts.decimal != "." or amounts.marks or amounts.negative != "leading":
        frame = frame.with_columns(plain_text(pl.col(column), amounts).alias(column))
    if amounts.unit == "minor":
        known = pl.col(column).str.contains(r"^[+-]?[0-9]{1,18}$") & pl.col("currency").is_in(list(EXPONENTS))
        return frame.select(pl.when(known).then(pl.col(column).cast(pl.Int64, strict=False)).alias(column)).to_series()
    return minor_units(frame, column, "currency")


def summed(
    terms: list[pl.DataFrame], column: str, amounts: Amounts, signs: tuple[int, ...], *, alone: bool
) -> pl.Series:
    """Int64 minor units that are the sum of several columns, each with its sign; a blank cell adds nothing.

    terms: frames with the text `column` and `currency`. Null where all cells are blank or one cannot be read; alone:
    also where more than one is other than zero.
    """
    read = [amount_of(term, column, amounts) for term in terms]
    unread = [term[column].is_not_null() & value.is_null() for term, value in zip(terms, read, strict=True)]
    frame = pl.DataFrame(
        [(value * sign).alias(f"value {n}") for n, (value, sign) in enumerate(zip(read, signs, strict=True))]
        + [bad.alias(f"unread {n}") for n, bad in enumerate(unread)]
    )
    values = pl.col("^value .*$")
    fine = ~pl.any_horizontal("^unread .*$") & pl.any_horizontal(values.is_not_null())
    if alone:
        fine &= pl.sum_horizontal((values.fill_null(0) != 0).cast(pl.Int8)) <= 1
    return frame.select(pl.when(fine).then(pl.sum_horizontal(values.fill_null(0))).alias(column)).to_series()


def signed(
    frame: pl.DataFrame, amounts: Amounts, direction: pl.Series | None, lettered: Collection[str] = ()
) -> pl.DataFrame:
    """Amounts with the merchant's sign.

    frame: canonical columns; direction: the file's words, row by row; lettered: columns whose cells say it themselves.
    """
    money = [c for c in SIGNED if c in frame.columns and c not in lettered]
    if amounts.sign == "absolute":
        return frame.with_columns(pl.col(money).abs())
    if amounts.sign == "negate":
        return frame.with_columns(-pl.col(money))
    if amounts.sign == "by-type":
        minus = pl.col("record_type").is_in(NEGATIVE_TYPES).fill_null(value=False)
        turned = frame.with_columns(pl.when(minus).then(-pl.col(money).abs()).otherwise(pl.col(money)))
        return turned if "fee_minor" in lettered else _with_fees_turned(turned, minus)
    if direction is not None:
        word = pl.lit(direction)
        sign = pl.when(word.is_in(amounts.minus)).then(-1).when(word.is_in(amounts.plus)).then(1)
        turned = frame.with_columns(pl.col(money).abs() * sign)
        if "fee_minor" in lettered:
            return turned
        return _with_fees_turned(turned, word.is_in(amounts.minus).fill_null(value=False))
    return frame


def _with_fees_turned(frame: pl.DataFrame, minus: pl.Expr) -> pl.DataFrame:
    """Give the fee of a turned settlement line the sign that ties: net = gross - fee.

    Where the file states no net, a refund, void or reversal gives its fee back, and any other line is charged it.
    """
    if "fee_minor" not in frame.columns:
        return frame
    gross, fee, net = (pl.col(c) for c in ("gross_minor", "fee_minor", "net_minor"))
    returned = (net != gross - fee) & (net == gross + fee)
    untold = net.is_null() & pl.col("record_type").is_in(GIVE_FEE_BACK)
    return frame.with_columns(
        fee_minor=pl.when(minus & untold).then(-fee.abs()).when(minus & returned).then(-fee).otherwise(fee)
    )


def completed(frame: pl.DataFrame, stated: Collection[str]) -> pl.DataFrame:
    """Fill the one of gross, fee, net that the layout does not state from the other two; no fee at all is 0."""
    gross, fee, net = (pl.col(c) for c in ("gross_minor", "fee_minor", "net_minor"))
    if "net" not in stated:
        return frame.with_columns(net_minor=gross - fee.fill_null(0), fee_minor=fee.fill_null(0))
    if "gross" not in stated:
        return frame.with_columns(gross_minor=net + fee)
    if "fee" not in stated:
        return frame.with_columns(fee_minor=gross - net)
    return frame


def with_rounded_fee(frame: pl.DataFrame) -> pl.DataFrame:
    """`fee_minor` from `fee_micro`: rounded half up on the absolute value, then the sign (contract.md, Money)."""
    units = {code: 10 ** (MICRO - digits) for code, digits in EXPONENTS.items()}
    unit = pl.col("currency").replace_strict(units, default=None, return_dtype=pl.Int64)
    exact = pl.col("fee_micro")
    return frame.with_columns(fee_minor=exact.sign() * ((exact.abs() + unit // 2) // unit))
