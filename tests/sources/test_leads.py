"""Rows whose cells begin with a sign: cut at the signs, or row by row, they give the same cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.sources import leads, text

CELL = st.text("ab1., \t`·中", max_size=4)
ROW = st.lists(CELL, min_size=2, max_size=4)


def body_of(rows: list[list[str]], end: str, *, closed: bool) -> bytes:
    lines = ["`" + ",`".join(row) for row in rows]
    return (end.join(lines) + (end if closed else "")).encode()


@given(st.lists(ROW, min_size=1, max_size=8), st.sampled_from(["\n", "\r\n", "\n\n"]), st.booleans())
def test_both_ways_give_the_same_cells_and_refusals(rows: list[list[str]], end: str, closed: bool) -> None:
    body = body_of(rows, end, closed=closed)
    quick = text.read_cells(body, 5, 3, quote=None, lead="`")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text, "led_cells", lambda *_: None)
        careful = text.read_cells(body, 5, 3, quote=None, lead="`")
    assert_frame_equal(quick.rows, careful.rows)
    assert_frame_equal(quick.refused, careful.refused)


def test_regular_rows_are_cut_at_the_signs_and_only_where_they_are_asked_for() -> None:
    body = body_of([["1 ", "a,b", "\t"], ["2", ",", "`"]], "\r\n", closed=True)
    assert leads.led_cells(body, 3, ",", "`", None) is None  # a lead within a cell
    body = body_of([["1 ", "a,b", "\t"], ["2", ",", ""]], "\r\n", closed=True)
    found = leads.led_cells(body, 3, ",", "`", {1, 2})
    assert found is not None
    assert found.to_dict(as_series=False) == {"1": ["1", "2"], "2": ["a,b", ","]}


def test_a_line_with_too_many_cells_beside_one_with_too_few_is_left_to_the_careful_way() -> None:
    body = body_of([["1", "2", "3", "4"], ["5", "6"]], "\n", closed=True)
    assert leads.led_cells(body, 3, ",", "`", None) is None


@given(st.lists(ROW, min_size=1, max_size=8), st.sets(st.integers(1, 3), min_size=1))
def test_cells_that_are_not_asked_for_change_nothing_about_the_others(rows: list[list[str]], wanted: set[int]) -> None:
    body = body_of(rows, "\n", closed=True)
    every, some = (leads.led_cells(body, 3, ",", "`", these) for these in (None, wanted))
    assert (every is None) == (some is None)
    if every is not None and some is not None:
        assert_frame_equal(every.select(str(n) for n in sorted(wanted)), some)
