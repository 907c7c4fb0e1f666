"""How a fee comes about, told step by step: the same to the minor unit as what all lines are judged by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.fees import judge
from pipelines.checks.working import fee_of, working
from pipelines.contracts import FEE_PARTS, Contract, Fee, Tier

PLAIN = Fee(rate_bp=Decimal(50), cap=Decimal("20.00"))


def judged(fee: Fee, gross: int, currency: str) -> tuple[int, str]:
    """What the fee check gives for one line, and the fee as the books keep it."""
    row = {
        "row_id": 1,
        "acquirer": "UNIONPAY",
        "merchant_id": "898310158120001",
        "channel": "CARD",
        "card_type": "DEBIT",
        "day": date(2026, 3, 2),
        "currency": currency,
        "refund": gross < 0,
        "gross_minor": gross,
        "fee_minor": 0,
        "fee_micro": None,
        **{f"{part}_minor": None for part in FEE_PARTS},
    }
    strings = {"fee_micro": pl.Int64, **{f"{part}_minor": pl.Int64 for part in FEE_PARTS}}
    found = judge(pl.DataFrame([row], schema_overrides=strings), (Contract(acquirer="UNIONPAY", fees=(fee,)),))
    (told,) = found.terms.values()
    return found.lines["expected_minor"][0], told


@pytest.mark.parametrize(
    ("fee", "gross", "expected", "steps"),
    [
        (PLAIN, 12_345, 62, "123.45 × 50 bp; rounded half up: 0.61725 → 0.62"),
        (PLAIN, 1_000_000, 2_000, "10,000.00 × 50 bp; at most 20.00; rounded half up: 20.00 → 20.00"),
        (PLAIN, -12_345, -62, "123.45 × 50 bp; rounded half up: 0.61725 → 0.62; given back on a refund: -0.62"),
        (
            Fee(rate_bp=Decimal(38), minimum=Decimal("0.10"), refund="kept"),
            -500,
            0,
            "5.00 × 38 bp; at least 0.10; rounded half up: 0.10 → 0.10; nothing given back on a refund: 0.00",
        ),
        (
            Fee(rate_bp=Decimal("140"), fixed=Decimal("0.25"), rounding="down"),
            1_999,
            52,
            "19.99 × 140 bp + 0.25; rounded down: 0.52986 → 0.52",
        ),
    ],
)
def test_each_step_is_told(fee: Fee, gross: int, expected: int, steps: str) -> None:
    found = working(fee, "CNY", gross, expected, refund=gross < 0)
    assert found.en == steps
    assert found.zh.startswith(steps.split(";", maxsplit=1)[0].split(" + ", maxsplit=1)[0])


def test_the_tier_that_was_in_force_is_found_by_the_fee() -> None:
    tiered = Fee(rate_bp=Decimal(60), tiers=(Tier(above=Decimal(1000), rate_bp=Decimal(45)),))
    assert working(tiered, "CNY", 10_000, 60, refund=False).rate_bp == 60
    assert working(tiered, "CNY", 10_000, 45, refund=False).rate_bp == 45


def test_parts_that_the_contract_leaves_to_others_are_said() -> None:
    markup = Fee(rate_bp=Decimal(60), parts=("markup",))
    assert working(markup, "EUR", 10_000, 78, refund=False).en.endswith(
        "; with what the contract leaves to others: 0.78"
    )


def test_a_currency_keeps_its_own_decimals() -> None:
    assert working(PLAIN, "JPY", 1_010, 5, refund=False).en == "1,010 × 50 bp; rounded half up: 5.05 → 5"
    assert working(PLAIN, "KWD", 12_345, 62, refund=False).en == "12.345 × 50 bp; rounded half up: 0.061725 → 0.062"


money = st.decimals(min_value=0, max_value=50, places=3).filter(bool)


@given(
    rate=st.decimals(min_value=1, max_value=300, places=2),
    fixed=st.none() | money,
    limits=st.tuples(st.none() | money, st.none() | money),
    rounding=st.sampled_from(["half-up", "half-even", "up", "down"]),
    refund=st.sampled_from(["returned", "kept"]),
    gross=st.integers(-10_000_000, 10_000_000),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_one_line_comes_to_what_the_check_of_many_says(
    rate: Decimal,
    fixed: Decimal | None,
    limits: tuple[Decimal | None, Decimal | None],
    rounding: str,
    refund: str,
    gross: int,
    currency: str,
) -> None:
    least, most = limits
    if least is not None and most is not None:
        least, most = min(limits), max(limits)  # type: ignore[type-var]
    fee = Fee(rate_bp=rate, fixed=fixed, minimum=least, cap=most, rounding=rounding, refund=refund)  # type: ignore[arg-type]
    expected, told = judged(fee, gross, currency)
    assert fee_of(told) == fee
    steps = working(fee, currency, gross, expected, refund=gross < 0)
    assert "leaves to others" not in steps.en
    assert steps.rate_bp == rate
