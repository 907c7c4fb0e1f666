"""Short cuts over columns say what the long way says."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.columns import as_text, differing, distinct, grouped_by, hash_of, is_one

WORD = st.sampled_from(["CNY", "CNY", "CNY", "USD", None])
ROWS = st.lists(st.fixed_dictionaries({"a": WORD, "b": WORD, "n": st.integers(-9, 9)}), max_size=6)
SCHEMA = {"a": pl.String, "b": pl.String, "n": pl.Int64}


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


@given(ROWS)
def test_columns_that_differ_are_those_with_several_values(rows: list[dict[str, Any]]) -> None:
    found = differing(frame(rows), ["a", "b"])
    assert found == [name for name in ("a", "b") if not rows or len({row[name] for row in rows}) > 1]


@given(ROWS)
def test_each_value_stands_once(rows: list[dict[str, Any]]) -> None:
    found = distinct(frame(rows)["a"]).to_list()
    assert len(found) == len(set(found))
    assert set(found) == {row["a"] for row in rows}


@given(ROWS)
def test_a_column_is_one_where_it_holds_one_value_and_no_blank(rows: list[dict[str, Any]]) -> None:
    values = {row["a"] for row in rows}
    assert is_one(frame(rows)["a"]) == (len(values) == 1 and None not in values)


@given(ROWS)
def test_categories_are_written_out_as_the_words_they_stand_for(rows: list[dict[str, Any]]) -> None:
    words = frame(rows)["a"]
    assert as_text(words.cast(pl.Categorical)).equals(words, check_dtypes=True, check_names=True)


def test_of_no_columns_the_number_is_one_for_all() -> None:
    assert frame([{"a": "x"}, {"a": "y"}]).with_columns(n=hash_of([], 1))["n"].to_list() == [0, 0]


@given(ROWS)
def test_sums_are_those_of_a_plain_grouping(rows: list[dict[str, Any]]) -> None:
    plain = frame(rows).group_by("a", "b").agg(count=pl.len(), n=pl.col("n").sum())
    found = grouped_by(frame(rows), ["a", "b"], count=pl.len(), n=pl.col("n").sum())
    assert found.schema == plain.schema
    assert sorted(found.rows(), key=str) == sorted(plain.rows(), key=str)


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3), st.integers(0, 3)), max_size=8), st.integers(0, 9))
def test_equal_rows_have_equal_numbers_and_others_have_others(rows: list[tuple[str, str, int]], seed: int) -> None:
    told = pl.DataFrame(rows, schema={"a": pl.String, "b": pl.String, "n": pl.Int64}, orient="row")
    numbers = told.select(hash_of([pl.col(name) for name in told.columns], seed)).to_series()
    assert numbers.n_unique() == len(set(rows))
    swapped = told.select(hash_of([pl.col("b"), pl.col("a"), pl.col("n")], seed)).to_series()
    assert [one == other for one, other in zip(numbers, swapped, strict=True)] == [a == b for a, b, _ in rows]
