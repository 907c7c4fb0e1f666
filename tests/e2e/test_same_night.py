"""What arises and is settled in one night is on record; a voided refund expects nothing; quiet statements count."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import FRI, MON, THU, TUE, WALLET_SHOP, WED, Shop

from pipelines.cases.taxonomy import POLICY


@pytest.fixture
def shop(place: Path) -> Shop:
    """Cards at UNIONPAY and a wallet."""
    return Shop(place / "shop", acquirers=("UNIONPAY", "WECHAT"))


def told(shop: Shop, kind: str) -> list[tuple[str, str]]:
    assert kind in POLICY
    return [(e["status"], e["first_seen"]) for e in shop.seen[-1].register if e["type"] == kind]


def test_an_adjustment_in_the_file_of_the_difference_it_mends(shop: Shop) -> None:
    shop.sale("over", "100.00", MON)
    shop.settled("over", "110.00", TUE)
    shop.settled("", "-10.00", TUE, kind="ADJUSTMENT", original_rrn="over")
    night = shop.nights(MON, TUE)
    assert told(shop, "AMOUNT_OVER") == [("cleared", str(TUE))]
    assert night.open_types == []
    assert night.summary["exceptions"]["cleared"] == {"AMOUNT_OVER": 1}
    assert [event for _, kind, event in shop.history("over") if kind == "AMOUNT_OVER"] == ["opened", "cleared"]
    assert shop.night(TUE).summary["exceptions"]["cleared"] == {}


def test_a_chargeback_that_is_represented_in_its_own_file(shop: Shop) -> None:
    shop.bought("sold", "100.00")
    shop.settled("sold", "-100.00", WED, kind="CHARGEBACK", sold=MON)
    shop.settled("sold", "100.00", WED, kind="REPRESENTMENT", sold=MON)
    shop.nights(MON, WED)
    assert told(shop, "CHARGEBACK") == [("cleared", str(WED))]
    shop.settled("sold", "-100.00", THU, kind="CHARGEBACK", sold=MON)
    shop.night(THU)
    assert told(shop, "CHARGEBACK") == [("open", str(WED))]


@pytest.mark.parametrize("wallet", [False, True], ids=["card", "wallet"])
def test_a_refund_that_was_voided_expects_nothing(shop: Shop, wallet: bool) -> None:
    shop.bought("sold", "100.00", wallet=wallet)
    cells = {"channel": "WECHAT", "merchant_id": WALLET_SHOP} if wallet else {}
    shop.refund("back", "100.00", TUE, of="sold", **cells)
    shop.void("undone", "100.00", TUE, of="back", **cells)
    days = [MON, TUE, WED, THU, FRI]
    for day in [*days, *(day.replace(month=4, day=n) for n in range(4, 10) for day in days[:1])]:
        shop.night(day)
    assert shop.seen[-1].open_types == []
    assert told(shop, "REFUND_NOT_SETTLED") == []


def test_a_statement_without_entries_still_carries_the_balance(shop: Shop) -> None:
    shop.hold("bank-main", WED)
    shop.banked("somebody", "122.40", WED, counterparty="somebody else")
    shop.banked("somebody", "1.00", THU, counterparty="somebody else")
    shop.nights(MON, THU)
    (found,) = [e for e in shop.seen[-1].register if e["type"] == "BALANCE_BREAK"]
    assert (found["amount_minor"], found["first_seen"]) == (12240, str(THU))
    assert f"the statement of {WED}" in found["explanation"]
    shop.release("bank-main", WED)
    shop.night(FRI)
    assert [status for status, _ in told(shop, "BALANCE_BREAK")] == ["cleared"]
