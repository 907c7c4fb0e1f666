"""UnionPay's full-channel day files: bytes of GBK, letters as signs, years from the query id, the day from the name."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zm_lines import zm, zme

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources import PROFILES
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.identify import identify

PROFILE = PROFILES["unionpay_zm"]
NAME = "INN26030288ZM_898310158120001"
NEW = f"C{'9962':>12} 05 1 602910000101"


def parsed(*lines: bytes, name: str = NAME) -> Parsed:
    return PROFILE.parse(b"".join(line + b"\n" for line in lines), Context(acquirer="UNIONPAY", filename=name))


def row(line: bytes, name: str = NAME) -> dict[str, Any]:
    found = parsed(line, name=name).rows.with_columns(pl.col("txn_time").dt.strftime("%Y-%m-%d %H:%M:%S"))
    return found.row(0, named=True)


def rejected(line: bytes) -> str:
    source = Source(name="u", profile="unionpay_zm", pattern="*", acquirer="UNIONPAY")
    done = intake.read(PROFILE, line + b"\n", Settings(), source, NAME)
    return "; ".join(done.rejected["reason"])


def test_a_purchase() -> None:
    found = row(zm())
    assert {name: value for name, value in found.items() if value is not None} == {
        "line": 1,
        "acquirer": "UNIONPAY",
        "settlement_date": date(2026, 3, 2),
        "record_type": "SALE",
        "merchant_id": "898310158120001",
        "terminal_id": "10000101",
        "stan": "000101",
        "card_no": "622202*********1234",
        "card_type": "DEBIT",
        "txn_time": "2026-03-02 10:15:00",
        "business_date": date(2026, 3, 2),
        "gross_minor": 10000,
        "fee_minor": 38,
        "net_minor": 9962,
        "currency": "CNY",
        "order_no": "ORDER0001",
        "acquirer_ref": "202603021015000001018",
    }


@pytest.mark.parametrize(
    ("code", "kind", "record_type"),
    [
        *(("S30", "04", "REFUND"), ("S30", "", "REFUND"), ("S22", "31", "VOID"), ("S22", "33", "VOID")),
        *(("S22", "99", "REVERSAL"),),
    ],
)
def test_what_goes_back_is_minus_with_its_fee(code: str, kind: str, record_type: str) -> None:
    found = row(zm(f1=code, f20=kind, f16="C000000000038", f17="D000000009962", f41="ORDER0000", f27="2" * 21))
    assert found["record_type"] == record_type
    assert (found["gross_minor"], found["fee_minor"], found["net_minor"]) == (-10000, -38, -9962)
    assert found["original_rrn"] == "ORDER0000"


def test_the_original_is_its_query_id_where_no_order_is_named() -> None:
    found = row(zm(f20="04", f16=" 000000000000", f17="D000000010000", f27="202603011015000001018"))
    assert (found["fee_minor"], found["net_minor"]) == (0, -10000)
    assert found["original_rrn"] == "202603011015000001018"


@pytest.mark.parametrize(("kind", "code"), [("01", "S22"), ("03", "S22"), ("", "S22")])
def test_purchases_and_completions_are_sales(kind: str, code: str) -> None:
    assert row(zm(f20=kind, f1=code))["record_type"] == "SALE"


def test_a_fee_above_the_sale_makes_its_net_minus_and_not_the_sale() -> None:
    found = row(zm(f7="000000000010", f17="D000000000028"))
    assert (found["gross_minor"], found["fee_minor"], found["net_minor"]) == (10, 38, -28)


def test_newer_files_state_the_rrn_and_older_ones_hold_blanks_there() -> None:
    assert row(zm(f42=NEW))["rrn"] == "602910000101"
    assert row(zm(f42=NEW + " more"))["rrn"] == "602910000101"
    assert row(zm(f42="x" * 98))["rrn"] == "x" * 12
    assert row(zm(f42="short"))["rrn"] is None


@pytest.mark.parametrize(
    ("query", "time", "moment"),
    [
        ("202512312359580000018", "1231235958", "2025-12-31 23:59:58"),
        ("202512312359580000018", "0101000001", "2026-01-01 00:00:01"),
        ("202601010000010000018", "1231235958", "2025-12-31 23:59:58"),
        ("202402291200000000018", "0229120000", "2024-02-29 12:00:00"),
    ],
)
def test_the_year_is_that_of_the_query_id_also_when_it_turns(query: str, time: str, moment: str) -> None:
    assert row(zm(f10=query, f5=time))["txn_time"] == moment


@pytest.mark.parametrize("name", [NAME, NAME.lower(), "20260302.txt", "898310158120001_20260302_zm", f"a_{NAME}.txt"])
def test_the_day_of_clearing_stands_in_the_name(name: str) -> None:
    found = parsed(zm(f5="0301233000", f10="202603012330000001018"), name=name)
    assert found.rows["settlement_date"].item() == date(2026, 3, 2)
    assert found.warnings == ()


@pytest.mark.parametrize("name", ["bill.txt", "INN26139988ZM_1", "898320260302001"])
def test_without_it_the_day_is_that_of_most_transactions_and_that_is_told(name: str) -> None:
    late = zm(f5="0302230100", f10="202603022301000001018")
    early = zm(f5="0301230200", f10="202603012302000001018")
    found = parsed(early, zm(), late, name=name)
    assert found.rows["settlement_date"].to_list() == [date(2026, 3, 2)] * 3
    assert "2026-03-02" in found.warnings[0]


def test_text_is_counted_in_bytes() -> None:
    found = parsed(zm(f35="银行卡支付充值测试订单备注", f31="示例小店"), zm(f12="订单乙"))
    assert found.rows["terminal_id"].to_list() == ["10000101"] * 2
    assert found.rows["order_no"].to_list() == ["ORDER0001", "订单乙"]


def test_a_line_that_is_cut_or_shifted_is_refused() -> None:
    whole = zm(f35="中文")
    in_utf8 = zm(f31="示例小店").decode("gbk").encode()
    found = parsed(zm(), whole[:-1], in_utf8, zm() + b" ", zm() + b"x", whole[:40] + whole[41:] + b" ")
    assert found.rows["line"].to_list() == [1, 4]
    assert found.refused.rows() == [
        (2, "the line has 606 bytes instead of 607"),
        (3, "byte 374 is not blank: the fields of the line have shifted"),
        (5, "the line has 608 bytes instead of 607"),
        (6, "byte 46 is not blank: the fields of the line have shifted"),
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"f16": "X000000000038"}, "fee 'X000000000038' is not a whole number of minor units"),
        ({"f16": " 000000000038"}, "fee '000000000038' is not a whole number of minor units"),
        ({"f17": "C000000009900"}, "net 99.00 CNY is not gross 100.00 CNY less fee 0.38 CNY"),
        ({"f20": "12"}, "record_type '12' is a word that the profile does not know"),
        ({"f5": "0230101500"}, "txn_time '20260230101500' is not a time in the format of the profile"),
        ({"f7": "00000001000A"}, "gross '00000001000A' is not a whole number of minor units"),
        ({"f28": ""}, "merchant_id is blank on a transaction line"),
    ],
)
def test_a_cell_that_cannot_be_right_rejects_its_line(cells: dict[str, str], reason: str) -> None:
    assert reason in rejected(zm(**cells))


def test_corrections_are_adjustments_signed_by_what_is_settled() -> None:
    found = parsed(zme(), zme(f1="E22", f15="D000000000038", f16="C000000009962"), name="INN26030388ZME_1").rows
    assert found["record_type"].to_list() == ["ADJUSTMENT"] * 2
    assert found.select("gross_minor", "fee_minor", "net_minor").rows() == [(-10000, -38, -9962), (10000, 38, 9962)]
    assert found["reason_code"][0] == "E74 000101 0228101500"
    assert str(found["txn_time"][0]) == "2026-03-02 10:15:00"
    assert found["settlement_date"][0] == date(2026, 3, 3)


def test_corrections_need_a_day_in_the_name_for_they_have_no_year() -> None:
    with pytest.raises(SourceError, match="no day of clearing stands in the name"):
        parsed(zme(), name="x.txt")
    assert row(zme(f5="1231235959"), name="INN26010288ZME_1")["txn_time"] == "2025-12-31 23:59:59"


@pytest.mark.parametrize("line", [zm(), zme()])
def test_both_are_known_by_their_content(line: bytes) -> None:
    assert identify("x", line + b"\n", PROFILES).name == "unionpay_zm"
    with pytest.raises(SourceError):
        identify("x", line[:-1] + b"\n", PROFILES)


def test_full_card_numbers_are_masked_in_rows_and_in_lines_shown() -> None:
    whole = zm(f6="6222021234567891234")
    assert row(whole)["card_no"] == "622202*********1234"
    found = parsed(zm(), whole[:-1], whole[:60] + b"x" + whole[61:])
    assert "6222021234567891234" not in str(found.raw([2, 3]))


@given(cut=st.integers(0, 4 * 608), at=st.integers(0, 4 * 608 - 1), to=st.binary(min_size=1, max_size=1))
def test_no_byte_lost_or_changed_passes_for_a_row(cut: int, at: int, to: bytes) -> None:
    whole = b"".join(line + b"\n" for line in (zm(), zm(f35="中文"), zm(f20="04", f17="D000000010038"), zm()))
    damaged = (whole[:at] + to + whole[at + 1 :])[:cut]
    started = sum(1 for line in damaged.split(b"\n") if line.strip(b" \r\t\0"))
    if started:
        found = PROFILE.parse(damaged, Context(acquirer="U", filename=NAME))
        assert found.data_rows == started
        assert found.rows.height >= started - 3  # a line parted in two, and one cut off
