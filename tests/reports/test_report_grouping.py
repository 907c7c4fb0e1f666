"""Order and room on the page: what comes first, what is cut, and that nothing is cut from the counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import groupby, zip_longest
from typing import Any

import polars as pl
import sample
from hypothesis import given
from hypothesis import strategies as st
from sample_items import item

from pipelines.cases.taxonomy import SEVERITIES
from reports.books import Money
from reports.grouping import (
    UNCOUNTED,
    ageing,
    bucket_of,
    fair_shares,
    first_to_do,
    fitting,
    grouped,
    severity_rank,
    totals,
    urgency,
    worth,
)
from reports.listed import Listed
from reports.model import ExceptionItem, TypeGroup


@given(st.lists(st.integers(0, 5_000), max_size=12), st.integers(0, 2_000))
def test_shares_fill_the_limit_and_starve_nobody(counts: list[int], limit: int) -> None:
    shares = fair_shares(counts, limit)
    assert sum(shares) == min(limit, sum(counts))
    assert all(0 <= share <= count for share, count in zip(shares, counts, strict=True))
    fair = limit // max(1, len(counts))
    assert all(share >= min(count, fair) for share, count in zip(shares, counts, strict=True))


def test_cutting_rows_keeps_counts_and_totals() -> None:
    groups = sample.crowded().new
    cut = fitting(groups, 500)
    assert sum(len(group.items) for group in cut) == 500
    assert {group.type: group.count for group in cut} == {group.type: group.count for group in groups}
    assert {group.type: group.totals for group in cut} == {group.type: group.totals for group in groups}
    assert next(group for group in cut if group.type == "NOT_SETTLED").items[0].amount_minor == 700


def test_groups_come_worst_first_and_sum_per_currency() -> None:
    groups = grouped(sample.carried_items())
    assert [group.type for group in groups[:3]] == ["DEPOSIT_MISSING", "FILE_LATE", "NOT_SETTLED"]
    assert groups[0].totals == (Money("CNY", 1_824_055), Money("EUR", 91_250))
    assert groups[-1].type == "FEE_VARIANCE"


def test_an_incident_does_not_count_its_childrens_money_again() -> None:
    groups = (
        TypeGroup("CHANNEL_INCIDENT", 1, (Money("CNY", 500),)),
        TypeGroup("NOT_SETTLED", 2, (Money("CNY", 500),)),
    )
    assert worth(groups) == (Money("CNY", 500),)


def test_ages_fall_into_the_five_buckets() -> None:
    ages = pl.DataFrame({"age": [-1, 0, 1, 2, 3, 4, 7, 8, 30, 31, 400]})
    assert ages.select(bucket_of(pl.col("age"))).to_series().to_list() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    cells = ageing(sample.carried_items())
    assert sum(cell.count for cell in cells) == len(sample.carried_items())
    assert [(cell.bucket, cell.count, cell.amount_minor) for cell in cells if cell.currency == "EUR"] == [
        (4, 1, 91_250)
    ]


def test_first_to_do_takes_deadlines_and_amounts_but_no_heap_of_small_change() -> None:
    items = [*sample.new_items(), *sample.carried_items()]
    top = first_to_do(items)
    assert len({item.exception_id for item in top}) == len(top) <= 12
    assert not [item for item in top if item.type == "FEE_VARIANCE" or item.parent_id]
    assert {item.amount_minor for item in top} >= {1_824_055, 450_000, 91_250}
    dates = [item.due_date for item in top]
    assert dates == sorted(dates, key=lambda due: due or sample.DAY + timedelta(days=9_999))


ITEM = st.builds(
    lambda number, code, severity, minor, currency, due, age, parent, waits: item(
        number, code, minor, "", exception_id=f"E{number:03}", severity=severity, currency=currency,
        due_date=None if due is None else sample.DAY + timedelta(days=due), age_days=age,
        parent_id="" if parent is None else f"E{parent:03}", status="waiting" if waits else "open",
    ),
    st.integers(0, 40),
    st.sampled_from(["NOT_SETTLED", "FEE_VARIANCE", "CHANNEL_INCIDENT", "FILE_LATE", "AMOUNT_OVER"]),
    st.sampled_from([*SEVERITIES, "unheard of"]), st.integers(0, 3), st.sampled_from(["CNY", "EUR", "JPY", ""]),
    st.none() | st.integers(-2, 2), st.integers(-1, 40), st.none() | st.integers(0, 60), st.booleans(),
)  # fmt: skip
ITEMS = st.lists(ITEM, max_size=30, unique_by=lambda one: one.exception_id)


@given(ITEMS)
def test_exceptions_in_columns_are_the_same_exceptions(items: list[ExceptionItem]) -> None:
    listed = Listed.of(items)
    assert (list(listed), len(listed), listed[1:3]) == (items, len(items), tuple(items[1:3]))
    assert [listed[at] for at in range(len(items))] == items


@given(ITEMS)
def test_groups_are_in_order_of_urgency_and_add_up(items: list[ExceptionItem]) -> None:
    groups = grouped(items)
    assert {group.type for group in groups} == {one.type for one in items}
    for group in groups:
        own = [one for one in items if one.type == group.type]
        assert (list(group.items), group.count) == (sorted(own, key=urgency), len(own))
        assert group.totals == totals(Money(one.currency, one.amount_minor) for one in own)


@given(ITEMS)
def test_ages_add_up_by_currency(items: list[ExceptionItem]) -> None:
    cells = ageing(items)
    for (currency, at), several in _by(items, lambda one: (one.currency, sum(one.age_days > n for n in (1, 3, 7, 30)))):
        (cell,) = (cell for cell in cells if (cell.currency, cell.bucket) == (currency, at))
        counted = sum(one.amount_minor for one in several if one.type not in UNCOUNTED)
        assert (cell.count, cell.amount_minor) == (len(several), counted)
    assert sum(cell.count for cell in cells) == len(items)


@given(ITEMS)
def test_what_comes_first_is_as_it_is_told(items: list[ExceptionItem]) -> None:
    ids = {one.exception_id for one in items}
    own = [one for one in items if one.parent_id not in ids and one.status != "waiting"]
    pressing = _by([one for one in own if severity_rank(one.severity) < severity_rank("low")], lambda one: one.type)
    first = sorted((one for _, several in pressing for one in sorted(several, key=urgency)[:2]), key=urgency)[:5]
    ranked = [
        sorted(several, key=lambda one: (-one.amount_minor, one.exception_id))
        for currency, several in _by(own, lambda one: one.currency)
        if currency
    ]
    turns = [one for places in zip_longest(*ranked) for one in places if one is not None]
    chosen = list(dict.fromkeys([*first, *turns]))[:10]
    assert first_to_do(items) == tuple(sorted(chosen, key=urgency))


def _by(items: list[ExceptionItem], key: Callable[[ExceptionItem], Any]) -> list[tuple[Any, list[ExceptionItem]]]:
    ordered = sorted(items, key=key)
    return [(of, list(several)) for of, several in groupby(ordered, key=key)]
