"""How the fee of a line comes about, step by step, so that somebody with the contract in hand can check it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pipelines.checks.terms import Scaled, scaled
from pipelines.contracts import Fee
from pipelines.money import EXPONENTS, to_major

STEPS = {
    "en": {
        "fixed": " + {}",
        "minimum": "; at least {}",
        "cap": "; at most {}",
        "half-up": "; rounded half up: {}",
        "half-even": "; rounded half to even: {}",
        "up": "; rounded up: {}",
        "down": "; rounded down: {}",
        "returned": "; given back on a refund: {}",
        "kept": "; nothing given back on a refund: {}",
        "parts": "; with what the contract leaves to others: {}",
    },
    "zh": {
        "fixed": " + {}",
        "minimum": "；保底 {}",
        "cap": "；封顶 {}",
        "half-up": "；四舍五入：{}",
        "half-even": "；银行家舍入：{}",
        "up": "；向上取整：{}",
        "down": "；向下取整：{}",
        "returned": "；退货退还：{}",
        "kept": "；退货不退还：{}",
        "parts": "；加上合同未约定的部分：{}",
    },
}
"""Words of each step by language."""


@dataclass(frozen=True)
class Working:
    """The rate that was in force (basis points), and the steps in English and Chinese."""

    rate_bp: Decimal
    en: str
    zh: str


@cache
def fee_of(told: str) -> Fee:
    """The fee of a term as the books keep it (JSON)."""
    return Fee.model_validate_json(told)


def working(fee: Fee, currency: str, gross_minor: int, expected_minor: int, *, refund: bool) -> Working:
    """The steps from gross to the fee that the contract gives. expected_minor: that fee, which tells the tier."""
    sign = 1 if not refund else -1 if fee.refund == "returned" else 0
    tried = [_whole(fee, rate, currency, sign) for rate in (fee.rate_bp, *(tier.rate_bp for tier in fee.tiers))]
    fits = [n for n, numbers in enumerate(tried) if rounded(numbers, gross_minor) == expected_minor]
    place = fits[0] if fits else 0
    rate = (fee.rate_bp, *(tier.rate_bp for tier in fee.tiers))[place]
    steps = _steps(fee, tried[place], currency, gross_minor, expected_minor, refund=refund)
    start = f"{to_major(abs(gross_minor), currency):,} × {rate} bp"
    en, zh = ("".join(STEPS[words][step].format(value) for step, value in steps) for words in ("en", "zh"))
    return Working(rate, start + en, start + zh)


@cache
def _whole(fee: Fee, rate: Decimal, currency: str, sign: int) -> Scaled:
    return scaled(fee, rate, currency, fee.rounding, sign)


def _exact(numbers: Scaled, gross_minor: int) -> tuple[int, int]:
    """Before and after minimum and cap, in 1/scale minor units."""
    plain = abs(gross_minor) * numbers.rate + numbers.fixed
    limited = max(plain, numbers.least)
    return plain, limited if numbers.most is None else min(limited, numbers.most)


def rounded(numbers: Scaled, gross_minor: int) -> int:
    """The fee of one line in minor units, with its sign: what `fees.judge` computes for many."""
    _, exact = _exact(numbers, gross_minor)
    whole, rest = divmod(exact, numbers.scale)
    up = {
        "half-up": 2 * rest >= numbers.scale,
        "half-even": 2 * rest > numbers.scale or (2 * rest == numbers.scale and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
    }
    return (whole + up[numbers.rounding]) * numbers.sign


def _steps(
    fee: Fee, numbers: Scaled, currency: str, gross_minor: int, expected_minor: int, *, refund: bool
) -> list[tuple[str, str]]:
    plain, exact = _exact(numbers, gross_minor)
    result = rounded(numbers, gross_minor)
    size = rounded(Scaled(**{**numbers.__dict__, "sign": 1}), gross_minor)
    found = [("fixed", _text(numbers.fixed, numbers, currency))] if fee.fixed else []
    found += [("minimum", f"{fee.minimum}")] if fee.minimum is not None and plain < numbers.least else []
    found += [("cap", f"{fee.cap}")] if fee.cap is not None and exact < max(plain, numbers.least) else []
    unrounded = f"{_text(exact, numbers, currency)} → {to_major(size, currency):,}"
    found += [(fee.rounding, unrounded)]
    found += [(fee.refund, f"{to_major(result, currency):,}")] if refund else []
    return [*found, *([("parts", f"{to_major(expected_minor, currency):,}")] if result != expected_minor else [])]


def _text(amount: int, numbers: Scaled, currency: str) -> str:
    """1/scale minor units as major units, without zeros at the end that say nothing."""
    digits = EXPONENTS[currency]
    exact = Decimal(amount) / Decimal(numbers.scale)
    major = exact.scaleb(-digits)
    least = Decimal(1).scaleb(-digits)
    return f"{major.quantize(least) if major == major.quantize(least) else major.normalize():,f}"
