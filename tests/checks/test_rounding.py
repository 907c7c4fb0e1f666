"""What rounding makes of exact fees: the sum of the rounded lines beside the exact sum, rounded once."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.rounding import Rounded, rounding_of, too_far
from pipelines.sources.amounts import with_rounded_fee

FEES = st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=50)


def of_lines(fees: list[int], currency: str = "CNY") -> Rounded:
    frame = with_rounded_fee(pl.DataFrame({"fee_micro": fees, "currency": [currency] * len(fees)}))
    return Rounded("wechat", currency, len(fees), sum(fees), int(frame["fee_minor"].sum()))


@given(FEES, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_lines_rounded_half_up_are_always_explained(fees: list[int], currency: str) -> None:
    assert too_far([of_lines(fees, currency)]) == []


@given(FEES)
def test_a_line_moved_by_more_than_rounding_is_not(fees: list[int]) -> None:
    line = of_lines(fees)
    off = Rounded("wechat", "CNY", line.lines, line.exact_micro, line.rounded_minor + line.lines + 1)
    assert len(too_far([off])) == 1


def test_three_fees_of_half_a_fen_are_two_and_not_three() -> None:
    line = of_lines([5_000, 5_000, 5_000])
    assert (line.rounded_minor, line.once_minor, line.exact) == (3, 2, Decimal("0.015"))
    assert str(of_lines([6_000_000]).exact) == "6.00"


def test_the_rows_of_the_query_become_lines() -> None:
    found = pl.DataFrame([("w", "CNY", 2, 12_345, 1)], schema=["s", "c", "n", "e", "r"], orient="row")
    assert rounding_of(found) == [Rounded("w", "CNY", 2, 12_345, 1)]
