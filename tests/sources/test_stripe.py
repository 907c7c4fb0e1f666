"""Stripe's payout reconciliation and balance export: signs, words, zones, numbers as other countries write them."""

from pathlib import Path
from typing import Any

import pytest

from pipelines import intake
from pipelines.config import Settings
from pipelines.sources import PROFILES
from pipelines.sources.base import Context
from pipelines.sources.identify import claims

GOLDEN = Path(__file__).parent / "golden"
HEAD = "balance_transaction_id,created,currency,gross,fee,net,reporting_category,source_id,automatic_payout_id"
BALANCE = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Transfer"


def rows(profile: str, head: str, *lines: str, **context: Any) -> list[dict[str, Any]]:
    """Rows of a report, all of which pass their checks."""
    data = "\n".join([head, *lines]).encode()
    assert claims("x", data, PROFILES) == [profile]
    done = intake.read(PROFILES[profile], data, Settings(), None)
    assert done.rejected.is_empty(), done.rejected["reason"].to_list()
    return PROFILES[profile].parse(data, Context(**context)).rows.to_dicts()


def report(*lines: str, **context: Any) -> list[dict[str, Any]]:
    return rows("stripe_payout_reconciliation", HEAD, *lines, **context)


def balance(*lines: str, **context: Any) -> list[dict[str, Any]]:
    return rows("stripe_balance", BALANCE, *lines, **context)


@pytest.mark.parametrize("profile", ["stripe_payout_reconciliation", "stripe_balance"])
def test_each_report_is_claimed_by_its_own_profile_alone(profile: str) -> None:
    data = (GOLDEN / profile / "input.csv").read_bytes()
    assert claims("x", data, PROFILES) == [profile]
    assert claims("x", data.replace(b"\n", b"\r\n").rstrip(), PROFILES) == [profile]


@pytest.mark.parametrize(
    ("word", "amount", "kind"),
    [
        ("charge", "5", "SALE"),
        ("charge", "-5", "ADJUSTMENT"),
        ("refund", "-5", "REFUND"),
        ("refund", "5", "ADJUSTMENT"),
        ("charge_failure", "-5", "REVERSAL"),
        ("dispute", "-5", "CHARGEBACK"),
        ("dispute_reversal", "5", "REPRESENTMENT"),
        ("network_cost", "-5", "FEE"),
        ("risk_reserved_funds", "5", "RESERVE_RELEASE"),
        ("risk_reserved_funds", "-5", "RESERVE_HOLD"),
        ("payout", "-5", "PAYOUT"),
        ("word of tomorrow", "5", "ADJUSTMENT"),
    ],
)
def test_words_become_our_types_and_stay_as_reason(word: str, amount: str, kind: str) -> None:
    (row,) = report(f"txn_1,2026-03-02 10:00:00,EUR,{amount},0,{amount},{word},src_1,po_1")
    assert (row["record_type"], row["reason_code"]) == (kind, word)
    assert row["net_minor"] == (500 if kind == "PAYOUT" else int(amount) * 100)


@pytest.mark.parametrize(("source", "kind"), [("du_1", "CHARGEBACK"), ("dp_1", "CHARGEBACK"), ("", "ADJUSTMENT")])
def test_an_adjustment_whose_source_is_a_dispute_is_a_chargeback(source: str, kind: str) -> None:
    (row,) = balance(f"txn_1,adjustment,{source},-5,15,-20,eur,2026-03-02 10:00,po_1")
    assert (row["record_type"], row["fee_minor"]) == (kind, 1500)


def test_a_payout_is_what_is_paid_out_whichever_sign_it_has() -> None:
    sale, leaving = "txn_1,2026-03-02 10:00:00,EUR,5,0,5,charge,ch_1,po_1", "txn_2,2026-03-02 10:00:00,EUR"
    for amount in ("-5", "5"):
        assert report(sale, f"{leaving},{amount},0,{amount},payout,po_1,po_1")[1]["net_minor"] == 500
    (owed,) = report(f"{leaving},5,0,5,payout,po_1,po_1")
    assert owed["net_minor"] == -500


def test_a_payout_without_a_column_for_it_is_named_by_its_source() -> None:
    (row,) = balance("txn_1,payout,po_7,-5,0,-5,eur,2026-03-02 10:00,")
    assert row["payout_id"] == "po_7"


def test_times_are_utc_unless_the_source_says_otherwise() -> None:
    line = "txn_1,2026-03-02 20:00:00,EUR,5,0,5,charge,ch_1,po_1"
    (row,) = report(line)
    assert str(row["txn_time"]) == "2026-03-03 04:00:00"
    (row,) = report(line, source_timezone="Asia/Shanghai", zone_given=True)
    assert str(row["txn_time"]) == "2026-03-02 20:00:00"
    (row,) = rows("stripe_payout_reconciliation", f"{HEAD},created_utc", f"{line},2026-03-02 12:00:00")
    assert str(row["txn_time"]) == "2026-03-02 20:00:00"


def test_the_merchant_is_the_account_of_the_report_or_of_the_source() -> None:
    line = "txn_1,2026-03-02 20:00:00,EUR,5,0,5,charge,ch_1,po_1"
    assert report(line)[0]["merchant_id"] == "STRIPE"
    assert report(line, account="acct_1")[0]["merchant_id"] == "acct_1"
    (row,) = rows("stripe_payout_reconciliation", f"{HEAD},gateway_account", f"{line},acct_2", account="acct_1")
    assert row["merchant_id"] == "acct_2"


