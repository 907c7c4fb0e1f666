"""Balances from statement to statement: where they do not continue, and which statement is missing there."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.balances import Gap, gaps

MON, TUE, WED, THU, FRI, MON2 = (date(2026, 6, day) for day in (15, 16, 17, 18, 19, 22))
SCHEMA = {
    "account": pl.String,
    "currency": pl.String,
    "file_id": pl.Int32,
    "file": pl.String,
    "line": pl.Int32,
    "statement": pl.String,
    "last_day": pl.Date,
    "first_day": pl.Date,
    "opening": pl.Int64,
    "closing": pl.Int64,
}
Told = tuple[date, date, int | None, int | None]


def found(*told: Told, account: str = "A", country: str = "DE") -> list[Gap]:
    """Gaps among statements of one account: first day, last day, opening, closing; files come in this order."""
    rows = [
        (account, "EUR", n, f"{n}.xml", 1, f"S{n}", last, first, opening, closing)
        for n, (first, last, opening, closing) in enumerate(told, 1)
    ]
    return gaps(pl.DataFrame(rows, schema=SCHEMA, orient="row"), country)


def named(*told: Told) -> list[tuple[str | None, str | None, int]]:
    return [(gap.before.statement, gap.after.statement, gap.difference) for gap in found(*told)]


def test_a_statement_that_is_missing_is_named_by_the_two_around_it() -> None:
    (gap,) = found((MON, MON, 0, 10), (WED, WED, 25, 30), (THU, THU, 30, 5))
    assert (gap.before.statement, gap.after.statement, gap.difference, gap.missing) == ("S1", "S2", 15, (TUE,))
    (over_the_weekend,) = found((FRI, FRI, 0, 10), (MON2, MON2, 25, 30))
    assert over_the_weekend.missing == ()
    (long,) = found((MON, MON, 0, 10), (MON2, MON2, 25, 30))
    assert long.missing == (TUE, WED, THU, FRI)


def test_the_order_in_which_they_come_does_not_matter() -> None:
    assert named((WED, WED, 25, 30), (MON, MON, 0, 10), (TUE, TUE, 10, 25)) == []
    assert named((WED, WED, 25, 30), (MON, MON, 0, 10)) == [("S2", "S1", 15)]


def test_the_first_statement_and_those_without_balances_are_not_judged() -> None:
    assert named((MON, MON, 7, 10)) == []
    assert named((MON, MON, 0, None), (TUE, TUE, 5, 6)) == []
    assert named((MON, MON, 0, 10), (TUE, TUE, None, 6), (WED, WED, 6, 7)) == []


def test_accounts_and_currencies_have_chains_of_their_own() -> None:
    assert found((MON, MON, 0, 10), account="A") + found((TUE, TUE, 5, 6), account="B") == []


def test_several_statements_a_day() -> None:
    noon, evening = (TUE, TUE, 10, 25), (TUE, TUE, 25, 5)
    assert named((MON, MON, 0, 10), noon, evening, (WED, WED, 5, 6)) == []
    assert named((MON, MON, 0, 10), evening, noon, (WED, WED, 5, 6)) == []
    assert named((MON, MON, 0, 10), evening, (WED, WED, 5, 6)) == [("S1", "S2", 15)]


def test_an_opening_balance_dated_by_the_day_before() -> None:
    assert named((MON, TUE, 0, 10), (TUE, WED, 10, 5), (WED, THU, 5, 6)) == []
    assert named((MON, TUE, 0, 10), (WED, THU, 5, 6)) == [("S1", "S2", -5)]


def test_a_week_told_at_once_beside_its_days() -> None:
    days = ((MON, MON, 0, 10), (TUE, TUE, 10, 25), (WED, WED, 25, 5))
    assert named(*days, (MON, WED, 0, 5), (THU, THU, 5, 6)) == []
    assert named(days[0], (MON, WED, 0, 5), days[2], (THU, THU, 5, 6)) == [("S1", "S3", 15)]
    assert named(*days[1:], (TUE, WED, 10, 5), (MON, MON, 0, 9)) == [("S4", "S1", 1), ("S4", "S3", 1)]


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=12), st.randoms(), st.data())
def test_a_whole_chain_has_no_gap_and_a_hole_is_one_unless_nothing_was_booked_in_it(
    booked: list[int], order: "st.randoms", data: st.DataObject
) -> None:
    told, balance = [], 1000
    for n, amount in enumerate(booked):
        day = date.fromordinal(MON.toordinal() + n)
        told.append((day, day, balance, balance + amount))
        balance += amount
    shuffled = list(told)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(*shuffled) == []
    hole = data.draw(st.integers(1, len(booked) - 2))
    shuffled.remove(told[hole])
    missing = [gap.difference for gap in found(*shuffled)]
    assert missing == ([booked[hole]] if booked[hole] else [])
