"""OFX: one test a rule; what banks make of the standard, and what a cut or hostile file may not do."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.deposits import named
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.ofx import OFX

WHOLE = (Path(__file__).parent / "golden" / "ofx" / "input.ofx").read_bytes()
ENTRY = "<TRNTYPE>CREDIT<DTPOSTED>{day}<TRNAMT>{amount}<FITID>F-1<NAME>{name}<MEMO>{memo}"


def entry(*, day: str = "20260302", amount: str = "5.00", name: str = "N", memo: str = "M", more: str = "") -> str:
    """One transaction, as SGML."""
    return f"<STMTTRN>{ENTRY.format(day=day, amount=amount, name=name, memo=memo)}{more}</STMTTRN>"


def statement(*entries: str, currency: str = "EUR", around: str = "{}") -> bytes:
    """One statement of account A-1, an element a line."""
    inside = "\n".join(entries)
    head = f"<STMTRS><CURDEF>{currency}<BANKACCTFROM><ACCTID>A-1</BANKACCTFROM>"
    lines = f"{head}\n<BANKTRANLIST>\n{inside}\n</BANKTRANLIST></STMTRS>"
    return f"OFXHEADER:100\n\n<OFX><STMTTRNRS>{around.format(lines)}</STMTTRNRS></OFX>".encode()


def read(data: bytes) -> Parsed:
    """A file that must be recognised first."""
    assert OFX.identify("any.txt", data[:65536])
    return OFX.parse(data, Context())


def only(**of: str) -> dict[str, object]:
    """The row of a single transaction."""
    (row,) = read(statement(entry(**of))).rows.to_dicts()
    return row


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(
            ("5", 500),
            ("-5.00", -500),
            ("+5,00", 500),
            ("-1.234,56", -123456),
            ("1,234.56", 123456),
            ("1 234,5", 123450),
        ),
        *(("1,234,567", 123456700), ("$5", None), ("1.234", None), ("5-", None), ("", None), ("12,34.5", None)),
    ],
)
def test_amounts_have_the_sign_of_trnamt(text: str, amount: int | None) -> None:
    row = only(amount=text)
    assert row["amount_minor"] == amount
    assert (row["unreadable"] is None) is (amount is not None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(
            ("20260302", date(2026, 3, 2)),
            ("20260302235959.999[-11:X]", date(2026, 3, 2)),
            ("2026-03-02", date(2026, 3, 2)),
        ),
        *(
            ("202603022359", date(2026, 3, 2)),
            ("00000000", None),
            ("020326", None),
            ("20261302", None),
            ("202603021", None),
        ),
    ],
)
def test_the_booking_date_is_the_date_as_printed(text: str, day: date | None) -> None:
    row = only(day=text)
    assert row["booking_date"] == day
    assert (row["unreadable"] is None) is (day is not None)


def test_references_stand_where_payouts_are_looked_for() -> None:
    data = statement(
        entry(name="PAYOUT OF P20260302-1"),
        entry(name="x" * 23 + " P2026030", memo="2-1 REST"),
        entry(name="ACME", memo="ACME P20260302-1"),
        entry(more="<REFNUM>P20260302-1"),
    )
    rows = read(data).rows.with_columns(row_id="line")
    assert named(rows, pl.DataFrame({"payout_row": [1], "ref": ["P20260302-1"]})).height == 4
    assert rows["remittance"][2] == "ACME P20260302-1"


def test_sgml_and_xml_say_the_same() -> None:
    xml = b"""<?xml version="1.0" encoding="US-ASCII"?><?OFX OFXHEADER="200"?>
    <OFX><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF>
    <BANKACCTFROM><ACCTID>A-1</ACCTID></BANKACCTFROM><BANKTRANLIST><!-- <TRNAMT>9</TRNAMT> --><STMTTRN><TRNTYPE/>
    <DTPOSTED>20260302</DTPOSTED><TRNAMT>5.0<!-- -->0</TRNAMT><FITID>F-1</FITID><NAME>N</NAME><MEMO><![CDATA[M]]></MEMO>
    </STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></OFX>"""
    assert read(xml).rows.drop("line").equals(read(statement(entry())).rows.drop("line"))
    assert read(xml).rows["line"].to_list() == [3]


@pytest.mark.parametrize("page", ["utf-8", "cp1252", "utf-16", "cp437"])
def test_headers_lie_about_code_pages(page: str) -> None:
    data = statement(entry(memo="März")).decode().replace("OFXHEADER:100", "OFXHEADER:100\nCHARSET:NONE").encode(page)
    assert read(data).rows["remittance"][0] == "N März"


def test_a_code_page_that_is_named_is_believed_where_the_text_is_not_utf8() -> None:
    data = statement(entry(memo="货款")).decode().replace("OFXHEADER:100", "OFXHEADER:100\nCHARSET:936")
    assert read(data.encode("gbk")).rows["remittance"][0] == "N 货款"


def test_entities_are_signs_and_nothing_else_is_expanded() -> None:
    assert only(memo="A &amp; B &lt;C&gt; &#65; &x; &#xD800;")["remittance"] == "N A & B <C> A &x;"


def test_doctypes_are_refused_with_their_line() -> None:
    bomb = b'<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaa">]>\n'
    with pytest.raises(SourceError, match="line 2: the file carries a document type declaration"):
        read(bomb + statement(entry()).removeprefix(b"OFXHEADER:100"))


def test_card_numbers_stay_hidden() -> None:
    parsed = read(WHOLE)
    assert parsed.rows["account"][-1] == "411111******1111"
    assert "4111111111111111" not in str(parsed.rows.to_dicts()) + str(parsed.raw(list(range(60))))


def test_a_currency_of_its_own_and_none_at_all() -> None:
    assert only(more="<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>")["currency"] == "USD"
    assert only(more="<ORIGCURRENCY><CURRATE>1.1<CURSYM>USD</ORIGCURRENCY>")["currency"] == "EUR"
    (row,) = read(statement(entry(), currency="")).rows.to_dicts()
    assert "is not an ISO 4217 currency" in str(row["unreadable"])


def test_pending_transactions_are_no_rows() -> None:
    parsed = read(statement(entry(), "<STMTTRNP><TRNAMT>9.00<NAME>X</STMTTRNP>"))
    assert (parsed.data_rows, parsed.warnings) == (1, ("transactions left out as pending: 1",))


def test_missing_end_tags_lose_no_transaction() -> None:
    parsed = read(statement(entry(), entry()).replace(b"</STMTTRN>", b""))
    assert parsed.data_rows == 2
    two = statement(entry()).replace(b"</OFX>", b"").replace(b"</STMTRS>", b"") + statement(entry()).replace(
        b"A-1", b"B-2"
    )
    assert read(two.replace(b"</STMTTRNRS>OFXHEADER:100\n\n<OFX>", b"")).rows["account"].to_list() == ["A-1", "B-2"]


def test_a_transaction_that_lost_its_start_is_refused_and_never_passed_over() -> None:
    parsed = read(statement(entry(), entry()).replace(b"\n<STMTTRN>", b"\n<STMT", 1))
    assert (parsed.data_rows, parsed.refused.height) == (2, 1)


def test_a_value_that_stands_twice_rejects_its_row() -> None:
    assert "TRNAMT given more than once" in str(only(more="<TRNAMT>7.00")["unreadable"])


def test_a_file_without_statement_says_why() -> None:
    with pytest.raises(SourceError, match="it holds no statement: the bank answered 15500 wrong password"):
        read(b"<OFX><SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>wrong password</STATUS></SONRS></OFX>")


def test_a_file_cut_at_any_byte_is_refused_or_whole() -> None:
    end = WHOLE.rindex(b"</OFX>") + len(b"</OFX>")
    for cut in range(end):
        with pytest.raises(SourceError):
            OFX.parse(WHOLE[:cut], Context())
    assert read(WHOLE[:end]).rows.equals(read(WHOLE).rows)


@given(st.integers(150, len(WHOLE) - 1), st.sampled_from([b"", b"<", b">", b"/", b"0", b"\n", b"\xff", b"<!--", b"&"]))
def test_a_damaged_byte_never_takes_a_transaction_away_in_silence(at: int, other: bytes) -> None:
    try:
        parsed = OFX.parse(WHOLE[:at] + other + WHOLE[at + 1 :], Context())
    except SourceError as error:
        assert "\n" not in error.text  # noqa: PT017 - it is no expectation that it is raised
        return
    assert parsed.data_rows >= 4 or other == b"<!--" or b"<!" in WHOLE[:at] + other


@given(st.binary(max_size=300))
def test_any_bytes_get_a_plain_answer(data: bytes) -> None:
    assert OFX.explain("x", data)
    with pytest.raises(SourceError):
        OFX.parse(data, Context())


def test_hostile_repetition_costs_no_more_than_reading_the_file() -> None:
    for piece in ("<!--", "<![CDATA[", "<NAME>", "<", "&", "<STATUS>", "</STMTTRN>", "<STMTTRN>"):
        with pytest.raises(SourceError):
            OFX.parse(b"<OFX>" + piece.encode() * 50_000, Context())
