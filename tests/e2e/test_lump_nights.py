"""Deposits that name nothing: in one sum, in parts, less a bank's fee, and those that nobody can tell apart."""

from __future__ import annotations

import time

from reading import rows_of
from scenario import FRI, MON, THU, TUE, WED, Shop

NAMELESS = "银联商务 划付"


def rules(shop: Shop) -> set[str]:
    return {row["rule"] for row in rows_of(shop, "SELECT rule FROM matches WHERE leg = 'settlement-bank'")}


def test_amount_and_due_date_are_enough(shop: Shop) -> None:
    shop.payout("P1", "101.00", TUE)
    shop.banked(NAMELESS, "101.00", WED)
    shop.nights(MON, WED)
    assert shop.story("P1") == [(TUE, "waiting"), (WED, "-")]
    assert rules(shop) == {"amount_on_due_date"}


def test_one_sum_for_all_that_is_due(shop: Shop) -> None:
    for n, amount in enumerate(("101.00", "202.00", "303.00")):
        shop.payout(f"P{n}", amount, TUE)
    shop.banked(NAMELESS, "606.00", WED, bank_ref="B-LUMP")
    shop.nights(MON, WED)
    assert shop.state("bank", "B-LUMP") == ["matched"]
    assert shop.seen[-1].open == []
    assert rules(shop) == {"due_together"}


def test_a_payout_in_parts(shop: Shop) -> None:
    shop.payout("P1", "500.00", TUE)
    shop.banked(NAMELESS, "180.00", WED)
    shop.banked(NAMELESS, "320.00", WED)
    shop.nights(MON, WED)
    assert shop.seen[-1].open == []
    assert rules(shop) == {"paid_in_parts"}


def test_two_that_fit_are_ambiguous_and_wait(shop: Shop) -> None:
    shop.payout("P-ONE", "100.00", TUE)
    shop.payout("P-TWO", "100.00", TUE)
    shop.banked(NAMELESS, "100.00", WED, bank_ref="B-WHICH")
    shop.nights(MON, THU)
    assert shop.story("P-ONE") == shop.story("P-TWO") == [(TUE, "waiting")]
    found = shop.exception("B-WHICH", "AMBIGUOUS_MATCH")
    assert (found["amount_minor"], found["direction"]) == (10000, "none")
    assert [e["side"] for e in found["evidence"]].count("settlement") == 2


def test_what_names_one_of_them_later_decides(shop: Shop) -> None:
    shop.payout("P-ONE", "100.00", TUE)
    shop.payout("P-TWO", "100.00", TUE)
    shop.banked(NAMELESS, "100.00", WED, bank_ref="B-WHICH")
    shop.banked("P-TWO", "100.00", THU)
    shop.nights(MON, THU)
    assert shop.story("B-WHICH") == [(WED, "AMBIGUOUS_MATCH"), (THU, "AMBIGUOUS_MATCH cleared")]
    assert shop.seen[-1].open == []


def test_forty_equal_payouts_and_a_sum_of_twenty(shop: Shop) -> None:
    for n in range(40):
        shop.payout(f"P{n:02}", "1234.56", TUE)
    shop.banked(NAMELESS, "24691.20", WED, bank_ref="B-TWENTY")
    shop.nights(MON, TUE)
    began = time.process_time()
    shop.night(WED)
    assert time.process_time() - began < 4, "a whole night around a search of less than two seconds"
    assert shop.seen[-1].open_types == ["AMBIGUOUS_MATCH"]
    assert len(shop.exception("B-TWENTY", "AMBIGUOUS_MATCH")["evidence"]) == 41


def test_a_payout_that_the_entry_names_but_nobody_told_yet_is_not_taken_for_another(shop: Shop) -> None:
    shop.payout("UP20260331-M001", "150.00", TUE)
    shop.banked("划付 UP20260331-M009", "150.00", WED, bank_ref="B-OTHER")
    shop.nights(MON, WED)
    assert shop.story("UP20260331-M001")[-1] == (WED, "DEPOSIT_MISSING")
    assert shop.story("B-OTHER") == [(WED, "DEPOSIT_UNIDENTIFIED")]


