"""Fees by contract, to the fen: rates, caps, minima, tiers, promotions, roundings, and what went wrong with them."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.fees import judge, volumes
from pipelines.contracts import FEE_PARTS, Contract, Fee

DAY = date(2026, 3, 2)
DEBIT = Fee(card_type="DEBIT", rate_bp=Decimal(50), cap=Decimal("20.00"))
CREDIT = Fee(card_type="CREDIT", rate_bp=Decimal(60))


def contract(*fees: Fee, **more: Any) -> Contract:
    return Contract(acquirer="UNIONPAY", merchant_id="8983*", **{"channels": ("CARD",), **more}, fees=fees)


def line(gross: int, fee: int, **cells: Any) -> dict[str, Any]:
    row = {
        "row_id": 1,
        "acquirer": "UNIONPAY",
        "merchant_id": "898310158120001",
        "channel": "CARD",
        "card_type": "DEBIT",
        "day": DAY,
        "currency": "CNY",
        "refund": gross < 0,
        "gross_minor": gross,
        "fee_minor": fee,
        "fee_micro": None,
        **{f"{part}_minor": None for part in FEE_PARTS},
    }
    return row | cells


SCHEMA: dict[str, Any] = {
    "row_id": pl.Int64,
    "acquirer": pl.String,
    "merchant_id": pl.String,
    "channel": pl.String,
    "card_type": pl.String,
    "day": pl.Date,
    "currency": pl.String,
    "refund": pl.Boolean,
    "gross_minor": pl.Int64,
    "fee_minor": pl.Int64,
    "fee_micro": pl.Int64,
    **{f"{part}_minor": pl.Int64 for part in FEE_PARTS},
}


def told(row: dict[str, Any], *contracts: Contract, sold: pl.DataFrame | None = None) -> tuple[int | None, str | None]:
    """What the line should have cost, and what went wrong: `detail` where no fee governs it."""
    volume = {} if sold is None else {"volume": volumes(sold)}
    found = judge(pl.DataFrame([row], schema=SCHEMA, orient="row"), contracts, **volume).lines
    (judged,) = found.to_dicts()
    return judged["expected_minor"], judged["cause"] if judged["term"] is not None else judged["detail"]


def test_the_rate_is_taken_of_gross_and_rounded_half_up() -> None:
    assert told(line(10_100, 51), contract(DEBIT)) == (51, None)
    assert told(line(10_099, 50), contract(DEBIT)) == (50, None)
    assert told(line(10_100, 50), contract(DEBIT)) == (51, "rounding")


def test_a_refund_gives_it_back_by_the_absolute_value() -> None:
    assert told(line(-10_100, -51), contract(DEBIT)) == (-51, None)
    kept = DEBIT.model_copy(update={"refund": "kept"})
    assert told(line(-10_100, 0), contract(kept)) == (0, None)
    assert told(line(-10_100, 0), contract(DEBIT)) == (-51, "refund fee kept")
    assert told(line(-10_100, -51), contract(kept)) == (0, "refund fee returned")


def test_the_cap_is_the_most_a_line_costs() -> None:
    assert told(line(1_000_000, 2000), contract(DEBIT)) == (2000, None)
    assert told(line(1_000_000, 5000), contract(DEBIT)) == (2000, "cap ignored")


def test_a_minimum_and_a_fixed_part() -> None:
    fee = Fee(rate_bp=Decimal(100), fixed=Decimal("0.10"), minimum=Decimal("0.50"))
    assert told(line(1_000, 50), contract(fee)) == (50, None)
    assert told(line(10_000, 110), contract(fee)) == (110, None)
    assert told(line(1_000, 20), contract(fee)) == (50, "minimum ignored")


def test_the_rate_of_another_card_type_is_told() -> None:
    assert told(line(100_000, 600), contract(DEBIT, CREDIT)) == (500, "card type")


def test_any_other_fee_is_told_as_such() -> None:
    assert told(line(100_000, 777), contract(DEBIT, CREDIT)) == (500, "rate")


def test_rates_with_decimals_are_exact() -> None:
    fee = Fee(rate_bp=Decimal("38.125"))
    assert told(line(1_000_000, 3813), contract(fee)) == (3813, None)
    assert told(line(4_000_000_000_000, 15_250_000_000), contract(fee)) == (15_250_000_000, None)


def test_a_fee_is_in_force_from_its_first_to_its_last_day() -> None:
    old = Fee(card_type="DEBIT", rate_bp=Decimal(50), valid_from=date(2026, 1, 1), valid_to=DAY)
    new = Fee(card_type="DEBIT", rate_bp=Decimal(40), valid_from=date(2026, 3, 3))
    both = contract(old, new)
    assert told(line(10_000, 50), both) == (50, None)
    assert told(line(10_000, 40, day=date(2026, 3, 3)), both) == (40, None)
    assert told(line(10_000, 50, day=date(2026, 3, 3)), both) == (40, "fee of other days")
    assert told(line(10_000, 50, day=date(2025, 12, 31)), both)[0] is None


def test_a_promotion_has_precedence_while_it_lasts() -> None:
    promotion = Fee(card_type="DEBIT", rate_bp=Decimal(10), valid_from=DAY, valid_to=DAY, promotional=True)
    both = contract(DEBIT, promotion)
    assert told(line(10_000, 10), both) == (10, None)
    assert told(line(10_000, 50), both) == (10, "promotion ignored")
    assert told(line(10_000, 50, day=date(2026, 3, 3)), both) == (50, None)


def test_the_narrower_fee_governs() -> None:
    shop = Fee(card_type="*", merchant_id="898310158120001", rate_bp=Decimal(20))
    assert told(line(10_000, 20), contract(DEBIT, shop)) == (20, None)
    assert told(line(10_000, 50, merchant_id="898310158120002"), contract(DEBIT, shop)) == (50, None)


def test_wallets_have_their_own_rate_and_may_have_one_for_each_channel() -> None:
    any_wallet = contract(Fee(card_type="WALLET", rate_bp=Decimal(60)), channels=("ALIPAY", "WECHAT"))
    assert told(line(10_000, 60, channel=None, card_type=None), any_wallet) == (60, None)
    alipay = Fee(card_type="WALLET", channels=("ALIPAY",), rate_bp=Decimal(55))
    each = contract(Fee(card_type="WALLET", rate_bp=Decimal(60)), alipay, channels=("ALIPAY", "WECHAT"))
    assert told(line(10_000, 55, channel="ALIPAY", card_type=None), each) == (55, None)
    assert told(line(10_000, 60, channel="WECHAT", card_type=None), each) == (60, None)


def test_an_unknown_card_type_is_right_if_one_of_the_rates_fits() -> None:
    both = contract(DEBIT, CREDIT)
    assert told(line(10_000, 50, card_type=None), both) == (50, None)
    assert told(line(10_000, 60, card_type=None), both) == (60, None)
    assert told(line(10_000, 63, card_type=None), both) == (60, "unknown card type")


def test_no_contract_for_a_line_is_said() -> None:
    other = contract(DEBIT).model_copy(update={"merchant_id": "777*"})
    assert told(line(100, 1), other) == (None, "no contract of UNIONPAY covers merchant 898310158120001")
    assert told(line(100, 1), contract()) == (None, "the contract of UNIONPAY states no fees")
    assert told(line(100, 1, card_type="CREDIT"), contract(DEBIT)) == (
        None,
        "no fee of the contract is in force on 2026-03-02 for CREDIT",
    )


def test_a_tier_is_entered_when_the_month_s_sales_before_the_day_passed_it() -> None:
    fee = Fee(rate_bp=Decimal(60), tiers=({"above": "1000.00", "rate_bp": 40},))  # type: ignore[arg-type]
    before = pl.DataFrame(
        {
            "acquirer": ["UNIONPAY"] * 3,
            "merchant_id": ["898310158120001", "898310158120002", "898310158120001"],
            "currency": ["CNY"] * 3,
            "day": [date(2026, 3, 1), date(2026, 3, 1), date(2026, 2, 28)],
            "gross_minor": [60_000, 40_001, 900_000],
        }
    )
    assert told(line(10_000, 40), contract(fee), sold=before) == (40, None)
    assert told(line(10_000, 60), contract(fee), sold=before) == (40, "volume tier")
    assert told(line(10_000, 60, day=date(2026, 3, 1)), contract(fee), sold=before) == (60, None)
    last_month = fee.model_copy(update={"tier_volume": "previous-month"})
    assert told(line(10_000, 40, day=date(2026, 3, 1)), contract(last_month), sold=before) == (40, None)


def test_only_the_parts_that_the_contract_fixes_are_compared() -> None:
    fee = Fee(rate_bp=Decimal(10), parts=("markup",))
    parts = {"markup_minor": 10, "scheme_fee_minor": 3, "interchange_minor": 20}
    assert told(line(10_000, 33, **parts), contract(fee)) == (33, None)
    assert told(line(10_000, 34, **(parts | {"markup_minor": 11})), contract(fee)) == (33, "rate")


def test_a_fee_stated_more_finely_is_right_where_only_its_own_last_decimal_differs() -> None:
    fee = Fee(rate_bp=Decimal("14.94996"))
    # 1000.00 × 0.1494996 % = 1.494996: 1.49 by the contract, 1.50 by the fifth decimal of the source
    assert told(line(100_000, 150, fee_micro=1_495_000), contract(fee)) == (149, None)
    assert told(line(100_000, 150, fee_micro=1_495_100), contract(fee)) == (149, "rounding")
    assert told(line(100_000, 150), contract(fee)) == (149, "rounding")


def test_minor_units_are_those_of_the_currency() -> None:
    fee = Fee(rate_bp=Decimal(350), fixed=Decimal("40"))
    assert told(line(1_000, 75, currency="JPY"), contract(fee)) == (75, None)


def test_of_several_contracts_the_first_that_covers_the_line_counts() -> None:
    first = contract(Fee(rate_bp=Decimal(10)), channels=("ALIPAY",))
    second = contract(Fee(rate_bp=Decimal(20)))
    third = contract(Fee(rate_bp=Decimal(30)))
    assert told(line(10_000, 20), first, second, third) == (20, None)


ROUNDINGS = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "up": ROUND_UP, "down": ROUND_DOWN}


@given(
    gross=st.integers(-(10**12), 10**12),
    rate=st.decimals(0, 10_000, places=3),
    fixed=st.none() | st.decimals(0, 100, places=3),
    limits=st.none() | st.tuples(st.decimals(0, 50, places=2), st.decimals(50, 500, places=2)),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
    currency=st.sampled_from(["CNY", "JPY", "KWD"]),
)
def test_it_is_what_decimal_arithmetic_gives(
    gross: int, rate: Decimal, fixed: Decimal | None, limits: Any, rounding: Any, currency: str
) -> None:
    capped = {"minimum": limits[0], "cap": limits[1]} if limits and rate else {}
    fee = Fee(rate_bp=rate, fixed=fixed, rounding=rounding, **capped)
    exponent = {"CNY": 2, "JPY": 0, "KWD": 3}[currency]
    exact = Decimal(abs(gross)).scaleb(-exponent) * rate / 10_000 + (fixed or 0)
    if capped:
        exact = min(max(exact, limits[0]), limits[1])
    right = int(exact.scaleb(exponent).to_integral_value(rounding=ROUNDINGS[rounding])) * (-1 if gross < 0 else 1)
    assert told(line(gross, right, currency=currency), contract(fee)) == (right, None)


@pytest.mark.parametrize("share", [1, 7])
def test_every_line_is_judged_once(share: int) -> None:
    rows = [line(100 + n, n % share, row_id=n, card_type=[None, "DEBIT", "CREDIT"][n % 3]) for n in range(50)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    found = judge(frame, (contract(DEBIT),)).lines
    assert found["row_id"].to_list() == list(range(50))


def test_merchants_are_judged_by_what_the_contract_says_of_each() -> None:
    own = DEBIT.model_copy(update={"merchant_id": "898310158120002", "rate_bp": Decimal(30)})
    other = Contract(acquirer="UNIONPAY", merchant_id="8984*", channels=("CARD",), fees=(CREDIT,))
    merchants = ["898310158120001", "898310158120002", "898310158120003", "898410158120001", "777", "778", None]
    rows = [line(100_000, 500, row_id=n, merchant_id=whose) for n, whose in enumerate(merchants)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    together = judge(frame, (contract(DEBIT, own), other)).lines
    assert together["expected_minor"].to_list() == [500, 300, 500, None, None, None, None]
    says = together["detail"].to_list()
    assert says[3] == f"no fee of the contract is in force on {DAY} for DEBIT"
    assert [text.rsplit(" ", 1)[-1] for text in says[4:]] == ["777", "778", "None"]
    alone = [judge(frame[n : n + 1], (contract(DEBIT, own), other)).lines for n in range(len(rows))]
    assert together.drop("term").equals(pl.concat(alone).drop("term"))
