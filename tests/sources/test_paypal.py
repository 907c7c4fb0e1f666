"""PayPal's settlement report: implied decimals, sides, codes, sections, and the footers that every line answers to."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources import PROFILES
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.identify import claims

PAYPAL = PROFILES["paypal_stl"]
GOLDEN = (Path(__file__).parent / "golden" / "paypal_stl" / "input.csv").read_text(encoding="utf-8")
HEAD = "".join(GOLDEN.splitlines(keepends=True)[:4])
BODY = [line for line in GOLDEN.splitlines(keepends=True) if line.startswith('"SB"')]
FOOT = [line for line in GOLDEN.splitlines(keepends=True) if line[1:3] in ("SF", "SC", "RF", "RC", "FF")]


def parse(text: str, **context: Any) -> Parsed:
    return PAYPAL.parse(text.encode(), Context(**context))


def line(code: str, side: str, gross: str = "500", fee: str = '"","",""', currency: str = "EUR") -> dict[str, Any]:
    """The row of one body line."""
    start = f'"SB","TX1","TEA-1","TX0","TXN","{code}",2026/03/02 20:00:00 -0800,2026/03/02 20:00:00 -0800'
    (row,) = parse(f'{HEAD}{start},"{side}",{gross},"{currency}",{fee},"","","","","B1"\n').rows.to_dicts()
    return row


@pytest.mark.parametrize(
    ("code", "side", "kind"),
    [
        ("T0006", "CR", "SALE"),
        ("T0006", "DR", "ADJUSTMENT"),
        ("T0106", "DR", "FEE"),
        ("T0200", "CR", "RESERVE_RELEASE"),
        ("T0400", "DR", "PAYOUT"),
        ("T1105", "CR", "RESERVE_RELEASE"),
        ("T1107", "DR", "REFUND"),
        ("T1201", "DR", "CHARGEBACK"),
        ("T1202", "CR", "REPRESENTMENT"),
        ("T1503", "DR", "RESERVE_HOLD"),
        ("T9900", "CR", "ADJUSTMENT"),
        ("X1234", "DR", "ADJUSTMENT"),
    ],
)
def test_codes_and_sides_become_our_types_and_stay_as_reason(code: str, side: str, kind: str) -> None:
    row = line(code, side)
    assert (row["record_type"], row["reason_code"]) == (kind, code)
    assert row["net_minor"] == (500 if kind == "PAYOUT" or side == "CR" else -500)


@pytest.mark.parametrize(
    ("currency", "gross", "minor"),
    [("EUR", "5", 5), ("EUR", "5200", 5200), ("JPY", "10000", 100), ("KWD", "100", 1000)],
)
def test_amounts_have_two_decimals_whatever_the_currency(currency: str, gross: str, minor: int) -> None:
    assert line("T0006", "CR", gross, currency=currency)["gross_minor"] == minor


@pytest.mark.parametrize(("gross", "currency"), [("10050", "JPY"), ("52.00", "EUR"), ("-5", "EUR")])
def test_what_is_no_such_amount_is_told(gross: str, currency: str) -> None:
    row = line("T0006", "CR", gross, currency=currency)
    assert row["gross_minor"] is None
    assert "gross" in row["unreadable"]


@pytest.mark.parametrize(("fee", "minor"), [('"DR",20,"EUR"', 20), ('"CR",20,"EUR"', -20), ('"","",""', 0)])
def test_fees_are_charged_or_given_back(fee: str, minor: int) -> None:
    row = line("T0006", "CR", fee=fee)
    assert (row["fee_minor"], row["net_minor"]) == (minor, 500 - minor)


def test_a_fee_of_another_currency_is_no_fee_of_the_line() -> None:
    assert "USD" in line("T0006", "CR", fee='"DR",20,"USD"')["unreadable"]


def test_a_row_knows_its_account_day_and_numbers() -> None:
    sale, refund, payout = line("T0006", "CR"), line("T1107", "DR"), line("T0400", "DR")
    assert (sale["merchant_id"], str(sale["settlement_date"])) == ("TEASHOPACCT01", "2026-03-02")
    assert (sale["order_no"], sale["acquirer_ref"], sale["original_rrn"]) == ("TEA-1", "TX1", None)
    assert (refund["order_no"], refund["original_rrn"]) == ("TX1", "TEA-1")
    assert (payout["payout_id"], payout["gross_minor"], payout["order_no"]) == ("B1", 500, None)
    assert str(sale["txn_time"]) == "2026-03-03 12:00:00"


def test_the_date_that_is_printed_stays_the_date_of_the_file() -> None:
    assert [str(day) for day in parse(GOLDEN).printed or ()] == ["2026-03-02", "2026-03-02"]


def test_every_total_is_declared_and_holds() -> None:
    totals = parse(GOLDEN).totals
    assert totals.agree is True
    assert totals.declared["rows"] == 9
    assert totals.declared["section 1 JPY gross_credits"] == 120_000
    assert len(totals.declared) == 18


@given(st.integers(0, len(BODY) - 1))
def test_no_line_is_lost_unseen(gone: int) -> None:
    totals = parse(HEAD + "".join(BODY[:gone] + BODY[gone + 1 :] + FOOT)).totals
    assert totals.agree is False


@given(st.integers(len(HEAD) + 1, len(GOLDEN) - 1))
def test_a_file_that_is_cut_off_is_never_read_as_whole_without_a_word(at: int) -> None:
    try:
        parsed = parse(GOLDEN[:at])
    except SourceError:
        return
    said = parsed.warnings or parsed.refused.height or parsed.totals.agree is False
    assert said or parsed.data_rows == len(BODY)


def test_fee_totals_are_read_in_either_order() -> None:
    assert parse(GOLDEN.replace(",17,85,", ",85,17,")).totals.agree is True
    assert parse(GOLDEN.replace(",17,85,", ",85,18,")).totals.agree is False


def test_a_second_section_has_totals_of_its_own() -> None:
    section = "".join(GOLDEN.splitlines(keepends=True)[2:]).split('"RF"')[0]
    parsed = parse(GOLDEN.split('"RF"')[0] + section + '"FF",1\n')
    assert parsed.totals.agree is True
    assert parsed.data_rows == 18
    assert {"section 1 rows", "section 2 rows"} <= set(parsed.totals.declared)


def test_totals_of_a_report_in_several_files_are_not_those_of_one() -> None:
    assert parse(GOLDEN.replace('"FH",01', '"FH",02').replace(BODY[0], "")).totals.agree is None


def test_a_footer_that_is_cut_off_refuses_the_file() -> None:
    with pytest.raises(SourceError, match="line 14: the SF line is cut off"):
        parse(HEAD + "".join(BODY) + '"SF","EUR",3180\n')


def test_a_pending_entry_is_no_money_yet() -> None:
    head = HEAD.replace('"Bank Reference ID"', '"Transactional Status"')
    parsed = parse(head + BODY[0].replace('"SHOP-1",""', '"SHOP-1","P"'))
    assert parsed.rows.is_empty()
    assert parsed.refused["reason"].to_list() == ["the transaction is pending or denied"]


def test_a_line_of_no_known_kind_is_refused() -> None:
    parsed = parse(HEAD + BODY[0] + BODY[1].replace('"SB"', '"SX"'))
    assert parsed.refused.rows() == [(6, "the line is of no kind that the report has")]


@pytest.mark.parametrize("text", [GOLDEN, "\ufeff" + GOLDEN, GOLDEN.replace("\n", "\r\n"), GOLDEN.replace('"', "")])
def test_dress_does_not_hide_it(text: str) -> None:
    if '"' not in text:
        text = text.replace("with milk, please", "").replace("with milk please", "").replace("with milk", "")
    assert claims("x", text.encode(), PROFILES) == ["paypal_stl"]


def test_tabs_separate_as_well() -> None:
    tabbed = GOLDEN.replace(",", "\t")
    assert parse(tabbed).rows.drop("unreadable").equals(parse(GOLDEN).rows.drop("unreadable"))


def test_a_column_that_is_gone_is_named_with_its_line() -> None:
    head = HEAD.replace("Transaction Event Code", "Code").encode()
    assert PAYPAL.explain("x", head) == "line 4: column transaction event code of paypal_stl missing in the header"


def test_a_report_without_the_fees_currency_is_read() -> None:
    without = GOLDEN.replace('"Fee Currency"', '"Its Currency"')
    assert without != GOLDEN
    assert parse(without).rows["fee_minor"].to_list() == parse(GOLDEN).rows["fee_minor"].to_list()
