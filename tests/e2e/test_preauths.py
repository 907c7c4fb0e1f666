"""Pre-authorisations: forgotten, completed, cancelled, completed above 115 %."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop


@pytest.fixture(scope="module")
def shop(module_place: Path) -> Shop:
    """MON to SUN with three days for a pre-authorisation."""
    shop = Shop(module_place / "preauths", run={"preauth_days": 3})
    ends = ("forgotten", "completed", "cancelled", "late", "declined-end", "undone", "edge", "over")
    for rrn in (f"P-{end}" for end in ends):
        shop.sale(rrn, "100.01", MON, kind="PREAUTH")
    shop.sale("P-refused", "100.01", MON, kind="PREAUTH", status="DECLINED")
    done(shop, "P-complete", "90.00", TUE, of="P-completed")
    shop.sale("P-cancel", "100.01", WED, kind="PREAUTH_CANCEL", original_rrn="P-cancelled")
    done(shop, "P-late-complete", "100.01", SAT, of="P-late")
    shop.sale("P-no-end", "90.00", TUE, kind="PREAUTH_COMPLETION", original_rrn="P-declined-end", status="DECLINED")
    shop.sale("P-taken", "90.00", TUE, kind="PREAUTH_COMPLETION", original_rrn="P-undone")
    shop.void("P-taken-back", "90.00", TUE, of="P-taken", at="13:00:00")
    done(shop, "P-at-edge", "115.01", TUE, of="P-edge")
    done(shop, "P-above", "115.02", TUE, of="P-over")
    shop.nights(MON, SUN)
    return shop


def done(shop: Shop, rrn: str, amount: str, day: date, of: str) -> None:
    """A completion, settled as a sale the next day."""
    shop.sale(rrn, amount, day, kind="PREAUTH_COMPLETION", original_rrn=of)
    shop.settled(rrn, amount, date.fromordinal(day.toordinal() + 1))


def test_one_that_nobody_ends_is_listed_after_its_days(shop: Shop) -> None:
    assert shop.story("P-forgotten") == [(FRI, "PREAUTH_NOT_COMPLETED")]
    found = shop.exception("P-forgotten", "PREAUTH_NOT_COMPLETED")
    assert (found["amount_minor"], found["direction"]) == (10001, "none")


@pytest.mark.parametrize("rrn", ["P-completed", "P-cancelled", "P-edge", "P-at-edge", "P-refused", "P-complete"])
def test_ended_in_time_says_nothing(shop: Shop, rrn: str) -> None:
    assert not [kind for _, kind in shop.story(rrn) if "PREAUTH" in kind]


@pytest.mark.parametrize("rrn", ["P-declined-end", "P-undone"])
def test_an_end_that_failed_or_was_undone_is_none(shop: Shop, rrn: str) -> None:
    assert shop.story(rrn) == [(FRI, "PREAUTH_NOT_COMPLETED")]


def test_completed_at_last_it_clears(shop: Shop) -> None:
    assert shop.story("P-late") == [(FRI, "PREAUTH_NOT_COMPLETED"), (SAT, "PREAUTH_NOT_COMPLETED cleared")]


def test_above_115_percent_the_excess_is_listed(shop: Shop) -> None:
    assert shop.story("P-above") == [(TUE, "PREAUTH_EXCESS, waiting"), (WED, "PREAUTH_EXCESS")], "and stays"
    found = shop.exception("P-above", "PREAUTH_EXCESS")
    assert (found["amount_minor"], found["direction"]) == (1, "long")


def test_it_waits_for_a_journal_that_may_hold_its_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", run={"preauth_days": 2})
    shop.sale("Q-open", "50.00", MON, kind="PREAUTH")
    shop.sale("Q-ended", "50.00", MON, kind="PREAUTH")
    shop.sale("Q-cancel", "50.00", WED, kind="PREAUTH_CANCEL", original_rrn="Q-ended")
    shop.hold("pos", WED)
    shop.nights(MON, THU)
    shop.release("pos", WED)
    shop.night(FRI)
    assert shop.story("Q-open") == [(FRI, "PREAUTH_NOT_COMPLETED")]
    assert shop.story("Q-ended") == []
