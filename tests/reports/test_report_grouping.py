"""Order and room on the page: what comes first, what is cut, and that nothing is cut from the counts."""

from __future__ import annotations

from datetime import timedelta

import sample
from hypothesis import given
from hypothesis import strategies as st

from reports.books import Money
from reports.grouping import ageing, bucket_of, fair_shares, first_to_do, fitting, grouped, worth
from reports.model import TypeGroup


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
    assert [bucket_of(age) for age in (-1, 0, 1, 2, 3, 4, 7, 8, 30, 31, 400)] == [
        0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]  # fmt: skip
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
