"""People decide pairs: candidates chosen, rows matched and kept apart by hand, all of it remembered."""

from __future__ import annotations

import subprocess
import sys

import pytest
from people import BECAUSE, recon, refused, told
from reading import books_of, rows_of
from scenario import FRI, MON, THU, TUE, WED, Shop

from pipelines import config
from pipelines.store import Store


def tie(shop: Shop) -> str:
    """Two sales and a line that may be either; returns the exception after WED."""
    for name, day in (("one", MON), ("other", TUE)):
        shop.sale(name, "29.00", day, batch_no="000009", stan="000049")
    shop.settled("", "29.00", WED, batch_no="9", stan="49", sold=TUE, payout_id="PAY")
    shop.nights(MON, WED)
    return str(shop.exception("PAY", "AMBIGUOUS_MATCH")["exception_id"])


def place(shop: Shop, side: str, rrn: str) -> str:
    """FILE:LINE of the one row of a side that bears an RRN."""
    sql = f"SELECT file || ':' || line AS place FROM {side} WHERE rrn = '{rrn}'"  # noqa: S608
    ((found,),) = (row.values() for row in rows_of(shop, sql))
    return str(found)


def both(shop: Shop, mine: str, theirs: str) -> tuple[str, str]:
    """A journal row and a settlement line by their RRNs."""
    return place(shop, "journal", mine), place(shop, "settlement", theirs)


def pairs(shop: Shop) -> list[tuple[str, str]]:
    """Rule and journal RRN of every pair, in order."""
    sql = "SELECT m.rule, j.rrn FROM matches m JOIN journal j ON j.row_id = m.journal_row_id ORDER BY j.rrn"
    return [(row["rule"], row["rrn"]) for row in rows_of(shop, sql)]


def test_a_person_chooses_one_of_the_candidates_and_the_next_run_applies_it(shop: Shop) -> None:
    key = tie(shop)
    case = told(shop, "case", "show", key)
    assert [(each["number"], each["file"]) for each in case["candidates"]] == [
        (1, "journal_20260330.csv"),
        (2, "journal_20260331.csv"),
    ]
    done = recon(shop, "case", "resolve", key, "--match", "2", *BECAUSE)
    assert done.exit_code == 0
    assert done.stdout.startswith("decision 1 of Li Na: journal_20260331.csv:2 is paired with")

    (listed,) = told(shop, "case", "list")
    assert (listed["exception_id"], listed["status"]) == (key, "open"), "until the next run"
    (decision,) = listed["decisions"]
    assert (decision["actor"], decision["act"], decision["reason"], decision["state"]) == (
        *("Li Na", "match", "slip seen"),
        "pending",
    )
    assert pairs(shop) == [], "the copy shows the act, and otherwise last night"

    night = shop.night(THU)
    assert pairs(shop) == [("manual", "other")]
    assert night.summary["matched"]["by_rule"] == {"manual": 1}
    assert night.summary["proof"]["balanced"] is True
    assert shop.story(exception_id=key)[-1] == (THU, "AMBIGUOUS_MATCH cleared")
    assert shop.story("other") == [(TUE, "waiting"), (THU, "-")]
    assert shop.story("one") == [(MON, "waiting"), (THU, "NOT_SETTLED")], "no candidate any more, and its time is up"
    assert told(shop, "case", "list") == []
    (closed,) = told(shop, "case", "list", "--status", "all")
    assert [act["state"] for act in closed["decisions"]] == ["in force"]

    books = books_of(shop)
    shop.night(THU)
    assert books_of(shop) == books, "the same night again"
    assert shop.night(FRI).summary["matched"]["journal_settlement"] == 0


def test_a_candidate_may_be_named_by_its_row(shop: Shop) -> None:
    key = tie(shop)
    told(shop, "case", "resolve", key, "--match", "journal_20260330.csv:2", *BECAUSE)
    shop.night(THU)
    assert pairs(shop) == [("manual", "one")]


