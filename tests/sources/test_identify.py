"""Which profile a file is of: told from its head, and why it is of none, by column and line."""

import pytest
from native_files import (
    BANK,
    JOURNAL,
    bank_file,
    bank_line,
    journal_file,
    journal_line,
    settlement_file,
    settlement_line,
)

from pipelines.sources import PROFILES, leaves_out
from pipelines.sources.base import Context, Profile, SourceError
from pipelines.sources.declared import Declaration, profile_of
from pipelines.sources.identify import HEAD, claims, expect, identify

FILES = {
    "pos_journal": journal_file(journal_line()),
    "acquirer_csv": settlement_file(settlement_line()),
    "bank_csv": bank_file(bank_line()),
}


def declared(**given: object) -> Profile:
    """A declared bank profile without header: date, amount, text."""
    table = {
        "name": "my_bank",
        "side": "bank",
        "header": False,
        "columns": {"booking_date": 1, "amount": 2, "remittance": 3},
        "constants": {"currency": "CNY"},
    }
    return profile_of(Declaration.model_validate(table | given))


def why(data: bytes, profiles: dict[str, Profile] | None = None) -> str:
    """Why nobody, or more than one, recognises the file."""
    with pytest.raises(SourceError) as error:
        identify("file.csv", data, profiles or PROFILES)
    assert error.value.profile is None
    assert "\n" not in error.value.text
    return error.value.text


@pytest.mark.parametrize("name", FILES)
def test_each_native_file_is_claimed_by_its_profile_alone(name: str) -> None:
    assert claims("any name", FILES[name], PROFILES) == [name]
    assert identify("any name", FILES[name], PROFILES).name == name


@pytest.mark.parametrize("name", FILES)
def test_byte_order_mark_crlf_quotes_and_blank_lines_do_not_hide_a_file(name: str) -> None:
    dressed = FILES[name].replace(b"\n", b"\r\n")
    header, rest = dressed.split(b"\r\n", 1)
    quoted = b",".join(b'"' + cell + b'"' for cell in header.split(b","))
    for data in (b"\xef\xbb\xbf" + dressed, b"\r\n \r\n" + dressed, quoted + b"\r\n" + rest):
        assert claims("x", data, PROFILES) == [name]
        assert PROFILES[name].parse(data, Context()).data_rows == 1


def test_columns_may_stand_in_any_order_and_beside_others() -> None:
    data = b"line,balance,note,currency,amount,value_date,booking_date,account,bank_ref,remittance,counterparty\n"
    data += b"9,112.44,x,CNY,12.44,,2026-03-04,A1,B1,text,who\n# rows=1 opening=100.00 closing=112.44\n"
    assert claims("x", data, PROFILES) == ["bank_csv"]
    (row,) = PROFILES["bank_csv"].parse(data, Context()).rows.to_dicts()
    assert (row["line"], row["amount_minor"], row["bank_ref"], row["counterparty"]) == (2, 1244, "B1", "who")


@pytest.mark.parametrize(
    ("gone", "profile"), [("rrn", "pos_journal"), ("txn_time", "pos_journal"), ("net", "acquirer_csv")]
)
def test_a_missing_column_is_named_with_its_line(gone: str, profile: str) -> None:
    header, rest = FILES[profile].split(b"\n", 1)
    cells = [cell for cell in header.decode().split(",") if cell != gone]
    said = why(b"\n" + ",".join(cells).encode() + b"\n" + rest)
    assert said.startswith(f"line 2: column {gone} of {profile} missing in the header; declare its layout")


def test_several_missing_columns_are_all_named() -> None:
    said = why(BANK.replace("bank_ref,", "").replace(",balance", "").encode() + b"\n")
    assert said.startswith("line 1: columns bank_ref, balance of bank_csv missing in the header")


def test_a_file_that_only_shares_a_name_or_two_is_compared_with_nothing() -> None:
    assert why(b"id,Type,currency,account,amount\n").startswith("no profile recognises it; declare its layout")


def test_a_column_that_stands_twice_is_named() -> None:
    data = FILES["pos_journal"].replace(b"operator_id", b"rrn,operator_id", 1)
    assert claims("x", data, PROFILES) == ["pos_journal"]
    with pytest.raises(SourceError) as error:
        PROFILES["pos_journal"].parse(data, Context())
    assert error.value.text.startswith("line 1: column rrn stands twice in the header")
    assert error.value.profile == "pos_journal"


def test_a_column_that_nobody_asks_for_may_stand_twice() -> None:
    header, line, _ = FILES["pos_journal"].decode().split("\n", 2)
    data = f"{header},note,note,\n{line},a,b,c\n# rows=1 amount=12.50\n".encode()
    assert PROFILES["pos_journal"].parse(data, Context()).data_rows == 1


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    assert why(data).startswith("the file is empty; ask the sender to send it again")


@pytest.mark.parametrize(
    "data", [b"\0\1\2\3" * 99, b"\xff\xfe", b"PK\3\4" + bytes(99), b"%PDF-1.7", b"<html/>", b"x" * 99_999]
)
def test_what_is_no_table_is_of_no_profile(data: bytes) -> None:
    assert why(data, PROFILES | {"my_bank": declared()}).startswith("no profile recognises it")


