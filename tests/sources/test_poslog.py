"""POSLog: which tenders become rows, and what a cut or hostile file may not do."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import reading
from pipelines.sources import poslog, xml_stream
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.camt053 import CAMT053
from pipelines.sources.poslog import POSLOG
from pipelines.sources.traces import gaps

WHOLE = (Path(__file__).parent / "golden" / "poslog" / "input.xml").read_bytes()


def read(data: bytes) -> Parsed:
    """A file that must be recognised first, and by nobody else who reads XML."""
    assert POSLOG.identify("any.xml", data[:65536])
    assert not CAMT053.identify("any.xml", data[:65536])
    return POSLOG.parse(data, Context(timezone="America/New_York", source_timezone="America/New_York"))


def log(inside: str, *, around: str = "RetailTransaction", flags: str = "") -> bytes:
    """One transaction of one tender or several, in no namespace."""
    head = "<RetailStoreID>1</RetailStoreID><WorkstationID>2</WorkstationID><SequenceNumber>3</SequenceNumber>"
    dates = "<BusinessDayDate>2026-03-02</BusinessDayDate><EndDateTime>2026-03-02T10:00:00</EndDateTime>"
    body = f"<{around}><LineItem>{inside}</LineItem></{around}>"
    money = "<CurrencyCode>USD</CurrencyCode>"
    return f"<POSLog><Transaction {flags}>{head}{dates}{money}{body}</Transaction></POSLog>".encode()


def tender(amount: str = "5.00", attributes: str = 'TenderType="CreditDebit" TypeCode="Sale"') -> str:
    """One tender with a reference."""
    reference = "<Authorization><ReferenceNumber>R1</ReferenceNumber></Authorization>"
    return f"<Tender {attributes}><Amount>{amount}</Amount>{reference}</Tender>"


def test_card_and_wallet_tenders_are_rows_and_the_others_are_told() -> None:
    parsed = read(WHOLE)
    assert parsed.data_rows == 5
    assert parsed.rows["channel"].to_list() == ["CARD", "CARD", "CARD", "CARD", "ALIPAY"]
    assert parsed.warnings == (
        "tenders that no acquirer settles (cash and others) left out: 1",
        "tenders in training mode left out: 1",
        "tenders voided in their own transaction or declined taken as declined: 1",
    )


def test_the_business_day_is_the_store_s_own_and_the_time_that_of_the_authorisation() -> None:
    row = read(WHOLE).rows.row(0, named=True)
    assert row["business_date"] == date(2026, 3, 2)
    assert row["txn_time"] == datetime(2026, 3, 3, 0, 19, 30)  # noqa: DTZ001 - local by definition
    assert reading.span(read(WHOLE)) == (date(2026, 3, 2), date(2026, 3, 2))


def test_a_refund_knows_the_sale_it_is_linked_to() -> None:
    rows = read(WHOLE).rows
    assert rows.select("txn_type", "rrn", "original_rrn", "amount_minor").row(3) == ("REFUND", "600002", "600001", 1550)
    assert rows.select("rrn", "order_no").row(4) == (None, "ORDER-1")


@pytest.mark.parametrize(
    ("code", "amount", "kind"),
    [
        *(
            ("Sale", "5.00", "SALE"),
            ("Sale", "-5.00", "REFUND"),
            ("Refund", "5.00", "REFUND"),
            ("v:Void", "5.00", "VOID"),
        ),
        *(("Return", "-5.00", "REFUND"), ("", "5.00", "SALE")),
    ],
)
def test_types_and_signs(code: str, amount: str, kind: str) -> None:
    (row,) = read(log(tender(amount, f'TenderType="CreditDebit" TypeCode="{code}"'))).rows.to_dicts()
    assert (row["txn_type"], row["amount_minor"], row["unreadable"]) == (kind, 500, None)


def test_a_transaction_that_voids_another_is_a_void() -> None:
    assert read(log(tender(), around="PostVoidTransaction")).rows["txn_type"].to_list() == ["VOID"]


def test_an_unknown_type_rejects_its_row() -> None:
    rows = read(log(tender("5.00", 'TenderType="CreditDebit" TypeCode="Loan"'))).rows
    assert "TypeCode 'loan' of the tender is not known" in rows["unreadable"][0]


@pytest.mark.parametrize("flags", ['CancelFlag="true"', 'TransactionStatus="Voided"'])
def test_what_was_cancelled_expects_nothing(flags: str) -> None:
    assert read(log(tender(), flags=flags)).rows["status"].to_list() == ["DECLINED"]


def test_floats_and_pickups_are_no_sales() -> None:
    parsed = read(log(tender(), around="TenderControlTransaction"))
    assert (parsed.data_rows, parsed.warnings) == (0, ("tenders outside of sales (floats, pickups) left out: 1",))


def test_lines_are_those_of_an_editor() -> None:
    wanted = [number for number, line in enumerate(WHOLE.decode().split("\n"), 1) if "<Tender " in line]
    assert read(WHOLE).rows["line"].to_list() == [wanted[n] for n in (0, 2, 3, 4, 5)]


def test_card_numbers_stay_hidden() -> None:
    parsed = read(WHOLE)
    assert parsed.rows["card_no"][0] == "411111******1111"
    assert "4111111111111111" not in str(parsed.rows.to_dicts()) + str(parsed.raw(parsed.rows["line"].to_list()))


def test_document_types_and_entities_are_refused() -> None:
    data = WHOLE.replace(b"<POSLog", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<POSLog', 1)
    with pytest.raises(SourceError, match=r"line 2: .*DOCTYPE"):
        read(data)


def test_a_file_cut_at_any_byte_is_refused_or_whole() -> None:
    end = len(WHOLE.rstrip())
    for cut in range(0, end, 7):
        with pytest.raises(SourceError):
            POSLOG.parse(WHOLE[:cut], Context())
    assert read(WHOLE[:end]).data_rows == 5


@given(st.integers(0, len(WHOLE) - 20), st.integers(1, 200))
def test_a_file_with_a_hole_loses_no_tender_in_silence(start: int, length: int) -> None:
    damaged = WHOLE[:start] + WHOLE[start + length :]
    try:
        parsed = POSLOG.parse(damaged, Context())
    except SourceError:
        return
    left_out = sum(int(warning.rpartition(": ")[2]) for warning in parsed.warnings if "left out" in warning)
    assert parsed.data_rows + left_out == damaged.count(b"<Tender ")


@given(st.binary(max_size=300))
def test_any_bytes_get_a_plain_answer(data: bytes) -> None:
    assert POSLOG.explain("x.xml", data)
    with pytest.raises(SourceError):
        POSLOG.parse(data, Context())


def day(transactions: int) -> str:
    """A log of sales, each returned by the next transaction but one, and a till float."""
    said, place = ["<POSLog>"], "<RetailStoreID>1</RetailStoreID><WorkstationID>2</WorkstationID>"
    for number in range(transactions):
        sold = f"{place}<BusinessDayDate>2026-03-01</BusinessDayDate><SequenceNumber>{number - 2}</SequenceNumber>"
        returned = f"<TransactionLink>{sold}</TransactionLink>" if number % 3 == 2 else ""
        kind = "Refund" if returned else "Sale"
        body = tender("5.00", f'TenderType="CreditDebit" TypeCode="{kind}"').replace("R1", f"R{number}")
        cash = tender("1.00", 'TenderType="Cash" TypeCode="Sale"')
        head = f"{place}<SequenceNumber>{number}</SequenceNumber>"
        business = f"<BusinessDayDate>2026-03-0{1 + number % 3}</BusinessDayDate>"
        dates = f"{business}<EndDateTime>2026-03-02T10:00:00</EndDateTime>"
        inside = f"<RetailTransaction>{returned}<LineItem>{body}{cash}</LineItem></RetailTransaction>"
        said.append(f"<Transaction>{head}{dates}<CurrencyCode>USD</CurrencyCode>{inside}</Transaction>\n")
    return "".join([*said, "</POSLog>"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_large_log_is_read_in_parts_that_add_up_to_the_whole(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poslog, "PART", 5_000)
    monkeypatch.setattr(xml_stream, "BLOCK", 2_000)
    data, known = day(60).encode(encoding), Context()
    parts, whole = [*POSLOG.stream(data, known)], POSLOG.parse(data, known)
    assert len(parts) > 3
    rows = pl.concat([part.rows for part in parts])
    assert rows.equals(whole.rows)
    assert rows["original_rrn"].count() == 20
    assert (parts[-1].warnings, parts[-1].covered) == (whole.warnings, whole.covered)
    assert gaps([part.traces for part in parts]).equals(gaps([whole.traces]))
    raw = [text for part in parts for text in part.raw(part.rows["line"].to_list()).items()]
    assert dict(raw) == whole.raw(rows["line"].to_list())


def test_a_large_log_that_is_cut_off_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poslog, "PART", 5_000)
    with pytest.raises(SourceError, match="breaks off"):
        list(POSLOG.stream(day(60).encode()[:-500], Context()))
