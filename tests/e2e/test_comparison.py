"""Comparison: identity first, then type, currency and amount; the first difference is the exception."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import MON, THU, TUE, WED, Shop
from week import WEEK


@WEEK.story
def test_settled_for_more_is_amount_over_by_the_difference(shop: Shop) -> Iterator[None]:
    shop.sale("C-over", "100.00", MON)
    shop.settled("C-over", "1000.00", TUE)
    yield
    assert shop.story("C-over") == [(MON, "waiting"), (TUE, "AMOUNT_OVER")]
    found = shop.exception("C-over", "AMOUNT_OVER")
    assert (found["amount_minor"], found["direction"]) == (90000, "long")
    assert "1,000.00 CNY" in found["explanation"]
    assert "100.00 CNY" in found["explanation"]
    assert {e["side"] for e in found["evidence"]} == {"journal", "settlement"}


@WEEK.story
def test_settled_for_less_is_amount_under_by_the_difference(shop: Shop) -> Iterator[None]:
    shop.sale("C-under", "100.00", MON)
    shop.settled("C-under", "99.99", TUE)
    yield
    found = shop.exception("C-under", "AMOUNT_UNDER")
    assert (found["amount_minor"], found["direction"]) == (1, "short")


@WEEK.story
def test_a_refund_settled_for_more_costs_the_merchant(shop: Shop) -> Iterator[None]:
    shop.refund("C-refund", "30.00", MON, of="C-elsewhere")
    shop.settled("C-refund", "-35.00", TUE, kind="REFUND", original_rrn="C-elsewhere")
    yield
    found = shop.exception("C-refund", "AMOUNT_OVER")
    assert (found["amount_minor"], found["direction"]) == (500, "short")


@WEEK.story
def test_another_currency_is_told_before_the_amount_in_the_acquirers_own_words(shop: Shop) -> Iterator[None]:
    shop.sale("C-currency", "100.00", MON)
    shop.settled("C-currency", "14.20", TUE, currency="USD")
    yield
    assert shop.story("C-currency") == [(MON, "waiting"), (TUE, "CURRENCY_MISMATCH")]
    found = shop.exception("C-currency", "CURRENCY_MISMATCH")
    assert (found["amount_minor"], found["currency"], found["direction"]) == (1420, "USD", "none")
    assert "14.20 USD" in found["explanation"]
    assert "100.00 CNY" in found["explanation"]


@WEEK.story
def test_yen_have_no_decimals(shop: Shop) -> Iterator[None]:
    shop.sale("C-yen", "1200", MON, currency="JPY")
    shop.settled("C-yen", "1250", TUE, currency="JPY", net="1250")
    yield
    found = shop.exception("C-yen", "AMOUNT_OVER")
    assert (found["amount_minor"], found["currency"]) == (50, "JPY")


@WEEK.story
def test_another_type_is_told_before_currency_and_amount(shop: Shop) -> Iterator[None]:
    shop.sale("C-type", "80.00", MON)
    shop.settled("C-type", "-11.00", TUE, kind="REFUND", currency="USD")
    yield
    assert shop.story("C-type") == [(MON, "waiting"), (TUE, "TYPE_MISMATCH")]
    assert shop.exception("C-type", "TYPE_MISMATCH")["direction"] == "none"
    assert shop.state("journal", "C-type") == shop.state("settlement", "C-type") == ["excepted"]


@WEEK.story
def test_rows_are_matched_with_their_type_first(shop: Shop) -> Iterator[None]:
    shop.sale("C-both", "80.00", MON)
    shop.settled("C-both", "-80.00", TUE, kind="REFUND")
    shop.settled("C-both", "80.00", TUE)
    yield
    assert shop.story("C-both") == [(MON, "waiting"), (TUE, "NOT_IN_JOURNAL")]
    assert shop.state("journal", "C-both") == ["matched"]
    found = shop.exception("C-both", "NOT_IN_JOURNAL")
    assert (found["amount_minor"], found["direction"]) == (8000, "short"), "it is the refund that nobody knows"


@WEEK.story
def test_a_pair_that_differs_is_consumed_and_a_second_line_is_one_too_many(shop: Shop) -> Iterator[None]:
    shop.sale("C-twice", "60.00", MON)
    shop.settled("C-twice", "66.00", TUE)
    shop.settled("C-twice", "60.00", WED, sold=MON)
    yield
    assert shop.story("C-twice") == [
        (MON, "waiting"),
        (TUE, "AMOUNT_OVER"),
        (WED, "AMOUNT_OVER, DUPLICATE_SETTLEMENT"),
    ]
    assert shop.exception("C-twice", "DUPLICATE_SETTLEMENT")["amount_minor"] == 6000


@WEEK.story
def test_the_same_rrn_at_another_terminal_is_another_sale(shop: Shop) -> Iterator[None]:
    shop.sale("C-terminal", "15.00", MON, terminal_id="10000101")
    shop.settled("C-terminal", "15.00", TUE, terminal_id="10000102")
    yield
    assert shop.story("C-terminal")[1:] == [(TUE, "NOT_IN_JOURNAL, waiting"), (THU, "NOT_IN_JOURNAL, NOT_SETTLED")]


@WEEK.story
def test_the_same_rrn_at_another_merchant_is_another_sale(shop: Shop) -> Iterator[None]:
    shop.sale("C-merchant", "15.00", MON)
    shop.settled("C-merchant", "15.00", TUE, merchant_id="898310158120002")
    yield
    assert shop.story("C-merchant")[1:] == [(TUE, "NOT_IN_JOURNAL, waiting"), (THU, "NOT_IN_JOURNAL, NOT_SETTLED")]


@WEEK.story
def test_an_authorisation_that_was_settled_as_a_sale_is_another_type(shop: Shop) -> Iterator[None]:
    shop.sale("C-auth", "15.00", MON, kind="PREAUTH")
    shop.settled("C-auth", "15.00", TUE)
    yield
    assert shop.story("C-auth") == [(TUE, "TYPE_MISMATCH")]


@WEEK.story
def test_a_wallet_refund_settled_as_a_sale_is_another_type(shop: Shop) -> Iterator[None]:
    shop.bought("C-wallet-sold", "15.00", wallet=True)
    shop.wallet("C-wallet-type", "15.00", MON, kind="REFUND", original_rrn="C-wallet-sold")
    shop.wallet_settled("C-wallet-type", "15.00", TUE)
    yield
    assert shop.story("C-wallet-type") == [(MON, "waiting"), (TUE, "TYPE_MISMATCH")]


@WEEK.story
def test_a_line_that_names_no_terminal_is_found_by_its_rrn(shop: Shop) -> Iterator[None]:
    shop.sale("C-nowhere", "16.00", MON)
    shop.settled("C-nowhere", "16.00", TUE, terminal_id="")
    yield
    assert shop.story("C-nowhere") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_lines_that_name_no_terminal_are_counted_against_the_sales_of_that_rrn(shop: Shop) -> Iterator[None]:
    shop.sale("C-nowhere-2", "17.00", MON)
    shop.settled("C-nowhere-2", "17.00", TUE, terminal_id="")
    shop.settled("C-nowhere-2", "17.00", TUE, terminal_id="")
    yield
    assert shop.story("C-nowhere-2") == [(MON, "waiting"), (TUE, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_a_wallet_is_known_by_its_order_number_not_by_the_terminals_rrn(shop: Shop) -> Iterator[None]:
    shop.wallet("C-order-1", "12.00", MON, rrn="C-shared")
    shop.wallet("C-order-2", "13.00", MON, rrn="C-shared")
    shop.wallet_settled("C-order-2", "13.00", TUE)
    shop.wallet_settled("C-order-1", "12.50", TUE)
    yield
    assert shop.story("C-order-2") == [(MON, "waiting"), (TUE, "-")]
    assert shop.exception("C-order-1", "AMOUNT_OVER")["amount_minor"] == 50