def test_a_declared_profile_and_a_built_in_one_may_both_claim_a_file() -> None:
    twin = profile_of(
        Declaration.model_validate(
            {
                "name": "twin",
                "side": "bank",
                "columns": {"booking_date": "booking_date", "amount": "amount", "currency": "currency"},
            }
        )
    )
    said = why(FILES["bank_csv"], PROFILES | {"twin": twin})
    assert said == "claimed by 2 profiles: bank_csv, twin; narrow their declarations, or name one with --profile"
    expect("x", FILES["bank_csv"], twin, PROFILES | {"twin": twin})


def test_a_profile_without_header_claims_rows_that_read_as_declared() -> None:
    mine = declared()
    assert mine.identify("x", b"2026-03-04,1.00,rent\n")
    assert mine.identify("x", b"a title\n2026-03-04,1.00,rent\n2026-03-05,?,rent\n")
    for data in (b"04.03.2026,1.00,rent\n", b"2026-03-04,1.00\n", b"2026-03-04,,rent\n", b"a;b;c\n", b"\n"):
        assert not mine.identify("x", data)
    assert mine.explain("x", b"04.03.2026,1.00,rent\n").startswith("line 1: booking_date '04.03.2026' is not a date")
    assert mine.explain("x", b"2026-03-04,1.00\n") == "its rows have 2 columns, and my_bank asks for column 3"


def test_the_number_of_columns_is_that_of_most_rows() -> None:
    mine = declared()
    data = b'2026-03-04,1.00,"rent, March",7\n2026-03-04,1.00\n2026-03-04,2.00,fee,8\n2026-03-04,3.00,fee,9\n'
    parsed = mine.parse(data, Context(account="A1"))
    assert parsed.rows["remittance"].to_list() == ["rent, March", "fee", "fee"]
    assert parsed.refused.rows() == [(2, "the row has 2 columns instead of 4")]


def test_a_position_that_no_row_has_is_told_and_not_a_crash() -> None:
    with pytest.raises(SourceError) as error:
        declared().parse(b"2026-03-04,1.00\n", Context())
    assert error.value.text.startswith("its rows have 2 columns, and my_bank asks for column 3; mend `columns`")


def test_the_name_may_be_part_of_what_a_profile_asks_for() -> None:
    mine = declared(pattern="^6001_")
    assert mine.identify("6001_20260304.csv", b"2026-03-04,1.00,rent\n")
    assert not mine.identify("6002_20260304.csv", b"2026-03-04,1.00,rent\n")
    assert mine.explain("6002.csv", b"") == "the name does not fit ^6001_"


@pytest.mark.parametrize("extra", range(4))
def test_a_head_that_ends_within_a_chinese_sign_does_not_hide_the_file(extra: int) -> None:
    mine = declared(header=True, encoding="gbk", columns={"booking_date": "日期", "amount": "金额"})
    data = ("日期,金额,摘要\n" + "x" * extra + "2026-03-04,1.00," + "摘要" * 20_000 + "\n").encode("gbk")
    assert len(data) > HEAD
    assert claims("x", data, {"mine": mine}) == ["my_bank"]


def test_a_broken_line_far_down_does_not_hide_whose_file_it_is() -> None:
    mine = declared(header=True, encoding="gbk", columns={"booking_date": "日期", "amount": "金额"})
    data = "日期,金额\n2026-03-04,1.00\n".encode("gbk") + b"\xff\xff,1\n"
    assert claims("x", data, {"mine": mine}) == ["my_bank"]
    with pytest.raises(SourceError) as error:
        mine.parse(data, Context())
    assert error.value.text.startswith("line 3: not GBK text")


def test_the_wrong_file_for_a_source_is_told_with_what_it_looks_like() -> None:
    with pytest.raises(SourceError) as error:
        expect("journal.csv", FILES["bank_csv"], PROFILES["pos_journal"], PROFILES)
    assert error.value.text.startswith("no header of pos_journal is there: wanted terminal_id, ")
    assert error.value.text.endswith("; it looks like bank_csv; ask the sender to send the agreed layout")


def test_a_changed_layout_names_the_column_that_is_gone() -> None:
    data = FILES["pos_journal"].replace(b"txn_time", b"time", 1)
    with pytest.raises(SourceError) as error:
        expect("journal.csv", data, PROFILES["pos_journal"], PROFILES)
    assert error.value.text == (
        "line 1: column txn_time of pos_journal missing in the header; ask the sender to send the agreed layout"
    )


@pytest.mark.parametrize("profile", ["pos_journal", "camt053", "ums_portal"])
def test_an_empty_file_of_a_source_is_called_empty(profile: str) -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        expect("x", b"\n", PROFILES[profile], PROFILES)


def test_what_files_leave_to_configuration() -> None:
    assert leaves_out(PROFILES["ums_portal"], "acquirer")
    assert leaves_out(declared(), "account")
    assert not leaves_out(PROFILES["acquirer_csv"], "acquirer")
    assert not leaves_out(PROFILES["bank_csv"], "account")
    assert not leaves_out(PROFILES["pos_journal"], "acquirer")
    assert not leaves_out(PROFILES["camt053"], "account")


def test_every_profile_says_its_name_and_side() -> None:
    for name, profile in PROFILES.items():
        assert profile.name == name
        assert profile.side in ("journal", "settlement", "bank")
    assert JOURNAL.count(",") == 17
