"""Work on parts: in their order, whoever does it and whenever."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.gather import Beforehand


@given(st.lists(st.lists(st.integers(), max_size=6), max_size=4), st.integers(0, 12))
def test_what_is_made_of_parts_comes_in_their_order(files: list[list[int]], most: int) -> None:
    beforehand = Beforehand(most)
    told = [beforehand.each(lambda part: part * 2, iter(parts)) for parts in files]
    assert [[*one] for one in told] == [[part * 2 for part in parts] for parts in files]


def test_no_more_is_begun_than_may_be_held() -> None:
    asked, begun = list[int](), threading.Semaphore(0)

    def parts() -> Iterator[int]:
        for part in range(10):
            asked.append(part)
            yield part

    def convert(part: int) -> int:
        begun.release()
        return part

    told = Beforehand(3).each(convert, parts())
    for _ in range(3):
        assert begun.acquire(timeout=30)
    assert asked == [0, 1, 2]
    assert [*told] == [*range(10)]


def test_what_is_not_begun_when_it_is_asked_for_does_not_wait_its_turn() -> None:
    hold, names = threading.Event(), list[str]()

    def convert(part: int) -> int:
        names.append(threading.current_thread().name)
        if part == 0:
            hold.set()
        return part

    def slow(part: int) -> int:
        hold.wait(30)
        return part

    beforehand = Beforehand(4)
    first, second = beforehand.each(slow, [7]), beforehand.each(convert, [0, 1, 2])
    assert [*second] == [0, 1, 2], "the one thread that works beforehand is held by the first"
    assert [*first] == [7]


def test_a_fault_comes_where_its_part_is() -> None:
    def convert(part: int) -> int:
        return 1 // part

    told = Beforehand(2).each(convert, [1, 0, 1])
    assert next(told) == 1
    with pytest.raises(ZeroDivisionError):
        next(told)
