"""Cells of delimited text: line numbers as in an editor, and the fast and the careful way always agree."""

import csv
import io
import time

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.sources import text
from pipelines.sources.base import SourceError
from pipelines.sources.encoding import utf8, utf8_head
from pipelines.sources.quoted import PADDING, cells_of
from pipelines.sources.text import RawText, read_cells

Row = tuple[int, *tuple[str | None, ...]]


def read(body: str | bytes, columns: int = 2, **how: object) -> tuple[list[Row], list[tuple[int, str]]]:
    """Rows and refusals of a text whose first line is line 1."""
    data = body.encode() if isinstance(body, str) else body
    cells = read_cells(data, 1, columns, **how)  # type: ignore[arg-type]
    return cells.rows.rows(), cells.refused.rows()


def test_lines_are_numbered_as_in_an_editor() -> None:
    rows, refused = read("a,1\n\n  \nb,2\nc\n\r\nd,4\r\n")
    assert rows == [(1, "a", "1"), (4, "b", "2"), (7, "d", "4")]
    assert refused == [(5, "the row has 1 column instead of 2")]


def test_a_cell_with_line_ends_takes_several_lines_and_has_the_number_of_its_first() -> None:
    rows, refused = read('a,"one\ntwo\n\nfour"\nb,2\nc,"x""y, z"\n')
    assert rows == [(1, "a", "one\ntwo\n\nfour"), (5, "b", "2"), (6, "c", 'x"y, z')]
    assert refused == []


def test_the_first_line_of_the_data_may_be_any_line_of_the_file() -> None:
    assert read_cells(b"a,1\nb,2", 7, 2).rows["line"].to_list() == [7, 8]


@pytest.mark.parametrize(
    "body",
    [
        "a,1\nb,2",
        "a,1\nb,2\n",
        "a,1\r\nb,2\r\n",
        "a,1\r\nb,2",
        " a , 1\nb,2 ",
        "\u3000a,1\u00a0\nb,2\t",
        '"a","1"\nb, "2" \n',
    ],
)
def test_line_ends_padding_and_quotes_do_not_matter(body: str) -> None:
    assert read(body) == ([(1, "a", "1"), (2, "b", "2")], [])


def test_blank_cells_are_null() -> None:
    assert read(' ,""\n,x\n') == ([(1, None, None), (2, None, "x")], [])


def test_a_delimiter_that_is_a_blank_is_no_padding() -> None:
    assert read("a\t\t\n\tb\t c\n", 3, delimiter="\t", quote=None)[0] == [(1, "a", None, None), (2, None, "b", "c")]
    assert read('a\t"b\tc"\n', 2, delimiter="\t")[0] == [(1, "a", "b\tc")]


@pytest.mark.parametrize(("line", "has"), [("a,1,9", 3), ("a", 1), ("a,1,", 3), ('a,"1",9', 3), ('"a,1"', 1)])
def test_a_row_with_too_many_or_too_few_cells_costs_only_itself(line: str, has: int) -> None:
    rows, refused = read(f"x,1\n{line}\ny,2\n")
    assert rows == [(1, "x", "1"), (3, "y", "2")]
    assert refused == [(2, f"the row has {has} column{'s' if has > 1 else ''} instead of 2")]


def test_one_row_too_long_and_one_too_short_are_not_taken_for_two_good_ones() -> None:
    rows, refused = read("a,1,9\nb\nc,3\n")
    assert rows == [(3, "c", "3")]
    assert [line for line, _ in refused] == [1, 2]


@pytest.mark.parametrize(
    "slip",
    ['"a,1', 'a,"1', '"a"x",1', '"a" b,"1', '"', '"12" pipe",1'],
    ids=["first cell", "last cell", "inside", "after a quoted one", "alone", "not doubled"],
)
@pytest.mark.parametrize("rest", ["b,2\nc,3\n", 'b,2\n"c",3\n', '"b",2\n"c","3"\n', 'b,2\n"c",3'])
def test_an_unclosed_quote_costs_only_its_own_line(slip: str, rest: str) -> None:
    rows, refused = read(f"x,0\n{slip}\n{rest}")
    assert rows == [(1, "x", "0"), (3, "b", "2"), (4, "c", "3")]
    assert refused == [(2, "a quote is opened and never closed")]


def test_quotes_inside_a_cell_are_text() -> None:
    assert read('12" pipe,1\nb,2\n5" x,3\n')[0] == [(1, '12" pipe', "1"), (2, "b", "2"), (3, '5" x', "3")]
    assert read('"abc"d,1\n')[0] == [(1, '"abc"d', "1")]


