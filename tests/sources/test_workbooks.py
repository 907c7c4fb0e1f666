"""Workbooks: a sheet is read like the text it could have been saved as, to the last digit."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets_by_hand import DATE, MOMENT, TIME, formula, number, sheet, workbook, wrong

from pipelines import inspection, intake
from pipelines.config import Settings, Source
from pipelines.sources.base import SourceError
from pipelines.sources.containers import Limits, members
from pipelines.sources.declared import Declaration, profile_of
from pipelines.sources.native import BANK_CSV
from pipelines.sources.workbook import as_written, check_area

HEADER = [
    "account",
    "booking_date",
    "value_date",
    "amount",
    "currency",
    "bank_ref",
    "remittance",
    "counterparty",
    "balance",
]
SOURCE = Source(name="s", profile="bank_csv", pattern="*", account="A1")


def text_of(*rows: list[str | None]) -> list[list[str]]:
    """Cells of a one-sheet workbook as a comma-separated profile sees them."""
    (member,) = members("x.xlsx", workbook({"S": sheet(rows)}))
    lines = as_written(member.data, BANK_CSV.layout).decode().split("\n")
    return [line.split(",") for line in lines[:-1]]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (number("19.989999999999998"), "19.99"),
        (number("0.1"), "0.1"),
        (number("1E-2"), "0.01"),
        (number("-1234567890123.45"), "-1234567890123.45"),
        (number("603020000101"), "603020000101"),
        (number("0"), "0"),
        (number("1234567890123456789"), "1.23456789012346e+18"),
        (formula("A1+A2", "128.5"), "128.5"),
        (wrong("#N/A"), ""),
        (number("46083", DATE), "2026-03-02"),
        (number("46083.385416666664", MOMENT), "2026-03-02 09:15:00"),
        (number("46083.385422453706", MOMENT), "2026-03-02 09:15:00.500"),
        (number("0.38541666666666669", TIME), "09:15:00"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ("000123", "000123"),
        (" a\nb ", "a b"),
    ],
)
def test_a_cell_is_what_excel_shows(written: str, read: str) -> None:
    assert text_of([written, "x"]) == [[read, "x"]]


@pytest.mark.parametrize("cents", [1, 10, 29, 57, 1999, 100_001, 99_999_999_999_999])
def test_no_amount_changes_on_its_way_through_binary_numbers(cents: int) -> None:
    whole = f"{cents // 100}.{cents % 100:02}"
    ((read, _),) = text_of([number(repr(float(whole))), "x"])
    assert float(read) == float(whole)
    assert read == whole.rstrip("0").rstrip(".")


def test_a_line_is_a_row_of_the_sheet() -> None:
    rows = [[], HEADER, [], ["A1", "?", None, number("1")], ["# rows=1 opening=0 closing=1"]]
    rows[3] = ["A1", "2026-03-04", None, "?", "CNY", None, None, None, None]
    data = workbook({"S": sheet(rows, hidden=[4])})
    (member,) = members("x.xlsx", data)
    done = intake.read(BANK_CSV, member.data, Settings(), SOURCE)
    assert done.rejected.select("line", "raw").rows() == [(4, "A1,2026-03-04,,?,CNY,,,,")]


STATEMENT = [
    HEADER,
    ["A1", number("46085", DATE), None, number("19.989999999999998"), "CNY", "R1", 'one, "two"', "某某", None],
    ["A1", "2026-03-04", None, number("-0.5"), "CNY", "R2", "three", None, None],
    ["# rows=2 opening=0.00 closing=19.49"],
]


def test_a_profile_reads_a_workbook_like_its_text(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(workbook({"Tabelle1": sheet(STATEMENT), "notes": sheet([["hello"]]), "empty": sheet([])}))
    (entry,) = inspection.inspect([path], None, None)
    assert (entry["file"], entry["profile"], entry["error"]) == (str(path), "bank_csv", None)
    assert entry["currency"]["CNY"]["credit_minor"] == 1999
    assert entry["currency"]["CNY"]["debit_minor"] == 50
    assert entry["control_totals"]["agree"] is True
    assert entry["warnings"] == [
        f"{path}!Tabelle1 was read",
        f"{path}!notes: left alone, no profile recognises it",
    ]


DECLARED = {
    "name": "mine",
    "side": "bank",
    "delimiter": "tab",
    "encoding": "gb18030",
    "decimal": ",",
    "thousands": ".",
    "columns": {"booking_date": "day", "amount": "sum", "remittance": "text"},
    "constants": {"currency": "EUR", "account": "A1"},
    "formats": {"booking_date": "%d.%m.%Y"},
    "trailer": r"^total\t(?P<rows>\d+)",
}
ROWS = [
    ["day", "sum", "text"],
    ["04.03.2026", "1.234,50", "a\tb"],
    [number("46085", DATE), number("0.25"), "c"],
    ["total", number("2")],
]


def test_a_declared_profile_keeps_its_own_way_of_writing_and_its_sheet() -> None:
    data = workbook({"old": sheet(ROWS[:1] + ROWS[3:]), "new": sheet(ROWS), "lost": sheet(ROWS)}, hidden=["lost"])
    profile = profile_of(Declaration.model_validate({**DECLARED, "sheet": "new"}))
    old, new = members("x.xlsx", data)
    assert [profile.identify("x.xlsx", member.data) for member in (old, new)] == [False, True]
    assert profile.explain("x.xlsx", old.data) == "the sheet is called 'old' and not 'new'"
    done = intake.read(profile, new.data, Settings(), SOURCE)
    assert done.accepted["amount_minor"].to_list() == [123450, 25]
    assert done.accepted["remittance"].to_list() == ["a\tb", "c"]
    assert done.parsed.totals.agree


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (workbook({"S": sheet([])}), "the workbook is empty"),
        (workbook({"S": "<worksheet"}), "the workbook is damaged"),
        (workbook({"S": sheet([["x"]]).replace("<c ", '<c r="XFD1048576" ')}), "a sheet spans too many cells"),
        (
            workbook({"S": sheet([["x"]]).replace('row r="1"', 'row r="1048576"').replace("<c ", '<c r="AZ9" ')}),
            "a sheet",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "the workbook is damaged, or no workbook of Excel"),
    ],
    ids=["empty", "damaged", "far away", "far below", "old"],
)
def test_a_workbook_that_cannot_be_read_is_one_plain_line(data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as error:
        list(members("x.xlsx", data))
    assert error.value.text.startswith(says)


def test_a_workbook_too_large_for_memory_is_refused_before_it_is_read() -> None:
    data = workbook({"S": sheet([["x" * 100_000]])})
    with pytest.raises(SourceError, match="too large"):
        list(members("x.xlsx", data, limits=Limits(workbook=50_000)))


def test_far_away_cells_are_seen_across_chunks() -> None:
    xml = b'<c r="A1"/>' * 40 + b'<row r="1048576"><c r="ABC1048576"/></row>'
    for cut in range(len(xml) - 60, len(xml)):
        with pytest.raises(SourceError):
            check_area([xml[:cut], xml[cut:]])


SOUND = workbook({"S": sheet(STATEMENT)})


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(zipfile.ZipFile(io.BytesIO(SOUND)).namelist()), st.integers(0, 10_000), st.binary(max_size=4))
def test_whatever_happens_to_a_workbook_it_is_read_or_refused(part: str, place: int, bytes_put: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SOUND)) as sound, zipfile.ZipFile(out, "w") as archive:
        for name in sound.namelist():
            data = sound.read(name)
            at = place % len(data)
            archive.writestr(name, data[:at] + bytes_put + data[at + 1 :] if name == part else data)
    with suppress(SourceError):
        for member in members("x.xlsx", out.getvalue()):
            with suppress(SourceError):
                intake.read(BANK_CSV, member.data, Settings(), SOURCE)
