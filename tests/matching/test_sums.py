"""Which amounts add up to a sum: held against all subsets, and fast where there are many."""

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching import sums
from pipelines.matching.sums import Answer, both_sides, subset

AMOUNTS = st.lists(st.integers(1, 60).map(lambda n: n * 5), min_size=0, max_size=9)


def by_hand(amounts: list[int], total: int) -> list[tuple[int, ...]]:
    places = range(len(amounts))
    return [
        some for n in range(1, len(amounts) + 1) for some in combinations(places, n)
        if sum(amounts[i] for i in some) == total
    ]  # fmt: skip


@given(amounts=AMOUNTS, total=st.integers(1, 1500))
@pytest.mark.parametrize("work", [sums.MOST_WORK, 0])
def test_it_agrees_with_all_subsets(work: int, amounts: list[int], total: int) -> None:
    before, sums.MOST_WORK = sums.MOST_WORK, work
    try:
        found = subset(amounts, total)
    finally:
        sums.MOST_WORK = before
    true = by_hand(amounts, total)
    assert found.count == min(len(true), 2)
    assert found.chosen == (true[0] if len(true) == 1 else ())


@given(left=AMOUNTS.filter(lambda a: len(a) < 6), right=AMOUNTS.filter(lambda a: len(a) < 6))
def test_both_sides_agree_with_all_pairs_of_subsets(left: list[int], right: list[int]) -> None:
    def some(amounts: list[int]) -> list[tuple[int, ...]]:
        return [s for n in range(2, len(amounts) + 1) for s in combinations(range(len(amounts)), n)]

    pairs = [
        (one, other) for one in some(left) for other in some(right)
        if sum(left[i] for i in one) == sum(right[i] for i in other)
    ]  # fmt: skip
    count, mine, theirs = both_sides(left, right)
    assert count == min(len(pairs), 2)
    if count == 1:
        assert (mine, theirs) == pairs[0]


def test_eleven_of_sixty_are_found_if_only_they_fit() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    amounts = [dice.randint(5, 50) * 100_000 for _ in range(60)]
    chosen = tuple(sorted(dice.sample(range(60), 11)))
    for turn, place in enumerate(chosen):
        amounts[place] += 1 << turn
    began = time.process_time()
    assert subset(amounts, sum(amounts[n] for n in chosen)) == Answer(1, chosen)
    assert time.process_time() - began < 2


def test_twenty_of_forty_equal_ones_are_never_picked() -> None:
    began = time.process_time()
    assert subset([123_456] * 40, 20 * 123_456).count == 2
    assert time.process_time() - began < 2


def test_large_amounts_meet_in_the_middle_and_more_than_that_is_not_decided() -> None:
    dice = random.Random(3)  # noqa: S311 - no secret
    amounts = [dice.randint(10**9, 10**11) for _ in range(40)]
    assert subset(amounts, sum(amounts[5:16])) == Answer(1, tuple(range(5, 16)))
    odd = [dice.randint(10**15, 10**16) for _ in range(64)]
    assert subset(odd, sum(odd[5:16])).count is None


@given(
    amounts=st.lists(st.integers(1, 4000), min_size=1, max_size=9), total=st.integers(1, 12_000), half=st.integers(0, 3)
)
def test_what_the_last_digits_tell_agrees_with_all_subsets(amounts: list[int], total: int, half: int) -> None:
    before = sums.MOST_WORK, sums.MOST_IN_HALF
    sums.MOST_WORK, sums.MOST_IN_HALF = 0, half
    try:
        found = subset(amounts, total)
    finally:
        sums.MOST_WORK, sums.MOST_IN_HALF = before
    true = by_hand(amounts, total)
    assert found.count in (min(len(true), 2), None)
    assert found.chosen == (true[0] if found.count == 1 else ())


def test_eleven_of_sixty_large_ones_are_found_by_their_last_digits() -> None:
    dice = random.Random(11)  # noqa: S311 - no secret
    amounts = [dice.randint(10, 9000) * 1_000_000 for _ in range(60)]
    chosen = tuple(sorted(dice.sample(range(60), 11)))
    for place in chosen:
        amounts[place] += 1
    began = time.process_time()
    assert subset(amounts, sum(amounts[n] for n in chosen)) == Answer(1, chosen)
    assert time.process_time() - began < 2


def test_sixty_large_ones_of_which_many_choices_fit_are_never_picked() -> None:
    dice = random.Random(12)  # noqa: S311 - no secret
    amounts = [dice.randint(10**6, 10**9) for _ in range(60)]
    began = time.process_time()
    assert subset(amounts, sum(dice.sample(amounts, 11))).count == 2
    assert time.process_time() - began < 4
