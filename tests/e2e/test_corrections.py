"""Corrected files: exactly what rested on the old one is undone, the difference is told, both stay on record."""

from __future__ import annotations

import json

import pytest
from people import recon, told
from reading import rows_of
from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop

WRONG = "settlement_UNIONPAY_20260401.csv"


@pytest.fixture(scope="module")
def shop(module_place: object) -> Shop:
    """The acquirer's file of WED, the third day, is corrected on FRI, the fifth.

    It had one sale twice as high, left one out, held one that was another shop's, and was right about `kept`.
    """
    shop = Shop(module_place / "shop")  # type: ignore[operator]
    for rrn in ("kept", "high", "left-out"):
        shop.sale(rrn, "20.00", TUE)
    shop.sale("later", "5.00", WED)
    shop.settled("kept", "20.00", WED, payout_id="P3")
    shop.settled("high", "40.00", WED, payout_id="P3")
    shop.settled("strange", "7.00", WED, payout_id="P3")
    shop.declared("P3", "67.00", WED)
    shop.settled("later", "5.00", THU)
    shop.banked("P3", "60.00", THU)
    shop.nights(MON, THU)
    rows = shop.rows[next(file for file in shop.rows if file.name == WRONG)]
    rows[1]["gross"] = rows[1]["net"] = "20.00"
    rows[2] |= {"rrn": "left-out", "gross": "20.00", "net": "20.00"}
    rows[3] |= {"gross": "60.00", "net": "60.00"}
    shop.put(WRONG, shop.text("unionpay", WED))
    shop.nights(FRI, SUN)
    return shop


def test_the_register_tells_what_opened_what_closed_and_when(shop: Shop) -> None:
    assert shop.history("high") == [(str(WED), "AMOUNT_OVER", "opened"), (str(FRI), "AMOUNT_OVER", "cleared")]
    assert shop.history("strange") == [(str(WED), "NOT_IN_JOURNAL", "opened"), (str(FRI), "NOT_IN_JOURNAL", "cleared")]
    assert sorted(shop.history("P3")) == [
        (str(WED), "AMOUNT_OVER", "opened"),
        (str(WED), "NOT_IN_JOURNAL", "opened"),
        (str(THU), "DEPOSIT_AMOUNT_DIFF", "opened"),
        (str(FRI), "AMOUNT_OVER", "cleared"),
        (str(FRI), "DEPOSIT_AMOUNT_DIFF", "cleared"),
        (str(FRI), "NOT_IN_JOURNAL", "cleared"),
    ]
    assert shop.story("left-out") == [(TUE, "waiting"), (FRI, "-")], "found in time"
    assert shop.history("kept") == shop.history("later") == []
    assert [night.open_types for night in shop.seen[4:]] == [[], [], []]


def test_the_proof_holds_before_and_after_and_counts_each_row_once(shop: Shop) -> None:
    for night in shop.seen:
        assert night.summary["proof"]["balanced"] is True
    lines = {line["side"]: line for line in shop.seen[-1].summary["proof"]["lines"]}
    assert (lines["settlement"]["rows_in"], lines["settlement"]["amount_in_minor"]) == (5, 4 * 2000 + 500 + 4000)
    assert shop.seen[4].summary["matched"]["by_rule"] == {"rrn": 3, "payout_reference": 1}, "and not that of THU"


def test_the_difference_is_on_record(shop: Shop) -> None:
    (found,) = rows_of(shop, "SELECT * FROM restatements")
    assert (found["file"], found["replaced_files"], found["source"], found["run_date"]) == (
        WRONG,
        WRONG,
        "unionpay",
        FRI,
    )
    assert (found["old_rows"], found["new_rows"]) == (4, 4)
    assert (found["added"], found["removed"], found["changed"]) == (1, 1, 2)
    assert (found["old_amount_minor"], found["new_amount_minor"], found["difference_minor"]) == (6700, 6000, -700)
    columns = "change, changed, rrn, payout_id, old_line, new_line, old_amount_minor, new_amount_minor"
    rows = rows_of(shop, f"SELECT {columns} FROM restated_rows ORDER BY old_line NULLS LAST")  # noqa: S608
    amounts = ["gross_minor", "net_minor"]
    assert [tuple(row.values()) for row in rows] == [
        ("changed", amounts, "high", "P3", 3, 3, 4000, 2000),
        ("removed", [], "strange", "P3", 4, None, 700, None),
        ("changed", amounts, None, "P3", 5, 5, 6700, 6000),
        ("added", [], "left-out", "P3", None, 4, None, 2000),
    ]


