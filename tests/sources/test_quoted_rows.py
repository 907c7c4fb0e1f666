"""Rows in quotes are cut whole where they are regular and one by one where not; both ways read the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources import text
from pipelines.sources.quoted import Quoting
from pipelines.sources.text import Cells, pieces, read_cells

PIECES = st.sampled_from(
    ['"', '""', ",", "\n", "\r\n", "a", " ", "\x01", "\x02", "é", '"a,b"', '"x ""y"" z"', "\t", "'"]
)
ANY_TEXT = st.lists(PIECES, min_size=1, max_size=30).map("".join)
REGULAR = st.lists(st.lists(st.sampled_from(["", "1", '"a"', '"a,b"', '"q ""x"""', " b "]), min_size=3, max_size=3))


def one_by_one(body: str, columns: int) -> Cells:
    """The rows as the careful reader finds them."""
    return text._of_records(Quoting(",", '"').records(body.split("\n"), columns), 1, columns)


@settings(max_examples=300)
@given(ANY_TEXT)
def test_whatever_stands_there_is_read_as_the_careful_reader_reads_it(body: str) -> None:
    if '"' not in body or not body.strip():
        return
    fast, slow = read_cells(body.encode(), 1, 3), one_by_one(body, 3)
    assert fast.rows.rows() == slow.rows.rows()
    assert sorted(fast.refused.rows()) == sorted(slow.refused.rows())


@given(REGULAR, st.sampled_from(["\n", "\r\n"]))
def test_regular_rows_are_all_read_with_their_lines(rows: list[list[str]], end: str) -> None:
    body = end.join([",".join(cells) for cells in [*rows, ['"last"', "", "1"]]])
    found = read_cells(body.encode(), 5, 3)
    assert found.refused.is_empty()
    wanted = [
        [cell.strip().removeprefix(chr(34)).removesuffix(chr(34)).replace('""', '"') or None for cell in row]
        for row in rows
    ]
    filled = [(line, *row) for line, row in enumerate(wanted, 5)]
    assert found.rows.rows() == [*filled, (5 + len(rows), "last", None, "1")]


@pytest.mark.parametrize("quote", ['"', None])
@given(st.lists(st.sampled_from(['a,"b', 'c"', "d,e", '"f\n', 'g"\n', "", '"']), max_size=40))
def test_pieces_are_the_text_and_never_part_a_cell(quote: str | None, lines: list[str]) -> None:
    body = "\n".join(lines).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "PIECE", 7)
        found = pieces(body, 2, quote)
    assert b"".join(piece for piece, _ in found) == body
    at = 2
    for piece, first in found:
        assert first == at
        at += piece.count(b"\n")
        assert quote is None or piece is found[-1][0] or piece.count(b'"') % 2 == 0