def test_what_the_bank_takes_by_rule_is_no_difference_and_a_fen_more_is(shop: Shop) -> None:
    rule = '\n[[contracts.bank_fees]]\nfixed = "5.00"\n'
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + rule, encoding="utf-8")
    shop.payout("P-LESS", "100.00", TUE)
    shop.banked("P-LESS", "95.00", WED)
    shop.payout("P-SHORT", "200.00", TUE)
    shop.banked("P-SHORT", "194.99", WED)
    shop.payout("P-NAMELESS", "300.00", TUE)
    shop.banked(NAMELESS, "295.00", WED)
    shop.nights(MON, WED)
    assert [(e["payout_id"], e["amount_minor"]) for e in shop.seen[-1].open] == [("P-SHORT", 501)]
    taken = rows_of(shop, "SELECT payout_id FROM payout_bridge WHERE bank_fee_minor = 500 ORDER BY 1")
    assert [row["payout_id"] for row in taken] == ["P-LESS", "P-NAMELESS"]
    report = shop.seen[-1].summary
    assert report["proof"]["balanced"]


def test_another_currency_never_pairs(shop: Shop) -> None:
    shop.payout("P1", "100.00", TUE)
    shop.banked(NAMELESS, "100.00", WED, currency="USD", bank_ref="B-USD")
    shop.nights(MON, WED)
    assert shop.story("P1")[-1] == (WED, "DEPOSIT_MISSING")
    assert shop.story("B-USD") == [(WED, "DEPOSIT_UNIDENTIFIED")]


def test_an_unexplained_entry_clears_by_itself_when_its_payout_is_told(shop: Shop) -> None:
    shop.banked(NAMELESS, "150.00", WED, bank_ref="B-EARLY")
    shop.payout("P-TOLD", "150.00", TUE)
    shop.hold("unionpay", TUE)
    shop.nights(MON, WED)
    assert shop.story("B-EARLY") == [(WED, "waiting")], "a file of the acquirer is missing"
    shop.release("unionpay", TUE)
    shop.night(THU)
    assert shop.story("B-EARLY") == [(WED, "waiting"), (THU, "-")]


def test_a_sum_for_several_payouts_names_each_of_them(shop: Shop) -> None:
    for payout_id, amount in (("UP-0331-A", "101.00"), ("UP-0331-B", "202.00"), ("UP-0331-C", "303.00")):
        shop.payout(payout_id, amount, TUE)
    shop.banked("划付 UP-0331-A UP-0331-B UP-0331-C", "600.00", WED)
    shop.nights(MON, WED)
    found = shop.exception("UP-0331-A", "DEPOSIT_AMOUNT_DIFF")
    assert (found["amount_minor"], found["direction"]) == (600, "short")
    said = "The 3 payouts UP-0331-A, UP-0331-B and UP-0331-C, together of 606.00 CNY reached the bank as 600.00 CNY"
    assert found["explanation"].startswith(said)
    assert [e["side"] for e in found["evidence"]] == ["settlement"] * 3 + ["bank"]


def test_what_nobody_can_tell_apart_stays_so_while_a_later_file_is_missing(shop: Shop) -> None:
    shop.payout("P-ONE", "100.00", TUE)
    shop.payout("P-TWO", "100.00", TUE)
    shop.banked(NAMELESS, "100.00", WED, bank_ref="B-WHICH")
    shop.hold("unionpay", THU)
    shop.nights(MON, THU)
    assert shop.seen[-1].verdict == "INCOMPLETE"
    assert shop.story("B-WHICH") == [(WED, "AMBIGUOUS_MATCH")]
    assert shop.story("P-ONE") == [(TUE, "waiting")]
    found = shop.exception("B-WHICH", "AMBIGUOUS_MATCH")
    assert found["leg"] == "settlement-bank"
    shop.release("unionpay", THU)
    shop.night(FRI)
    assert shop.history("B-WHICH") == [(str(WED), "AMBIGUOUS_MATCH", "opened")]


def test_an_undecided_sum_waits_where_a_missing_file_may_still_speak_of_it(shop: Shop) -> None:
    shop.payout("P-ONE", "100.00", TUE)
    shop.payout("P-TWO", "100.00", TUE)
    shop.banked(NAMELESS, "100.00", WED, bank_ref="B-WHICH")
    shop.banked("P-TWO", "100.00", THU)
    shop.hold("unionpay", THU)
    shop.nights(MON, THU)
    assert shop.story("B-WHICH") == [(WED, "AMBIGUOUS_MATCH"), (THU, "AMBIGUOUS_MATCH cleared, waiting")]
    shop.release("unionpay", THU)
    shop.night(FRI)
    assert shop.story("B-WHICH")[-1] == (FRI, "AMBIGUOUS_MATCH cleared")
    assert shop.seen[-1].open == []
