"""What the last digits of a sum tell of the amounts in it: often enough which of those with such digits it needs.

Amounts that are whole hundreds leave the last two digits of a sum to the others; where only one choice of the others
gives these digits, it is in every answer, and what is left to find is smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MODULI = tuple(10**digits for digits in range(1, 7))
"""By how many last digits: each needs that many bits for every amount that does not end in zeros."""


@dataclass(frozen=True)
class Ending:
    """How many choices (0, 1, 2: more than one) of the amounts that do not end in zeros give the last digits.

    chosen: places of the only one; whole: places of the amounts that end in zeros, of which any may be added.
    """

    count: int
    chosen: tuple[int, ...]
    whole: tuple[int, ...]


def ending(values: Sequence[int], goal: int, modulus: int) -> Ending:
    """What the last digits of the goal tell of the values."""
    whole = tuple(n for n, value in enumerate(values) if value % modulus == 0)
    other = [n for n, value in enumerate(values) if value % modulus]
    once, twice = [1], 0
    for place in other:
        size = values[place] % modulus
        shifted = _turned(once[-1], size, modulus)
        twice |= _turned(twice, size, modulus) | (once[-1] & shifted)
        once.append(once[-1] | shifted)
    left = goal % modulus
    if not (once[-1] >> left) & 1:
        return Ending(0, (), whole)
    if (twice >> left) & 1:
        return Ending(2, (), whole)
    return Ending(1, _chosen(values, other, once, left, modulus), whole)


def _turned(bits: int, by: int, modulus: int) -> int:
    """Sums that are reached by one amount more, as remainders."""
    moved = bits << by
    return (moved | (moved >> modulus)) & ((1 << modulus) - 1)


def _chosen(
    values: Sequence[int], other: Sequence[int], once: Sequence[int], left: int, modulus: int
) -> tuple[int, ...]:
    """The only choice, from the last amount to the first: one without which the digits cannot be reached is in it."""
    found: list[int] = []
    for before, place in zip(once[-2::-1], reversed(other), strict=True):
        if not (before >> left) & 1:
            found.append(place)
            left = (left - values[place]) % modulus
    return tuple(sorted(found))