@pytest.mark.parametrize("column", ["order_id", "payment_metadata[order_id]", "order_id (metadata)"])
def test_the_shop_s_order_number_is_found_in_its_metadata(column: str) -> None:
    sale = "txn_1,2026-03-02 20:00:00,EUR,5,0,5,charge,ch_1,po_1,TEA-1"
    refund = "txn_2,2026-03-02 20:00:00,EUR,-5,0,-5,refund,re_1,po_1,TEA-1"
    sold, paid_back = rows("stripe_payout_reconciliation", f"{HEAD},{column}", sale, refund)
    assert (sold["order_no"], sold["original_rrn"]) == ("TEA-1", None)
    assert (paid_back["order_no"], paid_back["original_rrn"]) == ("re_1", "TEA-1")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("75,57", 7557), ("1.234,56", 123_456), ("1,234.56", 123_456), ("1 234,56", 123_456), ("1'234.56", 123_456)],
)
def test_amounts_as_other_countries_write_them(text: str, minor: int) -> None:
    (row,) = balance(f'txn_1,charge,ch_1,"{text}","0,00","{text}",eur,2026-03-02 10:00,po_1')
    assert (row["gross_minor"], row["net_minor"]) == (minor, minor)


def test_an_amount_finer_than_its_currency_is_rejected_and_never_a_thousand_times_too_much() -> None:
    data = f'{BALANCE}\ntxn_1,charge,ch_1,"1,234",0,"1,234",eur,2026-03-02 10:00,po_1\n'.encode()
    done = intake.read(PROFILES["stripe_balance"], data, Settings(), None)
    assert "more decimals than EUR allows" in done.rejected["reason"][0]


def test_a_report_without_rows_is_read() -> None:
    assert report() == []


PAID = f"{HEAD},automatic_payout_effective_at,trace_id"


def formed(*lines: str, profile: str = "stripe_payout_reconciliation", head: str = PAID) -> list[dict[str, Any]]:
    return PROFILES[profile].parse("\n".join([head, *lines]).encode(), Context(account="acct_1")).formed.to_dicts()


def test_a_payout_that_the_report_leaves_out_is_what_its_lines_add_up_to() -> None:
    lines = [
        "txn_1,2026-03-02 10:00:00,EUR,5,1,4,charge,ch_1,po_1,2026-03-04 00:00:00,",
        "txn_2,2026-03-02 10:00:00,EUR,7,0,7,charge,ch_2,po_2,2026-03-05 00:00:00,",
        "txn_3,2026-03-02 10:00:00,EUR,-1,0,-1,refund,re_3,po_1,2026-03-04 00:00:00,T77",
        "txn_4,2026-03-02 10:00:00,USD,2,0,2,charge,ch_4,po_1,2026-03-04 00:00:00,",
        "txn_5,2026-03-02 10:00:00,EUR,3,0,3,charge,ch_5,,,",
    ]
    found = formed(*lines)
    assert [(row["payout_id"], row["currency"], row["net_minor"], row["line"]) for row in found] == [
        ("po_1", "EUR", 300, 4),
        ("po_2", "EUR", 700, 3),
        ("po_1", "USD", 200, 5),
    ]
    assert {row["record_type"] for row in found} == {"PAYOUT"}
    assert [(str(row["settlement_date"]), row["acquirer_ref"], row["merchant_id"]) for row in found[:2]] == [
        ("2026-03-04", "T77", "acct_1"),
        ("2026-03-05", None, "acct_1"),
    ]
    assert all(row["gross_minor"] == row["net_minor"] and not row["fee_minor"] for row in found)


def test_nothing_is_formed_where_payouts_are_listed_or_nothing_is_paid() -> None:
    sale = "txn_1,2026-03-02 10:00:00,EUR,5,0,5,charge,ch_1,po_1,2026-03-04 00:00:00,"
    back = "txn_2,2026-03-02 10:00:00,EUR,-5,0,-5,refund,re_1,po_1,2026-03-04 00:00:00,"
    stated = "txn_3,2026-03-02 10:00:00,EUR,-9,0,-9,payout,po_9,po_9,2026-03-04 00:00:00,"
    assert formed(sale)
    assert formed(sale, back) == []
    assert formed(sale, stated) == []
    assert formed("txn_1,charge,ch_1,5,0,5,eur,2026-03-02 10:00,po_1", profile="stripe_balance", head=BALANCE) == []


def test_a_payout_that_came_back_is_part_of_the_one_that_pays_it_again() -> None:
    line = "txn_1,2026-03-02 10:00:00,EUR,5,0,5,payout_reversal,po_old,po_new,2026-03-04 00:00:00,"
    (row,) = rows("stripe_payout_reconciliation", PAID, line)
    assert (row["record_type"], row["net_minor"], row["original_rrn"]) == ("ADJUSTMENT", 500, "po_old")
    assert [(each["payout_id"], each["net_minor"]) for each in formed(line)] == [("po_new", 500)]
    (row,) = rows("stripe_payout_reconciliation", PAID, line.replace("po_new", ""))
    assert (row["record_type"], row["net_minor"], row["payout_id"]) == ("PAYOUT", -500, "po_old")
