"""Waiting: how long a journal row may wait for its acquirer, to the day."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop
from week import WEEK


@WEEK.story
def test_a_sale_settled_the_day_after_waits_one_night_and_was_never_an_exception(shop: Shop) -> Iterator[None]:
    shop.sale("W-prompt", "10.00", MON)
    shop.settled("W-prompt", "10.00", TUE)
    yield
    assert shop.story("W-prompt") == [(MON, "waiting"), (TUE, "-")]
    assert shop.state("journal", "W-prompt") == shop.state("settlement", "W-prompt") == ["matched"]
    assert shop.history("W-prompt") == []


@WEEK.story
def test_a_sale_waits_in_the_runs_of_its_day_and_two_more_and_is_not_settled_after(shop: Shop) -> Iterator[None]:
    shop.sale("W-never", "128.50", MON)
    yield
    assert shop.story("W-never") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    found = shop.exception("W-never", "NOT_SETTLED")
    assert (found["amount_minor"], found["currency"], found["direction"]) == (12850, "CNY", "short")
    assert (found["business_date"], found["first_seen"], found["age_days"]) == ("2026-03-30", "2026-04-02", 6)
    assert found["due_date"] == "2026-04-07", "two business days on: Friday, then Tuesday after the holiday"
    assert found["evidence"] == [{"side": "journal", "file": "journal_20260330.csv", "line": _line(shop, "W-never")}]
    assert "128.50 CNY expected, 0.00 CNY settled" in found["explanation"]
    assert found["leg"] == "journal-settlement"


def _line(shop: Shop, rrn: str) -> int:
    """Line of the RRN in its journal file, as an editor numbers it."""
    lines = (shop.inbox / "journal_20260330.csv").read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if f",{rrn}," in line)


@WEEK.story
def test_a_waiting_row_is_listed_as_timing(shop: Shop) -> Iterator[None]:
    shop.sale("W-listed", "31.00", MON)
    yield
    (found,) = [e for e in shop.seen[0].register if e["rrn"] == "W-listed"]
    assert (found["type"], found["status"], found["severity"]) == ("TIMING", "waiting", "info")
    assert (found["amount_minor"], found["direction"]) == (3100, "none")
    assert (found["first_seen"], found["age_days"]) == ("2026-03-30", 0)


@WEEK.story
def test_a_sale_settled_late_while_it_waits_clears_without_ever_having_been_open(shop: Shop) -> Iterator[None]:
    shop.sale("W-late", "20.00", MON)
    shop.settled("W-late", "20.00", WED, sold=MON)
    yield
    assert shop.story("W-late") == [(MON, "waiting"), (WED, "-")]
    assert shop.history("W-late") == []


@WEEK.story
def test_what_settles_it_in_the_very_run_that_would_call_it_missing_is_in_time(shop: Shop) -> Iterator[None]:
    shop.sale("W-just", "30.00", MON)
    shop.settled("W-just", "30.00", THU, sold=MON)
    yield
    assert shop.story("W-just") == [(MON, "waiting"), (THU, "-")]
    assert shop.history("W-just") == []


@WEEK.story
def test_a_sale_settled_after_it_was_called_missing_clears_and_history_keeps_both(shop: Shop) -> Iterator[None]:
    shop.sale("W-after", "40.00", MON)
    shop.settled("W-after", "40.00", SAT, sold=MON)
    yield
    assert shop.story("W-after") == [(MON, "waiting"), (THU, "NOT_SETTLED"), (SAT, "NOT_SETTLED cleared")]
    opened, cleared = shop.history("W-after")
    assert opened == ("2026-04-02", "NOT_SETTLED", "opened")
    assert cleared == ("2026-04-04", "NOT_SETTLED", "cleared")
    assert shop.state("journal", "W-after") == ["matched"]


@WEEK.story
def test_settled_at_last_but_for_another_amount_it_is_another_exception(shop: Shop) -> Iterator[None]:
    shop.sale("W-other", "40.00", MON)
    shop.settled("W-other", "41.00", SAT, sold=MON)
    yield
    assert shop.story("W-other")[-1] == (SAT, "AMOUNT_OVER, NOT_SETTLED cleared")


@WEEK.story
def test_a_time_with_an_offset_is_a_time_of_the_books(shop: Shop) -> Iterator[None]:
    shop.sale("W-offset", "41.00", MON)["txn_time"] = f"{MON}T23:30:00+00:00"
    yield
    assert shop.story("W-offset") == [(MON, "waiting"), (FRI, "NOT_SETTLED")], "half past seven on Tuesday in Shanghai"
    assert shop.exception("W-offset", "NOT_SETTLED")["business_date"] == str(TUE)


@WEEK.story
def test_days_are_calendar_days_holidays_or_not(shop: Shop) -> Iterator[None]:
    shop.sale("W-holiday", "50.00", FRI)
    yield
    assert shop.story("W-holiday")[0] == (FRI, "waiting")
    assert shop.story("W-holiday")[1][1] == "NOT_SETTLED"
    assert (shop.story("W-holiday")[1][0] - FRI).days == 3, "Saturday and Sunday were its two days"


@WEEK.story
def test_a_wallet_sale_waits_for_its_order_number(shop: Shop) -> Iterator[None]:
    shop.wallet("W-order", "9.90", MON)
    shop.wallet_settled("W-order", "9.90", WED)
    shop.wallet("W-order-never", "8.80", MON)
    yield
    assert shop.story("W-order") == [(MON, "waiting"), (WED, "-")]
    assert shop.story("W-order-never") == [(MON, "waiting"), (THU, "NOT_SETTLED")]


@WEEK.story
def test_a_completion_waits_like_a_sale_and_is_settled_as_one(shop: Shop) -> Iterator[None]:
    shop.sale("W-auth", "500.00", MON, kind="PREAUTH")
    shop.sale("W-complete", "450.00", MON, kind="PREAUTH_COMPLETION", original_rrn="W-auth")
    shop.settled("W-complete", "450.00", TUE)
    shop.sale("W-auth-2", "500.00", MON, kind="PREAUTH")
    shop.sale("W-complete-2", "450.00", MON, kind="PREAUTH_COMPLETION", original_rrn="W-auth-2")
    yield
    assert shop.story("W-complete") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("W-complete-2") == [(MON, "waiting"), (THU, "NOT_SETTLED")]


@WEEK.story
def test_an_authorisation_and_its_cancellation_expect_nothing(shop: Shop) -> Iterator[None]:
    shop.sale("W-hold", "300.00", MON, kind="PREAUTH")
    shop.sale("W-unhold", "300.00", MON, kind="PREAUTH_CANCEL", original_rrn="W-hold")
    yield
    assert shop.story("W-hold") == shop.story("W-unhold") == []
    assert shop.state("journal", "W-hold") == shop.state("journal", "W-unhold") == ["out_of_scope"]


@WEEK.story
def test_a_declined_sale_expects_nothing(shop: Shop) -> Iterator[None]:
    shop.sale("W-declined", "60.00", MON, status="DECLINED", response_code="51")
    shop.sale("W-timeout", "60.00", MON, status="TIMEOUT", response_code="")
    yield
    assert shop.story("W-declined") == shop.story("W-timeout") == []
    assert shop.state("journal", "W-declined") == shop.state("journal", "W-timeout") == ["out_of_scope"]


@WEEK.story
def test_a_refund_waits_for_five_days_and_is_not_settled_after(shop: Shop) -> Iterator[None]:
    shop.sale("W-bought", "70.00", MON)
    shop.settled("W-bought", "70.00", TUE)
    shop.refund("W-back", "25.00", MON, of="W-bought")
    yield
    assert shop.story("W-back") == [(MON, "waiting"), (SUN, "REFUND_NOT_SETTLED")]
    found = shop.exception("W-back", "REFUND_NOT_SETTLED")
    assert (found["amount_minor"], found["direction"]) == (2500, "long"), "the merchant still holds the money"


@WEEK.story
def test_a_refund_settled_on_its_last_day_is_in_time(shop: Shop) -> Iterator[None]:
    shop.bought("W-long-ago", "25.00")
    shop.bought("W-long-ago-2", "5.00", wallet=True)
    shop.refund("W-refund", "25.00", MON, of="W-long-ago")
    shop.settled("W-refund", "-25.00", SAT, kind="REFUND", original_rrn="W-long-ago", sold=MON)
    shop.wallet("W-wallet-refund", "5.00", MON, kind="REFUND", original_rrn="W-long-ago-2")
    shop.wallet_settled("W-wallet-refund", "-5.00", TUE, kind="REFUND", original_rrn="W-long-ago-2")
    yield
    assert shop.story("W-refund") == [(MON, "waiting"), (SAT, "-")]
    assert shop.story("W-wallet-refund") == [(MON, "waiting"), (TUE, "-")]
    assert shop.state("settlement", "W-refund") == ["matched"]
