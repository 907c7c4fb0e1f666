"""Numbers of stored rows: one of a kind, in file order, and the line can be told from each."""

from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.row_ids import LINES_PER_FILE, Numbering, line_of


def places(*parts: list[int]) -> list[int]:
    """Numbers of the rows on these lines, part after part."""
    numbering = Numbering()
    return [place for lines in parts for place in numbering.places(pl.Series("line", lines, dtype=pl.Int64))]


@given(
    st.lists(st.integers(1, 300), max_size=200), st.lists(st.integers(0, 200), max_size=3), st.integers(1, 2**31 - 1)
)
def test_every_row_of_a_file_has_a_number_of_its_own_that_tells_its_line(
    lines: list[int], cuts: list[int], file_id: int
) -> None:
    lines = sorted(lines)
    ends = [0, *sorted(cuts), len(lines)]
    ids = [place + file_id * LINES_PER_FILE for place in places(*(lines[a:b] for a, b in pairwise(ends)))]
    assert sorted(set(ids)) == ids
    assert [line_of(row_id) for row_id in ids] == lines
    assert {row_id // LINES_PER_FILE for row_id in ids} <= {file_id}


def test_a_row_with_a_line_of_its_own_is_numbered_by_it() -> None:
    assert places([2, 3], [7]) == [2, 3, 7]


def test_too_many_rows_on_too_late_a_line_are_still_told_apart() -> None:
    found = places([1 << 25, 1 << 25, 1 << 25], [1 << 25, (1 << 25) + 1])
    assert sorted(set(found)) == found
    assert [line_of(place) for place in found] == [1] * 5
