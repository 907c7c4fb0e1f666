"""Fixed-width files: cut at byte positions, in whatever encoding, line by line refused where they do not fit."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.fixed import FixedWidth
from pipelines.sources.layout import Amounts, Field, Layout
from pipelines.sources.slots import Slot, gaps_between, slots_in_a_row
from schemas import BY_SIDE, check

PLACES = slots_in_a_row("code day money payer card text", (2, 8, 9, 10, 19, 12))
WIDTH = 60
LAYOUT = Layout(
    profile="example_fixed",
    side="bank",
    encoding="gbk",
    fields={
        "booking_date": Field("date", ("day",), None, ("%Y%m%d",)),
        "amount": Field("amount", ("money",)),
        "counterparty": Field(source=("payer",)),
        "bank_ref": Field(source=("text",)),
        "remittance": Field(source=("card",)),
        "currency": Field("code", constant="CNY"),
    },
    amounts=Amounts(unit="minor"),
    trailer=r"^99(?P<rows>\d{6})",
)
PROFILE = FixedWidth(LAYOUT, PLACES, WIDTH, rows=("10",), others=("01",))


def line(
    day: str = "20260302", money: str = "000001250", payer: str = "张三", text: str = "A1", code: str = "10"
) -> bytes:
    cells = (code, day, money, payer, "", text)
    padded = (cell.encode("gbk").ljust(slot.length) for cell, slot in zip(cells, PLACES.values(), strict=True))
    return b"".join(padded)


def parsed(*lines: bytes, profile: FixedWidth = PROFILE, end: bytes = b"\n", **context: Any) -> Parsed:
    return profile.parse(b"".join(one + end for one in lines), Context(account="A", **context))


def cells(found: Parsed, *columns: str) -> list[tuple[Any, ...]]:
    return found.rows.select(columns).rows()


HEAD, TAIL = b"01 head".ljust(WIDTH), b"99000002"


def test_fields_are_counted_in_bytes_not_in_characters() -> None:
    found = parsed(HEAD, line(payer="张三丰", text="A1"), line(payer="Li", text="北京路", money="-00000099"), TAIL)
    assert cells(found, "line", "amount_minor", "counterparty", "bank_ref") == [
        (2, 1250, "张三丰", "A1"),
        (3, -99, "Li", "北京路"),
    ]
    assert found.totals.declared == found.totals.computed | {"rows": 2}
    assert found.refused.is_empty()


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("codes", [(), ("10",)])
def test_line_ends_and_a_missing_last_one_change_nothing(end: bytes, codes: tuple[str, ...]) -> None:
    profile = replace(PROFILE, rows=codes, others=())
    whole = end.join([line(payer="Li"), line(text="B"), line()])
    for data in (whole, whole + end, whole + end + end, b"\xef\xbb\xbf" + whole):
        found = profile.parse(data, Context(account="A"))
        assert cells(found, "line", "amount_minor") == [(1, 1250), (2, 1250), (3, 1250)]
        assert found.refused.is_empty()


def test_two_bytes_of_gbk_that_are_utf_8_as_well_are_read_as_gbk() -> None:
    assert "模".encode("gbk").decode() == "ģ"
    assert cells(parsed(line(payer="模")), "counterparty") == [("模",)]


def test_lines_that_do_not_fit_are_refused_one_by_one() -> None:
    found = parsed(
        line(),
        line()[:-1],
        line() + b"x",
        line() + b"   ",
        line(code="77"),
        line(payer="张三")[:20] + b"\xff\xff" + line()[22:],
        b"",
        b" " * WIDTH,
        line(text="last"),
    )
    assert cells(found, "line", "bank_ref") == [(1, "A1"), (9, "last")]
    assert found.refused.rows() == [
        (2, "the line has 59 bytes instead of 60"),
        (3, "the line has 61 bytes instead of 60"),
        (4, "the line has 63 bytes instead of 60"),
        (5, "the line begins with '77', which no row does"),
        (6, "bytes 20 to 29 are not GBK text"),
    ]
    assert found.data_rows == 7


def test_gaps_tell_shifted_fields_and_let_blanks_follow() -> None:
    slots = slots_in_a_row("code day money payer card text", (2, 8, 9, 10, 19, 12), gap=1)
    apart = b" ".join(line()[slot.start - 1 : slot.end] for slot in PLACES.values())
    profile = replace(PROFILE, slots=slots, width=WIDTH + 5, gaps=gaps_between(slots))
    assert profile.gaps == (3, 12, 22, 33, 53)
    found = parsed(apart, apart + b"  ", apart + b"x", apart[:2] + b"1" + apart[3:], profile=profile)
    assert cells(found, "line", "bank_ref") == [(1, "A1"), (2, "A1")]
    assert found.refused.rows() == [
        (3, "the line has 66 bytes instead of 65"),
        (4, "byte 3 is not blank: the fields of the line have shifted"),
    ]


def test_what_no_field_asks_for_may_be_anything() -> None:
    spoilt = line()[:29] + b"\xff" * 19 + line()[48:]
    layout = replace(LAYOUT, fields={n: f for n, f in LAYOUT.fields.items() if n != "remittance"})
    assert cells(parsed(spoilt, profile=replace(PROFILE, layout=layout)), "line") == [(1,)]
    assert parsed(spoilt).refused.height == 1


def test_nul_is_a_blank_around_a_cell_and_no_text_within() -> None:
    blank, within = line().replace(b" ", b"\0"), line(text="A\0B")
    found = parsed(blank, within, line())
    assert cells(found, "line", "counterparty", "bank_ref") == [(1, "张三", "A1"), (3, "张三", "A1")]
    assert found.refused.rows() == [(2, "bytes 49 to 60 are not GBK text")]


def test_lines_may_lack_their_blanks_where_the_layout_says_so() -> None:
    short = line().rstrip()
    assert cells(parsed(short, line(), profile=replace(PROFILE, trimmed=True)), "bank_ref") == [("A1",), ("A1",)]
    assert parsed(short, line()).refused.height == 1


def test_without_a_width_a_line_reaches_its_last_slot_and_may_go_on() -> None:
    profile = replace(PROFILE, width=0)
    found = parsed(line(), line() + b"and more", line()[:-1], profile=profile)
    assert cells(found, "line") == [(1,), (2,)]


def test_slots_may_overlap_and_cells_be_made_of_others() -> None:
    slots = {**PLACES, "year": Slot(3, 4), "rest": Slot(7, 4)}
    fields = {**LAYOUT.fields, "booking_date": Field("date", ("whole",), None, ("%m%d%Y",))}
    profile = replace(
        PROFILE,
        layout=replace(LAYOUT, fields=fields),
        slots=slots,
        derived={"whole": pl.col("rest") + pl.col("year")},
    )
    assert str(parsed(line(), profile=profile).rows["booking_date"].item()) == "2026-03-02"


def test_a_field_may_stand_in_the_name_of_the_file() -> None:
    fields = {**LAYOUT.fields, "account": Field()}
    profile = replace(PROFILE, layout=replace(LAYOUT, fields=fields, from_name=r"^(?P<account>\d+)_"))
    assert parsed(line(), profile=profile, filename="6001_20260302.txt").rows["account"].item() == "6001"
    assert parsed(line(), profile=profile, filename="x.txt").rows["account"].item() == "A"


def test_card_numbers_in_lines_that_are_shown_are_masked_by_place_and_by_length() -> None:
    layout = replace(LAYOUT, side="journal", fields={"card_no": Field("card", ("card",))})
    profile = replace(PROFILE, layout=layout)
    digits = b"10" + b"2026030200000125012345678906228480012345678901" + b"123456789012"
    raw = profile.parse(digits + b"\n" + digits[:-1] + b"\n", Context()).raw([1, 2])
    assert raw[1].startswith("10202603020000012501234567890622848*********8901")
    assert raw[2] == "102026***9012"[:9] + raw[2][9:]
    assert "6228480012345678901" not in raw[2]
    assert "0123456789" not in raw[2]


def test_it_knows_its_own_files_and_says_why_others_are_none() -> None:
    assert PROFILE.identify("x", HEAD + b"\n" + line() + b"\n")
    assert PROFILE.explain("x", line(day="20261302") + b"\n").startswith(
        "line 1: booking_date '20261302' is not a date"
    )
    assert PROFILE.explain("x", b"a,b\n1,2\n") == "line 1: the line begins with 'a,', which no row does"
    assert PROFILE.explain("x", HEAD) == "there is no row"


def test_an_empty_file_and_a_missing_trailer_are_plain_faults() -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        PROFILE.parse(b" \n", Context())
    with pytest.raises(SourceError, match="the trailer is missing"):
        replace(PROFILE, layout=replace(LAYOUT, trailer_required=True)).parse(line() + b"\n", Context())
    assert parsed(b"99000000").rows.is_empty()


GOOD = b"".join(one + b"\n" for one in (HEAD, line(), line(payer="李四"), line(payer="x"), b"99000003"))


@given(cut=st.integers(0, len(GOOD)), at=st.integers(0, len(GOOD) - 1), to=st.binary(max_size=3))
def test_damage_is_a_plain_fault_or_counted(cut: int, at: int, to: bytes) -> None:
    damaged = (GOOD[:at] + to + GOOD[at + 1 :])[:cut]
    found: Parsed | SourceError
    try:
        found = PROFILE.parse(damaged, Context(account="A"))
    except SourceError as error:
        found = error
    if isinstance(found, SourceError):
        assert "\n" not in found.text
        return
    check(BY_SIDE["bank"], found.rows)
    assert found.data_rows == found.rows.height + found.refused.height
    assert set(found.raw(found.refused["line"].to_list())) == set(found.refused["line"])


def test_parts_of_a_large_file_are_numbered_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.sources.fixed.PIECE", 150)
    lines = [line(text=str(n), payer="张" if n % 3 else "x") for n in range(1, 40)]
    lines[17] = lines[17][:-5]
    profile = replace(PROFILE, rows=())
    found = parsed(*lines, profile=profile)
    assert cells(found, "line", "bank_ref") == [(n, str(n)) for n in range(1, 40) if n != 18]
    assert found.refused["line"].to_list() == [18]
