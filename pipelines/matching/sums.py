"""Which amounts add up to a sum: an exact search that finds the one answer, or says that there are several.

A bitset of reachable sums counts answers up to two (dynamic programming over whole minor units); amounts too large for
it are halved and met in the middle; of more of them the last digits may tell some (`residues`), or any part of them has
two answers. What is beyond all that is not decided, and never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import polars as pl

from pipelines.matching.residues import MODULI, ending

MOST_WORK = 3_000_000_000
"""Bits times amounts that the bitset may touch: about a second."""

MOST_IN_HALF = 20
"""Amounts of one half when it is met in the middle: a million sums."""


@dataclass(frozen=True)
class Answer:
    """How many subsets add up to the sum: 0, 1, 2 (two or more), or None where it cannot be told within bounds.

    chosen: places of the amounts of the only answer.
    """

    count: int | None
    chosen: tuple[int, ...] = ()


NONE, SEVERAL, UNKNOWN = Answer(0), Answer(2), Answer(None)


def subset(amounts: Sequence[int], total: int) -> Answer:
    """Which of the positive amounts add up to the total, if exactly one choice of them does."""
    usable = [place for place, amount in enumerate(amounts) if 0 < amount <= total]
    values = [amounts[place] for place in usable]
    if total <= 0 or sum(values) < total:
        return NONE
    unit = gcd(*values)
    if total % unit:
        return NONE
    scaled, goal = [value // unit for value in values], total // unit
    # what is left over adds up to a sum of its own, which may be the smaller one to look for
    turned = sum(scaled) - goal < goal
    goal = sum(scaled) - goal if turned else goal
    found = _search(scaled, goal)
    if found.count != 1:
        return found
    inside = set(found.chosen) if not turned else set(range(len(scaled))) - set(found.chosen)
    return Answer(1, tuple(usable[n] for n in sorted(inside)))


def _search(values: list[int], goal: int) -> Answer:
    if goal == 0:
        return Answer(1)
    if goal * len(values) <= MOST_WORK:
        return _by_bits(values, goal)
    if len(values) <= 2 * MOST_IN_HALF:
        return _in_the_middle(values, goal)
    return _by_digits(values, goal) or _among_some(values, goal)


def _by_digits(values: list[int], goal: int) -> Answer | None:
    """The answer, if the last digits leave less to look for; None where they tell nothing."""
    for modulus in MODULI:
        told = ending(values, goal, modulus)
        if told.count == 0:
            return NONE
        if told.count == 1 and len(told.whole) < len(values):
            rest = subset_or_none([values[n] for n in told.whole], goal - sum(values[n] for n in told.chosen))
            chosen = tuple(sorted((*told.chosen, *(told.whole[n] for n in rest.chosen))))
            return Answer(rest.count, chosen if rest.count == 1 else ())
    return None


def subset_or_none(amounts: Sequence[int], total: int) -> Answer:
    """As `subset`, but a total of nothing is what no amount gives."""
    return Answer(1) if total == 0 else subset(amounts, total)


def _among_some(values: list[int], goal: int) -> Answer:
    """Two answers among some of the amounts are two answers; fewer among some say nothing of all."""
    place = sorted(range(len(values)), key=lambda n: values[n])
    for some in (place[::2] + place[1::4], place[1::2] + place[::4]):
        part = [values[n] for n in sorted(some[: 2 * MOST_IN_HALF])]
        if _in_the_middle(part, goal).count == SEVERAL.count:
            return SEVERAL
    return UNKNOWN


def _by_bits(values: list[int], goal: int) -> Answer:
    """Bit n of `once` says that some subset adds up to n, of `twice` that more than one does."""
    once, twice, mask = 1, 0, (1 << (goal + 1)) - 1
    kept = {0: once}
    for number, value in enumerate(values, start=1):
        shifted = (once << value) & mask
        twice |= ((twice << value) & mask) | (once & shifted)
        once |= shifted
        if (twice >> goal) & 1:
            return SEVERAL
        if number % 8 == 0:
            kept[number] = once
    return Answer(1, _retraced(values, goal, kept)) if (once >> goal) & 1 else NONE


def _retraced(values: list[int], goal: int, kept: dict[int, int]) -> tuple[int, ...]:
    """The amounts of the only answer, from the last to the first; sums between every eighth step are made anew."""
    chosen: list[int] = []
    for start in sorted(kept, reverse=True):
        steps = [kept[start]]
        block = values[start : start + 8]
        mask = (1 << (goal + 1)) - 1
        for value in block[:-1]:
            steps.append(steps[-1] | ((steps[-1] << value) & mask))
        for place in range(len(block) - 1, -1, -1):
            if not (steps[place] >> goal) & 1:
                chosen.append(start + place)
                goal -= block[place]
    return tuple(sorted(chosen))


def _in_the_middle(values: list[int], goal: int) -> Answer:
    """Sums of the one half that meet those of the other at the goal."""
    half = len(values) // 2
    left, right = (_all_sums(part) for part in (values[:half], values[half:]))
    wanted = left.with_columns(total=goal - pl.col("total"))
    found = wanted.join(right, on="total", how="inner", suffix="_right").head(2)
    if found.height != 1:
        return SEVERAL if found.height else NONE
    bits = found["subset"][0] | (found["subset_right"][0] << half)
    return Answer(1, tuple(n for n in range(len(values)) if (bits >> n) & 1))


def _all_sums(values: list[int]) -> pl.DataFrame:
    """`subset` (bit n: the n-th amount is in it), `total`."""
    sums = pl.DataFrame({"subset": [0], "total": [0]}, schema={"subset": pl.Int64, "total": pl.Int64})
    for number, value in enumerate(values):
        more = sums.with_columns(subset=pl.col("subset") + (1 << number), total=pl.col("total") + value)
        sums = pl.concat([sums, more], rechunk=True)
    return sums


def both_sides(left: Sequence[int], right: Sequence[int]) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Two or more of the left that add up to two or more of the right: how many answers (0, 1, 2), and the only one."""
    mine, theirs = _plural(left), _plural(right)
    found = mine.join(theirs, on="total", how="inner", suffix="_right").head(2)
    if found.height != 1:
        return found.height, (), ()
    one, other = found["subset"][0], found["subset_right"][0]
    return 1, _places(one, len(left)), _places(other, len(right))


def _plural(values: Sequence[int]) -> pl.DataFrame:
    sums = _all_sums(list(values))
    return sums.filter(pl.col("subset").bitwise_count_ones() > 1)


def _places(bits: int, length: int) -> tuple[int, ...]:
    return tuple(n for n in range(length) if (bits >> n) & 1)
