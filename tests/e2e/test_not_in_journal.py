"""Settled, and no such sale in the journal: listed as soon as the journal that would hold it is there, not before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from scenario import FRI, MON, THU, TUE, WED, Shop
from week import WEEK


def at(day: date, time: str) -> str:
    """The acquirer's time of a sale."""
    return f"{day}T{time}"


@WEEK.story
def test_listed_in_the_run_that_loads_the_line(shop: Shop) -> Iterator[None]:
    shop.settled("J-unknown", "55.00", TUE)
    shop.settled("J-later", "56.00", FRI, sold=MON)
    yield
    assert shop.story("J-unknown") == [(TUE, "NOT_IN_JOURNAL")]
    assert shop.story("J-later") == [(FRI, "NOT_IN_JOURNAL")]
    found = shop.exception("J-unknown", "NOT_IN_JOURNAL")
    assert (found["amount_minor"], found["direction"]) == (5500, "long")
    assert [e["side"] for e in found["evidence"]] == ["settlement"]


@WEEK.story
def test_a_journal_row_that_turns_up_later_clears_it(shop: Shop) -> Iterator[None]:
    shop.settled("J-found", "58.00", TUE)
    shop.sale("J-found", "58.00", THU, txn_time=at(MON, "12:00:00"))
    yield
    assert shop.story("J-found") == [(TUE, "NOT_IN_JOURNAL"), (THU, "NOT_IN_JOURNAL cleared")]


@WEEK.story
def test_a_line_of_a_day_whose_journal_never_came_waits(shop: Shop) -> Iterator[None]:
    shop.settled("J-sunday", "59.00", TUE, sold=MON - (TUE - MON))
    yield
    assert shop.story("J-sunday") == [(TUE, "waiting")], "the first night was Monday's"


@WEEK.story
def test_an_unknown_refund_cost_the_merchant(shop: Shop) -> Iterator[None]:
    shop.settled("J-refund", "-12.00", TUE, kind="REFUND", original_rrn="J-elsewhere")
    yield
    found = shop.exception("J-refund", "NOT_IN_JOURNAL")
    assert (found["amount_minor"], found["direction"]) == (1200, "short")


@WEEK.story
def test_a_sale_that_the_two_clocks_put_on_two_days_is_one_sale(shop: Shop) -> Iterator[None]:
    shop.sale("J-midnight", "57.00", TUE, at="00:00:20")
    shop.settled("J-midnight", "57.00", TUE, txn_time=at(MON, "23:59:50"))
    yield
    assert shop.story("J-midnight") == []
    assert shop.state("journal", "J-midnight") == ["matched"]


@WEEK.story
def test_lines_that_settle_no_transaction_are_part_of_their_payout(shop: Shop) -> Iterator[None]:
    shop.settled("", "-3.00", TUE, kind="FEE", payout_id="J-FEES")
    shop.settled("", "-4.00", TUE, kind="RESERVE_HOLD", payout_id="J-FEES")
    yield
    assert shop.story("J-FEES") == []
    assert shop.state("settlement", "J-FEES") == ["out_of_scope", "out_of_scope"]


def test_while_the_journal_is_late_its_day_waits_and_near_midnight_its_neighbours_too(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.hold("pos", TUE)
    for rrn, time in (("noon", "12:00:00"), ("23:49", "23:49:00"), ("23:51", "23:51:00")):
        shop.settled(f"mon {rrn}", "1.00", TUE, txn_time=at(MON, time))
    shop.settled("tue noon", "1.00", WED, txn_time=at(TUE, "12:00:00"))
    for rrn, time in (("00:09", "00:09:00"), ("00:11", "00:11:00")):
        shop.settled(f"wed {rrn}", "1.00", WED, txn_time=at(WED, time))
    shop.sale("sold", "20.00", TUE)
    shop.settled("sold", "20.00", WED)
    shop.sale("failed", "21.00", TUE, status="DECLINED")
    shop.settled("failed", "21.00", WED)
    shop.sale("unsettled", "22.00", TUE)
    shop.nights(MON, THU)
    shop.release("pos", TUE)
    shop.night(FRI)

    assert shop.story("mon noon") == [(TUE, "NOT_IN_JOURNAL")]
    assert shop.story("mon 23:49") == [(TUE, "NOT_IN_JOURNAL")]
    assert shop.story("mon 23:51") == [(TUE, "waiting"), (FRI, "NOT_IN_JOURNAL")]
    assert shop.story("tue noon") == [(WED, "waiting"), (FRI, "NOT_IN_JOURNAL")]
    assert shop.story("wed 00:09") == [(WED, "waiting"), (FRI, "NOT_IN_JOURNAL")]
    assert shop.story("wed 00:11") == [(WED, "NOT_IN_JOURNAL")]

    assert shop.story("sold") == [(WED, "waiting"), (FRI, "-")], "what the late journal explains was never open"
    assert shop.story("failed") == [(WED, "waiting"), (FRI, "FAILED_BUT_SETTLED")]
    assert shop.story("unsettled") == [(FRI, "NOT_SETTLED")], "its days were over when its journal came"
    assert shop.story(type="FILE_LATE") == [(TUE, "FILE_LATE"), (FRI, "FILE_LATE cleared")]


def test_the_day_begins_at_the_sources_cut_off(place: Path) -> None:
    shop = Shop(place / "shop", cutoff="23:00")
    shop.hold("pos", TUE)
    shop.sale("before", "1.00", MON, at="22:59:59")
    shop.sale("after", "2.00", MON, at="23:00:00")
    shop.settled("22:55", "3.00", TUE, txn_time=at(MON, "22:55:00"))
    shop.settled("23:30", "4.00", TUE, txn_time=at(MON, "23:30:00"))
    shop.settled("22:30", "5.00", TUE, txn_time=at(MON, "22:30:00"))
    shop.nights(MON, THU)
    shop.release("pos", TUE)
    shop.night(FRI)

    assert shop.story("before") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("after") == [(MON, "waiting"), (FRI, "NOT_SETTLED")], "it is Tuesday's sale"
    assert shop.story("22:55") == [(TUE, "waiting"), (FRI, "NOT_IN_JOURNAL")], "ten minutes before Tuesday"
    assert shop.story("23:30") == [(TUE, "waiting"), (FRI, "NOT_IN_JOURNAL")], "Tuesday itself"
    assert shop.story("22:30") == [(TUE, "NOT_IN_JOURNAL")]