def test_what_may_be_meant_is_chosen_like_a_candidate_from_either_side(shop: Shop) -> None:
    """No card, no reference: terminal, amount and minutes only suggest."""
    for name, amount in (("first", "74.00"), ("second", "75.00")):
        shop.sale(name, amount, MON, at="12:05:00")
        shop.settled("", amount, TUE, stan="", batch_no="", payout_id=f"PAY-{name}")
    shop.nights(MON, THU)
    undeclared = ["NET_BREAK"] * 2
    assert shop.seen[-1].open_types == [*undeclared, *["NOT_IN_JOURNAL"] * 2, *["NOT_SETTLED"] * 2]
    line = str(shop.exception("PAY-first", "NOT_IN_JOURNAL")["exception_id"])
    sale = str(shop.exception("second", "NOT_SETTLED")["exception_id"])
    assert [each["file"] for each in told(shop, "case", "show", sale)["candidates"]] == [
        "settlement_UNIONPAY_20260331.csv"
    ]
    told(shop, "case", "resolve", line, "--match", "1", *BECAUSE)
    told(shop, "case", "resolve", sale, "--match", "1", *BECAUSE)
    night = shop.night(FRI)
    assert pairs(shop) == [("manual", "first"), ("manual", "second")]
    assert night.open_types == undeclared


def test_the_last_word_on_a_row_counts(shop: Shop) -> None:
    key = tie(shop)
    told(shop, "case", "resolve", key, "--match", "1", *BECAUSE)
    told(shop, "case", "resolve", key, "--match", "2", "--by", "Wang", "--reason", "the other slip")
    shop.night(THU)
    assert pairs(shop) == [("manual", "other")]
    states = [(row["event_no"], row["state"]) for row in rows_of(shop, "SELECT * FROM case_events ORDER BY event_no")]
    assert states == [(1, "overruled"), (2, "in force")]


def test_a_match_by_hand_outranks_the_rules_whenever_it_comes(shop: Shop) -> None:
    """Two sales are settled crosswise: the rules pair by RRN, a person knows better."""
    for name in ("A", "B"):
        shop.sale(name, "10.00", MON)
        shop.settled(name, "10.00", TUE)
    shop.nights(MON, TUE)
    assert pairs(shop) == [("rrn", "A"), ("rrn", "B")]
    told(shop, "case", "match", *both(shop, "A", "B"), *BECAUSE)
    told(shop, "case", "match", *reversed(both(shop, "B", "A")), *BECAUSE)
    night = shop.night(WED)
    assert pairs(shop) == [("manual", "A"), ("manual", "B")]
    crossed = rows_of(
        shop,
        "SELECT j.rrn AS mine, s.rrn AS theirs FROM journal j JOIN settlement s ON s.row_id = j.settlement_row_id",
    )
    assert sorted(tuple(row.values()) for row in crossed) == [("A", "B"), ("B", "A")]
    assert night.open_types == []
    assert night.summary["proof"]["balanced"] is True


def test_amounts_are_compared_after_a_match_by_hand_too(shop: Shop) -> None:
    shop.sale("sold", "10.00", MON)
    shop.settled("typed-wrong", "10.50", TUE)
    shop.nights(MON, TUE)
    told(shop, "case", "match", *both(shop, "sold", "typed-wrong"), *BECAUSE)
    night = shop.night(WED)
    assert shop.history("typed-wrong") == [
        (str(TUE), "NOT_IN_JOURNAL", "opened"),
        (str(WED), "AMOUNT_OVER", "opened"),
        (str(WED), "NOT_IN_JOURNAL", "cleared"),
    ]
    assert night.only("AMOUNT_OVER")["amount_minor"] == 50


