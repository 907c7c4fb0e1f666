"""Files that are late: what is said of them, what waits for them, and what happens when they come after all."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop

LATE_WECHAT, LATE_BANK = WED, THU


@pytest.fixture(scope="module")
def shop(module_place: Path) -> Shop:
    """MON to SUN; WeChat's file of WED and the bank's of THU come on SAT; WeChat's of SAT is mended on SUN."""
    shop = Shop(module_place / "shop", acquirers=("UNIONPAY", "WECHAT"), run={"refund_within_days": 3})
    shop.hold("wechat", LATE_WECHAT, SAT)
    shop.hold("bank-main", LATE_BANK)

    shop.sale("card", "10.00", MON)
    shop.wallet("order", "11.00", MON)
    shop.wallet("order-in-it", "12.00", MON)
    shop.wallet_settled("order-in-it", "12.00", LATE_WECHAT)
    shop.wallet("order-of-tue", "13.00", TUE)
    shop.wallet("bought", "14.00", MON)
    shop.wallet_settled("bought", "14.00", TUE)
    shop.wallet("refund", "14.00", MON, kind="REFUND", original_rrn="bought")
    shop.wallet("sold", "15.00", MON, rrn="sold-rrn")
    shop.wallet("void", "15.00", MON, kind="VOID", original_rrn="sold-rrn")
    shop.wallet_settled("sold", "15.00", TUE)

    shop.released("U-MISSING", "100.00", WED)
    shop.released("U-THERE", "101.00", WED)
    shop.banked("U-THERE", "101.00", LATE_BANK)
    shop.released("W-PAYOUT", "102.00", LATE_WECHAT, acquirer="WECHAT")
    shop.banked("W-PAYOUT", "102.00", FRI, acquirer="WECHAT", bank_ref="B-NAMED")
    shop.banked("什么", "103.00", FRI, acquirer="WECHAT", bank_ref="B-UNKNOWN")
    shop.banked("什么", "104.00", FRI, acquirer="UNIONPAY", bank_ref="B-UNIONPAY")

    shop.nights(MON, FRI)
    shop.put("settlement_WECHAT_20260404.csv", shop.text("wechat", SAT).replace("rows=0", "rows=1"))
    shop.release("wechat", LATE_WECHAT)
    shop.release("bank-main", LATE_BANK)
    shop.night(SAT)
    shop.release("wechat", SAT)
    shop.night(SUN)
    return shop


def late(shop: Shop, source: str, day: object) -> list[tuple[object, str]]:
    """The story of one FILE_LATE: its key is source and date."""
    found = {
        e["exception_id"]
        for n in shop.seen
        for e in n.register
        if e["type"] == "FILE_LATE" and source in e["explanation"]
    }
    return [step for key in found for step in shop.story(type="FILE_LATE", business_date=day, exception_id=key)]


def test_a_file_is_late_in_the_run_that_expected_it_and_clears_when_it_comes(shop: Shop) -> None:
    assert late(shop, "wechat", LATE_WECHAT) == [(WED, "FILE_LATE"), (SAT, "FILE_LATE cleared")]
    assert late(shop, "bank-main", LATE_BANK) == [(THU, "FILE_LATE"), (SAT, "FILE_LATE cleared")]
    found = shop.seen[2].only("FILE_LATE")
    assert (found["amount_minor"], found["direction"], found["leg"]) == (0, "none", "file")
    assert (found["severity"], found["due_date"]) == ("high", str(WED)), "the same day"


def test_a_run_is_incomplete_without_the_files_of_its_own_date_and_the_first_expects_no_acquirers(shop: Shop) -> None:
    verdicts = [night.verdict for night in shop.seen]
    assert verdicts == ["OK", "OK", "INCOMPLETE", "INCOMPLETE", "OK", "INCOMPLETE", "OK"]
    assert [night.summary["files"]["missing"] for night in shop.seen[:4]] == [
        [],
        [],
        ["wechat 2026-04-01"],
        ["bank-main 2026-04-02"],
    ]


def test_a_refused_file_counts_as_not_arrived(shop: Shop) -> None:
    assert late(shop, "wechat", SAT) == [(SAT, "FILE_LATE"), (SUN, "FILE_LATE cleared")]
    assert shop.story(type="FILE_INVALID") == [(SAT, "FILE_INVALID"), (SUN, "FILE_INVALID cleared")]


