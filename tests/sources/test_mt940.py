"""MT940 and MT942: one test a rule; what banks make of the standard, and what a cut or damaged file may not hide."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.deposits import named
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.mt940 import MT940, MT942

GOLDEN = Path(__file__).parent / "golden"
WHOLE = (GOLDEN / "mt940" / "input.sta").read_bytes()
REPORT = (GOLDEN / "mt942" / "input.sta").read_bytes()


def statement(*lines: str, opening: str = "C260301EUR0,", closing: str = "C260302EUR5,") -> bytes:
    """One statement of account A-1."""
    return "\n".join((":20:X", ":25:A-1", ":28C:1", f":60F:{opening}", *lines, f":62F:{closing}", "-")).encode()


def read(data: bytes) -> Parsed:
    """A file that must be recognised first."""
    assert MT940.identify("any.txt", data[:65536])
    assert not MT942.identify("any.txt", data[:65536])
    return MT940.parse(data, Context())


def entry(line: str, currency: str = "EUR") -> dict[str, object]:
    """The row of a single entry, which need not tie."""
    (row,) = read(statement(f":61:{line}", opening=f"C260301{currency}0,")).rows.to_dicts()
    return row


@pytest.mark.parametrize(
    ("line", "amount", "reversal"),
    [
        ("2603020302C5,00NTRFX", 500, False),
        ("2603020302D5,NTRFX", -500, False),
        ("2603020302RC5,00NTRFX", -500, True),
        ("2603020302RD5,00NTRFX", 500, True),
        ("2603020302CR5,00NTRFX", 500, False),
        ("2603020302RDR5,00NTRFX", 500, True),
        ("2603020302cr5,0ntrfX", 500, False),
        ("2603020302C5NTRFX", 500, False),
        ("2603020302C000000001.234,50NTRFX", None, False),
        ("2603020302C1.234,50NTRFX", 123450, False),
        ("2603020302C5,005NTRFX", None, False),
        ("2603020302C 5,00 NTRFX", 500, False),
    ],
)
def test_marks_and_amounts(line: str, amount: int | None, reversal: bool) -> None:
    row = entry(line)
    assert (row["amount_minor"], row["reversal"]) == (amount, reversal)
    assert (row["unreadable"] is None) is (amount is not None)


def test_minor_units_are_those_of_the_currency() -> None:
    assert entry("2603020302C5,NTRFX", "JPY")["amount_minor"] == 5
    assert entry("2603020302C5,005NTRFX", "KWD")["amount_minor"] == 5005


@pytest.mark.parametrize(
    ("line", "booked", "valued"),
    [
        ("2512310102C5,NTRFX", date(2026, 1, 2), date(2025, 12, 31)),
        ("2601021231C5,NTRFX", date(2025, 12, 31), date(2026, 1, 2)),
        ("260302C5,NTRFX", date(2026, 3, 2), date(2026, 3, 2)),
        ("260302    C5,NTRFX", date(2026, 3, 2), date(2026, 3, 2)),
        ("2602300302C5,NTRFX", date(2026, 3, 2), date(2026, 2, 28)),
        ("2402290229C5,NTRFX", date(2024, 2, 29), date(2024, 2, 29)),
        ("2603320302C5,NTRFX", date(2026, 3, 2), date(2026, 3, 2)),
    ],
)
def test_the_booking_date_is_the_entry_date_nearest_to_the_value_date(line: str, booked: date, valued: date) -> None:
    row = entry(line)
    assert (row["booking_date"], row["value_date"]) == (booked, valued)


def test_an_impossible_date_rejects_its_row() -> None:
    assert "value date '260332' is not a date" in str(entry("2603320302C5,NTRFX")["unreadable"])
    assert "entry date '0230' is not a date" in str(entry("2603020230C5,NTRFX")["unreadable"])


def test_references_of_owner_and_bank() -> None:
    row = entry("2603020302C5,NTRFPAYOUT-7//B1")
    assert (row["end_to_end_id"], row["bank_ref"]) == ("PAYOUT-7", "B1")
    row = entry("2603020302C5,NTRFNONREF//NONREF")
    assert (row["end_to_end_id"], row["bank_ref"]) == (None, None)
    row = entry("2603020302C5,N0600733959555      EXAMPLE BV  ")
    assert (row["end_to_end_id"], row["counterparty"]) == ("0733959555", "EXAMPLE BV")


@pytest.mark.parametrize("width", [27, 40, 65])
@pytest.mark.parametrize("at", range(5, 80, 3))
def test_a_reference_is_found_however_its_line_was_broken(width: int, at: int) -> None:
    text = ("Zahlung von Kartenumsaetzen des Tages laut Aufstellung " * 3)[:at].strip() + " P20260302XYZ und mehr"
    hard = [text[n : n + width] for n in range(0, len(text), width)]
    soft = "\n".join(part.strip() for part in text.replace(" und ", "\nund ").split("\n"))
    for details in ("\n".join(hard), soft):
        rows = read(statement(":61:2603020302C5,NTRFX", f":86:{details}")).rows.with_columns(row_id="line")
        assert named(rows, pl.DataFrame({"payout_row": [1], "ref": ["P20260302XYZ"]})).height == 1


@pytest.mark.parametrize("at", range(20))
def test_a_reference_is_found_in_subfields(at: int) -> None:
    text = "x" * at + " P20260302XYZ rest"
    pieces = "".join(f"?{20 + n}{text[n * 27 : n * 27 + 27]}" for n in range(2))
    lines = f"166?00GUTSCHRIFT{pieces}?32ACME?33 GMBH"
    wrapped = "\n".join(lines[n : n + 65] for n in range(0, len(lines), 65))
    rows = read(statement(":61:2603020302C5,NTRFX", f":86:{wrapped}")).rows.with_columns(row_id="line")
    assert named(rows, pl.DataFrame({"payout_row": [1], "ref": ["P20260302XYZ"]})).height == 1
    assert rows["counterparty"].to_list() == ["ACME GMBH"]


def test_text_that_looks_like_a_field_stays_text() -> None:
    rows = read(statement(":61:2603020302C5,NTRFX", ":86:um 13", ":12:11 Uhr")).rows
    assert rows["remittance"][0].startswith("um 13 :12:11 Uhr")


@pytest.mark.parametrize("letter", ["ä".encode("cp1252"), "ä".encode(), "ä".encode("cp437")])
def test_code_pages(letter: bytes) -> None:
    data = statement(":61:2603020302C5,NTRFX", ":86:M@rz").replace(b"@", letter)
    assert read(data).rows["remittance"][0] == "März"
    assert read(data.decode("latin-1").encode("utf-16")).totals.agree


def test_gbk_is_read_without_being_told() -> None:
    data = statement(":61:2603020302C5,NTRFX", ":86:银联商务划付款项").decode().encode("gbk")
    assert read(data).rows["remittance"][0] == "银联商务划付款项"


def test_line_ends_of_any_kind() -> None:
    for end in (b"\r\n", b"\r", b"\n"):
        parsed = read(statement(":61:2603020302C5,NTRFX").replace(b"\n", end))
        assert (parsed.totals.agree, parsed.rows["line"].to_list()) == (True, [5])


def test_statements_tie_with_their_balances_one_by_one() -> None:
    good, bad = statement(":61:2603020302C5,NTRFX"), statement(":61:2603020302C4,NTRFX")
    assert read(good).totals.agree is True
    assert read(good).totals.declared == {"opening": 0, "closing": 500}
    assert read(good).covered == ("2026-03-02",)
    assert read(good + b"\n" + bad).totals.disagreement() == "closing[A-1 1 #2] declared 5.00, computed 4.00"


def test_pages_are_joined_and_must_follow_each_other() -> None:
    parsed = read(WHOLE)
    kinds = parsed.balances.select("line", "kind", "amount_minor").rows()
    assert kinds == [(2, "opening", 100000), (2, "closing", 122001)]
    assert parsed.covered[-1] == "2026-01-05"
    gap = WHOLE.replace(b":60M:C260102EUR1218,16", b":60M:C260102EUR1218,15").replace(b"1220,01", b"1220,00")
    assert (
        "the page before ends with 1,218.16 EUR, this one begins with 1,218.15 EUR" in read(gap).totals.disagreement()
    )
    alone = WHOLE[: WHOLE.index(b"-}") + 2]
    assert "not the last page" in read(alone).warnings[0]
    assert read(alone).covered == ()


def page(number: str, opening: str, closing: str, account: str = "A-1") -> bytes:
    """A page of one credit of 5; opening and closing with their tags."""
    told = (
        ":20:X",
        f":25:{account}",
        f":28C:{number}",
        f":60{opening}",
        ":61:2603020302C5,NTRFX",
        f":62{closing}",
        "-",
    )
    return "\n".join(told).encode() + b"\n"


FIRST, MIDDLE = page("1/1", "F:C260301EUR0,", "M:C260302EUR5,"), page("1/2", "M:C260302EUR5,", "M:C260302EUR10,")
LAST = page("1/3", "M:C260302EUR10,", "F:C260302EUR15,")


def test_a_file_of_several_pages_that_ends_before_the_last_one_is_cut_off() -> None:
    assert read(FIRST + MIDDLE + LAST).totals.agree is True
    assert "line 8: the page that begins here is not the last one" in read(FIRST + MIDDLE).totals.disagreement()
    assert read(FIRST).totals.agree is True, "banks send pages as files of their own"
    assert "is not the last one" in read(FIRST.removesuffix(b"-\n")).totals.disagreement(), "but not without an end"


def test_a_statement_that_goes_on_and_does_not_is_missed_among_others_too() -> None:
    other = page("1", "F:C260301EUR0,", "F:C260302EUR5,", account="B-2")
    assert "line 1: further pages of the statement" in read(FIRST + other).totals.disagreement()
    assert read(other + FIRST + MIDDLE + LAST).totals.agree is True


def test_an_envelope_that_is_never_closed_is_cut_off() -> None:
    inner = statement(":61:2603020302C5,NTRFX").removesuffix(b"-")
    opened = b"{1:F01BANK}{2:O940BANK}{4:\n" + inner
    assert read(opened + b"-}{5:}").totals.agree is True
    assert "no end mark" in read(opened).totals.disagreement()
    assert read(inner).totals.agree is True


def test_an_unreadable_entry_is_refused_and_its_statement_never_agrees() -> None:
    parsed = read(statement(":61:2603020302C5,NTRFX", ":61:what is this"))
    assert parsed.refused["line"].to_list() == [6]
    assert parsed.data_rows == 2
    assert parsed.totals.agree is None
    assert any("could not be read" in warning for warning in parsed.warnings)


def test_no_currency_means_no_money() -> None:
    with pytest.raises(SourceError, match="currency 'ZZZ' is not in ISO 4217"):
        read(statement(":61:2603020302C5,NTRFX", opening="C260301ZZZ0,", closing="C260302ZZZ5,"))


def test_a_report_among_statements_is_refused() -> None:
    with pytest.raises(SourceError, match="mt942 stands among those of mt940"):
        read(WHOLE + REPORT)


def test_reports_count_what_is_booked_and_are_interim() -> None:
    parsed = MT942.parse(REPORT, Context())
    assert (parsed.data_rows, parsed.totals.agree, parsed.standing, parsed.covered) == (2, True, "interim", ())
    assert "left out as expected and not booked: 1" in parsed.warnings[0]
    with_it = REPORT.replace(b":90C:1PLN19,99", b":90C:2PLN24,99")
    assert MT942.parse(with_it, Context()).totals.agree is True
    assert MT942.parse(REPORT.replace(b":90C:1", b":90C:2"), Context()).totals.agree is False


def lost_in_silence(profile: object, whole: bytes, damaged: bytes) -> bool:
    """Whether a damaged file is read without complaint and has fewer rows or other sums."""
    sound = profile.parse(whole, Context())  # type: ignore[attr-defined]
    try:
        parsed = profile.parse(damaged, Context())  # type: ignore[attr-defined]
    except SourceError as error:
        return "\n" in error.text
    trouble = parsed.totals.agree is not True or parsed.refused.height or parsed.rows["unreadable"].count()
    return not trouble and parsed.rows["amount_minor"].sum() != sound.rows["amount_minor"].sum()


@pytest.mark.parametrize(("profile", "whole"), [(MT940, WHOLE), (MT942, REPORT)], ids=["mt940", "mt942"])
def test_a_file_cut_at_any_byte_is_noticed(profile: object, whole: bytes) -> None:
    single = whole[whole.rindex(b":20:") :]
    for cut in range(len(single)):
        assert not lost_in_silence(profile, single, single[:cut]), single[:cut][-40:]


def test_a_fragment_of_a_further_message_is_noticed() -> None:
    good = statement(":61:2603020302C5,NTRFX")
    for rest in (b"\n:2", b"\n{1:F01EXAM", b"\n:20:X", b"\n:20:X\n:25:A-1\n:60F:C2603"):
        assert read(good + rest).totals.agree is False, rest
    assert read(good.replace(b"\n-", b"\n:64:C2603")).totals.agree is False


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=3))
def test_a_damaged_byte_never_changes_money_in_silence(at: int, other: bytes) -> None:
    assert not lost_in_silence(MT940, WHOLE, WHOLE[:at] + other + WHOLE[at + 1 :])


@given(st.binary(max_size=400))
def test_any_bytes_get_a_plain_answer(data: bytes) -> None:
    for profile in (MT940, MT942):
        assert profile.explain("x", data)
        with pytest.raises(SourceError):
            profile.parse(data, Context())
