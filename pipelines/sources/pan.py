"""Card numbers: found in cells and in free text, and masked to their first six and last four digits.

PCI DSS 4.0, requirements 3.3 to 3.5: no full number is stored, logged, mailed or shown. Eight leading digits
may stay only where the issuer is known to use eight-digit BINs; no format here says so, hence six everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

import polars as pl

HEAD, TAIL = 6, 4
_STARS = "*" * 64

_SEPARATOR = re.compile(r"[ -]")
_BARE = re.compile(r"[0-9]{12,}")
_EMBEDDED = re.compile(r"([0-9]{6})[0-9]{2,}([0-9]{4})")

_LAYOUTS = [
    re.compile(rf"(?<![0-9])(?=({layout})(?![0-9]))")
    for layout in (
        r"[0-9]{13,19}",
        r"[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}",
        r"[0-9]{4}([ -])[0-9]{4}\2[0-9]{4}\2[0-9]{4}\2[0-9]{1,3}",
        r"[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}",
        r"[0-9]{6}[ -][0-9]{10,13}",
    )
]
"""How card numbers are written: in one run, in fours, as American Express and Diners do, BIN and rest."""

SUSPECT_GROUPS = r"[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4}|[0-9]{6}[ -][0-9]{10}"
"""What may be a card number in groups, for a first look without its check digit."""

_SUSPECT = r"[0-9]{13}|" + SUSPECT_GROUPS

_LENGTHS_BY_PREFIX = (
    (2200, 2204, range(16, 20)),  # Mir
    (2221, 2720, range(16, 17)),  # Mastercard
    (3000, 3059, range(14, 20)),  # Diners
    (3400, 3499, range(15, 16)),  # American Express
    (3528, 3589, range(16, 20)),  # JCB
    (3600, 3699, range(14, 20)),  # Diners
    (3700, 3799, range(15, 16)),  # American Express
    (3800, 3999, range(14, 20)),  # Diners
    (4000, 4999, range(13, 20)),  # Visa
    (5000, 5099, range(13, 20)),  # Maestro
    (5100, 5599, range(16, 17)),  # Mastercard
    (5600, 5899, range(13, 20)),  # Maestro
    (6000, 6999, range(13, 20)),  # UnionPay, Discover, Maestro, older Chinese debit cards
    (8100, 8171, range(16, 20)),  # UnionPay
    (9558, 9558, range(16, 20)),  # ICBC debit cards from before UnionPay
)
"""Number ranges by their first four digits (ISO/IEC 7812, as the schemes publish them) and lengths in use."""

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[number] for number in numbers[1::2])) % 10 == 0


def looks_like_card(digits: str) -> bool:
    """Whether 13 to 19 digits begin like a card of that length and pass the Luhn check."""
    prefix = int(digits[:4])
    known = any(low <= prefix <= high and len(digits) in sizes for low, high, sizes in _LENGTHS_BY_PREFIX)
    return known and luhn(digits)


def mask_card(text: str) -> str:
    """Mask the cell of a card column: twelve digits or more (spaces and hyphens aside) keep six and four.

    Cells already masked, or with fewer digits, stay as they are. No Luhn check: the column says what it is.
    """
    close = _SEPARATOR.sub("", text)
    if _BARE.fullmatch(close):
        return close[:HEAD] + _STARS[: len(close) - HEAD - TAIL] + close[-TAIL:]
    return _EMBEDDED.sub(r"\1******\2", close) if _BARE.search(close) else text


def mask_card_expr(cards: pl.Expr) -> pl.Expr:
    """`mask_card` for a whole String column; null stays null."""
    close = cards.str.replace_all(r"[ -]", "")
    stars = pl.lit(_STARS).str.slice(0, close.str.len_chars() - HEAD - TAIL)
    whole = pl.concat_str(close.str.head(HEAD), stars, close.str.tail(TAIL))
    return (
        pl.when(close.str.contains(r"^[0-9]{12,}$"))
        .then(whole)
        .when(close.str.contains(r"[0-9]{12,}"))
        .then(close.str.replace_all(_EMBEDDED.pattern, "${1}******${2}"))
        .otherwise(cards)
    )


def hidden(text: str, is_card: Callable[[str], bool] = looks_like_card) -> Iterator[int]:
    """Positions of the digits to be starred: the middle of whatever looks like a card."""
    for layout in _LAYOUTS:
        for found in layout.finditer(text):
            places = [place for place in range(*found.span(1)) if text[place] not in " -"]
            if is_card("".join(text[place] for place in places)):
                yield from places[HEAD:-TAIL]


def mask_text(text: str) -> str:
    """Mask card numbers in free text, digit by digit, so that its length and layout stay.

    A card number is 13 to 19 digits, in one run or in the usual groups, that `looks_like_card`; reference
    numbers of other shapes are left alone, for payouts are found by them.
    """
    places = set(hidden(text))
    return starred(text, places) if places else text


def starred(text: str, places: Collection[int]) -> str:
    """The text with stars at some places."""
    return "".join("*" if place in places else sign for place, sign in enumerate(text))


def mask_text_series(texts: pl.Series) -> pl.Series:
    """`mask_text` for a whole String column; null stays null. One scan where nothing looks like a number."""
    suspects = texts.str.contains(_SUSPECT).fill_null(value=False)
    if not suspects.any():
        return texts
    masked = [mask_text(text) for text in texts.filter(suspects).to_list()]
    return texts.clone().scatter(suspects.arg_true(), pl.Series(masked, dtype=pl.String))
