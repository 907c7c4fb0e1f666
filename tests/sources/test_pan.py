"""Card numbers in cells and in free text: what is masked, what stays, and that the vectorised forms agree."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.pan import (
    looks_like_card,
    luhn,
    mask_card,
    mask_card_expr,
    mask_text,
    mask_text_series,
)

PREFIXES = {"4": 16, "62": 19, "621700": 19, "51": 16, "2221": 16, "34": 15, "3530": 16, "6011": 16, "36": 14}


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A number of a known range, length and check digit."""
    prefix = draw(st.sampled_from(sorted(PREFIXES)))
    missing = PREFIXES[prefix] - len(prefix) - 1
    body = prefix + draw(st.text("0123456789", min_size=missing, max_size=missing))
    return next(body + digit for digit in "0123456789" if luhn(body + digit))


words = st.text("PAN card no. 卡号：x\t/", max_size=30)
cells = st.one_of(st.none(), cards(), st.text("0123456789 -*=ABCX卡", max_size=40), st.text(max_size=40))


@pytest.mark.parametrize(
    ("cell", "masked"),
    [
        ("4111111111111111", "411111******1111"),
        ("4111 1111 1111 1111", "411111******1111"),
        ("6217-0012-3456-7890-123", "621700*********0123"),
        ("123456789012", "123456**9012"),
        ("411111******1111", "411111******1111"),
        ("62170012*******0123", "62170012*******0123"),
        ("6217 00** **** 0123", "6217 00** **** 0123"),
        (";4111111111111111=2512101123456789", ";411111******1111=251210******6789"),
        ("12345678901", "12345678901"),
        ("", ""),
    ],
)
def test_mask_card(cell: str, masked: str) -> None:
    assert mask_card(cell) == masked
    assert pl.select(mask_card_expr(pl.lit(cell))).item() == masked


@given(st.lists(cells, max_size=20))
def test_mask_card_expr_is_mask_card(values: list[str | None]) -> None:
    frame = pl.DataFrame({"card": values}, schema={"card": pl.String})
    expected = [None if value is None else mask_card(value) for value in values]
    assert frame.select(mask_card_expr(pl.col("card")))["card"].to_list() == expected


@given(cards())
def test_known_cards_are_recognised_and_a_wrong_check_digit_is_not(card: str) -> None:
    assert looks_like_card(card)
    assert not looks_like_card(card[:-1] + str((int(card[-1]) + 1) % 10))


@given(words, cards(), words)
def test_a_card_anywhere_in_a_text_is_masked_and_nothing_else(before: str, card: str, after: str) -> None:
    masked = card[:6] + "*" * (len(card) - 10) + card[-4:]
    assert mask_text(before + card + after) == before + masked + after


@given(cards().filter(lambda card: len(card) in {16, 19}), st.sampled_from(" -"))
def test_cards_in_groups_of_four_are_masked_in_place(card: str, separator: str) -> None:
    grouped = separator.join(card[at : at + 4] for at in range(0, len(card), 4))
    masked = mask_text(f"x {grouped} 99")
    assert len(masked) == len(f"x {grouped} 99")
    shown = "".join(sign for sign in masked[2:-3] if sign not in " -")
    due = card[:6] + "*" * (len(card) - 10) + card[-4:]
    # its last groups and the digits behind it may happen to look like a card of their own
    assert all(sign in (right, "*") for sign, right in zip(shown, due, strict=True))
    assert set(shown[6:-4]) == {"*"}


@pytest.mark.parametrize(
    "text",
    [
        "payout 20260302000123456 of 2026-03-02",  # begins like no card
        "4111111111111112",  # fails the check digit
        "4200001234202603021234567890",  # WeChat's 28 digits
        "RRN 012345678901",
        "",
    ],
)
def test_references_stay_as_they_are(text: str) -> None:
    assert mask_text(text) == text


def test_cards_as_american_express_and_chinese_banks_print_them() -> None:
    assert mask_text("3782 822463 10005") == "3782 82**** *0005"
    card = next(f"62170012345678901{n:02}" for n in range(100) if luhn(f"62170012345678901{n:02}"))
    assert mask_text(f"{card[:6]} {card[6:]}") == f"621700 *********{card[-4:]}"


@given(st.lists(st.one_of(cells, st.builds("{} {}".format, words, cards())), max_size=20))
def test_mask_text_series_is_mask_text(values: list[str | None]) -> None:
    series = pl.Series("text", values, dtype=pl.String)
    expected = [None if value is None else mask_text(value) for value in values]
    assert mask_text_series(series).to_list() == expected
    assert series.to_list() == values


@given(st.text("0123456789 -*", max_size=60))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)
