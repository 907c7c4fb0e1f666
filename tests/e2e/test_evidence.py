"""What a break shows as evidence and by which keys it is known, where one side leaves them blank or is nights late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from scenario import FRI, MON, TUE, WALLET_SHOP, WED, Shop

LATE = FRI + timedelta(days=3)


@pytest.fixture
def shop(place: Path) -> Shop:
    """Cards at UNIONPAY and a wallet."""
    return Shop(place / "shop", acquirers=("UNIONPAY", "WECHAT"))


def traces(shop: Shop, key: str, kind: str) -> list[tuple[str, str, int]]:
    return [(e["side"], e["file"], e["line"]) for e in shop.exception(key, kind)["evidence"]]


@pytest.mark.parametrize("wallet", [False, True], ids=["card", "wallet"])
@pytest.mark.parametrize("kind", ["VOID", "REVERSAL"])
def test_a_sale_that_is_settled_long_after_it_was_undone_is_told_with_both_traces(
    shop: Shop,
    kind: str,
    wallet: bool,
) -> None:
    if wallet:
        shop.wallet("sold", "104.00", MON, rrn="sold-rrn")
        shop.void("undone", "104.00", MON, of="sold-rrn", kind=kind, channel="WECHAT", merchant_id=WALLET_SHOP)
        shop.wallet_settled("sold", "104.00", LATE)
        acquirer, key = "WECHAT", "sold-rrn"
    else:
        shop.sale("sold", "104.00", MON)
        shop.void("undone", "104.00", MON, of="sold", kind=kind)
        shop.settled("sold", "104.00", LATE, sold=MON)
        acquirer, key = "UNIONPAY", "sold"
    shop.nights(MON, LATE)
    found = shop.exception(key, f"{kind}_NOT_SETTLED")
    assert (found["amount_minor"], found["first_seen"]) == (10400, str(LATE))
    day, journal = f"{LATE:%Y%m%d}", f"journal_{MON:%Y%m%d}.csv"
    assert traces(shop, key, f"{kind}_NOT_SETTLED") == [
        ("journal", journal, 3),
        ("journal", journal, 2),
        ("settlement", f"settlement_{acquirer}_{day}.csv", 2),
    ]


def test_a_void_waits_for_the_journal_of_its_sale_however_long(shop: Shop) -> None:
    shop.hold("pos", TUE)
    shop.sale("sold", "104.00", TUE)
    shop.void("undone", "104.00", WED, of="sold")
    shop.settled("sold", "104.00", WED)
    shop.nights(MON, LATE)
    shop.release("pos", TUE)
    shop.night(LATE + timedelta(days=1))
    assert [e["type"] for e in shop.seen[-1].open] == ["VOID_NOT_SETTLED"]


def test_a_void_waits_as_long_as_its_sale_does(shop: Shop) -> None:
    shop.sale("sold", "104.00", MON)
    shop.void("undone", "104.00", TUE, of="sold")
    shop.hold("unionpay", TUE)
    shop.settled("sold", "104.00", TUE)
    shop.nights(MON, LATE)
    shop.release("unionpay", TUE)
    shop.night(LATE + timedelta(days=1))
    assert [e["type"] for e in shop.seen[-1].open] == ["VOID_NOT_SETTLED"]


def test_an_amount_that_is_too_fine_is_rejected_alone_though_the_trailer_counts_it(shop: Shop) -> None:
    shop.sale("fine", "100.00", MON)
    shop.sale("finer", "100.555", MON)
    shop.nights(MON, MON)
    assert shop.seen[-1].open_types == ["ROW_REJECTED"]
    assert shop.seen[-1].summary["rows"]["journal"] == 1


def test_a_wallet_void_may_name_the_order(shop: Shop) -> None:
    shop.wallet("ordered", "20.00", MON, rrn="")
    shop.void("undone", "20.00", MON, of="ordered", channel="WECHAT", merchant_id=WALLET_SHOP)
    shop.wallet_settled("ordered", "20.00", TUE)
    shop.nights(MON, FRI)
    assert [e["type"] for e in shop.seen[-1].open] == ["VOID_NOT_SETTLED"]


def test_a_line_that_came_again_is_told_with_the_first_and_the_row_that_it_settled(shop: Shop) -> None:
    shop.sale("twice", "10.00", MON)
    shop.settled("twice", "10.00", TUE)
    shop.settled("other", "10.00", WED, sold=TUE)
    shop.settled("twice", "10.00", WED, sold=MON)
    shop.sale("other", "10.00", TUE)
    shop.nights(MON, WED)
    assert traces(shop, "twice", "DUPLICATE_SETTLEMENT") == [
        ("settlement", f"settlement_UNIONPAY_{WED:%Y%m%d}.csv", 3),
        ("journal", f"journal_{MON:%Y%m%d}.csv", 2),
        ("settlement", f"settlement_UNIONPAY_{TUE:%Y%m%d}.csv", 2),
    ]


def test_a_line_without_rrn_is_told_by_that_of_its_journal_row(shop: Shop) -> None:
    sale = shop.sale("known", "220.02", MON)
    shop.settled("", "220.03", TUE, batch_no=sale["batch_no"], stan=sale["stan"])
    shop.nights(MON, TUE)
    assert shop.exception("known", "AMOUNT_OVER")["amount_minor"] == 1
