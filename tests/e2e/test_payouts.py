"""Payouts against the bank: due dates in business days, groups that name each other, what nobody explains."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import FRI, MON2, SAT, THU, TUE, TUE2, WED, WED2, Shop
from week import WEEK


@WEEK.story
def test_a_payout_waits_until_it_is_due_and_matches_the_entry_that_names_it(shop: Shop) -> Iterator[None]:
    shop.payout("P-PROMPT", "100.00", TUE)
    shop.banked("银联商务 划付 P-PROMPT", "100.00", WED)
    yield
    assert shop.story("P-PROMPT") == [(TUE, "waiting"), (WED, "-")]
    assert shop.state("settlement", "P-PROMPT") == ["matched", "matched"], "the sale in it and the payout"
    assert shop.state("bank", "银联商务 划付 P-PROMPT") == ["matched"]


@WEEK.story
def test_a_payout_that_is_not_in_the_statement_of_its_due_date_is_missing(shop: Shop) -> Iterator[None]:
    shop.payout("P-NEVER", "101.00", TUE)
    yield
    assert shop.story("P-NEVER") == [(TUE, "waiting"), (WED, "DEPOSIT_MISSING")]
    found = shop.exception("P-NEVER", "DEPOSIT_MISSING")
    assert (found["amount_minor"], found["direction"], found["leg"]) == (10100, "short", "settlement-bank")
    assert "2026-04-01" in found["explanation"]


@WEEK.story
def test_a_missing_payout_that_comes_late_is_cleared(shop: Shop) -> Iterator[None]:
    shop.payout("P-LATE", "102.00", TUE)
    shop.banked("P-LATE", "102.00", FRI)
    yield
    assert shop.story("P-LATE") == [(TUE, "waiting"), (WED, "DEPOSIT_MISSING"), (FRI, "DEPOSIT_MISSING cleared")]


@WEEK.story
def test_the_entry_that_names_a_payout_takes_the_place_of_one_of_the_same_amount(shop: Shop) -> Iterator[None]:
    shop.payout("P-MEANT", "137.31", WED)
    shop.banked("a stray sum", "137.31", THU)
    shop.banked("P-MEANT", "137.31", FRI)
    yield
    assert shop.state("settlement", "P-MEANT") == ["matched", "matched"]
    assert shop.state("bank", "P-MEANT") == ["matched"]
    assert shop.state("bank", "a stray sum") == ["excepted"]
    assert [night.summary["proof"]["balanced"] for night in shop.seen] == [True] * len(shop.seen)


@WEEK.story
def test_a_payout_that_comes_before_it_is_due_is_never_waited_for(shop: Shop) -> Iterator[None]:
    shop.payout("P-EARLY", "108.00", TUE)
    shop.banked("P-EARLY", "108.00", TUE)
    yield
    assert shop.story("P-EARLY") == []
    assert shop.state("bank", "P-EARLY") == ["matched"]


@WEEK.story
def test_a_missing_payout_that_comes_in_part_differs(shop: Shop) -> Iterator[None]:
    shop.payout("P-PART", "109.00", TUE)
    shop.banked("P-PART", "100.00", THU)
    yield
    assert shop.story("P-PART") == [
        (TUE, "waiting"),
        (WED, "DEPOSIT_MISSING"),
        (THU, "DEPOSIT_AMOUNT_DIFF, DEPOSIT_MISSING cleared"),
    ]


@WEEK.story
def test_history_keeps_every_turn_of_a_difference(shop: Shop) -> Iterator[None]:
    shop.payout("P-TURNS", "112.00", TUE)
    for amount, day in (("50.00", WED), ("40.00", THU), ("22.00", FRI), ("1.00", TUE2)):
        shop.banked("P-TURNS", amount, day)
    yield
    assert shop.history("P-TURNS") == [
        (str(WED), "DEPOSIT_AMOUNT_DIFF", "opened"),
        (str(THU), "DEPOSIT_AMOUNT_DIFF", "changed"),
        (str(FRI), "DEPOSIT_AMOUNT_DIFF", "cleared"),
        (str(TUE2), "DEPOSIT_AMOUNT_DIFF", "reopened"),
    ]
    found = shop.exception("P-TURNS", "DEPOSIT_AMOUNT_DIFF")
    assert (found["amount_minor"], found["direction"], found["first_seen"]) == (100, "long", str(WED))


@WEEK.story
def test_the_due_date_passes_over_weekend_and_holiday(shop: Shop) -> Iterator[None]:
    shop.payout("P-FRI", "103.00", FRI)
    shop.payout("P-SAT", "104.00", SAT)
    shop.payout("P-MON", "105.00", MON2)
    shop.payout("P-FRI-PAID", "106.00", FRI)
    shop.banked("P-FRI-PAID", "106.00", TUE2)
    yield
    assert shop.story("P-FRI") == [(FRI, "waiting"), (TUE2, "DEPOSIT_MISSING")]
    assert shop.story("P-SAT") == [(SAT, "waiting"), (TUE2, "DEPOSIT_MISSING")]
    assert shop.story("P-MON") == [(MON2, "waiting"), (TUE2, "DEPOSIT_MISSING")]
    assert shop.story("P-FRI-PAID") == [(FRI, "waiting"), (TUE2, "-")]


@WEEK.story
def test_the_due_date_is_strictly_after_the_settlement_date(shop: Shop) -> Iterator[None]:
    shop.payout("P-LAST", "107.00", TUE2)
    yield
    assert shop.story("P-LAST") == [(TUE2, "waiting"), (WED2, "DEPOSIT_MISSING")]


@WEEK.story
def test_a_payout_in_two_entries_over_two_days_differs_until_the_second_comes(shop: Shop) -> Iterator[None]:
    shop.payout("P-SPLIT", "110.00", TUE)
    shop.banked("P-SPLIT 1/2", "70.00", WED)
    shop.banked("P-SPLIT 2/2", "40.00", THU)
    yield
    assert shop.story("P-SPLIT") == [
        (TUE, "waiting"),
        (WED, "DEPOSIT_AMOUNT_DIFF"),
        (THU, "DEPOSIT_AMOUNT_DIFF cleared"),
    ]
    found = next(e for e in shop.seen[2].register if e["payout_id"] == "P-SPLIT")
    assert (found["amount_minor"], found["direction"]) == (4000, "short")
    assert shop.state("bank", "P-SPLIT 1/2") == shop.state("bank", "P-SPLIT 2/2") == ["matched"]


@WEEK.story
def test_a_payout_in_two_entries_of_one_day(shop: Shop) -> Iterator[None]:
    shop.payout("P-HALVES", "111.00", TUE)
    shop.banked("P-HALVES", "70.00", WED)
    shop.banked("P-HALVES", "41.00", WED)
    yield
    assert shop.story("P-HALVES") == [(TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_two_payouts_in_one_entry_are_compared_by_their_sum(shop: Shop) -> Iterator[None]:
    shop.payout("P-ONE", "50.00", TUE)
    shop.payout("P-TWO", "60.00", TUE)
    shop.banked("合并 P-ONE、P-TWO", "110.00", WED)
    yield
    assert shop.story("P-ONE") == shop.story("P-TWO") == [(TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_two_payouts_in_one_entry_that_is_short_are_one_difference(shop: Shop) -> Iterator[None]:
    shop.payout("P-THREE", "50.00", TUE)
    shop.payout("P-FOUR", "60.00", TUE)
    shop.banked("P-THREE/P-FOUR", "108.50", WED)
    yield
    kinds = [e["type"] for e in shop.seen[-1].register if e["payout_id"] in ("P-THREE", "P-FOUR")]
    assert kinds == ["DEPOSIT_AMOUNT_DIFF"]
    (found,) = [e for e in shop.seen[-1].open if e["payout_id"] in ("P-THREE", "P-FOUR")]
    assert (found["amount_minor"], found["direction"]) == (150, "short")
    assert len(found["evidence"]) == 3, "both payouts and the entry"


@WEEK.story
def test_too_much_is_long(shop: Shop) -> Iterator[None]:
    shop.payout("P-MORE", "50.00", TUE)
    shop.banked("P-MORE", "50.01", WED)
    yield
    found = shop.exception("P-MORE", "DEPOSIT_AMOUNT_DIFF")
    assert (found["amount_minor"], found["direction"]) == (1, "long")
    assert "50.00 CNY" in found["explanation"]
    assert "50.01 CNY" in found["explanation"]


@WEEK.story
def test_a_number_is_named_as_a_whole_p1_is_not_p10(shop: Shop) -> Iterator[None]:
    shop.payout("P1", "120.00", TUE)
    shop.payout("P10", "120.00", TUE)
    shop.banked("划付 P10", "120.00", WED)
    yield
    assert shop.story("P1") == [(TUE, "waiting"), (WED, "DEPOSIT_MISSING")]
    assert shop.story("P10") == [(TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_a_longer_number_is_not_named_by_its_beginning(shop: Shop) -> Iterator[None]:
    shop.payout("UP7", "124.00", TUE)
    shop.payout("UP7-M001", "124.00", TUE)
    shop.banked("划付UP7-M001款", "124.00", WED)
    yield
    assert shop.story("UP7") == [(TUE, "waiting"), (WED, "DEPOSIT_MISSING")]
    assert shop.story("UP7-M001") == [(TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_the_banks_own_reference_may_name_it(shop: Shop) -> Iterator[None]:
    shop.payout("P-REF", "121.00", TUE)
    shop.banked("划付", "121.00", WED, bank_ref="P-REF")
    yield
    assert shop.story("P-REF") == [(TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_currencies_are_never_added_up(shop: Shop) -> Iterator[None]:
    shop.payout("P-CNY", "122.00", TUE)
    shop.payout("P-USD", "17.00", TUE, currency="USD")
    shop.banked("P-CNY P-USD", "122.00", WED)
    shop.banked("P-CNY P-USD", "17.00", WED, currency="USD")
    shop.payout("P-EUR", "18.00", TUE, currency="EUR")
    shop.banked("P-EUR", "18.00", WED, bank_ref="B-NOT-EUR")
    yield
    assert shop.story("P-CNY") == shop.story("P-USD") == [(TUE, "waiting"), (WED, "-")]
    assert shop.story("P-EUR") == [(TUE, "waiting"), (WED, "DEPOSIT_MISSING")]
    assert shop.exception("P-EUR", "DEPOSIT_MISSING")["currency"] == "EUR"
    assert shop.story("B-NOT-EUR") == [(WED, "DEPOSIT_UNIDENTIFIED")]


@WEEK.story
def test_one_payout_id_in_two_currencies_is_two_payouts(shop: Shop) -> Iterator[None]:
    shop.payout("P-BOTH", "123.00", TUE)
    shop.released("P-BOTH", "19.00", TUE, currency="USD")
    shop.banked("P-BOTH", "123.00", WED)
    yield
    assert shop.story("P-BOTH") == [(TUE, "waiting, waiting"), (WED, "DEPOSIT_MISSING")]
    assert shop.exception("P-BOTH", "DEPOSIT_MISSING")["currency"] == "USD"


@WEEK.story
def test_the_deposit_is_compared_with_the_declared_payout_not_with_its_lines(shop: Shop) -> Iterator[None]:
    shop.sale("P-line", "130.00", TUE)
    shop.settled("P-line", "130.00", WED, sold=TUE, payout_id="P-DECLARED")
    shop.declared("P-DECLARED", "125.00", WED)
    shop.banked("P-DECLARED", "125.00", THU)
    yield
    assert shop.story("P-DECLARED") == [(WED, "NET_BREAK, waiting"), (THU, "NET_BREAK")]


@WEEK.story
def test_an_entry_of_the_acquirer_that_no_payout_explains_is_unidentified(shop: Shop) -> Iterator[None]:
    shop.banked("其他款项", "140.00", WED, bank_ref="B-CREDIT")
    shop.banked("扣款", "-15.00", WED, bank_ref="B-DEBIT")
    yield
    assert shop.story("B-CREDIT") == shop.story("B-DEBIT") == [(WED, "DEPOSIT_UNIDENTIFIED")]
    credit, debit = (shop.exception(ref, "DEPOSIT_UNIDENTIFIED") for ref in ("B-CREDIT", "B-DEBIT"))
    assert (credit["amount_minor"], credit["direction"], credit["acquirer"]) == (14000, "long", "UNIONPAY")
    assert (debit["amount_minor"], debit["direction"]) == (1500, "short")


@WEEK.story
def test_an_entry_whose_payout_is_told_only_later_clears_then(shop: Shop) -> Iterator[None]:
    shop.banked("P-TOLD", "150.00", WED, bank_ref="B-EARLY")
    shop.payout("P-TOLD", "150.00", THU)
    yield
    assert shop.story("B-EARLY") == [(WED, "DEPOSIT_UNIDENTIFIED"), (THU, "DEPOSIT_UNIDENTIFIED cleared")]
    assert shop.story("P-TOLD") == []


@WEEK.story
def test_everybody_elses_entries_are_out_of_scope(shop: Shop) -> Iterator[None]:
    shop.banked("电费", "-300.00", WED, counterparty="国网上海市电力公司", bank_ref="B-POWER")
    yield
    assert shop.story("B-POWER") == []
    assert shop.state("bank", "B-POWER") == ["out_of_scope"]


@WEEK.story
def test_an_entry_under_another_name_that_names_the_payout_is_its_deposit(shop: Shop) -> Iterator[None]:
    shop.payout("P-BANKSIDE", "160.00", TUE)
    shop.banked("P-BANKSIDE", "160.00", WED, counterparty="待清算商户款项", bank_ref="B-BANKSIDE")
    yield
    assert shop.story("P-BANKSIDE") == [(TUE, "waiting"), (WED, "-")]
    assert shop.state("bank", "B-BANKSIDE") == ["matched"]


@WEEK.story
def test_a_payout_of_nothing_expects_no_deposit(shop: Shop) -> Iterator[None]:
    shop.declared("P-ZERO", "0.00", TUE)
    yield
    assert shop.story("P-ZERO") == []
    assert shop.state("settlement", "P-ZERO") == ["out_of_scope"]


@WEEK.story
def test_a_payout_below_zero_is_taken_from_the_merchants_account(shop: Shop) -> Iterator[None]:
    shop.released("P-OWED", "-20.00", TUE)
    shop.banked("P-OWED", "-20.00", WED)
    shop.declared("P-OWED-2", "-21.00", TUE)
    yield
    assert shop.story("P-OWED") == [(TUE, "waiting"), (WED, "-")]
    found = shop.exception("P-OWED-2", "DEPOSIT_MISSING")
    assert (found["amount_minor"], found["direction"]) == (2100, "long")


@WEEK.story
def test_the_same_deposit_booked_twice_is_too_much(shop: Shop) -> Iterator[None]:
    shop.payout("P-DOUBLE", "170.00", TUE)
    shop.banked("P-DOUBLE", "170.00", WED)
    shop.banked("划付P-DOUBLE款", "170.00", FRI)
    yield
    assert shop.story("P-DOUBLE") == [(TUE, "waiting"), (WED, "-"), (FRI, "DEPOSIT_AMOUNT_DIFF")]
    found = shop.exception("P-DOUBLE", "DEPOSIT_AMOUNT_DIFF")
    assert (found["amount_minor"], found["direction"]) == (17000, "long")


@WEEK.story
def test_a_wallets_payout_goes_by_the_wallets_own_contract(shop: Shop) -> Iterator[None]:
    shop.released("P-WECHAT", "180.00", TUE, acquirer="WECHAT")
    shop.banked("P-WECHAT", "180.00", WED, acquirer="WECHAT")
    shop.banked("什么都没有", "7.00", WED, acquirer="WECHAT", bank_ref="B-WECHAT")
    yield
    assert shop.story("P-WECHAT") == [(TUE, "waiting"), (WED, "-")]
    assert shop.exception("B-WECHAT", "DEPOSIT_UNIDENTIFIED")["acquirer"] == "WECHAT"