def test_a_failed_payment_or_a_closed_row_may_be_matched_by_hand(shop: Shop) -> None:
    shop.sale("failed", "10.00", MON, status="TIMEOUT", response_code="")
    shop.night(MON)
    assert shop.state("journal", "failed") == ["out_of_scope"]
    shop.settled("theirs", "10.00", TUE)
    shop.night(TUE)
    told(shop, "case", "match", *both(shop, "failed", "theirs"), *BECAUSE)
    night = shop.night(WED)
    assert shop.state("journal", "failed") == ["excepted"]
    assert night.open_types == ["FAILED_BUT_SETTLED"]
    assert night.summary["proof"]["balanced"] is True


def test_an_unmatch_keeps_two_rows_apart_and_what_the_pair_said_is_over(shop: Shop) -> None:
    shop.sale("R", "10.00", MON)
    shop.settled("R", "10.50", TUE)
    shop.nights(MON, TUE)
    assert shop.seen[-1].open_types == ["AMOUNT_OVER"]
    told(shop, "case", "unmatch", place(shop, "journal", "R"), *BECAUSE)
    shop.night(WED)
    assert pairs(shop) == []
    assert shop.seen[-1].open_types == ["NOT_IN_JOURNAL"]
    assert (str(WED), "AMOUNT_OVER", "cleared") in shop.history("R")
    shop.night(THU)
    assert shop.seen[-1].open_types == ["NOT_IN_JOURNAL", "NOT_SETTLED"], "its two days are over"
    assert shop.seen[-1].summary["proof"]["balanced"] is True

    told(shop, "case", "match", *both(shop, "R", "R"), "--by", "Wang", "--reason", "the same after all")
    shop.night(FRI)
    assert pairs(shop) == [("manual", "R")]
    assert shop.seen[-1].open_types == ["AMOUNT_OVER"], "open again"
    assert (str(FRI), "AMOUNT_OVER", "reopened") in shop.history("R")
    states = [row["state"] for row in rows_of(shop, "SELECT state FROM case_events ORDER BY event_no")]
    assert states == ["overruled", "in force"]


def test_a_decision_finds_its_rows_in_a_corrected_file(shop: Shop) -> None:
    key = tie(shop)
    told(shop, "case", "resolve", key, "--match", "2", *BECAUSE)
    shop.night(THU)
    name = "settlement_UNIONPAY_20260401.csv"
    first = (shop.inbox / name).read_text()
    header, row, trailer = first.splitlines()
    new = row.replace(",,,29.00", ",,,29.00")
    assert new == row
    corrected = [header, row.replace("PAY", "ELSE").replace("29.00", "1.00").replace(",49,", ",50,"), row]
    shop.put(name, "\n".join([*corrected, "# rows=2 gross=30.00 fee=0.00 net=30.00", ""]))
    assert trailer.startswith("# rows=1")
    night = shop.night(FRI)
    assert night.summary["matched"]["by_rule"] == {"manual": 1}, "on line 3 now"
    assert pairs(shop) == [("manual", "other")]
    assert night.summary["proof"]["balanced"] is True


def test_a_decision_is_lost_with_its_row_and_comes_back_with_it(shop: Shop) -> None:
    key = tie(shop)
    told(shop, "case", "resolve", key, "--match", "2", *BECAUSE)
    shop.night(THU)
    (file,) = told(shop, "files", "--date", str(TUE), "--source", "pos")
    told(shop, "retract", str(file["file_id"]), *BECAUSE)
    assert pairs(shop) == [("stan_batch", "one")], "the one candidate that is left"
    assert [row["state"] for row in rows_of(shop, "SELECT * FROM case_events ORDER BY event_no")] == [
        "lost",
        "in force",
    ]
    text = (shop.inbox / "journal_20260331.csv").read_text().replace("# rows=1 amount=29.00", "# rows=1 amount=29.0")
    shop.put("journal_20260331.csv", text)
    night = shop.night(FRI)
    assert pairs(shop) == [("manual", "other")], "it outranks what a rule paired meanwhile"
    assert night.summary["proof"]["balanced"] is True


