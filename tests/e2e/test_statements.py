"""Bank statements that overlap, come twice, come corrected: no entry counts twice, and none is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sheets import SETTLEMENT, Row, settlement_text
from statements import ACCOUNT, Bank, entry, message

from pipelines.store import Store
from pipelines.store.retract import retract

MON, TUE, WED, THU = (date(2026, 6, day) for day in (15, 16, 17, 18))


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def payout(payout_id: str, net: str, day: date, *more: str) -> str:
    """An acquirer's file of one payout, or several of the same amount, each made up of a reserve that is let go."""
    told = {"acquirer": "UNIONPAY", "settlement_date": str(day), "record_type": "PAYOUT"}
    row: Row = dict.fromkeys(SETTLEMENT, "") | told | {"merchant_id": "898310158120001", "currency": "CNY"}
    row |= {"gross": net, "fee": "0.00", "net": net}
    paid = [row | {"payout_id": each} for each in (payout_id, *more)]
    return settlement_text([line for each in paid for line in (each | {"record_type": "RESERVE_RELEASE"}, each)])


def deposits(bank: Bank) -> list[tuple[str, int, int]]:
    """Verdict and both sums of every group of payouts and entries."""
    sql = "SELECT verdict, settlement_amount_minor, bank_amount_minor FROM matches WHERE leg = 'settlement-bank'"
    return [tuple(row.values()) for row in bank.rows(sql)]


def test_the_statement_takes_over_what_the_report_of_the_day_told(bank: Bank) -> None:
    bank.put("settlement_20260615.csv", payout("P-1", "100.00", MON))
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "R1", TUE, "P-1")]))
    bank.night(TUE)
    assert bank.states("camt052_a.xml") == [(10000, "matched", "")]
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE, "P-1")], ("5.00", "105.00")))
    night = bank.night(WED)
    assert bank.states("camt052_a.xml") == [(10000, "out_of_scope", "told again by camt053_a.xml")]
    assert bank.states("camt053_a.xml") == [(10000, "matched", "")]
    assert deposits(bank) == [("MATCHED", 10000, 10000)]
    assert (bank.counted(), night.register) == ({ACCOUNT: 10000}, [])


def test_a_report_that_comes_after_the_statement_adds_nothing(bank: Bank) -> None:
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE)], ("5.00", "105.00")))
    bank.night(TUE)
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "R1", TUE), entry("7.00", "R2", TUE)]))
    bank.night(WED)
    assert bank.counted() == {ACCOUNT: 10000}


def test_what_the_bank_took_back_before_its_statement_is_not_there(bank: Bank) -> None:
    bank.put("settlement_20260615.csv", payout("P-2", "100.00", MON))
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "R1", TUE, "P-2")]))
    assert bank.night(TUE).open == []
    bank.put("camt053_a.xml", message("camt.053", TUE, [], ("5.00", "5.00")))
    night = bank.night(WED)
    assert night.open_types == ["DEPOSIT_MISSING"]
    assert bank.counted() == {}


def test_the_report_of_the_day_does_not_say_that_a_payout_is_missing(bank: Bank) -> None:
    bank.put("settlement_20260615.csv", payout("P-3", "100.00", MON))
    bank.put("camt052_20260616.xml", message("camt.052", TUE, [entry("1.00", "R1", TUE, party="other")]))
    assert bank.night(TUE).open == []
    bank.put("camt053_20260616.xml", message("camt.053", TUE, [entry("1.00", "F1", TUE, party="other")]))
    assert bank.night(WED).open_types == ["DEPOSIT_MISSING"]


def test_reports_of_one_day_add_up_whether_each_tells_all_or_only_what_is_new(bank: Bank) -> None:
    first, second, third = (entry("5.00", ref, TUE) for ref in ("R1", "R2", "R3"))
    bank.put("camt052_10.xml", message("camt.052", TUE, [first]))
    bank.put("camt052_12.xml", message("camt.052", TUE, [first, second], name="B"))
    bank.put("camt052_14.xml", message("camt.052", TUE, [third], name="C"))
    bank.night(TUE)
    assert bank.counted() == {ACCOUNT: 1500}


def test_a_notice_explains_the_entry_and_is_not_counted_beside_it(bank: Bank) -> None:
    bank.put("settlement_20260615.csv", payout("P-4", "100.00", MON, "P-6"))
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE, "batch of 5")], ("0.00", "100.00")))
    assert bank.night(TUE).open_types == ["AMBIGUOUS_MATCH"], "the amount is that of two payouts"
    bank.put("camt054_a.xml", message("camt.054", TUE, [entry("100.00", "F1", TUE, "UnionPay P-4")]))
    night = bank.night(WED)
    assert (night.open_types, deposits(bank)) == (["DEPOSIT_MISSING"], [("MATCHED", 10000, 10000)])
    assert bank.states("camt054_a.xml") == [(10000, "out_of_scope", "told again by camt053_a.xml")]
    assert bank.counted() == {ACCOUNT: 10000}


