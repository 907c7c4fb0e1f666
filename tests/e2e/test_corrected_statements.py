"""Statements that are corrected in part, and exceptions that keep their id when another file tells their entry."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from statements import Bank, entry, message

from pipelines.store import Store
from pipelines.store.retract import retract

MON, TUE, WED, THU = (date(2026, 6, day) for day in (15, 16, 17, 18))


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path)


def both(*statements: str) -> str:
    """Several messages of one account each as one message of several statements."""
    first, *others = statements
    inside = [text[text.index("<Stmt>") : text.index("</BkToCstmrStmt>")] for text in others]
    return first.replace("</BkToCstmrStmt>", "".join(inside) + "</BkToCstmrStmt>")


def of(account: str, amounts: list[str], ends: tuple[str, str], day: date = TUE, name: str = "") -> str:
    """The statement of one account."""
    entries = [entry(amount, f"{account}{n}", day, party="somebody") for n, amount in enumerate(amounts)]
    return message("camt.053", day, entries, ends, account=account, name=name or account)


def put_two_accounts(bank: Bank) -> None:
    """Tuesday's statement: 100.00 and 7.00 on A, 5.00 on B."""
    bank.put(
        "camt053_a.xml", both(of("A", ["100.00", "7.00"], ("0.00", "107.00")), of("B", ["5.00"], ("1.00", "6.00")))
    )


def test_a_corrected_statement_of_one_account_replaces_that_account_only(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.night(TUE)
    bank.put("camt053_b.xml", of("A", ["90.00", "7.00"], ("0.00", "97.00"), name="new"))
    night = bank.night(WED)
    assert bank.counted() == {"A": 9700, "B": 500}
    replaced = ("out_of_scope", "replaced by camt053_b.xml")
    assert [found[1:] for found in bank.states("camt053_a.xml")][:2] == [replaced, replaced]
    assert any("replaces the statement of A in camt053_a.xml" in line for line in night.said)


def test_the_next_day_continues_the_corrected_statement(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.night(TUE)
    bank.put("camt053_b.xml", of("A", ["90.00", "7.00"], ("0.00", "97.00"), name="new"))
    bank.put("camt053_c.xml", both(of("A", ["1.00"], ("97.00", "98.00"), WED), of("B", [], ("6.00", "6.00"), WED)))
    assert bank.night(WED).open == []
    bank.put("camt053_d.xml", of("A", ["1.00"], ("107.00", "108.00"), THU))
    assert bank.night(THU).open_types == ["BALANCE_BREAK"]


def test_a_correction_that_is_taken_back_lets_the_first_statement_count_again(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.put("camt053_b.xml", of("A", ["90.00"], ("0.00", "90.00"), name="new"))
    bank.night(TUE)
    assert bank.counted() == {"A": 9000, "B": 500}
    with Store(bank.root / "var" / "recon.duckdb") as store, store.transaction():
        ((file_id,),) = store.execute("SELECT file_id FROM book.files WHERE name = 'camt053_b.xml'")
        retract(store, file_id, "it was right at first", 1)
    bank.night(WED)
    assert bank.counted() == {"A": 10700, "B": 500}


def test_a_correction_of_a_correction_and_then_of_all(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.put("camt053_b.xml", of("A", ["90.00"], ("0.00", "90.00"), name="new"))
    bank.night(TUE)
    bank.put("camt053_c.xml", of("A", ["80.00"], ("0.00", "80.00"), name="newer"))
    bank.night(TUE)
    assert bank.counted() == {"A": 8000, "B": 500}
    everything = both(of("A", ["70.00"], ("0.00", "70.00"), name="all"), of("B", ["6.00"], ("1.00", "7.00")))
    bank.put("camt053_d.xml", everything)
    bank.night(TUE)
    assert bank.counted() == {"A": 7000, "B": 600}
    assert {row["name"] for row in bank.rows("SELECT name FROM files WHERE state = 'loaded'")} == {"camt053_d.xml"}


def test_a_part_of_the_day_that_follows_on_one_account_is_no_correction_of_it(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.put("camt053_b.xml", of("A", ["3.00"], ("107.00", "110.00"), name="evening"))
    night = bank.night(TUE)
    assert (bank.counted(), night.open) == ({"A": 11000, "B": 500}, [])


def test_the_same_name_with_fewer_accounts_keeps_the_others(bank: Bank) -> None:
    put_two_accounts(bank)
    bank.night(TUE)
    bank.put("camt053_a.xml", of("A", ["90.00"], ("0.00", "90.00"), name="new"))
    bank.night(WED)
    assert bank.counted() == {"A": 9000, "B": 500}


def test_an_entry_that_nobody_knows_keeps_its_id_when_the_statement_tells_it(bank: Bank) -> None:
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "R1", TUE)]))
    (first,) = bank.night(TUE).open
    assert (first["type"], first["evidence"][0]["file"]) == ("DEPOSIT_UNIDENTIFIED", "camt052_a.xml")
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F1", TUE)], ("5.00", "105.00")))
    night = bank.night(WED)
    (second,) = night.open
    assert second["exception_id"] == first["exception_id"]
    assert (second["first_seen"], second["evidence"][0]["file"]) == (str(TUE), "camt053_a.xml")
    assert night.summary["exceptions"]["new"] == night.summary["exceptions"]["cleared"] == {}
    bank.put("camt053_b.xml", message("camt.053", TUE, [], ("105.00", "105.00"), name="empty"))
    assert [found["exception_id"] for found in bank.night(THU).open] == [first["exception_id"]]


def test_equal_entries_that_nobody_knows_keep_an_id_each(bank: Bank) -> None:
    bank.put("camt052_a.xml", message("camt.052", TUE, [entry("100.00", "", TUE), entry("100.00", "", TUE)]))
    first = bank.night(TUE).open
    bank.put("camt053_a.xml", message("camt.053", TUE, [entry("100.00", "F", TUE)] * 3, ("0.00", "300.00")))
    second = bank.night(WED).open
    assert {e["exception_id"] for e in first} < {e["exception_id"] for e in second}
    assert (len(first), len(second)) == (2, 3)


def test_several_rejected_rows_on_one_line_are_an_exception_each(bank: Bank) -> None:
    bad = [entry("12..34", "R1", TUE), entry("1.00", "R2", TUE).replace('"CNY"', '"QQQ"'), entry("1.00", "R3", TUE)]
    text = message("camt.053", TUE, bad).replace("\n", "")
    bank.put("camt053_a.xml", text)
    night = bank.night(TUE)
    rejected = [found for found in night.register if found["type"] == "ROW_REJECTED"]
    assert len({found["exception_id"] for found in rejected}) == len(rejected) == 2
    bank.put("camt053_b.xml", message("camt.053", TUE, bad[:1], name="x", account="other").replace("\n", ""))
    assert len([found for found in bank.night(TUE).register if found["type"] == "ROW_REJECTED"]) == 3
