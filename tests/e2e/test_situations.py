"""The situations of a shop's day, each played through by commands alone: from the nightly files to a closed case.

S7 (an outage), S9 (abnormal patterns) and S10 (an ailing terminal) are in test_situations_signalled.py.
"""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest
from desk import Desk
from people import recon, told
from scenario import FRI, MON, SAT, THU, TUE, WED, Shop

CARD = "622202******1234"
MON3 = date(2026, 4, 13)


@pytest.fixture
def desk(shop: Shop) -> Desk:
    """A desk with everything to do."""
    return Desk(shop)


def test_s1_a_customer_denies_a_payment_on_which_all_three_sides_agree(desk: Desk) -> None:
    """The answer is an evidence pack and a letter."""
    desk.shop.sale("bought", "45.60", MON, card_no=CARD)
    desk.shop.settled("bought", "45.60", TUE, card_no=CARD, payout_id="PAY-1")
    desk.shop.declared("PAY-1", "45.60", TUE)
    desk.shop.banked("PAY-1", "45.60", WED)
    desk.nights(MON, WED)
    assert told(desk.shop, "exceptions") == [], "nothing is wrong in the books"

    known = ("--kind", "denied", "--amount", "45.60", "--last4", "1234", "--about", "2026-03-30T13:00")
    (fits,) = told(desk.shop, "case", "open", *known, "--look")["candidates"]
    assert "RRN bought" in fits["row"]
    key = desk.case("open", *known, "--reason", "it was not me")["exception_id"]
    desk.case("assign", key)
    assert [each["piece"] for each in desk.shown(key)["checklist"] if not each["there"]] == ["claim-form"]
    desk.attached(key, "claim.jpg", "claim-form")
    desk.case("wait", key, "--for", "customer", "--reason", "sent the slip and asked again")
    assert desk.answered(key, recognised=True) == "no-action"
    desk.agreed(key, "no-action", "recognised it once shown the slip")
    desk.closed(key, "0", "not recognised", "letter")
    desk.nights(THU, FRI)
    assert told(desk.shop, "exceptions") == []


def test_s2_money_was_debited_though_the_sale_was_reversed(desk: Desk) -> None:
    desk.shop.sale("hung", "60.00", MON, status="TIMEOUT", response_code="68")
    desk.shop.void("undo", "60.00", MON, of="hung", kind="REVERSAL", at="12:01:00")
    desk.shop.settled("hung", "60.00", TUE)
    desk.nights(MON, THU)
    found = desk.found("REVERSAL_NOT_SETTLED", rrn="hung")
    key = found["exception_id"]
    assert (found["direction"], found["due_date"]) == ("long", "2026-04-03"), "T+1 of the day it was seen"
    desk.case("assign", key)
    assert desk.answered(key, refundable=False) == "credit-adjustment"
    desk.agreed(key, "credit-adjustment", "the reversal got lost on its way")
    desk.case("note", key, "--reason", "form sent to the acquirer's desk")
    desk.shop.settled("hung", "-60.00", FRI, kind="ADJUSTMENT")
    desk.nights(FRI, FRI)
    case = desk.shown(key)
    assert case["status"] == "cleared", "the acquirer's own adjustment settles it"
    assert case["acts"][-1]["actor"] == "recon"
    desk.looked_at(key, "adjustment")


def test_s3_a_wrong_amount_is_refunded_in_part_and_the_refund_is_followed(desk: Desk) -> None:
    desk.shop.sale("typed", "100.00", MON)
    desk.shop.settled("typed", "1000.00", TUE)
    desk.nights(MON, TUE)
    found = desk.found("AMOUNT_OVER")
    key = found["exception_id"]
    assert found["amount_minor"] == 90000
    desk.case("assign", key)
    desk.attached(key, "receipt.jpg", "receipt")
    assert desk.answered(key, refundable=True) == "refund"
    desk.agreed(key, "refund", "typed 1000.00 for 100.00")
    desk.closed(key, "900.00", "operator error", "refund")
    desk.nights(WED, THU)
    assert "AMOUNT_OVER" not in [e["type"] for e in told(desk.shop, "exceptions")]
    (lesson,) = told(desk.shop, "learn", "--by", "cause")
    assert (lesson["name"], lesson["recovered_minor"]) == ("operator error", 90000)