def test_a_notice_explains_an_entry_that_was_nobody_s(bank: Bank) -> None:
    bank.put("settlement_20260615.csv", payout("P-5", "100.00", MON))
    foreign = entry("100.00", "F1", TUE, "batch", party="clearing")
    bank.put("camt053_a.xml", message("camt.053", TUE, [foreign], ("0.00", "100.00")))
    assert bank.states("camt053_a.xml") if bank.night(TUE) else None
    bank.put("camt054_a.xml", message("camt.054", TUE, [entry("100.00", "F1", TUE, "P-5")]))
    assert bank.night(WED).open == []
    assert bank.states("camt053_a.xml") == [(10000, "matched", "")]


def test_the_same_statement_under_another_name_and_id_counts_once(bank: Bank) -> None:
    entries = [entry("100.00", "", TUE), entry("100.00", "", TUE), entry("-3.00", "X", TUE)]
    bank.put("camt053_a.xml", message("camt.053", TUE, entries, ("0.00", "197.00")))
    bank.night(TUE)
    bank.put("camt053_b.xml", message("camt.053", TUE, entries, ("0.00", "197.00"), name="resent"))
    bank.night(TUE)
    assert bank.counted() == {ACCOUNT: 19700}
    assert [row["state"] for row in bank.rows("SELECT state FROM files ORDER BY file_id")] == ["retracted", "loaded"]


def test_a_corrected_statement_replaces_the_first(bank: Bank) -> None:
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE)], ("0.00", "100.00")))
    bank.night(TUE)
    bank.put("camt053_b.xml", message("camt.053", TUE, [entry("90.00", "F1", TUE)], ("0.00", "90.00"), name="new"))
    bank.night(WED)
    assert bank.counted() == {ACCOUNT: 9000}


def test_two_statements_of_one_day_that_follow_each_other_both_count(bank: Bank) -> None:
    same = entry("10.00", "", TUE, "fee", party="somebody")
    bank.put("camt053_a.xml", message("camt.053", TUE, [same], ("0.00", "10.00")))
    bank.put("camt053_b.xml", message("camt.053", TUE, [same], ("10.00", "20.00"), name="second"))
    night = bank.night(TUE)
    assert (bank.counted(), night.register) == ({ACCOUNT: 2000}, [])


def test_statements_that_overlap_tell_an_entry_once(bank: Bank) -> None:
    old, new = [entry("10.00", f"M{n}", MON) for n in range(3)], entry("5.00", "T1", TUE)
    bank.put("camt053_a.xml", message("camt.053", MON, old))
    bank.night(MON)
    bank.put("camt053_b.xml", message("camt.053", TUE, [*old, new], name="two days"))
    bank.night(TUE)
    assert bank.counted() == {ACCOUNT: 3500}
    assert [state for _, state, _ in bank.states("camt053_b.xml")].count("out_of_scope") >= 3


def test_identical_entries_of_one_statement_all_count(bank: Bank) -> None:
    coffee = [entry("10.00", "", TUE, "coffee")] * 3
    bank.put("camt053_a.xml", message("camt.053", TUE, coffee))
    bank.put("camt052_a.xml", message("camt.052", WED, [entry("10.00", "", TUE, "coffee")] * 4))
    bank.night(TUE)
    assert bank.counted() == {ACCOUNT: 3000}


def test_what_was_told_again_counts_once_its_statement_is_taken_back(bank: Bank) -> None:
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "R1", TUE)]))
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE)], ("5.00", "105.00")))
    bank.night(TUE)
    with Store(bank.root / "var" / "recon.duckdb") as store, store.transaction():
        ((file_id,),) = store.execute("SELECT file_id FROM book.files WHERE name = 'camt053_a.xml'")
        retract(store, file_id, "wrong account", 1)
    bank.night(WED)
    assert bank.counted() == {ACCOUNT: 10000}
    assert bank.states("camt052_a.xml")[0][1] != "out_of_scope"


def test_accounts_are_judged_each_by_its_own_statement(bank: Bank) -> None:
    for account in ("A", "B"):
        told = message("camt.052", TUE, [entry("1.00", "R", TUE)], account=account, name=account)
        bank.put(f"camt052_{account}.xml", told)
    bank.put("camt053_A.xml", message("camt.053", TUE, [entry("2.00", "F", TUE)], ("0.00", "2.00"), account="A"))
    bank.night(TUE)
    assert bank.counted() == {"A": 200, "B": 100}
