"""DUPLICATE_CHARGE: the same card paid the same shop the same amount twice within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from scenario import MON, THU, TUE, WED, Shop
from week import WEEK

from pipelines.matching.charges import charged_again

CARD = "622202******1234"
LISTED = "DUPLICATE_CHARGE"


def paid(shop: Shop, rrn: str, at: str, amount: str, card: str = CARD, day: object = MON, **cells: str) -> None:
    """A sale by a card that is settled the next day."""
    shop.sale(rrn, amount, day, at=at, card_no=card, **cells)  # type: ignore[arg-type]
    shop.settled(rrn, amount, TUE if day == MON else WED, **{k: v for k, v in cells.items() if k == "terminal_id"})


@WEEK.story
def test_the_later_of_two_charges_is_listed_in_the_run_that_loads_it(shop: Shop) -> Iterator[None]:
    paid(shop, "DC-first", "10:00:00", "11.11")
    paid(shop, "DC-again", "10:10:00", "11.11")
    paid(shop, "DC-later", "10:20:01", "11.11")
    yield
    assert shop.story("DC-again") == [(MON, f"{LISTED}, waiting"), (TUE, LISTED)]
    found = shop.exception("DC-again", LISTED)
    assert (found["amount_minor"], found["direction"]) == (1111, "long")
    assert len(found["evidence"]) == 2
    assert not [kind for key in ("DC-first", "DC-later") for _, kind in shop.story(key) if LISTED in kind]


@WEEK.story
def test_another_card_amount_or_merchant_or_no_card_at_all_is_no_second_charge(shop: Shop) -> Iterator[None]:
    paid(shop, "DC-one", "11:00:00", "12.12")
    paid(shop, "DC-card", "11:01:00", "12.12", card="622202******9999")
    paid(shop, "DC-amount", "11:02:00", "12.13")
    shop.sale("DC-failed", "12.12", MON, at="11:03:00", card_no=CARD, status="TIMEOUT")
    paid(shop, "DC-blank", "11:04:00", "12.14", card="")
    paid(shop, "DC-blank-2", "11:05:00", "12.14", card="")
    yield
    for key in ("DC-one", "DC-card", "DC-amount", "DC-failed", "DC-blank", "DC-blank-2"):
        assert not [kind for _, kind in shop.story(key) if LISTED in kind], key


@WEEK.story
def test_on_another_terminal_of_the_merchant_it_is_one(shop: Shop) -> Iterator[None]:
    paid(shop, "DC-here", "12:00:00", "13.13")
    paid(shop, "DC-there", "12:03:00", "13.13", terminal_id="10000102")
    yield
    assert (MON, f"{LISTED}, waiting") in shop.story("DC-there")


@WEEK.story
def test_what_was_undone_or_paid_back_already_is_none(shop: Shop) -> Iterator[None]:
    for name, undo in (("void", "VOID"), ("reversal", "REVERSAL"), ("refund", "REFUND")):
        amount = {"void": "14.14", "reversal": "14.15", "refund": "14.16"}[name]
        paid(shop, f"DC-{name}-a", "13:00:00", amount)
        paid(shop, f"DC-{name}-b", "13:01:00", amount)
        shop.sale(f"DC-{name}", amount, MON, at="13:02:00", kind=undo, original_rrn=f"DC-{name}-b")
    yield
    for name in ("void", "reversal", "refund"):
        assert not [kind for part in "ab" for _, kind in shop.story(f"DC-{name}-{part}") if LISTED in kind], name


@WEEK.story
def test_it_clears_in_the_run_that_loads_a_refund_of_either(shop: Shop) -> Iterator[None]:
    paid(shop, "DC-twice-a", "14:00:00", "15.15")
    paid(shop, "DC-twice-b", "14:01:00", "15.15")
    shop.refund("DC-sorry", "15.15", THU, of="DC-twice-a")
    shop.settled("DC-sorry", "-15.15", THU, kind="REFUND", original_rrn="DC-twice-a", sold=WED)
    yield
    assert shop.story("DC-twice-b") == [(MON, f"{LISTED}, waiting"), (TUE, LISTED), (THU, f"{LISTED} cleared")]


@WEEK.story
def test_midnight_makes_no_difference(shop: Shop) -> Iterator[None]:
    paid(shop, "DC-evening", "23:57:00", "16.16")
    paid(shop, "DC-morning", "00:02:00", "16.16", day=TUE)
    yield
    assert shop.story("DC-morning")[0] == (TUE, f"{LISTED}, waiting")


def test_the_first_charge_may_come_late(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.hold("pos", MON)
    paid(shop, "DC-late", "23:57:00", "17.17")
    paid(shop, "DC-early", "00:02:00", "17.17", day=TUE)
    shop.nights(MON, TUE)
    shop.release("pos", MON)
    shop.night(WED)
    assert [day for day, kind in shop.story("DC-early") if LISTED in kind] == [WED]


def test_a_million_equal_sales_are_no_cross_join() -> None:
    count = 1_000_000
    rows = pl.DataFrame({"row_id": range(count), "rrn": [f"R{n}" for n in range(count)]}).with_columns(
        merchant_id=pl.lit("M"),
        card_no=pl.lit(CARD),
        amount_minor=pl.lit(100),
        currency=pl.lit("CNY"),
        txn_time=pl.lit(date(2026, 3, 2)).cast(pl.Datetime("us")) + pl.duration(seconds=pl.col("row_id") // 100),
    )
    assert charged_again(rows, timedelta(minutes=10)).height == count - 1
