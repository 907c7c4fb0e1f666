"""Card numbers in columns that rows are found and paired by: masked, with a keyed hash that keeps them apart.

A key must stay the same for equal values and differ for others, or joins would lose or invent pairs. So a card number
in it becomes its first six and last four digits and twelve letters of an HMAC-SHA256 of the cell (PCI DSS 4.0, 3.5.1.1:
keyed hashes). References of other shapes stay as they are, and of those that look like a card one in ten passes Luhn:
the ranges and lengths here are only those that issuers use.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Collection

import polars as pl

from pipelines.columns import distinct
from pipelines.sources.pan import SUSPECT_GROUPS, hidden, luhn, starred

Key = Callable[[], bytes]
"""Gives the key of the hash; asked for only where a card number was found."""

LETTERS = 12
CODES = ("currency", "txn_type", "channel", "status", "record_type", "card_type", "card_no", "unreadable")
ORDER_NUMBERS = ("order_no", "original_rrn")
SHORTEST, LONGEST = 13, 19

_LOOKED_AT = 1_000
"""First cells that tell whether those of a column repeat."""

_TOKEN = re.compile(rf"-[a-p]{{{LETTERS}}}(?![a-z0-9])")
_AS_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

_LENGTHS_IN_USE = (
    (2200, 2204, range(16, 20)),  # Mir
    (2221, 2720, (16,)),  # Mastercard
    (3000, 3059, (14, 16)),  # Diners
    (3400, 3499, (15,)),  # American Express
    (3528, 3589, range(16, 20)),  # JCB
    (3600, 3699, (14, 16)),  # Diners
    (3700, 3799, (15,)),  # American Express
    (3800, 3999, (14, 16)),  # Diners
    (4000, 4999, (13, 16, 19)),  # Visa
    (5000, 5099, range(16, 20)),  # Maestro
    (5100, 5599, (16,)),  # Mastercard
    (5600, 5899, range(16, 20)),  # Maestro
    (6000, 6999, range(16, 20)),  # UnionPay, Discover, Maestro, older Chinese debit cards
    (8100, 8171, range(16, 20)),  # UnionPay
    (9558, 9558, range(16, 20)),  # ICBC debit cards from before UnionPay
)
"""First four digits and the lengths of cards in use: 15 digits that begin with 4 are a merchant number, not a card."""

_SUSPECT = r"(^|[^0-9])(22|2[3-7]|3[04-9]|4[0-9]|5[0-9]|6[0-9]|81|95)[0-9]{11,17}($|[^0-9])|" + SUSPECT_GROUPS


def is_card(digits: str) -> bool:
    """Whether digits are the number of a card in use: range, length and check digit."""
    prefix = int(digits[:4])
    known = any(low <= prefix <= high and len(digits) in sizes for low, high, sizes in _LENGTHS_IN_USE)
    return known and luhn(digits)


def token(cell: str, key: Key) -> str:
    """The cell with its card numbers masked and the hash of the whole behind it; one without a card stays as it is."""
    places = set(hidden(cell, is_card))
    if not places:
        return cell
    letters = hmac.digest(key(), cell.encode(), hashlib.sha256).hex()[:LETTERS].translate(_AS_LETTERS)
    return f"{starred(cell, places)}-{letters}"


def without_hash(text: str) -> str:
    """The text as free text shows the same numbers: masked, with no hash behind them."""
    return _TOKEN.sub("", text) if "*" in text else text


def tokens(cells: pl.Series, key: Key, known: Collection[str] = ()) -> pl.Series:
    """`token` for a whole String column; null stays null. known: values that configuration names and no card is."""
    if (cells.str.len_bytes().max() or 0) < SHORTEST:  # type: ignore[operator]
        return cells
    few = distinct(cells.head(_LOOKED_AT)).len() < _LOOKED_AT // 2
    words = distinct(cells) if few else cells  # thousands of lines are of one merchant and payout
    suspects = words.filter(words.str.contains(_SUSPECT)).unique()
    if suspects.is_empty():
        return cells
    likely = suspects.filter(~suspects.str.contains("^[0-9]+$") | _passing_luhn(suspects))
    found = {cell: token(cell, key) for cell in likely if cell not in known}
    changed = {cell: masked for cell, masked in found.items() if cell != masked}
    return cells.replace(changed) if changed else cells


def _passing_luhn(cells: pl.Series) -> pl.Series:
    """Whether the digits of each cell pass Luhn, for a whole column at once; of other cells it says nothing."""
    frame = cells.str.pad_start(LONGEST, "0").to_frame("digits")
    digit = [pl.col("digits").str.slice(at, 1).cast(pl.Int16, strict=False) for at in range(LONGEST)]
    doubled = [2 * d - 9 * (d > 4).cast(pl.Int16) for d in digit]
    terms = [doubled[at] if (LONGEST - at) % 2 == 0 else digit[at] for at in range(LONGEST)]
    return frame.select(passes=pl.sum_horizontal(terms) % 10 == 0).to_series()


def guarded(rows: pl.DataFrame, key: Key, known: Collection[str] = (), apart: Collection[str] = ()) -> pl.DataFrame:
    """Canonical rows with no card number in any column that is text; apart: columns that are left as they are."""
    names = [c for c, kind in rows.schema.items() if kind == pl.String and c not in CODES and c not in apart]
    new = [(rows[name], tokens(rows[name], key, known)) for name in names]
    return rows.with_columns(after for before, after in new if after is not before)
