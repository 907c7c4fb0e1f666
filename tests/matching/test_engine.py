"""The engine against a reading of the rules that crosses everything with everything; crowds in bounded time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.matching import engine
from pipelines.matching.rules import Rule

MON = datetime(2026, 3, 30)  # noqa: DTZ001 - times of the books have no zone
SCHEMA = {
    "row_id": pl.Int64,
    "merchant_id": pl.String,
    "amount": pl.Int64,
    "txn_time": pl.Datetime("us"),
    "card_rrn": pl.String,
}
RULES = (
    Rule("plain", ("merchant_id",), unique=True),
    Rule("dated", ("merchant_id",), window_days=1, unique=True),
    Rule("exact", ("merchant_id", "amount"), window_days=1, unique=True),
    Rule("about", ("merchant_id", "amount"), window_days=1, tolerance_minor=2, unique=True),
    Rule("minutes", ("merchant_id", "amount"), window_minutes=10, unique=True),
    Rule("blank", ("merchant_id",), blank="card_rrn", unique=True),
    Rule("theirs", ("merchant_id",), blank="card_rrn", blank_on=("settlement",), unique=True),
)


@dataclass(frozen=True)
class Row:
    """One row of either side. minute: since Monday's midnight."""

    merchant: str
    amount: int
    minute: int
    rrn: str | None

    @property
    def time(self) -> datetime:
        return MON + timedelta(minutes=self.minute)


rows = st.lists(
    st.builds(
        Row,
        st.sampled_from("AB"),
        st.integers(100, 104),
        st.sampled_from([0, 5, 9, 10, 11, 1435, 1440, 2880, 4320]),
        st.sampled_from([None, "R"]),
    ),
    max_size=6,
)


def frame(found: Sequence[Row], first: int) -> pl.DataFrame:
    told = [(first + n, r.merchant, r.amount, r.time, r.rrn) for n, r in enumerate(found)]
    made = pl.DataFrame(told, schema=SCHEMA, orient="row").with_row_index("place")
    return made.with_columns(
        business_date=pl.col("txn_time").dt.date(), at="txn_time", kind=pl.lit("SALE"), gross_minor="amount"
    )


def fits(rule: Rule, mine: Row, theirs: Row) -> bool:
    """What a rule says, one pair at a time."""
    days = abs((mine.time.date() - theirs.time.date()).days)
    minutes = abs(mine.minute - theirs.minute)
    blank = [row.rrn is None for row, side in ((mine, "journal"), (theirs, "settlement")) if side in rule.blank_on]
    return (
        mine.merchant == theirs.merchant
        and ("amount" not in rule.keys or abs(mine.amount - theirs.amount) <= rule.tolerance_minor)
        and (rule.window_days is None or days <= rule.window_days)
        and (rule.window_minutes is None or minutes <= rule.window_minutes)
        and (rule.blank is None or any(blank))
    )


def told_twice(rule: Rule, lines: Sequence[Row]) -> list[int]:
    """Lines that are the first to say what they say."""
    seen: dict[object, int] = {}
    for number, line in enumerate(lines):
        what: list[object] = [line.merchant, line.amount if "amount" in rule.keys else None]
        if rule.window_days is not None:
            what += [line.time.date(), line.amount]
        if rule.window_minutes is not None:
            what.append(line.minute)
        seen.setdefault(tuple(what), number)
    return sorted(seen.values())


@pytest.mark.parametrize("rule", [r for r in RULES if r.blank is None], ids=lambda rule: rule.name)
@settings(deadline=None, max_examples=60)
@given(mine=rows, theirs=rows)
def test_only_what_is_unique_both_ways_is_paired(rule: Rule, mine: list[Row], theirs: list[Row]) -> None:
    pairs = engine.run((rule,), 1, frame(mine, 0), frame(theirs, 1000))
    once = told_twice(rule, theirs)
    near = [(a, b) for a, b in product(range(len(mine)), once) if fits(rule, mine[a], theirs[b])]
    alone = {
        (a, 1000 + b) for a, b in near if [x for x, _ in near].count(a) == 1 and [y for _, y in near].count(b) == 1
    }
    assert set(pairs.select("journal_row_id", "settlement_row_id").iter_rows()) == alone


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@settings(deadline=None, max_examples=60)
@given(mine=rows, theirs=rows)
def test_candidates_are_those_that_fit(rule: Rule, mine: list[Row], theirs: list[Row]) -> None:
    tied = engine.tied((rule,), frame(mine, 0), frame(theirs, 1000), 200)
    listed = set(tied.listed.select("settlement_row_id", "journal_row_id").iter_rows())
    crossed = {
        (1000 + b, a) for (a, one), (b, other) in product(enumerate(mine), enumerate(theirs)) if fits(rule, one, other)
    }
    if rule.blank is None:
        assert listed == crossed
    else:
        assert listed <= crossed, "the two sides of a blank are looked at one after the other"
        assert {line for line, _ in listed} == {line for line, _ in crossed}
    assert set(tied.rows) == {row for _, row in listed}
    counts = tied.listed.group_by("settlement_row_id").agg(pl.first("found"), pl.len())
    assert counts.filter(pl.col("found") != pl.col("len")).is_empty()


