"""Breaks that crowd together: one incident, in the scope that holds most of them, each break once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.checks.incidents import TIMES, Known, crowds, joining
from pipelines.signal_settings import Signals

NOON = datetime.fromisoformat("2026-04-01T12:00")
OWN = Signals()


def breaks(minutes: list[int], name: str = "a", **cells: Any) -> pl.DataFrame:
    usual = dict.fromkeys(TIMES) | {
        "type": "NOT_SETTLED",
        "acquirer": "WECHAT",
        "merchant_id": "1900",
        "channel": "WECHAT",
    }
    more = {"day": NOON.date(), "amount_minor": 100, "currency": "CNY", "side": "journal", "file_id": 1, "line": 2}
    return pl.DataFrame(
        [
            {**usual, **more, "exception_id": f"{name}{n:02}", "happened_at": NOON + timedelta(minutes=m), **cells}
            for n, m in enumerate(minutes)
        ],
        schema=TIMES,
    )


def usually(count: int) -> Any:
    return lambda _scope, _value, _day: [count] * 10


def never(_scope: str, _value: str, _day: date) -> list[int]:
    return [0] * 10


def test_breaks_that_follow_each_other_are_one_incident() -> None:
    spread = breaks([*range(0, 40, 5), 300, 500])
    (crowd,) = crowds(spread, never, OWN)
    assert (crowd.scope, crowd.value, len(crowd.members), crowd.of) == ("acquirer", "WECHAT", 8, 10)
    assert (crowd.first, crowd.last) == (NOON, NOON + timedelta(minutes=35))


def test_too_few_or_too_far_apart_are_none() -> None:
    assert crowds(breaks([*range(0, 20, 5)]), never, OWN) == []
    assert crowds(breaks([*range(0, 160, 16)]), never, OWN) == []


def test_what_whole_days_have_is_no_incident() -> None:
    assert crowds(breaks([*range(12)]), usually(6), OWN) == []
    assert len(crowds(breaks([*range(12)]), usually(0), OWN)) == 1
    assert crowds(breaks([*range(12)]), lambda *_: [0] * 6, OWN) == []


def test_a_channel_of_two_acquirers_is_told_as_the_channel() -> None:
    both = pl.concat([breaks([*range(0, 16, 2)]), breaks([*range(1, 17, 2)], "b", acquirer="LAKALA")])
    (crowd,) = crowds(both, never, OWN)
    assert (crowd.scope, crowd.value, len(crowd.members)) == ("channel", "WECHAT", 16)


def test_a_merchant_in_trouble_is_told_where_its_acquirer_is_always_so() -> None:
    def by_scope(scope: str, _value: str, _day: date) -> list[int]:
        return [0 if scope == "merchant_id" else 20] * 10

    (crowd,) = crowds(breaks([*range(10)]), by_scope, OWN)
    assert (crowd.scope, crowd.value) == ("merchant_id", "1900")


def test_each_break_belongs_to_one_incident() -> None:
    two = pl.concat([breaks([*range(10)]), breaks([*range(200, 210)], "b")])
    found = crowds(two, never, OWN)
    assert [len(crowd.members) for crowd in found] == [10, 10]
    assert len({member for crowd in found for member in crowd.members}) == 20


def test_the_order_of_breaks_does_not_matter() -> None:
    spread = breaks([*range(0, 60, 3), 300])
    assert crowds(spread.reverse(), never, OWN) == crowds(spread, never, OWN)


def test_late_breaks_join_the_incident_of_their_minutes() -> None:
    known = Known("E1", "acquirer", "WECHAT", NOON, NOON + timedelta(minutes=40), NOON, 0, 0, 10)
    late = pl.concat([breaks([-16, -15, 20, 55, 56]), breaks([20], "b", acquirer="ALIPAY")])
    assert joining(late, [known], OWN) == dict.fromkeys(("a01", "a02", "a03"), "E1")
