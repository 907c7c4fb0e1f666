"""Lines without RRN and STAN: what the card leaves behind decides, or nothing does and a person must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scenario import MON, THU, TUE, WED, Shop
from week import WEEK

CARD = "622202******1234"


def _slip(terminal: str, **cells: Any) -> dict[str, Any]:
    return {"terminal_id": terminal, "card_no": CARD} | cells


def _line(terminal: str, **cells: Any) -> dict[str, Any]:
    return {"terminal_id": terminal, "card_no": CARD, "batch_no": "", "stan": ""} | cells


@WEEK.story
def test_authorisation_code_last_four_and_amount_decide_within_a_day(shop: Shop) -> Iterator[None]:
    shop.sale("Y-auth", "61.00", MON, **_slip("W01", auth_code="012345"))
    shop.settled("", "61.00", TUE, **_line("", auth_code="12345", card_no="************1234", sold=TUE))
    yield
    assert shop.story("Y-auth") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_of_several_sales_of_one_minute_the_authorisation_code_names_one(shop: Shop) -> Iterator[None]:
    for number in ("1", "2"):
        shop.sale(
            f"Y-code{number}",
            "62.00",
            MON,
            **_slip("W02", auth_code=f"70000{number}", card_no=f"62220{number}******1234"),
        )
    shop.settled("", "62.00", TUE, **_line("W02", auth_code="700002"))
    yield
    assert shop.story("Y-code2") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("Y-code1") == [(MON, "waiting"), (THU, "NOT_SETTLED")]


@WEEK.story
def test_another_amount_last_four_or_code_is_another_sale(shop: Shop) -> Iterator[None]:
    shop.sale("Y-other", "63.00", MON, **_slip("W03", auth_code="700010"))
    at = "2026-03-30T14:00:00"
    shop.settled("", "63.01", TUE, **_line("W03", auth_code="700010", payout_id="Y-PAY-1", txn_time=at))
    shop.settled("", "63.00", TUE, **_line("W03", auth_code="700010", payout_id="Y-PAY-2", card_no="622202******1235"))
    shop.settled("", "63.00", TUE, **_line("W03", auth_code="700011", payout_id="Y-PAY-3", txn_time=at))
    yield
    assert shop.story("Y-other") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert [shop.story(f"Y-PAY-{n}", leg="journal-settlement") for n in (1, 2, 3)] == [[(TUE, "NOT_IN_JOURNAL")]] * 3


@WEEK.story
def test_an_authorisation_code_of_zeros_is_none(shop: Shop) -> Iterator[None]:
    shop.sale("Y-zeros", "64.00", MON, **_slip("W04", auth_code="000000"))
    shop.settled("", "64.00", TUE, **_line("", auth_code="000000", payout_id="Y-PAY-4"))
    yield
    assert shop.story("Y-PAY-4", leg="journal-settlement") == [(TUE, "NOT_IN_JOURNAL")]


@WEEK.story
def test_terminal_last_four_and_amount_decide_within_minutes(shop: Shop) -> Iterator[None]:
    shop.sale("Y-minute", "65.00", MON, at="12:00:00", **_slip("W05"))
    shop.sale("Y-hour", "65.00", MON, at="13:30:00", **_slip("W05"))
    shop.settled("", "65.00", TUE, **_line("W05", txn_time=f"{MON}T12:10:00"))
    shop.settled("", "65.00", TUE, **_line("W05", txn_time=f"{MON}T13:40:01", payout_id="Y-PAY-5"))
    yield
    assert shop.story("Y-minute") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("Y-hour") == [(MON, "waiting"), (THU, "NOT_SETTLED")], "a second too far"
    assert shop.story("Y-PAY-5", leg="journal-settlement") == [(TUE, "NOT_IN_JOURNAL")]


@WEEK.story
def test_minutes_do_not_mind_midnight(shop: Shop) -> Iterator[None]:
    shop.sale("Y-night", "66.00", MON, at="23:58:00", **_slip("W06"))
    shop.settled("", "66.00", TUE, **_line("W06", txn_time=f"{TUE}T00:01:00"))
    yield
    assert shop.story("Y-night") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_two_sales_within_the_minutes_are_ambiguous_and_wait(shop: Shop) -> Iterator[None]:
    for name, card in (("Y-tie1", "622202******1234"), ("Y-tie2", "625800******1234")):
        shop.sale(name, "67.00", MON, **_slip("W07", card_no=card))
    for number in ("6", "7"):
        shop.settled(
            "",
            "67.00",
            TUE,
            **_line("W07", card_no="************1234", payout_id=f"Y-PAY-{number}", txn_time=f"{MON}T12:00:0{number}"),
        )
    yield
    for number in ("6", "7"):
        assert shop.story(f"Y-PAY-{number}", leg="journal-settlement") == [(TUE, "AMBIGUOUS_MATCH")]
        found = shop.exception(f"Y-PAY-{number}", "AMBIGUOUS_MATCH")
        assert [e["side"] for e in found["evidence"]] == ["settlement", "journal", "journal"]
    assert shop.story("Y-tie1") == shop.story("Y-tie2") == [(MON, "waiting")]


@WEEK.story
def test_one_sale_for_two_lines_is_not_given_to_either(shop: Shop) -> Iterator[None]:
    shop.sale("Y-one", "68.00", MON, **_slip("W08"))
    for number in ("8", "9"):
        shop.settled("", "68.00", TUE, **_line("W08", payout_id=f"Y-PAY-{number}", txn_time=f"{MON}T12:00:0{number}"))
    yield
    assert (
        shop.story("Y-PAY-8", leg="journal-settlement")
        == shop.story("Y-PAY-9", leg="journal-settlement")
        == [(TUE, "AMBIGUOUS_MATCH")]
    )
    assert shop.story("Y-one") == [(MON, "waiting")]


@WEEK.story
def test_a_weak_line_sent_twice_is_a_duplicate(shop: Shop) -> Iterator[None]:
    shop.sale("Y-twice", "69.00", MON, **_slip("W09"))
    for day in (TUE, WED):
        shop.settled("", "69.00", day, sold=MON, **_line("W09", payout_id=f"Y-AGAIN-{day.day}"))
    yield
    assert shop.story("Y-AGAIN-31", leg="journal-settlement") == []
    assert shop.story("Y-AGAIN-1", leg="journal-settlement") == [(WED, "DUPLICATE_SETTLEMENT")]


@WEEK.story
def test_an_approved_sale_comes_before_the_declined_one_of_the_same_minute(shop: Shop) -> Iterator[None]:
    shop.sale("Y-declined", "70.00", MON, at="12:00:00", status="DECLINED", response_code="51", **_slip("W10"))
    shop.sale("Y-approved", "70.00", MON, at="12:01:00", **_slip("W10"))
    shop.settled("", "70.00", TUE, **_line("W10", txn_time=f"{MON}T12:01:10"))
    yield
    assert shop.story("Y-approved") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("Y-declined") == []


@WEEK.story
def test_a_timeout_that_was_settled_is_told_by_its_card(shop: Shop) -> Iterator[None]:
    shop.sale("Y-timeout", "71.00", MON, status="TIMEOUT", response_code="98", **_slip("W11"))
    shop.settled("", "71.00", TUE, **_line("W11", payout_id="Y-PAY-11", txn_time=f"{MON}T12:00:30"))
    yield
    assert shop.story("Y-PAY-11", leg="journal-settlement") == [(TUE, "FAILED_BUT_SETTLED")]


@WEEK.story
def test_a_journal_that_lost_its_rrn_is_found_the_same_way(shop: Shop) -> Iterator[None]:
    shop.sale("", "72.00", MON, **_slip("W12", stan="", batch_no="", order_no="Y-slip"))
    shop.settled("Y-theirs", "72.00", TUE, **_line("W12"))
    yield
    assert shop.story("Y-slip") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("Y-theirs") == []


@WEEK.story
def test_two_rrns_that_differ_are_two_transactions_whatever_else_agrees(shop: Shop) -> Iterator[None]:
    shop.sale("Y-mine", "73.00", MON, **_slip("W13", auth_code="700030"))
    shop.settled("Y-yours", "73.00", TUE, **_line("W13", auth_code="700030"))
    yield
    assert shop.story("Y-mine") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("Y-yours") == [(TUE, "NOT_IN_JOURNAL")]


@WEEK.story
def test_without_card_data_nothing_is_paired_but_what_may_be_meant_is_listed(shop: Shop) -> Iterator[None]:
    shop.sale("Y-perhaps", "74.00", MON, **_slip("W14"))
    shop.settled("", "74.00", TUE, **_line("W14", card_no="", payout_id="Y-PAY-14"))
    yield
    assert shop.story("Y-perhaps") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("Y-PAY-14", leg="journal-settlement") == [(TUE, "NOT_IN_JOURNAL")]
    for key, kind, other in (("Y-PAY-14", "NOT_IN_JOURNAL", "journal"), ("Y-perhaps", "NOT_SETTLED", "settlement")):
        found = shop.exception(key, kind)
        assert found["evidence"][-1]["side"] == other
        assert "a person must decide" in found["explanation"]


@WEEK.story
def test_a_refund_by_card_is_not_taken_for_a_sale(shop: Shop) -> Iterator[None]:
    shop.bought("Y-bought", "75.00")
    shop.refund("Y-refund", "75.00", TUE, of="Y-bought", **_slip("W15"))
    shop.settled("", "-75.00", WED, kind="REFUND", **_line("W15"))
    yield
    assert shop.story("Y-refund") == [(TUE, "waiting"), (WED, "-")]
