"""A batch that stays open, a clock that drifts, a terminal that falls silent."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.checks.health import drifting_clocks, open_batches, silent
from pipelines.signal_settings import Signals

FIRST = date(2026, 3, 1)
OWN = Signals()
KEYS = {"unit": "", "terminal_id": "10000101", "merchant_id": "8983"}


def day(n: int) -> date:
    return FIRST + timedelta(days=n)


def batches(numbers: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame([{**KEYS, "day": day(n), "batch": batch} for n, batch in enumerate(numbers)])


def test_a_batch_is_told_from_its_third_day_on() -> None:
    numbers = [*range(15), 99, 99, 99, 99]
    told = open_batches(batches(numbers), [day(n) for n in range(len(numbers))], OWN)
    assert [(hit.day, hit.found, hit.most) for hit in told] == [(day(17), 3, 1), (day(18), 4, 1)]


def test_a_terminal_that_closes_weekly_may_keep_a_batch_for_long() -> None:
    numbers = [n // 7 for n in range(21)] + [9] * 13
    assert open_batches(batches(numbers), [day(33)], OWN) == []
    assert len(open_batches(batches([*numbers, 9]), [day(34)], OWN)) == 1


def test_a_terminal_that_never_closes_is_not_judged() -> None:
    assert open_batches(batches([1] * 28), [day(27)], OWN) == []
    assert open_batches(batches([*range(13), 99, 99, 99]), [day(15)], OWN) == []


def clocks(seconds: list[int], pairs: int = 20) -> pl.DataFrame:
    return pl.DataFrame([{**KEYS, "day": day(n), "pairs": pairs, "ahead_seconds": s} for n, s in enumerate(seconds)])


def test_a_clock_is_told_when_it_has_moved_far_from_where_it_stood() -> None:
    steady = [-30, -28, -31, -29] * 4
    (told,) = drifting_clocks(clocks([*steady, 62]), [day(16)], OWN)
    assert (told.found, told.usual, told.days) == (62, -29, 16)
    assert drifting_clocks(clocks([*steady, 55]), [day(16)], OWN) == []
    assert drifting_clocks(clocks([*steady, 62], pairs=4), [day(16)], OWN) == []


def test_a_clock_that_always_jumps_says_nothing() -> None:
    assert drifting_clocks(clocks([0, 400, -300, 100] * 5 + [500]), [day(20)], OWN) == []


def silence(counts: list[int | None], shop: int | None = None) -> list[tuple[date, int]]:
    """counts: the terminal's rows day by day, None where it has none; shop: days on which its shop worked."""
    own = pl.DataFrame([{**KEYS, "day": day(n), "row_count": c} for n, c in enumerate(counts) if c])
    worked = pl.DataFrame([{"merchant_id": "8983", "day": day(n)} for n in range(shop or len(counts))])
    return [(hit.day, hit.found) for hit in silent(own, worked, day(len(counts) - 1), OWN)]


def test_silence_is_told_from_its_first_day_where_the_terminal_is_busy() -> None:
    assert silence([40] * 16 + [None]) == [(day(16), 1)]


def test_a_quiet_terminal_must_be_silent_for_longer() -> None:
    assert silence([12] * 16 + [None] * 2) == []
    assert silence([12] * 16 + [None] * 3) == [(day(16), 3)]


def test_who_rests_now_and_then_is_not_missed() -> None:
    assert silence([40] * 8 + [None] * 2 + [40] * 8 + [None] * 4) == []
    assert silence([40] * 8 + [None] * 2 + [40] * 8 + [None] * 5) == [(day(18), 5)]


def test_a_closed_shop_is_not_silent() -> None:
    assert silence([40] * 16 + [None] * 3, shop=16) == []
