"""camt.053 files that are cut, packed, hostile or none at all: one plain line each, never fewer rows."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.base import Context, SourceError
from pipelines.sources.camt053 import CAMT053

GOLDEN = Path(__file__).parent / "golden" / "camt053"
WHOLE = (GOLDEN / "partial_v02.xml").read_bytes()
DOCUMENT = WHOLE[WHOLE.index(b"<Document") :]

BOMB = b"""<?xml version="1.0"?>
<!-- the DOCTYPE is on line 3 -->
<!DOCTYPE Document [
 <!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
 <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
 <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
 <!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
 <!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
]>
"""
EXTERNAL = b"""<?xml version="1.0"?>
<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>
"""


def refusal(data: bytes) -> SourceError:
    """The error that a file is refused with: always one line."""
    with pytest.raises(SourceError) as caught:
        CAMT053.parse(data, Context())
    assert "\n" not in caught.value.text
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        BOMB + DOCUMENT.replace(b"typed by hand", b"&e;"),
        BOMB + DOCUMENT.replace(b'Ccy="GBP"', b'Ccy="&e;"'),
        EXTERNAL + DOCUMENT.replace(b"typed by hand", b"&x;"),
        b'<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/camt.dtd">\n' + DOCUMENT,
    ],
    ids=["bomb", "bomb in an attribute", "external entity", "external DTD"],
)
def test_document_type_declarations_are_refused_before_anything_is_expanded(data: bytes) -> None:
    assert CAMT053.identify("camt.xml", data)
    error = refusal(data)
    assert "DOCTYPE" in error.text
    assert error.line == 1 + data[: data.index(b"<!DOCTYPE")].count(b"\n")
    assert error.profile == "camt053"


def test_a_doctype_in_utf16_is_refused_too() -> None:
    assert "DOCTYPE" in refusal((BOMB + DOCUMENT).decode().encode("utf-16")).text


def test_a_doctype_in_a_comment_is_only_a_word() -> None:
    data = b"<!-- <!DOCTYPE x> -->" + DOCUMENT
    assert CAMT053.parse(data, Context()).data_rows == 8


def test_an_undeclared_entity_is_malformed() -> None:
    error = refusal(WHOLE.replace(b"12..34", b"12&x;.34"))
    assert error.text.startswith("line 17: the XML breaks off or is malformed here (Entity 'x' not defined)")


def test_a_file_cut_at_any_byte_is_refused_or_whole() -> None:
    end = len(WHOLE.rstrip())
    for cut in range(end):
        assert refusal(WHOLE[:cut]).text
    for cut in range(end, len(WHOLE) + 1):
        assert CAMT053.parse(WHOLE[:cut], Context()).data_rows == 8


@given(st.integers(0, len(WHOLE) - 20), st.integers(1, 200))
def test_a_file_with_a_hole_never_loses_an_entry_in_silence(start: int, length: int) -> None:
    damaged = WHOLE[:start] + WHOLE[start + length :]
    try:
        parsed = CAMT053.parse(damaged, Context())
    except SourceError:
        return
    assert parsed.data_rows == damaged.count(b"<Ntry>")


@given(st.binary(max_size=300))
def test_any_bytes_get_a_plain_answer(data: bytes) -> None:
    assert not CAMT053.identify("camt.053.xml", data)
    assert CAMT053.explain("camt.053.xml", data)
    assert refusal(data).profile is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t\n", "the file is empty"),
        (b"account,booking_date\n", "line 1: this is not XML"),
        (gzip.compress(WHOLE), "a gzip archive"),
        (b"PK\x03\x04....", "a zip archive, not XML; unpack it"),
        (b"<html><body>Session expired</body></html>", "its first element is 'html'"),
        (b"<Document><Other/></Document>", "the namespace of its Document is '(none)'"),
        (b"<Document><BkToCstmrAcctRpt/></Document>", "it is camt.052, not camt.053"),
        (b"<", "it is no well-formed XML"),
        (WHOLE.replace(b'"UTF-8"', b'"KLINGON"'), "unknown encoding 'KLINGON'"),
        (b'<?xml version="1.0" encoding="GBK"?>\n<a>\xff</a>', "line 2: not GBK text"),
    ],
)
def test_what_is_no_camt053_is_told_in_one_line(data: bytes, says: str) -> None:
    assert says in refusal(data).text


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (b"typed", b"\xfftyped", 21),
        (b"</Stmt>", b"</Rpt>", 59),
        (b"<Ntry>", b"<Ntry", 10),
        (b"02.03", b"&", 27),
    ],
)
def test_malformed_xml_names_its_line(old: bytes, new: bytes, line: int) -> None:
    error = refusal(WHOLE.replace(old, new))
    assert error.text.startswith(f"line {line}: the XML breaks off or is malformed here (")
    assert error.profile == "camt053"


def test_no_statement_and_entries_outside_one_are_refused() -> None:
    empty = WHOLE[: WHOLE.index(b"<Stmt>")] + b"</BkToCstmrStmt></Document>"
    assert "holds no Stmt" in refusal(empty).text
    loose = WHOLE.replace(b"<Stmt>", b"<Page>").replace(b"</Stmt>", b"</Page>")
    assert "entry 1 stands outside any Stmt" in refusal(loose).text


def test_two_messages_in_one_envelope_are_refused() -> None:
    other = DOCUMENT.replace(b"camt.053", b"camt.052").replace(b"Stmt", b"Rpt")
    assert "camt.052" in refusal(b"<Envelope>" + DOCUMENT + other + b"</Envelope>").text


def test_nesting_without_end_is_refused() -> None:
    deep = b"<x>" * 100_000
    assert refusal(WHOLE.replace(b"<GrpHdr>", deep + b"<GrpHdr>")).profile == "camt053"


def test_unclosed_comments_cost_no_more_than_reading_the_file() -> None:
    assert refusal(DOCUMENT.replace(b"<GrpHdr>", b"<!--" * 300_000)).profile == "camt053"
