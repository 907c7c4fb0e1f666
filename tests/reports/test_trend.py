"""The trend: sums over runs, by count over all currencies, by value in the largest ones."""

from __future__ import annotations

from datetime import timedelta

import sample
from hypothesis import given
from hypothesis import strategies as st

from reports.model import TrendPoint
from reports.trend import chart, series

DAY = sample.DAY
points = st.builds(
    TrendPoint,
    st.integers(0, 29).map(lambda n: DAY - timedelta(days=n)),
    st.just("journal-settlement"),
    st.sampled_from(["CNY", "EUR", "JPY"]),
    st.integers(0, 50),
    st.integers(50, 100),
    st.integers(0, 10**9),
    st.integers(10**9, 10**10),
)


def test_counts_add_up_over_currencies_and_values_do_not() -> None:
    two = [
        TrendPoint(DAY, "journal-settlement", "CNY", 9, 10, 90, 100),
        TrendPoint(DAY, "journal-settlement", "EUR", 1, 10, 5, 10),
    ]
    count, cny, eur = series(two)
    assert (count.currency, count.rates[0].share) == ("", 5_000)
    assert (cny.currency, cny.rates[0].share) == ("CNY", 9_000)
    assert (eur.currency, eur.rates[0].share) == ("EUR", 5_000)


def test_a_rate_is_whole_only_when_nothing_is_left() -> None:
    (count, _) = series([TrendPoint(DAY, "journal-settlement", "CNY", 99_999, 100_000, 1, 1)])
    assert count.rates[0].share == 9_999


def test_nothing_decided_is_no_chart() -> None:
    assert chart([]) is None
    assert chart([TrendPoint(DAY, "journal-settlement", "CNY", 0, 0, 0, 0)]) is None
    assert chart([TrendPoint(DAY, "settlement-bank", "CNY", 1, 1, 1, 1)]) is None


@given(st.lists(points, min_size=1, max_size=40))
def test_every_point_lies_on_the_chart(found: list[TrendPoint]) -> None:
    drawn = chart(found)
    assert drawn is not None
    assert drawn.floor <= min(rate.share for line, _ in drawn.lines for rate in line.rates)
    for line, spots in drawn.lines:
        assert len(line.rates) == len(spots)
        assert [x for x, _ in spots] == sorted(x for x, _ in spots)
        assert all(0 <= x <= 10_000 and 0 <= y <= 10_000 for x, y in spots)