def test_a_cell_does_not_swallow_a_whole_file() -> None:
    lines = ["x,0", '"never closed', *(f"r{n},1" for n in range(200)), 'z,"9"']
    rows, refused = read("\n".join(lines))
    assert len(rows) == 202
    assert refused == [(2, "a quote is opened and never closed")]


def test_odd_signs_do_not_stop_the_reader() -> None:
    assert read("a\rb,1\n")[0] == [(1, "a\rb", "1")]
    assert read('a\rb,"1"\n')[0] == [(1, "a\rb", "1")]
    assert read("a\x01b,1\nc,2\n\nd\n")[0] == [(1, "a\x01b", "1"), (2, "c", "2")]
    assert read("#a,1\n")[0] == [(1, "#a", "1")]


def test_very_long_lines_are_read() -> None:
    long = "x" * 3_000_000
    assert read(f"{long},1\nb,2\n")[0] == [(1, long, "1"), (2, "b", "2")]
    assert read(f'"{long}",1\n"b",2\n')[0] == [(1, long, "1"), (2, "b", "2")]
    assert read(f"{long}\nb,2\n")[1] == [(1, "the row has 1 column instead of 2")]


def test_quotes_cannot_be_used_to_keep_the_reader_busy() -> None:
    began = time.process_time()
    rows, refused = read('"a,1\n' * 20_000)
    assert (len(rows), len(refused)) == (0, 20_000)
    assert time.process_time() - began < 5


def test_one_column_is_enough() -> None:
    assert read("a\n\nb\n \nc", 1) == ([(1, "a"), (3, "b"), (5, "c")], [])
    assert read('"a\nb"\nc', 1) == ([(1, "a\nb"), (3, "c")], [])
    assert read("a,b\nc\n", 1)[1] == [(1, "the row has 2 columns instead of 1")]


@pytest.mark.parametrize("body", ["", "\n", " \n\r\n", "\t"])
def test_nothing_is_no_row(body: str) -> None:
    assert read(body) == ([], [])


def test_ragged_rows_may_lack_or_exceed_blank_cells_at_their_end() -> None:
    body = "a\tb\tc\na\tb\n\t\t\t\t\na\tb\tc\t\t\t\na\tb\tc\td\n\tb\n"
    rows, refused = read(body, 3, delimiter="\t", quote=None, ragged=True)
    assert rows == [(1, "a", "b", "c"), (2, "a", "b", None), (4, "a", "b", "c"), (6, None, "b", None)]
    assert refused == [(5, "the row has 4 columns instead of 3")]


# --- bytes ---------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_text() -> None:
    assert utf8(b"\xef\xbb\xbfa,1", "utf-8") == b"a,1"
    assert utf8("\ufeffa,1".encode("utf-16"), "utf-16") == b"a,1"
    assert utf8("中,1".encode("gb18030"), "gb18030") == "中,1".encode()


