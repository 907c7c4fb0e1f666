"""Failed, voided and reversed: what the acquirer may still show, and what it must not."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import FRI, MON, SAT, THU, TUE, WED, Shop
from week import WEEK


@WEEK.story
def test_a_failed_sale_that_was_settled_is_told_in_that_run(shop: Shop) -> Iterator[None]:
    shop.sale("F-declined", "66.00", MON, status="DECLINED", response_code="51")
    shop.settled("F-declined", "66.00", TUE)
    shop.sale("F-timeout", "67.00", MON, status="TIMEOUT", response_code="")
    shop.settled("F-timeout", "67.00", WED, sold=MON)
    yield
    assert shop.story("F-declined") == [(TUE, "FAILED_BUT_SETTLED")]
    assert shop.story("F-timeout") == [(WED, "FAILED_BUT_SETTLED")]
    found = shop.exception("F-declined", "FAILED_BUT_SETTLED")
    assert (found["amount_minor"], found["direction"]) == (6600, "long")


@WEEK.story
def test_a_timeout_that_never_learnt_its_rrn_is_known_by_terminal_batch_and_stan(shop: Shop) -> Iterator[None]:
    shop.sale("", "68.00", MON, status="TIMEOUT", response_code="", order_no="F-slip", terminal_id="F01", stan="000068")
    shop.settled("F-theirs", "68.00", TUE, terminal_id="F01", batch_no="1", stan="68")
    yield
    assert shop.story("F-theirs") == [(TUE, "FAILED_BUT_SETTLED")]
    assert shop.state("journal", "F-slip") == ["excepted"]


@WEEK.story
def test_a_failed_refund_that_was_settled_was_taken_from_the_merchant(shop: Shop) -> Iterator[None]:
    shop.refund("F-refund", "20.00", MON, of="F-elsewhere", status="DECLINED")
    shop.settled("F-refund", "-20.00", TUE, kind="REFUND", original_rrn="F-elsewhere")
    yield
    found = shop.exception("F-refund", "FAILED_BUT_SETTLED")
    assert (found["amount_minor"], found["direction"]) == (2000, "short")


@WEEK.story
def test_a_failed_sale_is_not_compared_further(shop: Shop) -> Iterator[None]:
    shop.sale("F-other", "66.00", MON, status="DECLINED", response_code="51")
    shop.settled("F-other", "70.00", TUE)
    yield
    assert shop.story("F-other") == [(TUE, "FAILED_BUT_SETTLED")]
    assert shop.exception("F-other", "FAILED_BUT_SETTLED")["amount_minor"] == 7000, "the line's whole amount"


@WEEK.story
def test_failed_then_approved_under_one_order_number_settled_once_is_well(shop: Shop) -> Iterator[None]:
    shop.wallet("F-retry", "18.00", MON, rrn="F-1", status="DECLINED", at="12:00:00")
    shop.wallet("F-retry", "18.00", MON, rrn="F-2", at="12:01:00")
    shop.wallet_settled("F-retry", "18.00", TUE)
    yield
    assert shop.story("F-retry") == [(MON, "waiting"), (TUE, "-")]
    assert sorted(shop.state("journal", "F-retry")) == ["matched", "out_of_scope"]
    assert shop.history("F-retry") == []


@WEEK.story
def test_approved_then_failed_under_one_order_number_settled_once_is_well(shop: Shop) -> Iterator[None]:
    shop.wallet("F-again", "18.00", MON, rrn="F-3", at="12:00:00")
    shop.wallet("F-again", "18.00", MON, rrn="F-4", status="TIMEOUT", at="12:01:00")
    shop.wallet_settled("F-again", "18.00", WED)
    yield
    assert shop.story("F-again") == [(MON, "waiting"), (WED, "-")]


@WEEK.story
def test_failed_then_approved_settled_twice_charged_the_customer_twice(shop: Shop) -> Iterator[None]:
    shop.wallet("F-double", "19.00", MON, rrn="F-5", status="TIMEOUT", at="12:00:00")
    shop.wallet("F-double", "19.00", MON, rrn="F-6", at="12:01:00")
    shop.wallet_settled("F-double", "19.00", TUE)
    shop.wallet_settled("F-double", "19.00", WED)
    yield
    assert shop.story("F-double") == [(MON, "waiting"), (TUE, "-"), (WED, "FAILED_BUT_SETTLED")]


@WEEK.story
def test_voided_and_shown_by_neither_all_is_well(shop: Shop) -> Iterator[None]:
    shop.sale("V-neither", "70.00", MON)
    shop.void("V-neither-void", "70.00", MON, of="V-neither")
    yield
    assert shop.story("V-neither") == [(MON, "waiting"), (THU, "-")]
    assert shop.story("V-neither-void") == [(MON, "waiting"), (THU, "-")]
    assert shop.history("V-neither") == shop.history("V-neither-void") == []
    assert shop.state("journal", "V-neither") == ["out_of_scope"]


@WEEK.story
def test_voided_and_shown_both_all_is_well(shop: Shop) -> Iterator[None]:
    shop.sale("V-both", "71.00", MON)
    shop.void("V-both-void", "71.00", MON, of="V-both")
    shop.settled("V-both", "71.00", TUE)
    shop.settled("V-both-void", "-71.00", TUE, kind="VOID", original_rrn="V-both")
    yield
    assert shop.story("V-both") == shop.story("V-both-void") == [(MON, "waiting"), (TUE, "-")]
    assert shop.state("settlement", "V-both-void") == ["matched"]


@WEEK.story
def test_a_void_line_without_a_reference_of_its_own_is_known_by_the_sale_it_names(shop: Shop) -> Iterator[None]:
    shop.sale("V-named", "72.00", MON)
    shop.void("V-named-void", "72.00", MON, of="V-named")
    shop.settled("V-named", "72.00", TUE)
    shop.settled("", "-72.00", TUE, kind="VOID", original_rrn="V-named")
    yield
    assert shop.story("V-named") == shop.story("V-named-void") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_voided_and_only_the_sale_shown_is_void_not_settled_once_the_voids_days_are_over(
    shop: Shop,
) -> Iterator[None]:
    shop.sale("V-sale", "73.00", MON)
    shop.void("V-sale-void", "73.00", TUE, of="V-sale")
    shop.settled("V-sale", "73.00", TUE)
    yield
    assert shop.story("V-sale") == [(MON, "waiting"), (TUE, "-"), (FRI, "VOID_NOT_SETTLED")]
    assert shop.story("V-sale-void") == [(TUE, "waiting"), (FRI, "-")]
    found = shop.exception("V-sale", "VOID_NOT_SETTLED")
    assert (found["amount_minor"], found["direction"], found["rrn"]) == (7300, "long", "V-sale")


@WEEK.story
def test_a_void_that_comes_late_clears_it(shop: Shop) -> Iterator[None]:
    shop.sale("V-late", "74.00", MON)
    shop.void("V-late-void", "74.00", MON, of="V-late")
    shop.settled("V-late", "74.00", TUE)
    shop.settled("V-late-void", "-74.00", SAT, kind="VOID", original_rrn="V-late", sold=MON)
    yield
    assert shop.story("V-late") == [
        (MON, "waiting"),
        (TUE, "-"),
        (THU, "VOID_NOT_SETTLED"),
        (SAT, "VOID_NOT_SETTLED cleared"),
    ]


@WEEK.story
def test_the_sale_shown_late_and_its_void_not_at_all(shop: Shop) -> Iterator[None]:
    shop.sale("V-shown", "75.00", MON)
    shop.void("V-shown-void", "75.00", MON, of="V-shown")
    shop.settled("V-shown", "75.00", SAT, sold=MON)
    yield
    assert shop.story("V-shown") == [(MON, "waiting"), (THU, "-"), (SAT, "VOID_NOT_SETTLED")]


@WEEK.story
def test_a_voided_sale_is_never_not_settled_though_it_was_voided_later(shop: Shop) -> Iterator[None]:
    shop.sale("V-later", "76.00", MON)
    shop.void("V-later-void", "76.00", WED, of="V-later")
    yield
    assert shop.story("V-later") == [(MON, "waiting"), (THU, "-")]
    assert shop.history("V-later") == []


@WEEK.story
def test_voided_when_it_was_already_called_missing_it_is_missing_no_more(shop: Shop) -> Iterator[None]:
    shop.sale("V-missing", "77.00", MON)
    shop.void("V-missing-void", "77.00", FRI, of="V-missing")
    yield
    assert shop.story("V-missing") == [(MON, "waiting"), (THU, "NOT_SETTLED"), (FRI, "NOT_SETTLED cleared")]


@WEEK.story
def test_a_declined_void_undoes_nothing(shop: Shop) -> Iterator[None]:
    shop.sale("V-declined", "78.00", MON)
    shop.void("V-declined-void", "78.00", MON, of="V-declined", status="DECLINED")
    shop.settled("V-declined", "78.00", TUE)
    shop.sale("V-unsettled", "79.00", MON)
    shop.void("V-unsettled-void", "79.00", MON, of="V-unsettled", status="DECLINED")
    yield
    assert shop.story("V-declined") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("V-unsettled") == [(MON, "waiting"), (THU, "NOT_SETTLED")]


@WEEK.story
def test_a_timeout_with_an_approved_reversal_follows_the_rule_of_reversals(shop: Shop) -> Iterator[None]:
    for name in ("R-neither", "R-both", "R-sale"):
        shop.sale(name, "80.00", MON, status="TIMEOUT", response_code="")
        shop.void(f"{name}-rev", "80.00", MON, of=name, kind="REVERSAL")
    shop.settled("R-both", "80.00", TUE)
    shop.settled("R-both-rev", "-80.00", TUE, kind="REVERSAL", original_rrn="R-both")
    shop.settled("R-sale", "80.00", TUE)
    yield
    assert shop.story("R-neither") == []
    assert shop.story("R-both") == []
    assert shop.story("R-sale") == [(THU, "REVERSAL_NOT_SETTLED")]
    found = shop.exception("R-sale", "REVERSAL_NOT_SETTLED")
    assert (found["amount_minor"], found["direction"]) == (8000, "long")
    assert shop.story("R-neither-rev") == [(MON, "waiting"), (THU, "-")]


@WEEK.story
def test_a_reversal_that_comes_a_night_later_makes_the_failed_sale_a_reversed_one(shop: Shop) -> Iterator[None]:
    shop.sale("R-later", "80.00", MON, status="TIMEOUT", response_code="")
    shop.settled("R-later", "80.00", TUE)
    shop.void("R-later-rev", "80.00", WED, of="R-later", kind="REVERSAL")
    yield
    assert shop.story("R-later") == [
        (TUE, "FAILED_BUT_SETTLED"),
        (WED, "FAILED_BUT_SETTLED cleared"),
        (SAT, "FAILED_BUT_SETTLED cleared, REVERSAL_NOT_SETTLED"),
    ]


@WEEK.story
def test_a_void_that_only_the_acquirer_knows_is_not_in_the_journal(shop: Shop) -> Iterator[None]:
    shop.sale("V-sold", "70.00", MON)
    shop.settled("V-sold", "70.00", TUE)
    shop.settled("V-theirs", "-70.00", TUE, kind="VOID", original_rrn="V-sold")
    yield
    assert shop.story("V-sold") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("V-theirs") == [(TUE, "NOT_IN_JOURNAL")]
    assert shop.exception("V-theirs", "NOT_IN_JOURNAL")["direction"] == "short"


@WEEK.story
def test_an_approved_sale_with_a_reversal(shop: Shop) -> Iterator[None]:
    shop.sale("R-approved", "81.00", MON)
    shop.void("R-approved-rev", "81.00", MON, of="R-approved", kind="REVERSAL")
    shop.settled("R-approved", "81.00", TUE)
    yield
    assert shop.story("R-approved") == [(MON, "waiting"), (TUE, "-"), (THU, "REVERSAL_NOT_SETTLED")]


@WEEK.story
def test_a_timeout_whose_reversal_failed_too_is_failed_but_settled(shop: Shop) -> Iterator[None]:
    shop.sale("R-failed", "82.00", MON, status="TIMEOUT", response_code="")
    shop.void("R-failed-rev", "82.00", MON, of="R-failed", kind="REVERSAL", status="TIMEOUT")
    shop.settled("R-failed", "82.00", TUE)
    yield
    assert shop.story("R-failed") == [(TUE, "FAILED_BUT_SETTLED")]


@WEEK.story
def test_a_wallet_sale_is_voided_under_an_order_number_of_its_own_or_the_sales(shop: Shop) -> Iterator[None]:
    for name in ("X-own", "X-sales", "X-none"):
        shop.wallet(f"{name}-order", "83.00", MON, rrn=name)
        shop.wallet(f"{name}-void", "83.00", MON, rrn=f"{name}-v", kind="VOID", original_rrn=name)
        shop.wallet_settled(f"{name}-order", "83.00", TUE)
    shop.wallet_settled("X-own-void", "-83.00", TUE, kind="VOID", original_rrn="X-own")
    shop.wallet_settled("X-sales-order", "-83.00", TUE, kind="VOID", original_rrn="X-sales")
    yield
    assert shop.story("X-own") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("X-sales") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("X-none") == [(MON, "waiting"), (TUE, "-"), (THU, "VOID_NOT_SETTLED")]
