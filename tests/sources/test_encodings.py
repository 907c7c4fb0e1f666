"""A file is read in whatever encoding its bytes plainly are; one that is declared stays the only one."""

from pathlib import Path

import pytest

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources import PROFILES
from pipelines.sources.base import SourceError
from pipelines.sources.declared import Declaration, profile_of
from pipelines.sources.encoding import encoding_of
from pipelines.sources.identify import identify

GOLDEN = Path(__file__).parent / "golden"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030")
SOURCE = Source(name="s", profile="bank_csv", pattern="*", acquirer="A", account="A1")


def read(name: str, data: bytes) -> intake.Read:
    """One file as its profile reads it, which must be the one that claims it."""
    assert identify("x.csv", data, PROFILES).name == name
    return intake.read(PROFILES[name], data, Settings(), SOURCE)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("profile", ["pos_journal", "acquirer_csv", "bank_csv"])
def test_every_encoding_and_line_end_reads_the_same(profile: str, encoding: str, end: str) -> None:
    text = (GOLDEN / profile / "input.csv").read_text(encoding="utf-8")
    plain = read(profile, text.encode())
    other = read(profile, text.replace("\n", end).encode(encoding))
    assert plain.accepted.height
    assert other.accepted.equals(plain.accepted)
    assert other.rejected.equals(plain.rejected)
    assert other.parsed.totals == plain.parsed.totals


def test_a_spreadsheet_may_save_it_with_tabs_and_pad_its_trailer() -> None:
    rows = [
        "account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance",
        "A1,2026-03-04,,10.00,CNY,R1,中文,某某,",
        "# rows=1 opening=0.00 closing=10.00,,,,,,,,",
    ]
    for delimiter, encoding in (("\t", "utf-16"), ("\t", "utf-8"), (";", "utf-8-sig"), (",", "gbk")):
        data = "\r\n".join(row.replace(",", delimiter) for row in rows).encode(encoding)
        done = read("bank_csv", data)
        assert done.accepted["remittance"].to_list() == ["中文"]
        assert done.parsed.totals.agree


@pytest.mark.parametrize("at", range(3))
def test_a_damaged_sign_in_utf8_is_not_taken_for_gbk(at: int) -> None:
    text = (GOLDEN / "bank_csv" / "input.csv").read_bytes().replace("公司".encode(), b"")
    sign = next(n for n, byte in enumerate(text) if byte >= 0x80) + at
    damaged = text[:sign] + b"\xff" + text[sign + 1 :]
    with pytest.raises(SourceError, match="not UTF-8 text"):
        intake.read(PROFILES["bank_csv"], damaged, Settings(), SOURCE)


@pytest.mark.parametrize(
    ("data", "agreed", "found"),
    [
        (b"a,b\n" * 100, "gb18030", "gb18030"),
        (b"a,b\n" * 50_000 + "贷".encode("gbk"), "utf-8", "gb18030"),
        (b"a,b\n" * 50_000 + "贷".encode(), "gb18030", "utf-8"),
        ("系".encode("gbk"), "gb18030", "gb18030"),
        ("é".encode("latin-1") * 9, "utf-8", "utf-8"),
        ("é".encode(), "latin-1", "latin-1"),
        (bytes(100), "utf-8", "utf-8"),
        (b"", "utf-8", "utf-8"),
        ("银联商务股份有限公司,1.00\n".encode("utf-16-be"), "utf-8", "utf-16-be"),
    ],
)
def test_what_the_bytes_show_goes_before_what_is_agreed(data: bytes, agreed: str, found: str) -> None:
    assert encoding_of(data, agreed) == found


def test_a_declared_encoding_is_the_only_one() -> None:
    given = {
        "name": "mine",
        "side": "bank",
        "columns": {"booking_date": "day", "amount": "amount", "remittance": "text"},
        "constants": {"currency": "CNY"},
    }
    text = "day,amount,text\n2026-03-04,10.00,中文\n"
    free, bound = (profile_of(Declaration.model_validate({**given, **more})) for more in ({}, {"encoding": "utf-8"}))
    assert intake.read(free, text.encode("gbk"), Settings(), SOURCE).accepted["remittance"].to_list() == ["中文"]
    assert intake.read(bound, text.encode(), Settings(), SOURCE).accepted.height == 1
    with pytest.raises(SourceError, match="not UTF-8 text"):
        intake.read(bound, text.encode("gbk"), Settings(), SOURCE)
