"""Money: decimal text to integer minor units and back, exact or not at all."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.money import (
    CURRENCIES,
    EXPONENTS,
    exponent,
    minor_units,
    money_text,
    round_half_up,
    to_major,
    to_minor,
)

BY_EXPONENT = {0: "JPY", 2: "CNY", 3: "KWD", 4: "CLF"}
CODES = st.sampled_from(sorted(BY_EXPONENT.values()))

NUMBERLIKE = st.text(alphabet="0123456789.+-, eE_", max_size=22)


def column(texts: list[str | None], currencies: list[str | None]) -> list[int | None]:
    """Minor units of a whole column."""
    frame = pl.DataFrame({"amount": texts, "currency": currencies}, schema={"amount": pl.String, "currency": pl.String})
    return minor_units(frame, "amount", "currency").to_list()


def scalar(text: str, currency: str) -> int | None:
    """Minor units of one text, None where it is no amount."""
    try:
        return to_minor(text, currency)
    except ValueError:
        return None


def test_exponents_are_those_of_iso_4217() -> None:
    assert {code: EXPONENTS[code] for code in BY_EXPONENT.values()} == {"JPY": 0, "CNY": 2, "KWD": 3, "CLF": 4}
    assert "XXX" not in EXPONENTS
    assert "RMB" not in CURRENCIES


def test_an_unknown_currency_is_named() -> None:
    with pytest.raises(ValueError, match="'RMB' is not an ISO 4217 currency"):
        exponent("RMB")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19.99", "CNY", 1999),
        ("0.1", "CNY", 10),
        (".85", "CNY", 85),
        ("19000", "CNY", 1_900_000),
        ("1.", "CNY", 100),
        ("-0.00", "CNY", 0),
        ("+5", "CNY", 500),
        ("00012.30", "CNY", 1230),
        ("1.230000000", "CNY", 123),
        ("100", "JPY", 100),
        ("100.000", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("999999999999999.99", "CNY", 99_999_999_999_999_999),
        ("99999999999999.9999", "CLF", 999_999_999_999_999_999),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor
    assert column([text], [currency]) == [minor]


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *[(text, "CNY") for text in ("", " ", "abc", ".", "-", "1,234.00", "1e3", "1_000", "NaN", "Infinity")],
        *[
            (text, "CNY")
            for text in (" 1.00", "1.00 ", "１.００", "٣", "--1", "1.2.3", "¥1.00", "1.00-", "0x10", "1.00\n")
        ],
        *[("1.005", "CNY"), ("0.5", "JPY"), ("1.0001", "KWD"), ("1000000000000000", "CNY")],
        *[("999999999999999.0000", "CLF"), ("9" * 40, "CNY"), ("1.00", "RMB"), ("1.00", "")],
    ],
)
def test_what_is_no_amount_is_null_and_never_rounded(text: str, currency: str) -> None:
    assert column([text], [currency]) == [None]
    with pytest.raises(ValueError, match=r"amount|minor unit|currency"):
        to_minor(text, currency)


def test_each_row_is_read_in_its_own_currency() -> None:
    currencies = ["CNY", "JPY", "KWD", None, "RMB", "CNY"]
    assert column(["1.5", "15", "1.5", "1.5", "1.5", None], currencies) == [150, 15, 1500, None, None, None]


def test_a_column_without_any_known_currency_is_null() -> None:
    assert column(["1.5", "2"], [None, "RMB"]) == [None, None]
    assert column([], []) == []


@given(st.integers(-(10**15) + 1, 10**15 - 1), CODES)
def test_minor_units_survive_the_way_to_text_and_back(minor: int, currency: str) -> None:
    text = f"{to_major(minor, currency):f}"
    assert to_minor(text, currency) == minor
    assert column([text], [currency]) == [minor]
    assert to_minor(to_major(minor, currency), currency) == minor


@settings(max_examples=400)
@given(st.lists(st.tuples(st.one_of(NUMBERLIKE, st.text(max_size=8)), CODES), min_size=1, max_size=20))
@example([("999999999999999", "CLF"), ("1", "CNY")])
@example([("0" * 30, "CNY"), ("0." + "0" * 40, "KWD")])
def test_the_column_and_the_single_amount_are_read_alike(cells: list[tuple[str, str]]) -> None:
    texts, currencies = [text for text, _ in cells], [currency for _, currency in cells]
    assert column([*texts], [*currencies]) == [scalar(text, currency) for text, currency in cells]


def test_decimals_are_taken_whatever_the_precision_of_the_context() -> None:
    huge = Decimal("12345678901234567890123456789012345.67")
    assert to_minor(huge, "CNY") == 1234567890123456789012345678901234567
    for strange in (Decimal("NaN"), Decimal("-Infinity"), Decimal("1.005")):
        with pytest.raises(ValueError, match=r"amount|finer"):
            to_minor(strange, "CNY")


def test_money_as_people_read_it() -> None:
    assert money_text(123450, "CNY") == "1,234.50 CNY"
    assert money_text(-5, "CNY") == "-0.05 CNY"
    assert money_text(100, "JPY") == "100 JPY"
    assert money_text(1234, "KWD") == "1.234 KWD"


@pytest.mark.parametrize(("value", "rounded"), [("0.5", 1), ("1.5", 2), ("-0.5", -1), ("-1.49", -1), ("2.4999", 2)])
def test_half_a_unit_is_rounded_up_before_the_sign(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded
