"""Numbers of stored rows: one of a kind, in file order, and the line can be told from each."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.row_ids import LINES_PER_FILE, line_of, places


@given(st.lists(st.integers(1, 300), max_size=200), st.integers(1, 2**31 - 1))
def test_every_row_of_a_file_has_a_number_of_its_own_that_tells_its_line(lines: list[int], file_id: int) -> None:
    lines = sorted(lines)
    ids = [place + file_id * LINES_PER_FILE for place in places(pl.Series("line", lines, dtype=pl.Int64))]
    assert sorted(set(ids)) == ids
    assert [line_of(row_id) for row_id in ids] == lines
    assert {row_id // LINES_PER_FILE for row_id in ids} <= {file_id}


def test_a_row_with_a_line_of_its_own_is_numbered_by_it() -> None:
    assert places(pl.Series("line", [2, 3, 7], dtype=pl.Int64)).to_list() == [2, 3, 7]


def test_too_many_rows_on_too_late_a_line_are_still_told_apart() -> None:
    lines = pl.Series("line", [1 << 25, 1 << 25, 1 << 25], dtype=pl.Int64)
    found = places(lines)
    assert found.n_unique() == 3
    assert [line_of(place) for place in found] == [1, 1, 1]
