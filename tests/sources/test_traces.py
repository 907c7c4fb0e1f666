"""Numbers that terminals give their transactions: what is missing; and batches that they close: do they add up."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import inspection
from pipelines.config import ConfigError
from pipelines.sources.base import Context
from pipelines.sources.poslog import POSLOG
from pipelines.sources.traces import gaps, gaps_told, runs_of

DAY = date(2026, 3, 2)


def rows(numbers: list[int], terminal: str = "T1", batch: str | None = "000001") -> pl.DataFrame:
    """Journal rows of one terminal and batch."""
    return pl.DataFrame(
        {
            "merchant_id": pl.Series(["M"] * len(numbers), dtype=pl.String),
            "terminal_id": pl.Series([terminal] * len(numbers), dtype=pl.String),
            "batch_no": pl.Series([batch] * len(numbers), dtype=pl.String),
            "stan": pl.Series([f"{number:06}" for number in numbers], dtype=pl.String),
            "business_date": pl.Series([DAY] * len(numbers), dtype=pl.Date),
        }
    )


def missing(*parts: pl.DataFrame) -> list[tuple[int, int, int]]:
    """Gaps as after, before, number."""
    return gaps([runs_of(part) for part in parts]).select("after_no", "before_no", "missing").rows()


def test_what_lies_between_is_missing_whatever_the_order_and_the_file() -> None:
    assert missing(rows([5, 1, 2]), rows([9, 3, 6])) == [(3, 5, 1), (6, 9, 2)]
    assert missing(rows([1, 2]), rows([4]), rows([3])) == []


def test_terminals_and_batches_are_counted_apart_and_a_new_beginning_is_no_gap() -> None:
    assert missing(rows([1, 2]), rows([4], terminal="T2"), rows([9], batch="000002"), rows([20], batch=None)) == []
    assert missing(rows([999_998, 999_999, 1, 2])) == []
    assert missing(rows([1, 30])) == [(1, 30, 28)]


@given(st.sets(st.integers(1, 900), min_size=1), st.integers(1, 5))
def test_gaps_are_exactly_the_numbers_that_are_not_there(there: set[int], parts: int) -> None:
    cut = [rows([number for number in there if number % parts == part]) for part in range(parts)]
    lost = {n for after, before, _ in missing(*cut) for n in range(after + 1, before)}
    assert lost == set(range(min(there), max(there))) - there
    assert sum(count for *_, count in missing(*cut)) == len(lost)


def test_many_gaps_are_told_in_few_words() -> None:
    told = gaps_told(gaps([runs_of(rows(list(range(1, 40, 2))))]))
    assert told[0] == "trace numbers missing at terminal T1, batch 000001: 1 between 1 and 3"
    assert (len(told), told[-1]) == (6, "trace numbers missing in 14 more places: 14")


def transaction(number: int, inside: str = "", day: str = "2026-03-02") -> str:
    head = (
        f"<RetailStoreID>S1</RetailStoreID><WorkstationID>W1</WorkstationID><SequenceNumber>{number}</SequenceNumber>"
    )
    body = (
        f"<RetailTransaction><LineItem>{inside}</LineItem></RetailTransaction>" if inside else "<ControlTransaction/>"
    )
    return f"<Transaction>{head}<BusinessDayDate>{day}</BusinessDayDate>{body}</Transaction>"


CASH = '<Tender TenderType="Cash"><Amount Currency="USD">1.00</Amount></Tender>'


def test_every_transaction_of_a_store_log_counts_whatever_was_paid() -> None:
    log = "".join([transaction(7), transaction(8, CASH), transaction(11, CASH), transaction(12)])
    parsed = POSLOG.parse(f"<POSLog>{log}</POSLog>".encode(), Context())
    assert parsed.traces.drop("day").rows() == [("S1", "W1", None, 7, 8), ("S1", "W1", None, 11, 12)]


CONFIG = """
[[profiles]]
name = "android"
side = "journal"
format = "jsonl"
batch_totals = '"event": *"CLOSE"(?=.*"tid": *"(?P<terminal_id>\\w+)")(?=.*"batch": *"(?P<batch_no>\\d+)")(?=.*"n": *(?P<rows>\\d+))(?=.*"sum": *"(?P<amount>[^"]*)")'
columns = { merchant_id = "mid", terminal_id = "tid", batch_no = "batch", stan = "stan", rrn = "rrn", amount = "amount", txn_time = "time", txn_type = "type", status = "status" }
constants = { currency = "CNY", channel = "CARD" }
"""  # noqa: E501


def sale(stan: int, amount: str = "1.00", **other: str) -> str:
    told = {"mid": "M", "tid": "T1", "batch": "000012", "stan": f"{stan:06}", "rrn": f"R{stan}", "amount": amount}
    told |= {"time": "2026-03-02T10:00:00", "type": "SALE", "status": "APPROVED"}
    return json.dumps({**told, **other})


def close(rows: int, amount: str) -> str:
    return f'{{"event": "CLOSE", "tid": "T1", "batch": "000012", "n": {rows}, "sum": "{amount}"}}'


def inspected(tmp_path: Path, *lines: str, config: str = CONFIG) -> dict[str, object]:
    (tmp_path / "recon.toml").write_text(config, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (entry,) = inspection.inspect([tmp_path / "a.jsonl"], tmp_path / "recon.toml", "android")
    return entry


def test_a_batch_that_adds_up_is_no_news(tmp_path: Path) -> None:
    refund = sale(3, "0.40", type="REFUND")
    declined, reversed_ = sale(4, status="DECLINED"), sale(5)
    reversal = sale(6, type="REVERSAL").replace('"R6"', '"R6", "orig": "R5"')
    config = CONFIG.replace('status = "status"', 'status = "status", original_rrn = "orig"')
    lines = [sale(1), sale(2), refund, declined, reversed_, reversal, close(3, "1.60")]
    entry = inspected(tmp_path, *lines, config=config)
    assert (entry["error"], entry["rejected"], entry["rows"], entry["warnings"]) == (None, [], 6, [])


def test_a_batch_that_contradicts_its_rows_is_told_and_refuses_nothing(tmp_path: Path) -> None:
    entry = inspected(tmp_path, sale(1), sale(4), close(3, "3.00"))
    assert (entry["error"], entry["rows"]) == (None, 2)
    assert entry["warnings"] == [
        "trace numbers missing at terminal T1, batch 000012: 2 between 1 and 4",
        "line 3: batch 000012 of terminal T1 closes with 3 rows, 3.00 CNY; this file holds 2 rows, 2.00 CNY of it",
    ]


def test_a_rejected_row_leaves_no_gap_and_a_garbled_closing_is_rejected(tmp_path: Path) -> None:
    entry = inspected(tmp_path, sale(1), sale(2, "1,2,3"), sale(3), close(3, "three"))
    assert [row["line"] for row in entry["rejected"]] == [2, 4]  # type: ignore[index, attr-defined]
    assert entry["warnings"] == []


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("(?P<terminal_id>.)", "it needs a group batch_no"), ("(?P<shop>.)", "it names shop; a batch has merchant_id")],
)
def test_closings_that_name_no_batch_are_refused_in_the_configuration(tmp_path: Path, pattern: str, says: str) -> None:
    config = re.sub("batch_totals = .*", f"batch_totals = '{pattern}'", CONFIG)
    with pytest.raises(ConfigError, match=says):
        inspected(tmp_path, config=config)