def test_no_statement_is_expected_where_the_bank_is_closed(shop: Shop) -> None:
    assert not [m for night in shop.seen[5:] for m in night.summary["files"]["missing"] if "bank" in m]


def test_a_sale_keeps_waiting_while_one_of_its_acquirers_files_has_not_come(shop: Shop) -> None:
    assert shop.story("card") == [(MON, "waiting"), (THU, "NOT_SETTLED")], "the other acquirer's files were there"
    assert shop.story("order") == [(MON, "waiting"), (SAT, "NOT_SETTLED")]


def test_what_the_late_file_settles_was_never_open(shop: Shop) -> None:
    assert shop.story("order-in-it") == [(MON, "waiting"), (SAT, "-")]
    assert shop.history("order-in-it") == []


def test_only_the_files_of_its_own_days_matter(shop: Shop) -> None:
    assert shop.story("order-of-tue") == [(TUE, "waiting"), (SAT, "NOT_SETTLED")], "SAT is missing still"


def test_refunds_and_voids_keep_waiting_likewise(shop: Shop) -> None:
    assert shop.story("refund") == [(MON, "waiting"), (SAT, "REFUND_NOT_SETTLED")]
    assert shop.story("sold-rrn") == [(MON, "waiting"), (TUE, "-"), (SAT, "VOID_NOT_SETTLED")]


def test_a_payout_is_missing_only_once_the_statement_of_its_due_date_is_loaded(shop: Shop) -> None:
    assert shop.story("U-MISSING") == [(WED, "waiting"), (SAT, "DEPOSIT_MISSING")]
    assert shop.story("U-THERE") == [(WED, "waiting"), (SAT, "-")]
    assert shop.history("U-THERE") == []


def test_nothing_is_unidentified_while_a_file_of_that_acquirer_is_missing(shop: Shop) -> None:
    assert shop.story("B-NAMED") == [(FRI, "waiting"), (SAT, "-")]
    assert shop.story("B-UNKNOWN") == [(FRI, "waiting"), (SUN, "DEPOSIT_UNIDENTIFIED")], "WED's, then SAT's"
    assert shop.story("B-UNIONPAY") == [(FRI, "DEPOSIT_UNIDENTIFIED")], "the other acquirer is complete"


def test_the_summary_counts_what_waits(shop: Shop) -> None:
    waiting = [sum(e["status"] == "waiting" for e in night.register) for night in shop.seen]
    assert [night.summary["waiting"]["TIMING"] for night in shop.seen] == waiting


def test_a_skipped_night_is_made_up_by_the_next(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.hold("unionpay", TUE)
    shop.sale("M", "10.00", MON)
    shop.sale("T", "11.00", TUE)
    shop.settled("T", "11.00", WED)
    shop.settled("T", "11.00", THU, sold=TUE)
    shop.night(MON)
    shop.night(THU)
    assert shop.seen[1].summary["files"]["loaded"] == 3 + 2 + 3, "journals, settlements, statements of three days"
    assert shop.story("T") == [(THU, "DUPLICATE_SETTLEMENT")], "two files of one night, the later line is the second"
    assert shop.story("M") == [(MON, "waiting")], "Tuesday's file has not come"
    assert shop.seen[1].verdict == "INCOMPLETE"
    assert late(shop, "unionpay", TUE) == [(THU, "FILE_LATE")]
    shop.release("unionpay", TUE)
    again = shop.night(THU)
    assert again.verdict == "OK"
    assert late(shop, "unionpay", TUE) == [(THU, "FILE_LATE"), (THU, "FILE_LATE cleared")]
    assert again.only("NOT_SETTLED")["rrn"] == "M"


def test_without_an_inbox_nothing_arrives_and_the_run_says_so(place: Path) -> None:
    empty = Shop(place / "shop")
    empty.hold("pos", MON)
    empty.hold("bank-main", MON)
    empty.inbox.rmdir()
    night = empty.night(MON)
    assert night.said == [f"{empty.inbox}: there is no such inbox; no file can arrive"]
    assert (night.verdict, night.open_types) == ("INCOMPLETE", ["FILE_LATE", "FILE_LATE"])
