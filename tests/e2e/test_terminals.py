"""What the books say of terminals: gaps in their numbers over all files, and batches that do not add up."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines import config, nightly
from pipelines.store import Published, Store
from pipelines.store.retract import retract

CONFIG = """
[run]
timezone = "Asia/Shanghai"

[[profiles]]
name = "android"
side = "journal"
format = "jsonl"
batch_totals = '"CLOSE".*"tid": *"(?P<terminal_id>\\w+)", *"batch": *"(?P<batch_no>\\d+)", *"n": *(?P<rows>\\d+), *"sum": *"(?P<amount>[^"]*)"'
columns = { merchant_id = "mid", terminal_id = "tid", batch_no = "batch", stan = "stan", rrn = "rrn", amount = "amount", txn_time = "time", txn_type = "type", status = "status" }
constants = { currency = "CNY", channel = "CARD" }

[[sources]]
name = "tills"
profile = "android"
pattern = "tills_*.jsonl"
expected = "none"

[[sources]]
name = "store"
profile = "poslog"
pattern = "*.xml"
expected = "none"
"""  # noqa: E501
MON = date(2026, 3, 30)
TUE, WED, FAR = MON + timedelta(1), MON + timedelta(2), MON + timedelta(30)


class Tills:
    """An inbox of terminal journals and the nights over it."""

    def __init__(self, root: Path):
        self.root, self.said = root, list[str]()
        (root / "inbox").mkdir()
        (root / "recon.toml").write_text(CONFIG, encoding="utf-8")

    def put(self, day: date, *lines: str) -> None:
        (self.root / "inbox" / f"tills_{day:%Y%m%d}.jsonl").write_text("\n".join(lines), encoding="utf-8")

    def night(self, day: date) -> None:
        self.said = []
        summary = nightly.run(config.load(self.root / "recon.toml"), day, self.said.append)
        assert summary["proof"]["balanced"]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with Published(self.root / "var" / "published" / "investigate.duckdb") as copy:
            return copy.frame(sql).rows()

    def gaps(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT terminal_id, batch_no, after_no, before_no, missing FROM trace_gaps ORDER BY ALL")


@pytest.fixture
def tills(tmp_path: Path) -> Tills:
    return Tills(tmp_path)


def sale(stan: int, day: date, amount: str = "1.00", batch: str = "000012", terminal: str = "T1") -> str:
    told = {"mid": "M", "tid": terminal, "batch": batch, "stan": f"{stan:06}", "rrn": f"{day}-{stan}"}
    return json.dumps(told | {"amount": amount, "time": f"{day}T10:00:00", "type": "SALE", "status": "APPROVED"})


def close(rows: int, amount: str) -> str:
    return f'{{"event": "CLOSE", "tid": "T1", "batch": "000012", "n": {rows}, "sum": "{amount}"}}'


def test_a_gap_closes_when_another_file_brings_the_row(tills: Tills) -> None:
    tills.put(MON, sale(1, MON), sale(2, MON), sale(6, MON), sale(8, MON, "garbled"))
    tills.night(MON)
    assert tills.gaps() == [("T1", "000012", 2, 6, 3), ("T1", "000012", 6, 8, 1)]
    tills.put(TUE, sale(3, TUE), sale(4, TUE), sale(7, TUE))
    tills.night(TUE)
    assert tills.gaps() == [("T1", "000012", 4, 6, 1)]
    with Store(tills.root / "var" / "recon.duckdb") as store, store.transaction():
        retract(store, 1, "wrong shop", 1)
    tills.night(WED)
    assert tills.gaps() == [("T1", "000012", 4, 7, 2)]


def test_a_batch_number_that_comes_again_after_weeks_is_another_batch(tills: Tills) -> None:
    tills.put(MON, sale(1, MON), sale(2, MON), sale(999_999, MON, batch="000013"), sale(1, MON, batch="000013"))
    tills.put(FAR, sale(40, FAR), sale(41, FAR), sale(1, FAR, terminal="T2"), sale(3, FAR, terminal="T2"))
    tills.night(FAR)
    assert tills.gaps() == [("T2", "000012", 1, 3, 1)]


def test_a_batch_over_two_days_is_compared_with_all_its_rows(tills: Tills) -> None:
    tills.put(MON, sale(1, MON), sale(2, MON, "2.00"))
    tills.put(TUE, sale(3, TUE, "3.00"), close(3, "6.00"))
    tills.night(TUE)
    found = "SELECT declared_rows, journal_rows, declared_minor, journal_minor, agree FROM batch_totals"
    assert tills.rows(found) == [(3, 3, 600, 600, True)]
    assert not [line for line in tills.said if "batch" in line]
    tills.put(WED, close(4, "6.00"))
    tills.night(WED)
    assert (
        tills.said[-1]
        == "tills_20260401.jsonl: line 1: batch 000012 of terminal T1 closes with 4 rows; the journal holds 3 rows"
    )


def test_the_numbers_of_a_store_s_tills(tills: Tills) -> None:
    told = "".join(
        f"<Transaction><RetailStoreID>S1</RetailStoreID><WorkstationID>W1</WorkstationID><SequenceNumber>{number}"
        f"</SequenceNumber><BusinessDayDate>{MON}</BusinessDayDate><ControlTransaction/></Transaction>"
        for number in (7, 8, 11)
    )
    (tills.root / "inbox" / "log.xml").write_text(f"<POSLog>{told}</POSLog>", encoding="utf-8")
    tills.night(MON)
    assert tills.gaps() == [("W1", None, 8, 11, 2)]
