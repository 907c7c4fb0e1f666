"""Duplicates: the acquirer holds an identity n times, the journal m < n times; n - m later lines are too many."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import MON, THU, TUE, WED, Shop
from week import WEEK


@WEEK.story
def test_twice_in_one_file_against_one_sale_the_later_line_is_the_duplicate(shop: Shop) -> Iterator[None]:
    shop.sale("D-twice", "45.00", MON)
    shop.settled("D-twice", "45.00", TUE)
    shop.settled("D-twice", "45.00", TUE)
    yield
    assert shop.story("D-twice") == [(MON, "waiting"), (TUE, "DUPLICATE_SETTLEMENT")]
    assert shop.state("settlement", "D-twice") == ["matched", "excepted"]
    found = shop.exception("D-twice", "DUPLICATE_SETTLEMENT")
    assert (found["amount_minor"], found["direction"]) == (4500, "long")


@WEEK.story
def test_three_times_against_one_are_two_duplicates(shop: Shop) -> Iterator[None]:
    shop.sale("D-thrice", "46.00", MON)
    for _ in range(3):
        shop.settled("D-thrice", "46.00", TUE)
    yield
    assert shop.story("D-thrice")[-1] == (TUE, "DUPLICATE_SETTLEMENT, DUPLICATE_SETTLEMENT")


@WEEK.story
def test_three_times_against_two_are_one_duplicate_and_the_last_line_is_it(shop: Shop) -> Iterator[None]:
    shop.sale("D-n-m", "47.00", MON)
    shop.sale("D-n-m", "47.00", MON, at="12:05:00")
    for _ in range(3):
        shop.settled("D-n-m", "47.00", TUE)
    yield
    assert shop.story("D-n-m") == [(MON, "waiting, waiting"), (TUE, "DUPLICATE_SETTLEMENT")]
    assert shop.state("settlement", "D-n-m") == ["matched", "matched", "excepted"]


@WEEK.story
def test_twice_against_twice_is_no_duplicate_be_it_on_two_nights(shop: Shop) -> Iterator[None]:
    shop.sale("D-pair", "48.00", MON)
    shop.sale("D-pair", "48.00", MON, at="12:05:00")
    shop.settled("D-pair", "48.00", TUE)
    shop.settled("D-pair", "48.00", WED, sold=MON)
    yield
    assert shop.story("D-pair") == [(MON, "waiting, waiting"), (TUE, "waiting"), (WED, "-")]


@WEEK.story
def test_twice_against_three_times_leaves_one_sale_unsettled(shop: Shop) -> Iterator[None]:
    for minute in ("00", "05", "10"):
        shop.sale("D-m-n", "49.00", MON, at=f"12:{minute}:00")
    shop.settled("D-m-n", "49.00", TUE)
    shop.settled("D-m-n", "49.00", TUE)
    yield
    assert shop.story("D-m-n")[-1] == (THU, "NOT_SETTLED")
    assert shop.state("journal", "D-m-n") == ["matched", "matched", "excepted"], "the earlier sales come first"


@WEEK.story
def test_sent_again_a_night_later_is_a_duplicate_in_that_run(shop: Shop) -> Iterator[None]:
    shop.sale("D-again", "51.00", MON)
    shop.settled("D-again", "51.00", TUE)
    shop.settled("D-again", "51.00", THU, sold=MON)
    yield
    assert shop.story("D-again") == [(MON, "waiting"), (TUE, "-"), (THU, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_a_second_sale_that_turns_up_in_the_journal_explains_the_second_line(shop: Shop) -> Iterator[None]:
    shop.sale("D-second", "51.00", MON)
    for _ in range(2):
        shop.settled("D-second", "51.00", TUE)
    shop.sale("D-second", "51.00", WED, txn_time=f"{MON}T12:05:00")
    yield
    assert shop.story("D-second")[-2:] == [(TUE, "DUPLICATE_SETTLEMENT"), (WED, "DUPLICATE_SETTLEMENT cleared")]


@WEEK.story
def test_a_voided_sale_settled_twice_and_voided_once_is_one_too_many(shop: Shop) -> Iterator[None]:
    shop.sale("D-voided", "51.00", MON)
    shop.void("D-void", "51.00", MON, of="D-voided")
    for _ in range(2):
        shop.settled("D-voided", "51.00", TUE)
    shop.settled("D-void", "-51.00", TUE, kind="VOID", original_rrn="D-voided")
    yield
    assert shop.story("D-voided") == [(MON, "waiting"), (TUE, "DUPLICATE_SETTLEMENT")]
    assert shop.story("D-void") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_a_void_known_only_by_its_sale_sent_again_a_night_later(shop: Shop) -> Iterator[None]:
    shop.sale("D-undone", "51.00", MON)
    shop.void("D-undone-void", "51.00", MON, of="D-undone")
    shop.settled("D-undone", "51.00", TUE)
    for day in (TUE, WED):
        shop.settled("", "-51.00", day, kind="VOID", original_rrn="D-undone", sold=MON, payout_id=f"D-VOID-{day.day}")
    yield
    assert shop.story("D-undone") == shop.story("D-undone-void") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("D-VOID-1", leg="journal-settlement") == [(WED, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_a_refund_settled_twice_was_taken_from_the_merchant_twice(shop: Shop) -> Iterator[None]:
    shop.refund("D-refund", "20.00", MON, of="D-elsewhere")
    for day in (TUE, WED):
        shop.settled("D-refund", "-20.00", day, kind="REFUND", original_rrn="D-elsewhere", sold=MON)
    yield
    found = shop.exception("D-refund", "DUPLICATE_SETTLEMENT")
    assert (found["amount_minor"], found["direction"]) == (2000, "short")


@WEEK.story
def test_a_wallet_order_settled_twice(shop: Shop) -> Iterator[None]:
    shop.wallet("D-order", "9.00", MON)
    shop.wallet_settled("D-order", "9.00", TUE)
    shop.wallet_settled("D-order", "9.00", WED)
    yield
    assert shop.story("D-order") == [(MON, "waiting"), (TUE, "-"), (WED, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_a_line_without_reference_sent_twice_is_a_duplicate_too(shop: Shop) -> Iterator[None]:
    shop.sale("D-stan", "52.00", MON, terminal_id="10000777", batch_no="000001", stan="000052")
    for _ in range(2):
        shop.settled("", "52.00", TUE, terminal_id="10000777", batch_no="000001", stan="000052", payout_id="D-PAY")
    yield
    assert shop.story("D-stan") == [(MON, "waiting"), (TUE, "-")]
    assert shop.exception("D-PAY", "DUPLICATE_SETTLEMENT")["amount_minor"] == 5200