@settings(deadline=None, max_examples=30)
@given(mine=rows, theirs=rows, luck=st.randoms(use_true_random=False))
def test_no_row_is_consumed_twice_and_order_does_not_matter(mine: list[Row], theirs: list[Row], luck: object) -> None:
    left, right = frame(mine, 0), frame(theirs, 1000)
    pairs = engine.run(RULES, 1, left, right)
    assert pairs["journal_row_id"].is_unique().all()
    assert pairs["settlement_row_id"].is_unique().all()
    other = engine.run(RULES, 1, left.sample(fraction=1, shuffle=True, seed=1), right.reverse())
    columns = ["journal_row_id", "settlement_row_id", "rule"]
    assert sorted(other.select(columns).rows()) == sorted(pairs.select(columns).rows())


HASHED = st.tuples(st.integers(1, 4), st.integers(1, 2), st.integers(0, 2))
"""key, twin, minute: keys stand several times, and now and then two of them have one hash."""


def hashed(found: list[tuple[int, int, int]], first: int) -> pl.DataFrame:
    rows = [
        {"seat": seat, "row_id": first + seat, "at": MON + timedelta(minutes=minute), "key": key, "twin": twin}
        for seat, (key, twin, minute) in enumerate(found)
    ]
    numbers = {"seat": pl.UInt32, "row_id": pl.Int64}
    return pl.DataFrame(rows, schema={**numbers, "at": pl.Datetime("us"), "key": pl.UInt64, "twin": pl.UInt64})


@given(mine=st.lists(HASHED, max_size=9), theirs=st.lists(HASHED, max_size=9))
def test_rows_that_meet_in_seats_meet_as_in_their_turns(mine: list[Any], theirs: list[Any]) -> None:
    left, right = hashed(mine, 0), hashed(theirs, 1000)
    found = engine.met_in_seats(left, right, len(theirs))
    in_turns = engine.met(engine.turned(left), engine.turned(right))
    columns = ["row_id", "row_id_there", "seat", "seat_there"]
    assert sorted(found.select(columns).rows()) == sorted(in_turns.select(columns).rows())


CROWD = 1_000_000


@pytest.mark.parametrize(("mine", "theirs"), [(CROWD, CROWD), (CROWD, 1), (1, CROWD)])
def test_a_crowd_of_one_hash_is_not_joined_each_with_each(mine: int, theirs: int) -> None:
    left, right = (
        pl.select(seat=pl.int_range(n, dtype=pl.UInt32), row_id=pl.int_range(n), at=pl.lit(MON), key=1, twin=2)
        for n in (mine, theirs)
    )
    found = engine.met_in_seats(left, right, theirs)
    assert found.height == min(mine, theirs)
    assert (found["row_id"] == found["row_id_there"]).all()


def crowd(first: int) -> pl.DataFrame:
    """A million rows that agree in everything."""
    return pl.select(
        place=pl.int_range(CROWD, dtype=pl.UInt32),
        row_id=pl.int_range(first, first + CROWD),
        merchant_id=pl.lit("M"),
        amount=pl.lit(100, pl.Int64),
        txn_time=pl.lit(MON) + pl.duration(microseconds=pl.int_range(CROWD)),
        card_rrn=pl.lit(None, pl.String),
        business_date=pl.lit(date(2026, 3, 30)),
        kind=pl.lit("SALE"),
        gross_minor=pl.lit(100, pl.Int64),
    ).with_columns(at="txn_time")


def test_a_million_rows_of_one_key_are_paired_in_their_order() -> None:
    pairs = engine.run((Rule("n against m", ("merchant_id",)),), 1, crowd(0), crowd(CROWD))
    assert pairs.height == CROWD
    assert (pairs["settlement_row_id"] - pairs["journal_row_id"] == CROWD).all()


@pytest.mark.parametrize("rule", [r for r in RULES if r.name in ("exact", "about", "minutes")], ids=lambda r: r.name)
def test_a_million_rows_of_one_weak_key_are_left_to_a_person(rule: Rule) -> None:
    assert engine.run((rule,), 1, crowd(0), crowd(CROWD)).is_empty()
    tied = engine.tied((rule,), crowd(0), crowd(CROWD), 200)
    assert tied.rows.len() == CROWD, "every one of them waits"
    assert tied.lines.len() == CROWD
    assert (tied.listed["found"] == CROWD).all()
    assert tied.listed.height <= 2 * CROWD, "but not all are listed with each"
