"""A wrong file is taken back: what rested on it is undone, what it had closed is open again, all of it on record."""

from __future__ import annotations

import subprocess
import sys

import pytest
from people import BECAUSE, recon, refused, told
from reading import books_of, rows_of
from scenario import FRI, MON, SAT, THU, TUE, WED, Shop

from pipelines import config, reconcile
from pipelines.store import Store

SETTLED = "settlement_UNIONPAY_20260331.csv"


def number(shop: Shop, name: str) -> str:
    """FILE_ID of the file of a name that is in use."""
    (found,) = [file for file in told(shop, "files", "--state", "loaded") if file["name"] == name]
    return str(found["file_id"])


def busy(shop: Shop) -> None:
    """A pair, a wrong amount, a sale that is never settled, a line of nobody, and a payout in the bank."""
    shop.sale("ok", "10.00", MON)
    shop.settled("ok", "10.00", TUE, payout_id="P")
    shop.sale("over", "11.00", MON)
    shop.settled("over", "12.00", TUE, payout_id="P")
    shop.settled("nobody", "14.00", TUE, payout_id="P")
    shop.declared("P", "36.00", TUE)
    shop.banked("P", "36.00", WED)
    shop.nights(MON, WED)


def test_a_file_taken_back_leaves_the_books_as_if_it_had_never_come(shop: Shop) -> None:
    busy(shop)
    assert shop.seen[-1].open_types == ["AMOUNT_OVER", "NOT_IN_JOURNAL"]
    done = recon(shop, "retract", number(shop, SETTLED), *BECAUSE)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"{SETTLED}: taken back"
    assert "2026-04-01 OK: proof balanced" in done.stdout

    open_now = told(shop, "exceptions")
    assert [e["type"] for e in open_now] == ["FILE_LATE"], "it counts as not arrived, and its sales wait"
    waiting = told(shop, "exceptions", "--status", "waiting")
    assert sorted(filter(None, (e["rrn"] or e["bank_ref"] for e in waiting))) == ["B04011", "ok", "over"]
    assert rows_of(shop, "SELECT * FROM settlement") == rows_of(shop, "SELECT * FROM matches") == []
    events = {(type_, event) for _, type_, event in shop.history("over") + shop.history("nobody")}
    assert events >= {("AMOUNT_OVER", "cleared"), ("NOT_IN_JOURNAL", "cleared")}

    (file,) = told(shop, "files", "--state", "retracted")
    assert (file["name"], file["retracted_by"], file["error"]) == (SETTLED, "Li Na", "slip seen")
    assert len(file["sha256"]) == 64
    (act,) = rows_of(shop, "SELECT actor, act, reason, file_id FROM case_events")
    assert act == {"actor": "Li Na", "act": "retract", "reason": "slip seen", "file_id": file["file_id"]}
    report = (shop.root / "var" / "reports" / "recon-20260401.html").read_text()
    assert "Taken back" in report
    assert "slip seen" in report


def test_the_same_content_does_not_come_back_by_itself_and_its_corrected_version_does(shop: Shop) -> None:
    busy(shop)
    told(shop, "retract", number(shop, SETTLED), *BECAUSE)
    before = books_of(shop)
    night = shop.night(WED)
    assert night.summary["files"]["loaded"] == 0
    assert books_of(shop) == before
    shop.put(SETTLED, shop.text("unionpay", TUE).replace("12.00", "11.00").replace("36.00", "35.00"))
    night = shop.night(THU)
    assert night.summary["matched"]["by_rule"] == {"rrn": 2, "payout_reference": 1}
    assert sorted(night.open_types) == ["DEPOSIT_AMOUNT_DIFF", "NOT_IN_JOURNAL"]
    assert night.summary["proof"]["balanced"] is True
    states = [(file["name"], file["state"]) for file in told(shop, "files", "--date", str(TUE), "--source", "unionpay")]
    assert states == [(SETTLED, "retracted"), (SETTLED, "loaded")]
    (difference,) = rows_of(shop, "SELECT * FROM restatements")
    assert (difference["replaced_files"], difference["old_amount_minor"], difference["new_amount_minor"]) == (
        *(SETTLED, 3600, 3500),
    )
    changed = rows_of(shop, "SELECT change, rrn, old_amount_minor, new_amount_minor FROM restated_rows ORDER BY rrn")
    assert [tuple(row.values()) for row in changed if row["rrn"]] == [("changed", "over", 1200, 1100)]


def test_a_journal_taken_back_frees_its_lines_and_voids(shop: Shop) -> None:
    """A void of TUE undid a sale of MON, and a reversal of TUE excused a failed one: neither holds any more."""
    shop.sale("voided", "10.00", MON)
    shop.void("V", "10.00", TUE, of="voided")
    shop.sale("failed", "11.00", MON, status="TIMEOUT", response_code="")
    shop.settled("failed", "11.00", TUE)
    shop.void("R", "11.00", TUE, of="failed", kind="REVERSAL")
    shop.settled("R", "-11.00", WED, kind="REVERSAL", original_rrn="failed")
    shop.sale("tuesday", "12.00", TUE)
    shop.settled("tuesday", "12.00", WED)
    shop.nights(MON, FRI)
    assert shop.state("journal", "voided") == ["out_of_scope"]
    assert shop.seen[-1].open_types == []
    told(shop, "retract", number(shop, "journal_20260331.csv"), *BECAUSE)
    assert [e["type"] for e in told(shop, "exceptions", "--status", "all") if e["rrn"] == "voided"] == ["NOT_SETTLED"]
    kinds = {(e["rrn"], e["type"]) for e in told(shop, "exceptions")}
    assert kinds == {(None, "FILE_LATE"), ("voided", "NOT_SETTLED"), ("failed", "FAILED_BUT_SETTLED")}
    waiting = {e["rrn"] for e in told(shop, "exceptions", "--status", "waiting")}
    assert waiting == {"tuesday", "R"}, "lines whose journal is not there"


