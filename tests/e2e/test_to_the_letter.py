"""Sentences of the contract that only odd nights put to the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenario import FRI, MON, MON2, SAT, SUN, THU, TUE, TUE2, WED, Shop, days
from week import WEEK


@WEEK.story
def test_lines_of_one_rrn_meet_its_sales_in_the_order_of_their_times(shop: Shop) -> Iterator[None]:
    shop.sale("L-time", "20.00", MON, at="12:05:00")
    shop.sale("L-time", "10.00", MON, at="12:00:00")
    shop.settled("L-time", "20.00", TUE, txn_time=f"{MON}T12:05:30")
    shop.settled("L-time", "10.00", TUE, txn_time=f"{MON}T12:00:30")
    yield
    assert shop.story("L-time") == [(MON, "waiting, waiting"), (TUE, "-")]


@WEEK.story
def test_one_rrn_at_two_terminals_is_two_sales_each_with_its_own_fate(shop: Shop) -> Iterator[None]:
    shop.sale("L-two", "30.00", MON, terminal_id="L11")
    shop.sale("L-two", "31.00", MON, terminal_id="L12")
    shop.settled("L-two", "30.50", TUE, terminal_id="L11")
    shop.settled("L-two", "32.00", TUE, terminal_id="L13", payout_id="L-PAY-13")
    yield
    assert shop.story(rrn="L-two", terminal_id="L11") == [(MON, "waiting"), (TUE, "AMOUNT_OVER")]
    assert shop.story(rrn="L-two", terminal_id="L12") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story(rrn="L-two", terminal_id="L13") == [(TUE, "NOT_IN_JOURNAL")]


@WEEK.story
def test_refunds_of_one_rrn_at_two_terminals_are_counted_apart(shop: Shop) -> Iterator[None]:
    for terminal, amount in (("L21", "100.00"), ("L22", "50.00")):
        shop.sale("L-refunded", amount, MON, terminal_id=terminal)
        shop.settled("L-refunded", amount, TUE, terminal_id=terminal)
        shop.refund(f"L-back-{terminal}", amount, TUE, of="L-refunded", terminal_id=terminal)
        shop.settled(f"L-back-{terminal}", f"-{amount}", WED, kind="REFUND", terminal_id=terminal)
    shop.refund("L-too-much", "0.01", WED, of="L-refunded", terminal_id="L22")
    yield
    assert shop.story("L-back-L21") == shop.story("L-back-L22") == [(TUE, "waiting"), (WED, "-")]
    found = shop.exception("L-too-much", "REFUND_EXCESS")
    assert (found["amount_minor"], found["direction"]) == (1, "short")
    assert "50.00" in found["explanation"]


@WEEK.story
def test_a_void_line_may_bear_nothing_but_its_sales_rrn(shop: Shop) -> Iterator[None]:
    shop.sale("L-sale", "33.00", MON)
    shop.void("L-void", "33.00", MON, of="L-sale")
    shop.settled("L-sale", "33.00", TUE)
    shop.settled("L-sale", "-33.00", TUE, kind="VOID")
    yield
    assert shop.story("L-sale") == shop.story("L-void") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_a_void_that_stands_before_its_sale_undoes_it_all_the_same(shop: Shop) -> Iterator[None]:
    shop.void("L-early-void", "34.00", MON, of="L-late-sale", kind="REVERSAL", at="12:01:00")
    shop.sale("L-late-sale", "34.00", MON, at="12:00:00", status="TIMEOUT", response_code="98")
    shop.settled("L-late-sale", "34.00", TUE)
    yield
    assert shop.story("L-late-sale") == [(THU, "REVERSAL_NOT_SETTLED")]
    found = shop.exception("L-late-sale", "REVERSAL_NOT_SETTLED")
    assert (found["amount_minor"], found["direction"]) == (3400, "long")


@WEEK.story
def test_a_wallets_void_that_never_came_is_known_by_the_sales_order(shop: Shop) -> Iterator[None]:
    shop.wallet("L-order", "35.00", MON, rrn="L-slip")
    shop.wallet("L-order-void", "35.00", MON, rrn="L-slip-void", kind="VOID", original_rrn="L-slip")
    shop.wallet_settled("L-order", "35.00", TUE)
    yield
    assert shop.exception("L-slip", "VOID_NOT_SETTLED")["order_no"] == "L-order"


@WEEK.story
def test_a_wallet_refund_under_the_sales_own_order_number(shop: Shop) -> Iterator[None]:
    shop.wallet("L-again", "36.00", MON, rrn="L-again-slip")
    shop.wallet_settled("L-again", "36.00", TUE)
    shop.wallet("L-again", "36.00", TUE, rrn="L-again-back", kind="REFUND", original_rrn="L-again-slip")
    shop.wallet_settled("L-again", "-36.00", WED, kind="REFUND")
    yield
    assert shop.story("L-again") == [(MON, "waiting"), (WED, "-")]


@WEEK.story
def test_a_refund_that_was_voided_paid_nothing_back(shop: Shop) -> Iterator[None]:
    card = "622202******4321"
    for rrn, at in (("L-charge", "15:00:00"), ("L-charge-2", "15:01:00")):
        shop.sale(rrn, "37.00", MON, at=at, card_no=card)
        shop.settled(rrn, "37.00", TUE)
    shop.refund("L-sorry", "37.00", MON, of="L-charge-2")
    shop.void("L-not-sorry", "37.00", MON, of="L-sorry")
    yield
    assert shop.story("L-charge-2") == [(MON, "DUPLICATE_CHARGE, waiting"), (TUE, "DUPLICATE_CHARGE")]


@WEEK.story
def test_three_lines_of_a_wallet_order_for_two_payments(shop: Shop) -> Iterator[None]:
    for at in ("12:00:00", "12:01:00"):
        shop.wallet("L-thrice", "38.00", MON, at=at, rrn=f"L-thrice-{at}")
    for day in (TUE, TUE, WED):
        shop.wallet_settled("L-thrice", "38.00", day)
    yield
    assert shop.story("L-thrice") == [(MON, "waiting, waiting"), (TUE, "-"), (WED, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_a_completion_that_was_voided_completes_nothing_and_expects_nothing(shop: Shop) -> Iterator[None]:
    shop.sale("L-hold", "40.00", MON, kind="PREAUTH")
    shop.sale("L-done", "40.00", TUE, kind="PREAUTH_COMPLETION", original_rrn="L-hold")
    shop.void("L-undone", "40.00", TUE, of="L-done")
    yield
    assert shop.story("L-done") == shop.story("L-undone") == [(TUE, "waiting"), (FRI, "-")]


@WEEK.story
def test_an_order_number_is_a_text_0042_is_not_42(shop: Shop) -> Iterator[None]:
    shop.wallet("0042", "42.00", MON, rrn="")
    shop.wallet_settled("42", "42.00", TUE)
    yield
    assert shop.story("0042") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("42") == [(TUE, "NOT_IN_JOURNAL")]


def test_ten_minutes_before_and_after_the_cut_off_both_journals_are_asked(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.hold("pos", TUE)
    for rrn, time in (("before", f"{MON}T23:50:00"), ("long before", f"{MON}T23:49:59")):
        shop.settled(rrn, "1.00", TUE, txn_time=time)
    for rrn, time in (("after", f"{WED}T00:10:00"), ("long after", f"{WED}T00:10:01")):
        shop.settled(rrn, "1.00", WED, txn_time=time)
    shop.nights(MON, WED)
    assert shop.story("before") == [(TUE, "waiting")]
    assert shop.story("long before") == [(TUE, "NOT_IN_JOURNAL")]
    assert shop.story("after") == [(WED, "waiting")]
    assert shop.story("long after") == [(WED, "NOT_IN_JOURNAL")]


def test_a_line_waits_for_the_journal_that_holds_its_time_whatever_the_acquirers_cut_off(place: Path) -> None:
    shop = Shop(place / "shop")
    text = shop.config.read_text(encoding="utf-8")
    head, name, rest = text.partition('name = "unionpay"')
    assert "cutoff = 00:00:00" in rest
    shop.config.write_text(head + name + rest.replace("cutoff = 00:00:00", "cutoff = 23:00:00", 1), encoding="utf-8")
    shop.hold("pos", TUE)
    shop.sale("sold", "2.00", TUE, at="23:30:00")
    shop.settled("sold", "2.00", WED, txn_time=f"{TUE}T23:30:00")
    shop.settled("stranger", "3.00", WED, txn_time=f"{TUE}T23:30:00")
    shop.nights(MON, THU)
    shop.release("pos", TUE)
    shop.night(FRI)
    assert shop.story("sold") == [(WED, "waiting"), (FRI, "-")]
    assert shop.story("stranger") == [(WED, "waiting"), (FRI, "NOT_IN_JOURNAL")]


def test_a_reversal_in_a_journal_before_that_of_its_sale(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.hold("pos", MON)
    shop.sale("sale", "50.00", MON, at="23:59:30", status="TIMEOUT", response_code="98")
    shop.void("undo", "50.00", TUE, of="sale", kind="REVERSAL", at="00:00:10")
    shop.settled("sale", "50.00", TUE, txn_time=f"{MON}T23:59:31")
    shop.nights(MON, WED)
    shop.release("pos", MON)
    shop.nights(THU, SAT)
    assert shop.story("sale") == [(TUE, "waiting"), (THU, "-"), (FRI, "REVERSAL_NOT_SETTLED")]


def test_promotion_waits_for_every_file_of_the_acquirer_and_for_no_other(place: Path) -> None:
    shop = Shop(place / "shop", acquirers=("UNIONPAY", "WECHAT"))
    shop.hold("unionpay", WED)
    shop.sale("card", "60.00", MON)
    shop.wallet("order", "61.00", MON)
    shop.refund("back", "5.00", MON, of="card")
    shop.nights(MON, SUN)
    assert shop.story("card") == [(MON, "waiting")]
    assert shop.story("back") == [(MON, "waiting")]
    assert shop.story("order") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    shop.release("unionpay", WED)
    shop.nights(MON2, TUE2)
    assert shop.story("card") == [(MON, "waiting"), (MON2, "NOT_SETTLED")]
    assert shop.story("back") == [(MON, "waiting"), (MON2, "REFUND_NOT_SETTLED")]


def test_of_two_files_that_come_in_one_night_the_later_days_line_is_the_duplicate(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.sale("twice", "70.00", MON)
    for day in (TUE, WED):
        shop.settled("twice", "70.00", day, sold=MON, payout_id=f"P-{day.day}")
    shop.hold("unionpay", *days(TUE, WED))
    shop.nights(MON, THU)
    shop.release("unionpay", *days(TUE, WED))
    shop.night(FRI)
    assert shop.story("P-1")[-1] == (FRI, "DUPLICATE_SETTLEMENT")
