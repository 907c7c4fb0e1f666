"""The situations that no single row shows, each played by commands alone from the nightly files to a closed case.

S7: a platform's outage; S9: an abnormal pattern; S10: an ailing terminal. The other seven are in test_situations.py.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from desk import Desk
from people import refused, told
from scenario import MON, SAT, SUN, TILL, TUE2, WED2
from usual import no_answer, shop_of

OUTAGE = [f"W{SAT:%m%d}{n:02}" for n in range(12)]
"""Order numbers of a Saturday noon."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with everything to do, of a shop whose usual days are known from Monday on."""
    return Desk(shop_of(tmp_path / "shop", acquirers=("UNIONPAY", "WECHAT")))


def test_s7_a_wallet_has_an_outage_and_its_breaks_are_settled_together(desk: Desk) -> None:
    """From 12:00 to 12:36 WeChat answered nothing: nine customers were debited all the same, three never."""
    shop = desk.shop
    for n, order in enumerate(OUTAGE):
        at, cells = f"12:{3 * n:02}:00", {"status": "TIMEOUT", "response_code": "98"}
        if n < 9:
            shop.wallet(order, "20.00", SAT, at=at, **cells)
            shop.wallet_settled(order, "20.00", SUN, txn_time=f"{SAT}T{at}")
        else:
            shop.wallet(order, "20.00", SAT, at=at)
    desk.nights(MON, SUN)
    incident = desk.found("CHANNEL_INCIDENT")
    assert (incident["acquirer"], incident["amount_minor"], incident["direction"]) == ("WECHAT", 18000, "none")
    desk.nights(TUE2 - timedelta(days=1), TUE2)
    incident = desk.found("CHANNEL_INCIDENT")
    assert incident["amount_minor"] == 24000, "what was never settled is known three days later, and joins it"
    assert incident["explanation"].startswith(f"12 of 12 breaks of WECHAT on {SAT} fall between 12:00 and 12:33")

    key = incident["exception_id"]
    desk.case("assign", key)
    children = desk.shown(key)["children"]
    assert [each["type"] for each in children] == ["FAILED_BUT_SETTLED"] * 9 + ["NOT_SETTLED"] * 3
    desk.attached(key, "announcement.png", "notice")
    desk.case("wait", key, "--for", "acquirer", "--reason", "reported with the list of orders")

    kinds = ("FAILED_BUT_SETTLED", "NOT_SETTLED")
    failed, lost = ([e["exception_id"] for e in children if e["type"] == kind] for kind in kinds)
    desk.case("assign", *failed, *lost)
    desk.case("investigate", *failed, "--fact", "charged-again=yes", "--fact", "refundable=yes")
    assert desk.shown(failed[0])["guidance"][0]["remedy"] == "refund"
    desk.case("propose", *failed, "--remedy", "refund", "--reason", "paid at another till")
    desk.case("approve", *failed, by="Wang Wei")
    desk.case("resolve", *failed, "--recovered", "20.00", "--cause", "wechat outage", "--reason", "refunded")
    for each in lost:
        desk.attached(each, f"slip-{each}.jpg", "slip")
    desk.case("propose", *lost, "--remedy", "debit-adjustment", "--reason", "goods were handed over")
    desk.case("approve", *lost, by="Wang Wei")
    for n, order in enumerate(OUTAGE[9:], start=9):
        shop.wallet_settled(order, "20.00", WED2, txn_time=f"{SAT}T12:{3 * n:02}:00")
    desk.nights(WED2, WED2)

    case = desk.shown(key)
    assert case["status"] == "cleared", "the last of its breaks is settled: the incident is over by itself"
    assert {each["status"] for each in case["children"]} == {"resolved", "cleared"}
    assert told(shop, "exceptions") == []
    desk.looked_at(key, "query")
    (lesson,) = told(shop, "learn", "--by", "cause")
    assert (lesson["name"], lesson["breaks"], lesson["recovered_minor"]) == ("wechat outage", 9, 18000)
    by_acquirer = [row for row in told(shop, "learn", "--by", "acquirer") if row["name"] == "WECHAT"]
    assert sum(row["amount_minor"] for row in by_acquirer) == 24000, "the money of an incident is that of its breaks"


def test_s9_small_payments_are_looked_into_without_accusing_anybody(desk: Desk) -> None:
    """Ten cards are tried with small amounts within half an hour: card testing."""
    shop = desk.shop
    for n in range(10):
        at, cells = f"14:{3 * n:02}:00", {"card_no": f"436742******70{n:02}"}
        refused_ = {"status": "DECLINED", "response_code": "05"} if n < 8 else {}
        shop.sale(f"7{SAT:%m%d}{n:07}", f"1.{n:02}", SAT, at=at, **cells, **refused_)
        if n >= 8:
            shop.settled(f"7{SAT:%m%d}{n:07}", f"1.{n:02}", SUN, txn_time=f"{SAT}T{at}")
    desk.nights(MON, SAT)
    found = desk.found("UNUSUAL_PATTERN")
    key = found["exception_id"]
    assert (found["terminal_id"], found["due_date"]) == (TILL, str(SAT)), "to be looked at the same day"
    assert "8 of 22 transactions" in found["explanation"]
    assert "declined" in found["explanation"]
    assert len(found["evidence"]) == 8

    desk.case("assign", key, "--to", "Zhao Min")
    desk.case("investigate", key, "--reason", "asked the shop for the camera of 14:00", by="Zhao Min")
    query = shop.root / "declines.csv"
    query.write_text("rrn,amount\n" + "".join(f"7{n},1.0{n}\n" for n in range(8)), encoding="utf-8")
    desk.case("evidence", key, str(query), "--for", "query-result", by="Zhao Min")
    line = refused(shop, "case", "approve", key, "--by", "Wang Wei")
    assert "only what is proposed can be approved" in line
    desk.case(
        "propose", key, "--remedy", "no-action", "--reason", "cards blocked by the acquirer's desk", by="Zhao Min"
    )
    assert "somebody else" in refused(shop, "case", "approve", key, "--by", "zhao  min")
    desk.case("approve", key, by="Wang Wei")
    desk.closed(key, "0", "card testing", "query")
    desk.nights(SUN, SUN)
    assert told(shop, "exceptions") == [], "a pattern that somebody looked at is not told again"


def test_s10_a_terminal_with_a_bad_network_is_replaced(desk: Desk) -> None:
    """Timeouts of a Saturday: the shop calls the service, and the new terminal's days clear it."""
    shop = desk.shop
    no_answer(shop, SAT, 8)
    desk.nights(MON, SAT)
    found = desk.found("TERMINAL_HEALTH", terminal_id=TILL)
    key = found["exception_id"]
    assert (found["amount_minor"], found["direction"], found["contact"]) == (8000, "none", "terminal service")
    desk.case("assign", key)
    desk.case("investigate", key, "--reason", "signal of the SIM is weak in the new corner")
    desk.attached(key, "terminal.log", "terminal-log")
    desk.case("note", key, "--reason", "service comes on Monday")
    desk.agreed(key, "no-action", "moved to the cable network")
    desk.closed(key, "0", "network", "query")
    desk.nights(SUN, WED2)
    case = desk.shown(key)
    assert (case["status"], case["acts"][-1]["actor"]) == ("cleared", "recon"), "the days after confirm it"
    (lesson,) = told(shop, "learn", "--by", "cause")
    assert (lesson["name"], lesson["breaks"], lesson["amount_minor"]) == ("network", 1, 8000)