@pytest.fixture
def tied(shop: Shop) -> str:
    """The exception of two candidates, in a shop with a matched pair, a payout and a bank entry too."""
    shop.sale("pair", "5.00", TUE)
    shop.settled("pair", "5.00", WED)
    shop.declared("P", "34.00", WED)
    shop.banked("什么", "9.00", WED)
    return tie(shop)


def test_what_cannot_be_decided_is_one_plain_line_and_changes_nothing(shop: Shop, tied: str) -> None:
    line = "settlement_UNIONPAY_20260401.csv"
    found = {
        refused(shop, "case", "resolve", "E0", "--match", "1", *BECAUSE): "E0: there is no such exception",
        refused(shop, "case", "resolve", tied, "--match", "3", *BECAUSE): "3: is none of the 2 candidates",
        refused(shop, "case", "resolve", tied, "--match", f"{line}:2", *BECAUSE): "is none of the 2 candidates",
        refused(shop, "case", "resolve", tied, "--match", "1", "--by", " ", "--reason", "x"): "--by is blank",
        refused(shop, "case", "resolve", tied, "--match", "1", "--by", "x", "--reason", ""): "--reason is blank",
        refused(shop, "case", "match", "journal_20260330.csv:9", f"{line}:2", *BECAUSE): "there is no such row",
        refused(shop, "case", "match", "nonsense", f"{line}:2", *BECAUSE): "there is no such row",
        refused(shop, "case", "match", "99999999999999999999999", f"{line}:2", *BECAUSE): "there is no such row",
        refused(shop, "case", "match", f"{line}:2", f"{line}:4", *BECAUSE): "are both of the settlement",
        refused(shop, "case", "match", "journal_20260330.csv:2", f"{line}:3", *BECAUSE): "is a PAYOUT line",
        refused(shop, "case", "match", "journal_20260330.csv:2", "bank_20260401.csv:2", *BECAUSE): "is a bank entry",
        refused(shop, "case", "unmatch", "journal_20260330.csv:2", *BECAUSE): "is not matched",
        refused(shop, "case", "show", "E0"): "E0: there is no such exception",
    }
    for said, words in found.items():
        assert words in said
    unidentified = shop.seen[-1].only("DEPOSIT_UNIDENTIFIED")["exception_id"]
    assert "lists no candidates" in refused(shop, "case", "resolve", unidentified, "--match", "1", *BECAUSE)
    assert rows_of(shop, "SELECT * FROM case_events") == []


def test_what_is_decided_already_is_not_decided_twice(shop: Shop, tied: str) -> None:
    told(shop, "case", "resolve", tied, "--match", "1", *BECAUSE)
    assert "decided already" in refused(shop, "case", "resolve", tied, "--match", "1", *BECAUSE)
    told(shop, "case", "unmatch", "journal_20260330.csv:2", "--by", "Wang", "--reason", "no")
    again = ("journal_20260330.csv:2", "settlement_UNIONPAY_20260401.csv:4")
    assert "decided already" in refused(shop, "case", "unmatch", *again, *BECAUSE)
    shop.night(THU)
    assert pairs(shop)[-1] == ("rrn", "pair"), "nothing was made of the two"


def test_while_a_run_holds_the_store_a_decision_is_one_plain_line(shop: Shop, tied: str) -> None:
    with Store(config.load(shop.config).paths.store):
        words = ["case", "resolve", "--config", str(shop.config), tied, "--match", "1", *BECAUSE]
        done = subprocess.run([sys.executable, "-m", "pipelines", *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert "another run is working on the store" in line
        assert recon(shop, "case", "list").exit_code == 0, "readers never open it"
        assert recon(shop, "files").exit_code == 0


def test_card_numbers_in_a_reason_are_masked(shop: Shop, tied: str) -> None:
    told(shop, "case", "resolve", tied, "--match", "1", "--by", "Li", "--reason", "slip of card 6228480402564890018")
    (act,) = rows_of(shop, "SELECT reason FROM case_events")
    assert act["reason"] == "slip of card 622848*********0018"
