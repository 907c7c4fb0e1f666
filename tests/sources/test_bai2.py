"""BAI2: one test a rule; trailers hold every record, and a cut file never passes for a whole one."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.deposits import named
from pipelines.sources.bai2 import BAI2
from pipelines.sources.base import Context, Parsed, SourceError

WHOLE = (Path(__file__).parent / "golden" / "bai2" / "input.bai").read_bytes()


def report(*records: str, group: str = "1,260302,2359,USD,2", account: str = "A-1,USD,015,0,,") -> bytes:
    """One group of one account with right trailers; records: its transactions and their continuations."""
    amounts = [record.split(",")[2].split("/")[0] for record in records if record.startswith("16,")]
    total = sum(int(amount) for amount in amounts if amount.lstrip("+-").isdigit())
    lines = ["01,S,R,260303,0615,1,80,1,2/", f"02,R,S,{group}/", f"03,{account}/", *records]
    count = 2 + sum(len(record.split("\n")) for record in records)
    ends = [f"49,{total},{count}/", f"98,{total},1,{count + 2}/", f"99,{total},1,{count + 4}/"]
    return "\n".join([*lines, *ends]).encode()


def read(data: bytes) -> Parsed:
    """A file that must be recognised first."""
    assert BAI2.identify("any.txt", data[:65536])
    return BAI2.parse(data, Context())


def only(record: str, **of: str) -> dict[str, object]:
    """The row of a single transaction."""
    parsed = read(report(record, **of))
    assert parsed.totals.agree is not False, parsed.totals.disagreement()
    (row,) = parsed.rows.to_dicts()
    return row


@pytest.mark.parametrize(
    ("kind", "amount"), [("142", 5), ("399", 5), ("400", -5), ("699", -5), ("920", 5), ("960", -5)]
)
def test_the_sign_is_in_the_type_code(kind: str, amount: int) -> None:
    assert only(f"16,{kind},5,,,,TEXT/")["amount_minor"] == amount


@pytest.mark.parametrize(
    ("funds", "valued"),
    [
        ("", date(2026, 3, 2)),
        ("0", date(2026, 3, 2)),
        ("Z", date(2026, 3, 2)),
        ("V,260304,", date(2026, 3, 4)),
        ("V,20260304,0900", date(2026, 3, 4)),
        ("S,1,2,2", date(2026, 3, 2)),
        ("D,3,0,1,1,2,2,2", date(2026, 3, 2)),
    ],
)
def test_funds_types_shift_what_follows(funds: str, valued: date) -> None:
    row = only(f"16,142,5,{funds},BANKREF,CUSTREF,SOME, TEXT/WITH SIGNS/")
    assert (row["bank_ref"], row["end_to_end_id"]) == ("BANKREF", "CUSTREF")
    assert (row["remittance"], row["value_date"]) == ("SOME, TEXT/WITH SIGNS", valued)


@pytest.mark.parametrize(
    "record",
    [
        "16,142,5,,B,C,P-7 PAID",
        "16,142,5,,B,C,/\n88,P-7 PAID/",
        "16,142,5,,B,C/\n88,P-7 PAID/",
        "16,142,5,,B/\n88,C,P-7 PAID/",
        "16,142,5/\n88,,B,C\n88,P-7 PAID",
    ],
)
def test_continuations_continue_wherever_the_record_was_left(record: str) -> None:
    row = only(record)
    assert (row["bank_ref"], row["end_to_end_id"], row["remittance"]) == ("B", "C", "P-7 PAID")


def test_a_reference_cut_by_a_full_line_is_found() -> None:
    text = "16,142,5,,B,C," + "x" * 60 + " P202"
    rows = read(report(f"{text}{'6' * (80 - len(text))}\n88,0302 PAID/")).rows.with_columns(row_id="line")
    known = pl.DataFrame({"payout_row": [1], "ref": ["P202" + "6" * (80 - len(text)) + "0302"]})
    assert named(rows, known).height == 1


def test_summaries_of_an_account_may_be_cut_anywhere() -> None:
    for summary in (
        "A-1,USD,010,10,,,015,15,,/\n88,100,5,1,/",
        "A-1,USD,010,10,,,015/\n88,15,,,100,5,1,/",
        "A-1,USD,010,10,,,015,15,,,/\n88,100,5,1,V,260302,/",
        "A-1,USD,,,,,010,10,,,015,15,,,100,5,1,S,1,2,2/",
    ):
        more = summary.count("88,")
        ends = f"49,30,{more + 2}/\n98,30,1,{more + 4}/\n99,30,1,{more + 6}/\n"
        head = "01,S,R,260303,0615,1,80,1,2/\n02,R,S,1,260302,,,2/\n03,"
        parsed = read(f"{head}{summary}\n{ends}".encode())
        assert parsed.totals.agree is True, parsed.totals.disagreement()
        assert parsed.balances.select("kind", "amount_minor").rows() == [("opening", 10), ("closing", 15)]


def test_a_currency_nobody_states_is_the_dollar_and_said() -> None:
    parsed = read(report("16,142,5,,,,/", group="1,260302,2359,,2", account="A-1,,015,0,,"))
    assert parsed.rows["currency"].to_list() == ["USD"]
    assert "taken as USD" in parsed.warnings[0]


def test_what_is_no_money_or_neither_credit_nor_debit_is_told() -> None:
    parsed = read(report("16,890,,,,,BANK CLOSED/", "16,721,5,,,,LOAN/"))
    assert parsed.rows.is_empty()
    assert parsed.refused["reason"].to_list() == ["type code '721' is neither credit nor debit"]
    assert "information without money: 1" in parsed.warnings[0]


def test_an_amount_that_cannot_be_read_rejects_its_row_and_the_file_never_agrees() -> None:
    parsed = read(report("16,142,5.00,,,,/", "16,142,5,,,,/"))
    assert "amount '5.00' is not a whole number" in parsed.rows["unreadable"][0]
    assert parsed.totals.agree is None


def test_test_data_and_deletions_are_refused() -> None:
    for status, says in (("4", "test data"), ("2", "deletion")):
        with pytest.raises(SourceError, match=says):
            read(report("16,142,5,,,,/", group=f"{status},260302,2359,USD,2"))


def test_interim_reports_speak_for_no_day() -> None:
    parsed = read(report("16,142,5,,,,/", group="1,260302,2359,USD,3"))
    assert (parsed.standing, parsed.covered) == ("interim", ())
    assert read(report("16,142,5,,,,/")).covered == ("2026-03-02",)


def test_several_records_on_a_line() -> None:
    data = (
        report("16,142,5,,,,TEXT/")
        .replace(b"/\n03", b"/   03")
        .replace(b"/\n98", b"/98")
        .replace(b"TEXT/\n", b"TEXT/  ")
    )
    parsed = read(data)
    assert (parsed.totals.agree, parsed.data_rows) == (True, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"49,263766,10", b"49,263766,11", "account_records[4711-USD] declared 11, computed 10"),
        (b"16,165,20000", b"16,165,20001", "account_total[4711-USD] declared 263766, computed 263767"),
        (b"98,269666,2", b"98,269666,3", "group_accounts declared 3, computed 2"),
        (b"99,269666,1,17", b"99,269666,1,18", "records declared 18, computed 17"),
        (b"99,269666,1,17/", b"", "trailer (record 99) is missing"),
        (b"98,269666,2,15/", b"", "trailer (record 98) is missing"),
    ],
)
def test_trailers_are_held_against_the_records(old: bytes, new: bytes, says: str) -> None:
    assert says in read(WHOLE.replace(old, new)).totals.disagreement()


def test_a_file_cut_at_any_byte_is_refused_or_whole() -> None:
    sound = read(WHOLE).rows
    for cut in range(WHOLE.index(b"02,"), len(WHOLE)):
        parsed = read(WHOLE[:cut])
        assert parsed.totals.agree is False or parsed.rows.equals(sound), WHOLE[:cut][-30:]


@given(st.integers(60, len(WHOLE) - 1), st.sampled_from([b"", b"0", b"9", b"/", b",", b"\n", b"\xff", b" "]))
def test_a_damaged_byte_never_takes_money_away_in_silence(at: int, other: bytes) -> None:
    try:
        parsed = read(WHOLE[:at] + other + WHOLE[at + 1 :])
    except SourceError as error:
        assert "\n" not in error.text  # noqa: PT017 - it is no expectation that it is raised
        return
    trouble = parsed.totals.agree is not True or parsed.refused.height or parsed.rows["unreadable"].count()
    assert trouble or parsed.rows["amount_minor"].abs().sum() == 23666


@given(st.binary(max_size=300))
def test_any_bytes_get_a_plain_answer(data: bytes) -> None:
    assert BAI2.explain("x", data)
    with pytest.raises(SourceError):
        BAI2.parse(data, Context())


def test_records_on_one_line_are_told_from_a_text_that_looks_so_by_the_totals() -> None:
    """What of a text is a record, nothing but the trailers says."""
    crowded = report("16,142,500,Z,,,FIRST/", "16,142,100,Z,,,SECOND/").replace(b"/\n16,142,100", b"/ 16,142,100")
    found = read(crowded.replace(b"/\n49,", b"/ 49,"))
    assert found.totals.agree
    assert found.rows["amount_minor"].to_list() == [500, 100]
    of_a_text = read(report("16,142,500,Z,,,INVOICES 12/ 16,142 OF MAY/"))
    assert of_a_text.totals.agree
    assert of_a_text.rows["remittance"].to_list() == ["INVOICES 12/ 16,142 OF MAY"]
    overdrawn = read(
        report("16,142,500,Z,,,TEXT/").replace(b"TEXT/\n49,500", b"TEXT/   49,-500").replace(b",500,", b",-500,")
    )
    assert overdrawn.rows.height == 1
    assert not overdrawn.totals.contradiction
