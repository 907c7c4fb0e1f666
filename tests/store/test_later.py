"""Rows that are put in together are all there once the transaction ends, and none of one that is undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.store import Store, later


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "books.duckdb") as opened:
        yield opened


def rejected(lines: range) -> pl.DataFrame:
    return pl.DataFrame({"file_id": 1, "line": lines, "reason": "bad", "raw": "x"}).with_columns(
        pl.col("file_id").cast(pl.Int32)
    )


def lines_of(store: Store) -> list[int]:
    return [line for (line,) in store.execute("SELECT line FROM book.rejected_rows ORDER BY line")]


@pytest.mark.parametrize("most", [1, 3, 1_000])
def test_frames_are_put_in_when_they_are_many_and_else_at_the_end(
    store: Store, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later, "MOST", most)
    with store.transaction():
        for at in range(0, 10, 2):
            store.later.add(store, "rejected_rows", rejected(range(at, at + 2)))
            put_in = store.execute("SELECT count(*) FROM book.rejected_rows")[0][0]
            assert at + 2 - put_in < most, "no more wait than may"
    assert lines_of(store) == [*range(10)]


def test_frames_need_not_have_the_same_columns(store: Store) -> None:
    with store.transaction():
        store.later.add(store, "rejected_rows", rejected(range(1)).with_columns(currency=pl.lit(None)))
        store.later.add(store, "rejected_rows", rejected(range(1, 2)).with_columns(currency=pl.lit("CNY")))
        store.later.add(store, "rejected_rows", rejected(range(2, 3)))
    assert store.execute("SELECT currency FROM book.rejected_rows ORDER BY line") == [(None,), ("CNY",), (None,)]


@pytest.mark.parametrize("at_once", [1, 2, 200])
def test_single_rows_are_put_in_some_at_a_time(store: Store, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "AT_ONCE", at_once)
    with store.transaction():
        for number in range(5):
            known = {"name": f"p{number}", "of_table": "bank", "file_id": number, "run_no": 1}
            store.later.row("parts", {**known, "row_count": number, "columns": ["a", "b"]})
        store.later.put(store)
        found = store.execute("SELECT name, file_id, row_count, columns FROM book.parts ORDER BY name")
        store.execute("DELETE FROM book.parts")  # there are no such files
    assert found == [(f"p{n}", n, n, ["a", "b"]) for n in range(5)]


def fail(store: Store) -> None:
    """A transaction that is undone while rows wait."""
    with store.transaction():
        store.later.add(store, "rejected_rows", rejected(range(3)))
        store.later.row("sources", {"name": "pos", "since": "2026-03-02"})
        raise ZeroDivisionError


def test_what_waits_goes_with_the_transaction_that_is_undone(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(store)
    with store.transaction():
        store.later.add(store, "rejected_rows", rejected(range(7, 8)))
    assert lines_of(store) == [7]
    assert store.execute("SELECT * FROM book.sources") == []
