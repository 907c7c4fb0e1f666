"""Pairs that people forbid are made by no rule, whatever else is there; everything else is paired as before."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching import engine
from pipelines.matching.by_hand import Decided, made_by_hand, possible
from pipelines.matching.rules import VERSION, Rule

KEYED = Rule("rrn", ("rrn",))
UNIQUE = Rule("stan", ("stan",), unique=True)
THEIRS = 1000
"""Where ids of settlement lines begin."""


def rows(keys: list[str], first: int) -> pl.DataFrame:
    """Rows with these keys, in time order."""
    began = datetime(2026, 3, 30)  # noqa: DTZ001 - local time, as everywhere in matching
    return pl.DataFrame(
        {
            "row_id": range(first, first + len(keys)),
            "place": range(len(keys)),
            "at": [began + timedelta(minutes=n) for n in range(len(keys))],
            "business_date": [date(2026, 3, 30)] * len(keys),
            "gross_minor": [100] * len(keys),
            "rrn": keys,
            "stan": keys,
        },
        schema={
            "row_id": pl.Int64,
            "place": pl.UInt32,
            "at": pl.Datetime("us"),
            "business_date": pl.Date,
            "gross_minor": pl.Int64,
            "rrn": pl.String,
            "stan": pl.String,
        },
    )


def frame(pairs: list[tuple[int, int]]) -> pl.DataFrame:
    """Pairs of ids as matching takes them."""
    return pl.DataFrame(pairs, schema={"journal_row_id": pl.Int64, "settlement_row_id": pl.Int64}, orient="row")


def paired(rule: Rule, mine: list[str], theirs: list[str], barred: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = engine.run((rule,), 1, rows(mine, 0), rows(theirs, THEIRS), frame(barred))
    return sorted(found.select("journal_row_id", "settlement_row_id").rows())


keys = st.lists(st.sampled_from("ab"), max_size=5)
bars = st.lists(st.tuples(st.integers(0, 4), st.integers(THEIRS, THEIRS + 4)), max_size=6, unique=True)


@given(keys, keys, bars, st.sampled_from([KEYED, UNIQUE]))
def test_no_barred_pair_is_made_and_no_row_is_taken_twice(
    mine: list[str], theirs: list[str], barred: list[tuple[int, int]], rule: Rule
) -> None:
    found = paired(rule, mine, theirs, barred)
    assert not set(found) & set(barred)
    assert all(count == 1 for count in Counter(row for pair in found for row in pair).values())
    assert all(mine[one] == theirs[other - THEIRS] for one, other in found)


@given(keys, keys, st.tuples(st.integers(0, 4), st.integers(THEIRS, THEIRS + 4)))
def test_one_barred_pair_costs_no_pair_where_others_can_take_its_place(
    mine: list[str], theirs: list[str], bar: tuple[int, int]
) -> None:
    n, m = Counter(mine), Counter(theirs)
    most = sum(min(n[key], m[key]) for key in "ab")
    one, other = bar[0], bar[1] - THEIRS
    alone = one < len(mine) and other < len(theirs) and mine[one] == theirs[other] and n[mine[one]] == m[mine[one]] == 1
    assert len(paired(KEYED, mine, theirs, [bar])) == most - alone


def test_two_rows_of_one_key_change_partners() -> None:
    assert paired(KEYED, ["a", "a"], ["a", "a"], []) == [(0, THEIRS), (1, THEIRS + 1)]
    assert paired(KEYED, ["a", "a"], ["a", "a"], [(0, THEIRS)]) == [(0, THEIRS + 1), (1, THEIRS)]
    assert paired(KEYED, ["a", "a"], ["a", "a"], [(0, THEIRS + 1)]) == [(0, THEIRS), (1, THEIRS + 1)]


def test_a_pair_by_hand_is_made_where_both_rows_are_open() -> None:
    decided = Decided(pairs=frame([(0, THEIRS + 1), (7, THEIRS)]))
    found = made_by_hand(decided.pairs, rows(["a"], 0), rows(["b", "c"], THEIRS))
    assert found.select(list(engine.PAIRS)).rows() == [(0, THEIRS + 1, 0, 1, "manual", VERSION, 0)]


def test_candidates_that_are_ruled_out_are_listed_and_counted_no_more() -> None:
    tied = engine.tied((UNIQUE,), rows(["a", "a", "a"], 0), rows(["a"], THEIRS), 10).listed
    left = possible(tied, frame([(1, THEIRS)]))
    assert left.select("journal_row_id", "found").rows() == [(0, 2), (2, 2)]