def test_s3_a_refund_that_got_lost_is_sent_again(desk: Desk) -> None:
    desk.shop.bought("shoes", "300.00")
    desk.shop.refund("back", "300.00", TUE, of="shoes")
    desk.nights(MON, date(2026, 4, 6))
    key = desk.found("REFUND_NOT_SETTLED", rrn="back")["exception_id"]
    desk.case("assign", key)
    desk.attached(key, "slip.jpg", "slip")
    desk.case("wait", key, "--for", "acquirer", "--reason", "where is it?")
    assert desk.answered(key, refundable=True) == "refund"
    desk.agreed(key, "refund", "rejected for a low balance; sent again")
    desk.closed(key, "300.00", "low balance", "query")


def test_s4_a_receipt_was_printed_and_the_money_never_taken(desk: Desk) -> None:
    desk.shop.sale("lost", "88.00", MON)
    desk.nights(MON, WED)
    (waiting,) = told(desk.shop, "exceptions", "--status", "waiting")
    assert (waiting["type"], waiting["rrn"]) == ("TIMING", "lost"), "first it is only on its way"
    desk.nights(THU, THU)
    key = desk.found("NOT_SETTLED", rrn="lost")["exception_id"]
    desk.case("assign", key)
    desk.attached(key, "slip.jpg", "slip")
    assert desk.answered(key, delivered=True, charged_again=False) == "debit-adjustment"
    desk.agreed(key, "debit-adjustment", "batch 1 was not sent")
    desk.shop.settled("lost", "88.00", FRI, sold=MON)
    desk.nights(FRI, FRI)
    assert desk.shown(key)["status"] == "cleared", "settled after all: the case closes by itself"
    desk.looked_at(key, "adjustment")


def test_s5_the_terminal_said_failed_and_the_customer_paid_twice(desk: Desk) -> None:
    desk.shop.sale("failed", "128.00", MON, status="TIMEOUT", response_code="68", card_no=CARD)
    desk.shop.sale("again", "128.00", MON, at="12:04:00", card_no=CARD)
    for rrn in ("failed", "again"):
        desk.shop.settled(rrn, "128.00", TUE, card_no=CARD)
    desk.nights(MON, TUE)
    key = desk.found("FAILED_BUT_SETTLED", rrn="failed")["exception_id"]
    desk.case("assign", key)
    assert [q["fact"] for q in desk.shown(key)["questions"]] == ["charged-again", "refundable", "delivered"]
    assert desk.answered(key, charged_again=True, refundable=True) == "refund"
    desk.agreed(key, "refund", "charged again four minutes later")
    desk.closed(key, "128.00", "response lost", "refund")


def test_s5_money_came_that_no_journal_knows(desk: Desk) -> None:
    desk.shop.settled("ghost", "31.00", TUE)
    desk.nights(MON, TUE)
    key = desk.found("NOT_IN_JOURNAL", rrn="ghost")["exception_id"]
    desk.case("assign", key)
    desk.attached(key, "terminal.log", "terminal-log")
    assert desk.answered(key, delivered=False, refundable=True) == "refund"
    desk.agreed(key, "refund", "nobody took goods")
    desk.closed(key, "31.00", "response lost", "dispute")


def test_s6_too_little_was_collected(desk: Desk) -> None:
    """The acquirer settled less than the terminal approved: 请款, in part; the rest is written off."""
    desk.shop.sale("meal", "100.00", MON)
    desk.shop.settled("meal", "10.00", TUE)
    desk.nights(MON, TUE)
    found = desk.found("AMOUNT_UNDER")
    key = found["exception_id"]
    assert (found["amount_minor"], found["direction"]) == (9000, "short")
    desk.case("assign", key)
    desk.attached(key, "order.pdf", "order")
    desk.attached(key, "slip.jpg", "slip")
    assert desk.answered(key, acquirer_short=True) == "debit-adjustment"
    desk.agreed(key, "debit-adjustment", "the slip says 100.00", "--amount", "90.00")
    desk.closed(key, "90.00", "acquirer", "adjustment")


