"""Rows by id: from those that were read before, else from the parts in which they stand; columns come back whole."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, StoreError, by_id, part_files, parts

MERCHANT = "898300000000001"


def journal(file_id: int, *lines: int) -> pl.DataFrame:
    rows = pl.DataFrame({"line": lines}, schema={"line": pl.Int32}).with_columns(
        row_id=pl.col("line").cast(pl.Int64) + file_id * LINES_PER_FILE,
        file_id=pl.lit(file_id, pl.Int32),
        rrn=pl.format("R{}", "line"),
        amount_minor=pl.col("line").cast(pl.Int64) * 100,
        txn_time=pl.lit(datetime(2026, 3, 2, 12)),  # noqa: DTZ001 - local times of a source
        business_date=pl.lit(date(2026, 3, 2)),
    )
    same = {"merchant_id": MERCHANT, "txn_type": "SALE", "channel": "CARD", "currency": "CNY", "status": "APPROVED"}
    blank = ("terminal_id", "batch_no", "stan", "original_rrn", "order_no", "card_no")
    return rows.with_columns(
        *(pl.lit(value).alias(name) for name, value in same.items()),
        *(pl.lit(None, pl.String).alias(name) for name in blank),
    )


def ids(*places: tuple[int, int]) -> pl.Series:
    return pl.Series("row_id", [file * LINES_PER_FILE + line for file, line in places], dtype=pl.Int64)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "books.duckdb")
    for first in (1, 11, 21):
        parts.add(found, "journal", journal(1, *range(first, first + 10)), 1, 1)
    parts.add(found, "journal", journal(2, 1, 2), 1, 2)
    return found


def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Queries over parts from now on."""
    asked, plain = list[str](), store.frame

    def frame(sql: str, *values: Any, **frames: pl.DataFrame) -> pl.DataFrame:
        if ".parquet" in sql:
            asked.append(sql)
        return plain(sql, *values, **frames)

    monkeypatch.setattr(store, "frame", frame)
    return asked


def test_what_was_read_is_not_read_again_and_the_rest_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(store, monkeypatch)
    by_id.read_ahead(store, "journal", ids((1, 3), (1, 15), (2, 1)))
    assert by_id.rows_of(store, "journal", ids((2, 1), (1, 3)))["rrn"].to_list() == ["R3", "R1"]
    assert by_id.rows_of(store, "journal", ids((1, 15)), ["row_id", "amount_minor"])["amount_minor"].to_list() == [1500]
    assert len(asked) == 1
    more = by_id.rows_of(store, "journal", ids((1, 3), (1, 4)))
    assert more.equals(by_id.rows_of(store, "journal", ids((1, 4), (1, 3))))
    assert more["rrn"].to_list() == ["R3", "R4"]
    assert len(asked) == 2
    assert by_id.rows_of(store, "journal", ids((1, 3)), ["row_id", "line"])["line"].to_list() == [3]
    assert len(asked) == 3, "a column that matching does not ask for is read from the part"


def test_rows_of_a_file_that_is_taken_back_are_forgotten(store: Store) -> None:
    assert by_id.rows_of(store, "journal", ids((2, 1))).height == 1
    parts.drop_file(store, "journal", 2, f"BETWEEN {2 * LINES_PER_FILE} AND {3 * LINES_PER_FILE}")
    assert by_id.rows_of(store, "journal", ids((2, 1))).is_empty()


def test_more_than_memory_should_hold_is_read_each_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_id, "MOST_READ", 2)
    asked = counted(store, monkeypatch)
    by_id.read_ahead(store, "journal", ids((1, 1), (1, 2), (1, 3)))
    assert not asked
    for _ in range(2):
        assert by_id.rows_of(store, "journal", ids((1, 1), (1, 2), (1, 3))).height == 3
    assert len(asked) == 2


def test_of_few_rows_only_their_parts_are_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(store, monkeypatch)
    assert by_id.rows_of(store, "journal", ids((1, 12)))["rrn"].to_list() == ["R12"]
    assert asked[0].count(".parquet") == 1
    monkeypatch.setattr(part_files, "row_range", lambda path: None)
    store.row_ranges.clear()
    assert by_id.rows_of(store, "journal", ids((1, 13)))["rrn"].to_list() == ["R13"]
    assert asked[1].count(".parquet") == 3, "a part that does not tell its range may hold any row"


def test_a_damaged_part_is_one_plain_line(store: Store) -> None:
    for part in store.parts.glob("journal-00000001-*.parquet"):
        part.write_bytes(part.read_bytes()[:-20])
    with pytest.raises(StoreError, match="No magic bytes found"):
        by_id.rows_of(store, "journal", ids((1, 12)))


def test_rows_that_memory_would_not_keep_are_not_read_ahead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_id, "MOST_READ", 3)
    by_id.read_ahead(store, "journal", ids((1, 1), (1, 2)))
    asked = counted(store, monkeypatch)
    by_id.read_ahead(store, "journal", ids((1, 3), (1, 4)))
    assert not asked


def test_a_damaged_part_that_is_read_whole_is_told_as_the_store_s(store: Store) -> None:
    part = sorted(store.parts.glob("journal-00000002*"))[0]
    part.write_bytes(part.read_bytes()[:-9] + b"nonsense!")
    assert sum(rows.height for rows in parts.held(store, "journal", [1], ["row_id"])) == 30
    with pytest.raises(StoreError, match=r"books\.duckdb: a file of .*books\.parts cannot be read"):
        list(parts.held(store, "journal", [2], ["row_id"]))


NUMBER = st.none() | st.integers(-(2**63), 2**63 - 1)
TEXT = st.none() | st.sampled_from(["", "CNY", "人民币", "x" * 40])
PLACES = st.fixed_dictionaries(
    {
        "row_id": NUMBER,
        "line": st.none() | st.integers(-(2**31), 2**31 - 1),
        "txn_time": st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)),  # noqa: DTZ001 - local times
        "business_date": st.none() | st.dates(),
        "currency": TEXT,
        "rrn": TEXT,
        "auth_code": TEXT,
        "rrn_key_0": st.none() | st.integers(0, 2**32 - 1),
    }
)
KINDS = {
    "row_id": pl.Int64,
    "line": pl.Int32,
    "txn_time": pl.Datetime("us"),
    "business_date": pl.Date,
    "currency": pl.String,
    "rrn": pl.String,
    "auth_code": pl.String,
    "rrn_key_0": pl.UInt32,
}


@given(st.lists(PLACES, min_size=1, max_size=6), st.booleans())
def test_a_part_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], alike: bool
) -> None:
    path = tmp_path_factory.mktemp("parts") / "a.parquet"
    told = pl.DataFrame(rows[:1] * 3 if alike else rows, schema=KINDS)
    part_files.write(path, told)
    assert pl.read_parquet(path).equals(told)
    read = duckdb.connect().sql("FROM read_parquet(?)", params=[str(path)]).to_arrow_table()
    assert pl.DataFrame(pl.from_arrow(read)).equals(told)
