"""Counts that are far from their own usual: what is told, what is left alone, and that both ways of judging agree."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks import patterns
from pipelines.checks.habits import odd_hours, same_card
from pipelines.checks.patterns import LONG, Hit, everywhere, far_from_usual, is_far, tail
from pipelines.signal_settings import Signals

TODAY = date(2026, 4, 1)
OWN = Signals()
NOBODY = pl.DataFrame(schema={"merchant_id": pl.String, "days": pl.Int64})

days = st.lists(st.tuples(st.integers(0, 12), st.integers(12, 80)), min_size=14, max_size=28)


def count(found: int, of: int, day: date = TODAY, **cells: Any) -> dict[str, Any]:
    row = dict.fromkeys(LONG) | {"kind": "timeouts", "unit": "", "terminal_id": "10000101", "shop": "8983"}
    return row | {"day": day, "found": found, "of": of} | cells


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=LONG)


def history(of_days: list[tuple[int, int]], **cells: Any) -> pl.DataFrame:
    return frame(*(count(k, n, TODAY - timedelta(days=at + 1), **cells) for at, (k, n) in enumerate(of_days)))


@given(st.integers(1, 60), st.floats(0.01, 50))
def test_the_tail_is_what_is_left_of_the_poisson_distribution(found: int, expected: float) -> None:
    below = sum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(found))
    told = tail(found, expected)
    assert told == (1.0 if found <= expected else pytest.approx(1 - below, abs=1e-9))


def test_the_tail_of_something_rare_is_no_rounding_error() -> None:
    assert tail(6, 2 * 20 / 280) == pytest.approx(1.0446e-8, rel=1e-4)


@given(days, st.integers(5, 60), st.integers(20, 80))
def test_judging_all_at_once_leaves_nothing_out(before: list[tuple[int, int]], found: int, of: int) -> None:
    told = far_from_usual(frame(count(found, of)), history(before), NOBODY, OWN)
    assert bool(told) == is_far(found, of, before, OWN)


@given(days, st.integers(5, 60), st.integers(20, 80))
def test_more_of_it_is_never_less_far(before: list[tuple[int, int]], found: int, of: int) -> None:
    assert is_far(found + 1, of, before, OWN) >= is_far(found, of, before, OWN)


def test_what_is_told_has_the_numbers_that_a_person_can_check() -> None:
    (hit,) = far_from_usual(frame(count(6, 20)), history([(0, 20)] * 13 + [(1, 20), (2, 20), (0, 20)]), NOBODY, OWN)
    assert (hit.found, hit.of, hit.usual, hit.most, hit.days) == (6, 20, 0, 2, 16)
    assert (hit.merchant_id, hit.terminal_id) == ("8983", "10000101")


def test_too_little_history_tells_nothing() -> None:
    assert far_from_usual(frame(count(15, 20)), history([(0, 20)] * 13), NOBODY, OWN) == []
    assert len(far_from_usual(frame(count(15, 20)), history([(0, 20)] * 14), NOBODY, OWN)) == 1


def test_the_example_of_the_manual() -> None:
    """docs/signals.md, "When a count is told": told once in four million days, and once in 38."""
    before = [(0, 20)] * 13 + [(1, 20)] * 3
    assert (is_far(6, 20, before, OWN), is_far(2, 20, before, OWN)) == (True, False)
    assert 1 / tail(6, 0.25) == pytest.approx(3_800_000, rel=0.05)
    assert 1 / tail(2, 0.25) == pytest.approx(38, rel=0.02)


def test_one_bad_week_does_not_become_the_usual() -> None:
    assert is_far(9, 20, [(0, 20)] * 25 + [(9, 20), (8, 20), (9, 20)], OWN)
    assert not is_far(9, 20, [(0, 20)] * 14 + [(9, 20)] * 14, OWN)


def test_days_that_vary_much_tolerate_more() -> None:
    steady, restless = [(4, 40)] * 20, [(0, 40), (8, 40)] * 10
    assert is_far(20, 40, steady, OWN)
    assert not is_far(20, 40, restless, OWN)


def test_a_cashier_is_judged_by_the_days_of_the_merchant() -> None:
    mine = {"kind": "refunds", "merchant_id": "8983", "terminal_id": None, "operator_id": "05"}
    worked = pl.DataFrame({"merchant_id": ["8983"], "days": [20]})
    (hit,) = far_from_usual(frame(count(6, 1, **mine)), history([(1, 1)], **mine), worked, OWN)
    assert (hit.usual, hit.most, hit.days, hit.operator_id) == (0, 1, 20, "05")
    assert (
        far_from_usual(frame(count(6, 1, **mine)), history([(1, 1)], **mine), worked.with_columns(days=13), OWN) == []
    )


def hit(terminal: str, kind: str = "timeouts") -> Hit:
    return Hit(kind, TODAY, 6, 20, 0, 2, 16, terminal_id=terminal, merchant_id="8983")


def test_what_hits_a_quarter_of_all_terminals_is_none_of_them() -> None:
    several = [hit(f"1000010{n}") for n in range(4)]
    (one,) = everywhere(several, {TODAY: 12})
    assert (one.terminal_id, one.terminals, one.found, one.of) == (None, 4, 24, 80)
    assert everywhere(several, {TODAY: 40}) == several
    assert everywhere(several[:2], {TODAY: 2}) == several[:2]


def test_what_a_cashier_does_is_never_everywhere() -> None:
    several = [Hit("refunds", TODAY, 6, 1, 0, 1, 20, merchant_id="8983", operator_id=f"0{n}") for n in range(5)]
    assert everywhere(several, {TODAY: 5}) == several


def test_the_hour_beside_a_usual_one_is_not_odd() -> None:
    keys = {"unit": "", "terminal_id": "10000101"}
    known = pl.DataFrame([{**keys, "days": 20, "usual": [9, 10, 23]}])
    sold = [{**keys, "merchant_id": "8983", "day": TODAY, "hour": h, "sales": 6} for h in (0, 3, 8, 10)]
    (told,) = odd_hours(pl.DataFrame(sold), known, OWN)
    assert (told.hours, told.found, told.of) == ((3,), 6, 24)
    assert odd_hours(pl.DataFrame(sold), known.with_columns(days=13), OWN) == []


def test_a_card_is_told_only_where_none_came_half_as_often() -> None:
    today = pl.DataFrame({"day": [TODAY], "merchant_id": ["8983"], "card_no": ["622202******0001"], "uses": [8]})
    worked = pl.DataFrame({"merchant_id": ["8983"], "days": [20]})
    most = pl.DataFrame({"merchant_id": ["8983"], "most": [4]})
    assert [(h.card_no, h.found, h.most) for h in same_card(today, most, worked, OWN)] == [("622202******0001", 8, 4)]
    assert same_card(today, most.with_columns(most=5), worked, OWN) == []
    assert len(same_card(today, most.clear(), worked, OWN)) == 1


def terminal_day(**cells: Any) -> pl.DataFrame:
    usual = dict.fromkeys(("small", "sales", "below", "declined", "timeouts", "reversals"), 0)
    stans = {"stan_low": 101, "stan_high": 120, "half_low": 500_101, "half_high": 500_120}
    keys = {"unit": "", "merchant_id": "8983", "terminal_id": "10000101", "day": TODAY}
    return pl.DataFrame([{**keys, **usual, **stans, "row_count": 15, "batch_low": 7, "batch_high": 7, **cells}])


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ({}, 5),
        ({"told": 2}, 3),
        ({"batch_high": 8}, 0),
        ({"stan_low": 1, "stan_high": 999_999, "half_low": 499_990, "half_high": 500_009}, 5),
        ({"stan_low": 1, "stan_high": 5_000, "half_low": 500_001, "half_high": 505_000}, 0),
        ({"row_count": 25}, 0),
    ],
)
def test_missing_trace_numbers(cells: dict[str, int], missing: int) -> None:
    """Numbers of no payment fill gaps; two batches, a new beginning, repeats are no gaps; 1 follows 999999."""
    told = patterns.counts_of_terminals(terminal_day(**cells), {k.name for k in patterns.KINDS} - {"trace_gaps"})
    assert told["found"].to_list() == [missing]