def test_both_files_are_listed_with_what_they_are_to_each_other(shop: Shop) -> None:
    old, new = told(shop, "files", "--date", str(WED), "--source", "unionpay")
    assert (old["state"], new["state"]) == ("retracted", "loaded")
    assert (old["replaced_by"], new["replaces"]) == (new["file_id"], [old["file_id"]])
    assert old["sha256"] != new["sha256"]
    assert old["retracted_by"] is None, "a file did, not a person"
    text = recon(shop, "files", "--state", "retracted").stdout
    assert f"replaced by file {new['file_id']}" in text
    assert "1 files" in text


def test_the_report_of_the_day_has_a_section_for_it_and_others_have_none(shop: Shop) -> None:
    reports = shop.root / "var" / "reports"
    page = (reports / "recon-20260403.html").read_text()
    section = page.split('id="corrected"')[1].split("</section>")[0]
    for words in ("67.00", "60.00", "RRN high", "AMOUNT_OVER cleared", "NOT_IN_JOURNAL cleared", "RRN left-out"):
        assert words in section, words
    (restated,) = json.loads((reports / "recon-20260403.json").read_text())["restatements"]
    assert (restated["added"], restated["removed"], restated["changed"]) == (1, 1, 2)
    assert [row["meaning"] for row in restated["rows"] if row["key"] == "RRN high"] == [["AMOUNT_OVER cleared"]]
    for day in ("20260402", "20260404"):
        assert 'id="corrected"' not in (reports / f"recon-{day}.html").read_text()


def test_what_a_corrected_file_says_again_stays_open(place: object) -> None:
    shop = Shop(place / "shop")  # type: ignore[operator]
    for rrn in ("over", "other"):
        shop.sale(rrn, "20.00", TUE)
        shop.settled(rrn, "40.00", WED)
    shop.nights(MON, THU)
    rows = shop.rows[next(file for file in shop.rows if file.name == WRONG)]
    rows[1]["gross"] = rows[1]["net"] = "20.00"
    shop.put(WRONG, shop.text("unionpay", WED))
    shop.nights(FRI, SUN)
    assert shop.history("over") == [(str(WED), "AMOUNT_OVER", "opened")]
    assert shop.history("other") == [(str(WED), "AMOUNT_OVER", "opened"), (str(FRI), "AMOUNT_OVER", "cleared")]


def test_what_a_correction_takes_away_opens_again(place: object) -> None:
    shop = Shop(place / "shop")  # type: ignore[operator]
    shop.sale("gone", "9.00", MON)
    shop.settled("gone", "9.00", TUE)
    shop.nights(MON, FRI)
    assert shop.story("gone") == [(MON, "waiting"), (TUE, "-")]
    shop.put("settlement_UNIONPAY_20260331_v2_20260331.csv", shop.text("unionpay", SAT))
    night = shop.night(SAT)
    assert night.only("NOT_SETTLED")["rrn"] == "gone"
    assert night.summary["proof"]["balanced"] is True
    (restated,) = json.loads((shop.root / "var/reports/recon-20260404.json").read_text())["restatements"]
    assert (restated["file"], restated["replaced"]) == (
        *("settlement_UNIONPAY_20260331_v2_20260331.csv", "settlement_UNIONPAY_20260331.csv"),
    )
    assert [(row["change"], row["meaning"]) for row in restated["rows"]] == [("removed", ["NOT_SETTLED opened"])]


def test_journals_and_statements_are_corrected_likewise(place: object) -> None:
    shop = Shop(place / "shop")  # type: ignore[operator]
    shop.sale("typo", "90.00", MON)
    shop.settled("typo", "9.00", TUE, payout_id="P")
    shop.declared("P", "9.00", TUE)
    entry = shop.banked("P", "8.00", WED)
    shop.nights(MON, WED)
    assert shop.seen[-1].open_types == ["AMOUNT_UNDER", "DEPOSIT_AMOUNT_DIFF"]
    entry["amount"] = "9.00"
    shop.put("journal_20260330.csv", shop.text("pos", MON).replace("90.00", "9.00"))
    shop.put("bank_20260401.csv", shop.text("bank-main", WED))
    assert shop.night(THU).open_types == []
    found = rows_of(
        shop, "SELECT side, change, changed, old_amount_minor, new_amount_minor FROM restated_rows ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("bank", "changed", ["amount_minor"], 800, 900),
        ("journal", "changed", ["amount_minor"], 9000, 900),
    ]