@pytest.mark.parametrize(
    ("data", "encoding", "says"),
    [
        (b"a,1\nb,\xff\n", "gbk", "line 2: not GBK text"),
        (b"a,1\n\nb,\0\n", "utf-8", "line 3: the file is not text"),
        (b" \n", "utf-8", "the file is empty"),
        (b"", "gbk", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_decoded_names_the_line(data: bytes, encoding: str, says: str) -> None:
    with pytest.raises(SourceError) as error:
        utf8(data, encoding)
    assert error.value.text.startswith(says)


@pytest.mark.parametrize("body", [b"a,1\nb,\xff\nc,3\n", b"a,1\n\xd6\xd0,2\n\n", b'a,1\n"\xff",2\n'])
def test_a_line_that_is_no_utf8_is_named_on_every_way(body: bytes) -> None:
    with pytest.raises(SourceError) as error:
        read_cells(body, 1, 2)
    assert error.value.text.startswith("line 2: not UTF-8 text; ask the sender for the right encoding")


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_head_that_is_cut_within_a_sign_still_gives_its_whole_lines(cut: int) -> None:
    data = "表头,二\n甲乙丙丁".encode("gbk")
    assert utf8_head(data[: len(data) - cut], "gbk") == "表头,二\n".encode()


# --- raw lines -----------------------------------------------------------------------------------------------------


def test_raw_lines_are_given_as_they_stand() -> None:
    raw = RawText("表头\r\n\na,1\nlast".encode())
    assert raw([1, 3, 4, 9]) == {1: "表头", 3: "a,1", 4: "last"}
    assert raw([]) == {}


def test_a_long_raw_line_is_cut() -> None:
    (line,) = RawText(b"x" * 5_000)([1]).values()
    assert len(line) == text.LONGEST_RAW + 1
    assert line.endswith("…")


@pytest.mark.parametrize("before", range(1_980, 2_004))
def test_no_card_number_shows_at_the_cut_of_a_long_line(before: int) -> None:
    (line,) = RawText(b"x" * before + b"4111111111111111" + b"y" * 100)([1]).values()
    assert "41111111" not in line


# --- properties ----------------------------------------------------------------------------------------------------

CELL = st.text(
    alphabet=st.one_of(st.sampled_from('ab19,"\n\r\t ;\u3000é中#\x01'), st.characters(exclude_categories=["Cs"])),
    max_size=8,
).filter(lambda cell: "\0" not in cell)


def plain(cell: str) -> str | None:
    """A cell as the reader gives it."""
    return cell.strip(PADDING) or None


def written(rows: list[list[str]], quoting: int, end: str) -> tuple[str, list[int]]:
    """The rows as Python's csv module writes them, and the line each begins on."""
    lines, whole = [], ""
    for row in rows:
        lines.append(1 + whole.count("\n"))
        out = io.StringIO()
        csv.writer(out, quoting=quoting, lineterminator=end).writerow(row)
        whole += out.getvalue()
    return whole, lines


@settings(max_examples=300)
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=8)),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
@example([['"', "\n"], ['""', ',"\n"']], csv.QUOTE_MINIMAL, "\n")
@example([["\r", "a"], ["a\rb", " "]], csv.QUOTE_ALL, "\r\n")
def test_what_is_written_as_csv_is_read_back(rows: list[list[str]], quoting: int, end: str) -> None:
    body, lines = written(rows, quoting, end)
    cells = read_cells(body.encode(), 1, len(rows[0]))
    assert cells.refused.is_empty()
    assert cells.rows.rows() == [(line, *map(plain, row)) for line, row in zip(lines, rows, strict=True)]


BODY = st.text(alphabet=st.sampled_from('ab1,,,\n\n\r\t \u3000\u00a0é中\x01"'), max_size=60)


@settings(max_examples=400)
@given(BODY, st.integers(1, 3), st.sampled_from([",", "\t"]))
@example(" a,b", 2, ",")
@example("a,b ", 2, ",")
@example("\u3000a,b\n", 2, ",")
@example(",\n,\n", 2, ",")
@example("\n", 1, ",")
@example(",\n\n,1,", 2, ",")
def test_the_fast_way_and_the_careful_ways_read_the_same(body: str, columns: int, delimiter: str) -> None:
    data = body.replace('"', "").encode()
    fast = read_cells(data, 1, columns, delimiter=delimiter)
    careful = text._read_line_by_line(data, 1, columns, delimiter, ragged=False)
    quoted = text._read_quoted(data, 1, columns, text.Quoting(delimiter, '"'))
    blank_rows = pl.any_horizontal(pl.col(pl.String).is_not_null())  # a row of tabs alone is a blank line, too
    for other in (careful, quoted):
        assert fast.rows.filter(blank_rows).rows() == other.rows.filter(blank_rows).rows()
        assert fast.refused.rows() == other.refused.rows()


@settings(max_examples=400)
@given(BODY, st.integers(1, 3))
def test_every_line_with_something_on_it_is_a_row_a_part_of_one_or_refused(body: str, columns: int) -> None:
    cells = read_cells(body.encode(), 1, columns)
    begun = {*cells.rows["line"], *cells.refused["line"]}
    ends: dict[int, int] = {
        row[0]: row[0] + sum((cell or "").count("\n") for cell in row[1:]) for row in cells.rows.iter_rows()
    }
    covered = {line for first, last in ends.items() for line in range(first, last + 1)} | begun
    filled = {number for number, line in enumerate(body.split("\n"), 1) if line.strip(PADDING)}
    assert begun <= filled
    assert len(begun) == cells.rows.height + cells.refused.height
    stripped_away = {line for line in filled - covered if not body.split("\n")[line - 1].strip(PADDING + '"')}
    assert filled - covered <= stripped_away


def test_a_header_may_be_quoted_and_hold_delimiters() -> None:
    assert cells_of('"fee (excl, tax)", b ,"c"\r', ",", '"') == ["fee (excl, tax)", "b", "c"]
    assert cells_of("a\tb", "\t", None) == ["a", "b"]
    assert cells_of('"a,b', ",", '"') == ["a", "b"]
