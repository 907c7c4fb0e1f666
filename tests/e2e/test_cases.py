"""People work on cases: who, when, what and why, from an open exception to a resolved one and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from people import recon, refused, told
from reading import rows_of
from scenario import FRI, MON, SAT, THU, TUE, WED, Shop

PEOPLE = """
[[people]]
name = "Li Na"
login = "lina"

[[people]]
name = "Wang Wei"
may_approve = { CNY = "500.00" }

[[people]]
name = "Zhao Min"
may_approve = { CNY = "100000.00" }
remedies = ["refund", "write-off"]
"""


def lost(shop: Shop, rrn: str = "lost", amount: str = "88.00") -> str:
    """A sale that nobody settles; its exception after THU."""
    shop.sale(rrn, amount, MON)
    shop.nights(MON, THU)
    return str(shop.exception(rrn, "NOT_SETTLED")["exception_id"])


def with_people(shop: Shop) -> Shop:
    shop.config.write_text(shop.config.read_text() + PEOPLE)
    return shop


def do(shop: Shop, act: str, key: str, *words: str, by: str = "Li Na") -> dict[str, Any]:
    """One act on one case, which must be allowed."""
    (found,) = told(shop, "case", act, key, *words, "--by", by)
    return dict(found)


def status(shop: Shop, key: str) -> str:
    (row,) = rows_of(shop, f"SELECT status FROM exceptions WHERE exception_id = '{key}'")  # noqa: S608
    return str(row["status"])


def until_approved(shop: Shop, key: str, remedy: str = "debit-adjustment") -> None:
    do(shop, "assign", key)
    do(shop, "propose", key, "--remedy", remedy, "--reason", "slip seen")
    do(shop, "approve", key, by="Wang Wei")


def test_a_case_goes_from_open_to_resolved_and_each_step_is_on_record(shop: Shop) -> None:
    key = lost(shop)
    assert do(shop, "assign", key, "--to", "Chen", "--due", "2026-04-09")["assignee"] == "Chen"
    assert status(shop, key) == "assigned"
    do(shop, "investigate", key, "--fact", "delivered=yes", "--reason", "the shop has the slip")
    do(shop, "wait", key, "--for", "acquirer", "--reason", "asked by mail")
    assert status(shop, key) == "waiting-acquirer"
    do(shop, "note", key, "--reason", "they will look into it")
    do(shop, "investigate", key)
    assert do(shop, "propose", key, "--remedy", "debit-adjustment", "--reason", "batch 1")["proposed_minor"] == 8800
    do(shop, "reject", key, "--reason", "no slip", by="Wang Wei")
    do(shop, "propose", key, "--remedy", "debit-adjustment", "--amount", "80.00", "--reason", "with slip")
    do(shop, "approve", key, by="Wang Wei")
    done = do(shop, "resolve", key, "--recovered", "80.00", "--cause", "batch not sent", "--reason", "credited")
    assert (done["state"], done["recovered_minor"], done["approved_by"]) == ("resolved", 8000, "Wang Wei")

    case = told(shop, "case", "show", key)
    assert [act["case_state"] for act in case["acts"]] == [
        *("assigned", "investigating", "waiting-acquirer", "waiting-acquirer", "investigating", "proposed"),
        *("rejected", "proposed", "approved", "resolved"),
    ]
    assert (case["status"], case["due_date"], case["recovered_minor"]) == ("resolved", "2026-04-09", 8000)
    assert told(shop, "exceptions", "--type", "NOT_SETTLED") == [], "what is resolved is not open"
    (row,) = rows_of(shop, "SELECT * FROM cases")
    assert (row["status"], row["cause"], row["recovered_minor"]) == ("resolved", "batch not sent", 8000)
    assert "Wang Wei: approve → approved, debit-adjustment 80.00 CNY" in recon(shop, "trace", key).stdout


def test_work_in_progress_is_open_for_everybody_who_asks_what_is_open(shop: Shop) -> None:
    key = lost(shop)
    do(shop, "assign", key)
    do(shop, "wait", key, "--for", "customer")
    (listed,) = told(shop, "exceptions", "--type", "NOT_SETTLED")
    assert (listed["exception_id"], listed["status"]) == (key, "waiting-customer")
    assert told(shop, "exceptions", "--status", "waiting-customer")[0]["exception_id"] == key
    night = shop.night(FRI)
    assert night.summary["exceptions"]["open"] == {"NOT_SETTLED": 1}
    (band,) = rows_of(shop, "SELECT exceptions FROM ageing WHERE type = 'NOT_SETTLED'")
    assert band["exceptions"] == 1


def test_what_is_resolved_stays_resolved_while_nothing_new_comes(shop: Shop) -> None:
    key = lost(shop)
    until_approved(shop, key)
    do(shop, "resolve", key, "--recovered", "88.00", "--reason", "credited")
    for day in (THU, FRI, FRI, SAT):
        night = shop.night(day)
        assert "NOT_SETTLED" not in night.open_types
        assert night.summary["exceptions"]["open"] == {}
    assert status(shop, key) == "resolved"
    assert len(rows_of(shop, "SELECT * FROM case_events")) == 4, "nights add nothing"


def test_new_data_close_a_case_and_bring_it_back(shop: Shop) -> None:
    """The line comes after all; then its file is taken back."""
    shop.sale("late", "31.00", MON)
    shop.nights(MON, THU)
    key = str(shop.exception("late", "NOT_SETTLED")["exception_id"])
    do(shop, "assign", key)
    shop.settled("late", "31.00", FRI, sold=MON)
    shop.night(FRI)
    assert status(shop, key) == "cleared"
    case = told(shop, "case", "show", key)
    closed = case["acts"][-1]
    assert (closed["actor"], closed["act"], closed["case_state"]) == ("recon", "close", "cleared")
    assert "assign is not possible while it is cleared" in refused(shop, "case", "assign", key, "--by", "Li Na")

    (file,) = [f for f in told(shop, "files") if f["name"] == "settlement_UNIONPAY_20260403.csv"]
    told(shop, "retract", str(file["file_id"]), "--by", "Li Na", "--reason", "wrong file")
    assert status(shop, key) == "open"
    assert told(shop, "case", "show", key)["acts"][-1]["act"] == "reopen"
    assert told(shop, "case", "list")[0]["assignee"] == "Li Na", "who had it has it again"


def test_another_amount_reopens_what_was_resolved(shop: Shop) -> None:
    """A payout is short, settled by hand; then its second entry brings another difference."""
    shop.payout("PAY-1", "100.00", TUE)
    shop.banked("PAY-1", "90.00", WED)
    shop.nights(MON, WED)
    key = str(shop.exception("PAY-1", "DEPOSIT_AMOUNT_DIFF")["exception_id"])
    until_approved(shop, key, "write-off")
    do(shop, "resolve", key, "--reason", "bank fee")
    shop.banked("PAY-1 rest", "4.00", THU)
    night = shop.night(THU)
    assert "DEPOSIT_AMOUNT_DIFF" in night.open_types
    assert status(shop, key) == "open"
    (act,) = [a for a in told(shop, "case", "show", key)["acts"] if a["actor"] == "recon"]
    assert act["reason"].startswith("new data change the amount")


STEPS = {
    "investigate": (),
    "wait": ("--for", "bank"),
    "propose": ("--remedy", "refund", "--reason", "r"),
    "approve": (),
    "reject": ("--reason", "r"),
    "resolve": ("--reason", "r"),
    "reopen": ("--reason", "r"),
}


def test_no_step_is_left_out(shop: Shop) -> None:
    key = lost(shop)
    for act, words in STEPS.items():
        line = refused(shop, "case", act, key, *words, "--by", "Li Na")
        assert line.startswith(f"{key}: {act} is not possible while it is open; ")
    assert rows_of(shop, "SELECT * FROM case_events") == []


def test_who_proposes_does_not_approve(shop: Shop) -> None:
    key = lost(shop)
    do(shop, "assign", key)
    do(shop, "propose", key, "--remedy", "refund", "--reason", "r")
    for act, words in (("approve", ()), ("reject", ("--reason", "r"))):
        line = refused(shop, "case", act, key, *words, "--by", " li  NA")
        assert line == f"{key}: li  NA proposed it; somebody else must {act} it"
    assert status(shop, key) == "proposed"


def test_amounts_above_a_persons_limit_are_refused(shop: Shop) -> None:
    key = lost(with_people(shop), amount="800.00")
    do(shop, "assign", key, by="lina")
    do(shop, "propose", key, "--remedy", "refund", "--reason", "r", by="lina")
    assert refused(shop, "case", "approve", key, "--by", "Wang Wei") == (
        f"{key}: 800.00 CNY is above the 500.00 CNY that Wang Wei may approve; ask somebody who may approve more"
    )
    assert do(shop, "approve", key, by="Zhao Min")["approved_by"] == "Zhao Min"


def test_only_those_whom_recon_toml_lists_may_act(shop: Shop) -> None:
    key = lost(with_people(shop))
    line = refused(shop, "case", "assign", key, "--by", "nobody")
    assert line == "nobody: is none of the [[people]] of recon.toml; there are Li Na, Wang Wei, Zhao Min"
    assert "is none of the [[people]]" in refused(shop, "case", "assign", key, "--by", "Li Na", "--to", "stranger")
    do(shop, "assign", key, by="lina")
    do(shop, "propose", key, "--remedy", "debit-adjustment", "--reason", "r")
    assert "Zhao Min may not approve a debit-adjustment" in refused(shop, "case", "approve", key, "--by", "Zhao Min")
    assert "somebody else" in refused(shop, "case", "approve", key, "--by", "lina"), "a login is the same person"


def test_amounts_are_read_exactly(shop: Shop) -> None:
    key = lost(shop)
    do(shop, "assign", key)
    propose = ("case", "propose", key, "--remedy", "refund", "--reason", "r", "--by", "Li Na", "--amount")
    assert "is more than the case is about (88.00 CNY)" in refused(shop, *propose, "88.01")
    assert "'1.005' is no amount of CNY" in refused(shop, *propose, "1.005")
    assert "is less than nothing" in refused(shop, *propose, "-1")
    do(shop, "propose", key, "--remedy", "refund", "--reason", "r")
    do(shop, "approve", key, by="Wang Wei")
    assert "say how much of it is settled with --recovered" in refused(
        shop, "case", "resolve", key, "--reason", "done", "--by", "Li Na"
    )


def test_several_cases_are_done_at_once_or_none_of_them(shop: Shop) -> None:
    shop.sale("one", "10.00", MON)
    shop.sale("two", "20.00", MON)
    shop.nights(MON, THU)
    keys = [str(shop.exception(name, "NOT_SETTLED")["exception_id"]) for name in ("one", "two")]
    do(shop, "assign", keys[0])
    line = refused(shop, "case", "propose", *keys, "--remedy", "refund", "--reason", "r", "--by", "Li Na")
    assert line.startswith(f"{keys[1]}: propose is not possible while it is open")
    assert [status(shop, key) for key in keys] == ["assigned", "open"]
    done = told(shop, "case", "assign", *keys, "--by", "Li Na")
    assert [each["state"] for each in done] == ["assigned", "assigned"]
    assert refused(shop, "case", "assign", "E0", keys[0], "--by", "Li Na").startswith("E0: there is no such exception")


def test_evidence_is_kept_by_its_content_and_ticks_the_checklist(shop: Shop, tmp_path: Path) -> None:
    key = lost(shop)
    (slip := tmp_path / "slip.jpg").write_bytes(b"\xff\xd8\xff a picture")
    before = {each["piece"]: each["there"] for each in told(shop, "case", "show", key)["checklist"]}
    assert before == {"journal": True, "slip": False}
    kept = do(shop, "evidence", key, str(slip), "--for", "slip")
    digest = kept["attachment_sha256"]
    assert (shop.root / "var" / "archive" / digest[:2] / digest).read_bytes() == slip.read_bytes()
    after = {each["piece"]: each["there"] for each in told(shop, "case", "show", key)["checklist"]}
    assert after == {"journal": True, "slip": True}


def test_what_cannot_be_kept_as_evidence_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.config.write_text(shop.config.read_text() + "\n[cases]\nattachment_limit_mb = 1\n")
    key = lost(shop)
    archived = sorted((shop.root / "var" / "archive").rglob("*"))
    (large := tmp_path / "large.jpg").write_bytes(b"\xff" * 1_000_001)
    (empty := tmp_path / "empty.txt").write_bytes(b"")
    (card := tmp_path / "card.txt").write_text("ok\ncard 4111 1111 1111 1111\n")
    for file, what in (
        (large, "1.0 MB are more than the 1 MB of attachment_limit_mb"),
        (tmp_path / "gone.jpg", "cannot be read: No such file or directory; nothing was kept"),
        (tmp_path, "is no file"),
        (empty, "is empty"),
        (card, "line 2: shows a full card number"),
    ):
        assert refused(shop, "case", "evidence", key, str(file), "--by", "Li Na").startswith(f"{file}: {what}")
    assert "is no piece of a checklist" in refused(
        shop, "case", "evidence", key, str(large), "--for", "x", "--by", "Li Na"
    )
    assert rows_of(shop, "SELECT * FROM case_events") == []
    assert sorted((shop.root / "var" / "archive").rglob("*")) == archived


def test_facts_narrow_down_what_is_to_be_done(shop: Shop) -> None:
    key = lost(shop)
    do(shop, "assign", key)
    case = told(shop, "case", "show", key)
    assert [each["fact"] for each in case["questions"]] == ["delivered", "charged-again"]
    assert len(case["guidance"]) == 3
    do(shop, "investigate", key, "--fact", "delivered=no")
    case = told(shop, "case", "show", key)
    assert (case["questions"], [each["remedy"] for each in case["guidance"]]) == ([], ["no-action"])
    assert "write NAME=yes or NAME=no" in refused(
        shop, "case", "note", key, "--fact", "delivered=perhaps", "--reason", "r", "--by", "Li Na"
    )


def test_what_is_due_or_nobodys_is_listed(shop: Shop) -> None:
    shop.sale("one", "10.00", MON)
    shop.sale("two", "20.00", TUE)
    shop.nights(MON, FRI)
    one, two = (str(shop.exception(name, "NOT_SETTLED")["exception_id"]) for name in ("one", "two"))
    do(shop, "assign", one, "--to", "Chen")
    ids = lambda *words: [each["exception_id"] for each in told(shop, "case", "list", *words)]  # noqa: E731
    assert ids() == [one]
    assert ids("--unassigned") == [two]
    assert ids("--assignee", "Chen") == [one]
    dues = [str(shop.exception(name, "NOT_SETTLED")["due_date"]) for name in ("one", "two")]
    assert dues[0] < dues[1]
    assert ids("--due", dues[0]) == [one]
    assert ids("--due", dues[1]) == [one, two]


def test_policy_of_an_acquirer_is_in_force_everywhere(shop: Shop) -> None:
    shop.config.write_text(
        shop.config.read_text()
        + """
[[policy]]
type = "NOT_SETTLED"
severity = "critical"

[[policy]]
type = "NOT_SETTLED"
acquirer = "UNIONPAY"
business_days = 1
next_action = "Call the hotline."
next_action_zh = "拨打热线。"
contact = "UMS hotline"
evidence = ["slip", "photo"]
"""
    )
    key = lost(shop)
    (found,) = told(shop, "exceptions", "--type", "NOT_SETTLED")
    assert (found["severity"], found["due_date"]) == ("critical", "2026-04-03")
    assert (found["next_action"], found["contact"]) == ("Call the hotline.", "UMS hotline")
    assert [each["piece"] for each in told(shop, "case", "show", key)["checklist"]] == ["slip", "photo"]
    page = (shop.root / "var" / "reports" / "recon-20260402.html").read_text()
    assert "Call the hotline." in page
    assert "拨打热线。" in page