def test_refunds_and_preauthorisations_are_judged_again_without_what_is_gone(shop: Shop) -> None:
    shop.bought("sale", "20.00")
    shop.refund("refund", "20.00", TUE, of="sale")
    shop.settled("refund", "-20.00", WED, kind="REFUND", original_rrn="sale")
    shop.sale("hold", "30.00", TUE, kind="PREAUTH")
    shop.sale("done", "30.00", WED, kind="PREAUTH_COMPLETION", original_rrn="hold")
    shop.settled("done", "30.00", THU)
    shop.nights(MON, THU)
    assert shop.seen[-1].open_types == []
    told(shop, "retract", number(shop, "journal_20260401.csv"), *BECAUSE)
    assert rows_of(shop, "SELECT count(*) AS n FROM book.watched WHERE kind = 'preauth'") == [{"n": 1}], "open again"
    told(shop, "retract", number(shop, "journal_20260330.csv"), *BECAUSE)
    assert {e["type"] for e in told(shop, "exceptions")} == {"FILE_LATE"}, "the sale stands in the settlement still"
    told(shop, "retract", number(shop, SETTLED), *BECAUSE)
    shop.put("journal_20260330.csv", shop.text("pos", MON).replace("sale", "else"))
    shop.put("journal_20260401.csv", shop.text("pos", WED).replace("done", "new-"))
    night = shop.night(FRI)
    assert night.only("REFUND_UNLINKED")["rrn"] == "refund"
    assert night.summary["proof"]["balanced"] is True


def test_a_representment_taken_back_leaves_the_chargeback_open_and_its_return_closes_it(shop: Shop) -> None:
    shop.bought("S", "20.00")
    shop.settled("S", "-20.00", WED, kind="CHARGEBACK", original_rrn="S")
    shop.settled("S", "20.00", THU, kind="REPRESENTMENT", original_rrn="S")
    shop.nights(MON, THU)
    assert shop.story("S")[-1] == (THU, "CHARGEBACK cleared")
    told(shop, "retract", number(shop, "settlement_UNIONPAY_20260402.csv"), *BECAUSE)
    assert "CHARGEBACK" in [e["type"] for e in told(shop, "exceptions")]
    again = shop.text("unionpay", THU).replace(",0.00,20.00", ",0.0,20.00")
    shop.put("settlement_UNIONPAY_20260402.csv", again)
    assert shop.night(FRI).open_types == []

    told(shop, "retract", number(shop, "settlement_UNIONPAY_20260401.csv"), *BECAUSE)
    shop.put("settlement_UNIONPAY_20260401.csv", shop.text("unionpay", WED).replace(",0.00,-20.00", ",0.0,-20.00"))
    assert shop.night(SAT).open_types == [], "a chargeback that comes after its representment"


def test_an_adjustment_whose_exception_is_gone_explains_nothing(shop: Shop) -> None:
    shop.sale("X", "10.00", MON)
    shop.settled("X", "12.00", TUE)
    shop.settled("X", "-2.00", WED, kind="ADJUSTMENT")
    shop.nights(MON, WED)
    assert shop.seen[-1].open_types == []
    told(shop, "retract", number(shop, SETTLED), *BECAUSE)
    kinds = sorted(e["type"] for e in told(shop, "exceptions"))
    assert kinds == ["ADJUSTMENT_UNEXPLAINED", "FILE_LATE"]
    shop.put(SETTLED, shop.text("unionpay", TUE).replace("12.00,0.00,12.00", "12.00,0.0,12.00"))
    night = shop.night(THU)
    assert night.open_types == [], "it settles what came back"
    assert night.summary["proof"]["balanced"] is True


def test_what_cannot_be_taken_back_is_one_plain_line(shop: Shop) -> None:
    shop.put("journal_bad_20260330.csv", "no journal\n")
    busy(shop)
    (bad,) = told(shop, "files", "--state", "rejected")
    key = number(shop, SETTLED)
    assert refused(shop, "retract", "99", *BECAUSE) == (
        "99: there is no such file; `recon files` lists them with their numbers"
    )
    assert "there is no such file" in refused(shop, "retract", SETTLED, *BECAUSE)
    assert "was refused when it came" in refused(shop, "retract", str(bad["file_id"]), *BECAUSE)
    assert "--reason is blank" in refused(shop, "retract", key, "--reason", " ")
    before = books_of(shop)
    with Store(config.load(shop.config).paths.store):
        words = ["retract", "--config", str(shop.config), key, *BECAUSE]
        done = subprocess.run([sys.executable, "-m", "pipelines", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "another run is working on the store" in done.stderr
    assert books_of(shop) == before
    told(shop, "retract", key, *BECAUSE)
    assert "was taken back already" in refused(shop, "retract", key, *BECAUSE)


def test_before_the_first_night_there_is_nothing_to_take_back(shop: Shop) -> None:
    assert "nothing is published yet" in refused(shop, "files", code=1)
    assert "there is no such file" in refused(shop, "retract", "1", *BECAUSE)


def test_if_the_proof_fails_the_file_is_in_use_as_before(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(shop)
    before, key = books_of(shop), number(shop, SETTLED)
    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "failures", lambda lines: ["one line"])
        assert "the proof does not balance" in refused(shop, "retract", key, *BECAUSE, code=1)
    assert books_of(shop) == before
    night = shop.night(WED)
    assert night.summary["exceptions"]["new"] == {}
    assert books_of(shop) == before
