"""The same night again, nights that go back, and what `run` answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading import books_of, rows_of
from scenario import MON, THU, TUE, WED, Shop
from week import WEEK

from pipelines import config, nightly
from pipelines.nightly import DateError


def busy(shop: Shop) -> Shop:
    """A few of everything."""
    shop.sale("ok", "10.00", MON)
    shop.settled("ok", "10.00", TUE)
    shop.sale("over", "11.00", MON)
    shop.settled("over", "12.00", TUE)
    shop.sale("never", "13.00", MON)
    shop.settled("unknown", "14.00", TUE)
    shop.settled("ok", "10.00", TUE)
    shop.released("P1", "46.00", TUE)
    shop.banked("P1", "45.00", WED)
    shop.banked("什么", "9.00", WED)
    shop.put("bank_bad_20260331.csv", "account,booking_date\n1,2\n")
    return shop


def test_the_same_night_again_changes_nothing(shop: Shop) -> None:
    busy(shop)
    shop.hold("pos", THU)
    shop.night(MON)
    shop.night(THU)
    books, first = books_of(shop), shop.seen[-1]
    second = shop.night(THU)
    assert books_of(shop) == books
    assert second.register == first.register
    assert second.verdict == first.verdict == "INCOMPLETE"
    assert second.summary["files"]["loaded"] == 0
    assert second.summary["files"]["already_loaded"] > 0
    assert second.summary["files"]["missing"] == first.summary["files"]["missing"]
    assert second.summary["exceptions"]["new"] == second.summary["exceptions"]["cleared"] == {}
    assert second.summary["exceptions"]["open"] == first.summary["exceptions"]["open"] != {}
    assert second.summary["proof"] == first.summary["proof"]
    assert second.summary["waiting"] == first.summary["waiting"]
    assert second.summary["rows"] == {"journal": 0, "settlement": 0, "bank": 0, "rejected": 0}
    assert second.summary["run_id"] != first.summary["run_id"]


def test_a_date_before_the_newest_run_is_refused_and_changes_nothing(shop: Shop) -> None:
    shop.night(TUE)
    before = shop.published.read_bytes()
    with pytest.raises(DateError, match=r"2026-03-30 lies before the newest run .*2026-03-31"):
        nightly.run(config.load(shop.config), MON, print)
    assert shop.published.read_bytes() == before


def test_a_file_that_comes_later_the_same_day_is_picked_up_by_the_next_run_of_that_date(shop: Shop) -> None:
    shop.sale("S", "10.00", MON)
    shop.settled("S", "10.00", TUE)
    shop.hold("unionpay", TUE)
    shop.nights(MON, TUE)
    shop.release("unionpay", TUE)
    again = shop.night(TUE)
    assert again.verdict == "OK"
    assert again.summary["exceptions"] == {"new": {}, "cleared": {"FILE_LATE": 1}, "open": {}}
    assert again.summary["matched"]["by_rule"] == {"rrn": 1}
    assert shop.story("S") == [(MON, "waiting"), (TUE, "-")]


def test_what_a_run_answers(shop: Shop) -> None:
    busy(shop)
    summary = shop.nights(MON, WED).summary
    told = ("business_date", "verdict", "files", "rows", "matched", "exceptions", "waiting")
    assert {name: summary[name] for name in told} == {
        "business_date": "2026-04-01",
        "verdict": "OK",
        "files": {"loaded": 3, "already_loaded": 5, "rejected": 0, "missing": []},
        "rows": {"journal": 0, "settlement": 0, "bank": 2, "rejected": 0},
        "matched": {"journal_settlement": 0, "settlement_bank": 1, "by_rule": {"payout_reference": 1}},
        "exceptions": {
            "new": {"DEPOSIT_AMOUNT_DIFF": 1, "DEPOSIT_UNIDENTIFIED": 1},
            "cleared": {},
            "open": {
                "AMOUNT_OVER": 1,
                "DEPOSIT_AMOUNT_DIFF": 1,
                "DEPOSIT_UNIDENTIFIED": 1,
                "DUPLICATE_SETTLEMENT": 1,
                "FILE_INVALID": 1,
                "NOT_IN_JOURNAL": 1,
            },
        },
        "waiting": {"TIMING": 1},
    }
    assert Path(summary["reports"]["html"]).is_file()
    assert Path(summary["reports"]["json"]).is_file()
    assert summary["seconds"]["total"] > 0
    assert summary["peak_rss_mb"] > 0
    assert set(summary) == {
        *("run_id", "business_date", "verdict", "files", "rows", "matched", "exceptions", "waiting", "proof"),
        *("reports", "seconds", "peak_rss_mb"),
    }


@WEEK.story
def test_an_exception_keeps_its_id_and_its_first_day_from_night_to_night(shop: Shop) -> Iterator[None]:
    shop.settled("same", "14.00", TUE)
    yield
    found = [e for night in shop.seen for e in night.open if e["rrn"] == "same"]
    assert len(found) == 9
    assert len({(e["exception_id"], e["first_seen"]) for e in found}) == 1
    assert [e["age_days"] for e in found] == list(range(9))


@WEEK.story
def test_every_night_answers_what_history_and_register_say(shop: Shop) -> Iterator[None]:
    yield
    events = rows_of(shop, "SELECT run_date, type, event FROM exception_history")
    for night in shop.seen:
        tonight = [(e["type"], e["event"]) for e in events if e["run_date"] == night.day]
        counted = night.summary["exceptions"]
        assert counted["new"] == Counter(kind for kind, event in tonight if event in ("opened", "reopened"))
        assert counted["cleared"] == Counter(kind for kind, event in tonight if event == "cleared")
        assert counted["open"] == Counter(night.open_types)
        assert night.summary["waiting"]["TIMING"] == len([e for e in night.register if e["status"] == "waiting"])
        assert night.summary["proof"]["balanced"] is True
        assert night.verdict == "OK"