def test_s6_the_wrong_person_paid(desk: Desk) -> None:
    """Only a person can say so: a claim of the shop's own."""
    desk.shop.bought("table-7", "56.00")
    desk.nights(MON, TUE)
    known = ("--kind", "underpaid", "--amount", "56.00", "--rrn", "table-7", "--about", "2026-03-30")
    key = desk.case("open", *known, "--reason", "table 5 paid the bill of table 7")["exception_id"]
    assert desk.found("CUSTOMER_CLAIM")["direction"] == "short"
    desk.case("assign", key)
    desk.attached(key, "bill.jpg", "claim-form")
    desk.agreed(key, "write-off", "the guest cannot be found")
    desk.closed(key, "0", "operator error", "letter")


def test_s8_the_banks_money_is_late_and_then_short(desk: Desk) -> None:
    desk.shop.payout("PAY-9", "500.00", TUE)
    desk.nights(MON, TUE)
    assert [e["type"] for e in told(desk.shop, "exceptions")] == [], "due tomorrow: on its way"
    desk.nights(WED, WED)
    missing = desk.found("DEPOSIT_MISSING", payout_id="PAY-9")["exception_id"]
    desk.case("assign", missing)
    desk.case("wait", missing, "--for", "bank", "--reason", "asked for the trace")
    desk.shop.banked("PAY-9", "495.00", THU)
    desk.nights(THU, THU)
    assert desk.shown(missing)["status"] == "cleared"

    short = desk.found("DEPOSIT_AMOUNT_DIFF", payout_id="PAY-9")
    key = short["exception_id"]
    assert short["amount_minor"] == 500
    desk.case("assign", key)
    desk.attached(key, "answer.eml", "reply")
    desk.agreed(key, "accept", "the bank's fee for the transfer")
    desk.closed(key, "0", "bank fee", "query")


def test_s8_money_that_nobody_knows_stays_in_suspense(desk: Desk) -> None:
    desk.shop.banked("no reference at all", "77.00", TUE)
    desk.nights(MON, TUE)
    key = desk.found("DEPOSIT_UNIDENTIFIED")["exception_id"]
    desk.case("assign", key, "--due", "2026-04-07")
    assert [e["exception_id"] for e in told(desk.shop, "case", "list", "--due", "2026-04-07")] == [key]
    desk.case("wait", key, "--for", "bank", "--reason", "who paid this?")
    desk.agreed(key, "no-action", "it is another shop's; the bank takes it back")
    desk.closed(key, "0", "wrong account", "query")
    desk.nights(WED, SAT)
    assert "DEPOSIT_UNIDENTIFIED" not in [e["type"] for e in told(desk.shop, "exceptions")]


def test_the_worked_example_of_the_manual_is_what_is_printed(desk: Desk) -> None:
    """docs/cases.md: every command in its order, and every line that is shown of its answer; … leaves lines out."""
    desk.shop.sale("602100000123", "128.00", MON, status="TIMEOUT", response_code="68", card_no=CARD)
    desk.shop.sale("602100000124", "128.00", MON, at="12:04:00", card_no=CARD)
    for rrn in ("602100000123", "602100000124"):
        desk.shop.settled(rrn, "128.00", TUE, card_no=CARD)
    desk.nights(MON, TUE)
    (desk.shop.root / "sms.jpg").write_bytes(b"\xff\xd8")
    page = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")
    example = page.partition("## A worked example")[2].partition("\n## ")[0]
    told = [line for block in example.split("```text\n")[1:] for line in block.partition("```")[0].splitlines()]
    printed: list[str] = []
    for line in told:
        if line.startswith("$ recon "):
            words = shlex.split(line.removeprefix("$ recon "))
            done = recon(desk.shop, *(str(desk.shop.root / word) if word == "sms.jpg" else word for word in words))
            printed = (done.stdout + done.stderr).splitlines()
        elif line != "…":
            assert line in printed, f"{line!r} is not what is printed: {printed}"
