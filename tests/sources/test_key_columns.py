"""Card numbers in key columns: masked, equal where they were equal, different where they differed."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.key_columns import guarded, is_card, token, tokens, without_hash
from pipelines.sources.pan import luhn, mask_text

CARDS = ("4111111111111111", "6222020000000000002", "5555555555554444", "378282246310005", "3530111333300000")
CARDS = tuple(next(c[:-1] + d for d in "0123456789" if luhn(c[:-1] + d)) for c in CARDS)
PREFIXES = {
    "4": (13, 16, 19),
    "62": (16, 17, 18, 19),
    "51": (16,),
    "2221": (16,),
    "34": (15,),
    "3530": (16,),
    "36": (14,),
}


def key() -> bytes:
    return b"k" * 32


def never() -> bytes:
    raise AssertionError("nobody should ask for the key")


@st.composite
def cards(draw: st.DrawFn) -> str:
    prefix = draw(st.sampled_from(sorted(PREFIXES)))
    missing = draw(st.sampled_from(PREFIXES[prefix])) - len(prefix) - 1
    body = prefix + draw(st.text("0123456789", min_size=missing, max_size=missing))
    return next(body + digit for digit in "0123456789" if luhn(body + digit))


cells = st.one_of(
    st.none(),
    cards(),
    st.builds("{}{}{}".format, st.text("ORD-/ ", max_size=6), cards(), st.sampled_from(["", "-1", " x"])),
    st.text("0123456789 -*ABC", max_size=40),
    st.text(max_size=20),
)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_keeps_six_and_four_and_gets_letters(card: str) -> None:
    masked = token(card, key)
    assert masked.startswith(card[:6] + "*" * (len(card) - 10) + card[-4:] + "-")
    assert masked[-12:].isalpha()
    assert len(masked) == len(card) + 13


@pytest.mark.parametrize(
    "reference",
    [
        "898310158120001",  # UnionPay merchant
        "403310058120006",  # a merchant number of 15 digits that passes Luhn and begins with 4
        "2088123412341234",  # Alipay partner
        "4200001234202603021234567890",  # WeChat, 28 digits
        "20260302000123456",  # an order number that begins with its date
        "1772409600000",  # milliseconds
        "606200000296",  # RRN
        "UP20260303-M003",
        "4111111111111112",  # fails Luhn
        "",
    ],
)
def test_references_stay_as_they_are(reference: str) -> None:
    assert token(reference, never) == reference


@given(cells, cells)
def test_equal_stays_equal_and_different_stays_different(one: str | None, other: str | None) -> None:
    left, right = (None if cell is None else token(cell, key) for cell in (one, other))
    assert (left == right) == (one == other)


@given(st.lists(cells, max_size=20))
def test_a_column_is_masked_as_its_cells_are(values: list[str | None]) -> None:
    expected = [None if value is None else token(value, key) for value in values]
    assert tokens(pl.Series("key", values, pl.String), key).to_list() == expected


@given(cards(), cards())
def test_another_key_gives_another_hash(one: str, other: str) -> None:
    assert token(one, key)[-12:] != token(one, lambda: b"another")[-12:]
    assert (token(one, key)[-12:] == token(other, key)[-12:]) == (one == other)


@given(st.one_of(cards(), st.builds("A {}".format, cards())))
def test_free_text_shows_a_key_without_its_hash(cell: str) -> None:
    assert without_hash(token(cell, key)) == mask_text(cell)
    assert token(token(cell, key), key) == token(cell, key)


def test_what_configuration_names_is_no_card() -> None:
    account = CARDS[0]
    rows = pl.DataFrame({"account": [account, CARDS[1]], "currency": ["CNY", "CNY"], "order_no": [account, None]})
    done = guarded(rows, key, known={account}, apart=("order_no",))
    assert done["account"].to_list() == [account, token(CARDS[1], key)]
    assert done["order_no"].to_list() == [account, None]


@given(cards())
def test_cards_in_use_are_known_and_a_wrong_check_digit_is_not(card: str) -> None:
    assert is_card(card)
    assert not is_card(card[:-1] + str((int(card[-1]) + 1) % 10))
