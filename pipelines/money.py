"""Decimal text to integer minor units and back; ISO 4217 exponents. Nothing here ever holds a float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
from iso4217 import Currency

from pipelines.columns import distinct

EXPONENTS: dict[str, int] = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
"""Minor-unit exponent by ISO 4217 code (CNY 2, JPY 0, KWD 3); codes without one (gold, test codes) are absent."""

CURRENCIES: list[str] = sorted(EXPONENTS)


def exponent(currency: str) -> int:
    """Return the minor-unit exponent of an ISO 4217 code; ValueError names an unknown code."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency") from None


def amount_pattern(digits: int) -> str:
    """Regular expression of a plain decimal with at most `digits` significant decimals (zeros may follow).

    Whole digits are limited so that every amount fits 64 bits.
    """
    whole = rf"[0-9]{{1,{min(15, 18 - digits)}}}"
    if digits == 0:
        return rf"^[+-]?{whole}(\.0*)?$"
    return rf"^[+-]?({whole}(\.[0-9]{{0,{digits}}}0*)?|\.[0-9]{{1,{digits}}}0*)$"


def minor_of_scale(text: pl.Expr, digits: int) -> pl.Expr:
    """Turn plain decimal text into Int64 units of 10**-digits; null where the text is no such amount.

    Text finer than the unit ("1.005" for two digits) is no amount of that currency: null, never rounded.
    """
    fits = text.str.contains(amount_pattern(digits))
    scaled = text.str.to_decimal(scale=digits).to_physical().cast(pl.Int64, strict=False)
    return pl.when(fits).then(scaled)


def minor_units(frame: pl.DataFrame, text: str, currency: str) -> pl.Series:
    """Int64 minor units of the decimal text column, each by the exponent of its own currency column.

    Null where the text is no amount or the currency is unknown.
    """
    codes = distinct(frame[currency]).to_list()
    by_digits: dict[int, list[str]] = {}
    for code in codes:
        if code in EXPONENTS:
            by_digits.setdefault(EXPONENTS[code], []).append(code)
    if [len(group) for group in by_digits.values()] == [len(codes)]:  # as mostly: one currency and no row without it
        return frame.select(minor_of_scale(pl.col(text), *by_digits).alias(text)).to_series()
    parts = [
        pl.when(pl.col(currency).is_in(group)).then(minor_of_scale(pl.col(text), digits))
        for digits, group in sorted(by_digits.items())
    ]
    if not parts:
        return pl.Series(text, [None] * frame.height, pl.Int64)
    return frame.select(pl.coalesce(parts).cast(pl.Int64).alias(text)).to_series()


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Minor units of one decimal amount; ValueError where it is none or is finer than the minor unit."""
    digits = exponent(currency)
    if isinstance(amount, str) and not re.fullmatch(amount_pattern(digits), amount):
        raise ValueError(f"{amount!r} is no amount of {currency}, or finer than its minor unit")
    number = Decimal(amount)
    if not number.is_finite():
        raise ValueError(f"{amount} is no amount")
    numerator, denominator = number.as_integer_ratio()  # exact, whatever the precision of the decimal context
    units, rest = divmod(numerator * int(10**digits), denominator)
    if rest:
        raise ValueError(f"{amount} is finer than the minor unit of {currency}")
    return units


def to_major(minor: int, currency: str) -> Decimal:
    """Decimal major units of integer minor units, with exactly the currency's decimals."""
    digits = EXPONENTS.get(currency, 2)
    return Decimal(minor).scaleb(-digits).quantize(Decimal(1).scaleb(-digits))


def money_text(minor: int, currency: str) -> str:
    """Minor units as people read them: `1,234.50 CNY`."""
    return f"{to_major(minor, currency):,} {currency}"


def round_half_up(value: Decimal) -> int:
    """Round half up on the absolute value, then put the sign back (contract.md, fees)."""
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))
