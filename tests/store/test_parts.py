"""Rows as Parquet parts: what a transaction names is there, what it does not name is swept, readers keep their copy."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb
import polars as pl

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, parts, publish
from pipelines.store.connection import SQL

BANK = {"row_id": 1, "file_id": 1, "line": 1, "account": "A", "amount_minor": 5, "currency": "CNY"}


def entries(file_id: int, *amounts: int) -> pl.DataFrame:
    rows = [
        {**BANK, "file_id": file_id, "row_id": file_id * LINES_PER_FILE + n, "line": n, "amount_minor": amount}
        for n, amount in enumerate(amounts, start=1)
    ]
    day = pl.lit("2026-03-02").str.to_date()
    return pl.DataFrame(rows, schema_overrides={"file_id": pl.Int32, "line": pl.Int32}).with_columns(booking_date=day)


def pairs(*row_ids: tuple[int, int]) -> pl.DataFrame:
    frame = pl.DataFrame(row_ids, schema=["journal_row_id", "settlement_row_id"], orient="row")
    texts = ("rule", "verdict", "currency", "settlement_currency", "acquirer")
    return frame.with_columns(
        pl.lit(1, pl.Int32).alias("run_no"),
        pl.lit(1, pl.Int32).alias("rules_version"),
        *(pl.lit("x").alias(name) for name in texts),
        *(pl.lit(1, pl.Int64).alias(f"{side}_amount_minor") for side in ("journal", "settlement")),
    )


def amounts(store: Store) -> list[int]:
    return [amount for (amount,) in store.execute("SELECT amount_minor FROM book.bank ORDER BY row_id")]


def test_parts_are_read_like_the_table_they_belong_to(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        assert amounts(store) == []
        with store.transaction():
            parts.add(store, "bank", entries(1, 5, 6), 1, 1)
            parts.add(store, "bank", entries(2, 7).with_columns(bank_ref=pl.lit("R")), 1, 2)
        assert amounts(store) == [5, 6, 7]
    with Store(tmp_path / "books.duckdb") as store:
        assert store.execute("SELECT bank_ref FROM book.bank ORDER BY row_id") == [(None,), (None,), ("R",)]
        held = pl.concat(parts.held(store, "bank", {1}, ["amount_minor"]))
        assert held["amount_minor"].to_list() == [5, 6]
        assert store.execute(f"FROM {parts.of_files(store, 'bank', {2})}") != []


def test_what_no_transaction_named_is_swept_when_the_store_is_opened_again(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        with suppress(RuntimeError), store.transaction():
            parts.add(store, "bank", entries(1, 5), 1, 1)
            raise RuntimeError
        assert len(list(store.parts.iterdir())) == 1
    with Store(tmp_path / "books.duckdb") as store:
        assert list(store.parts.iterdir()) == []
        assert amounts(store) == []


def test_pairs_are_taken_back_and_the_others_of_their_part_stay(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store, store.transaction():
        parts.add(store, "matches", pairs((1, 10), (2, 20)), 1)
        parts.add(store, "matches", pairs((3, 30)), 1)
        untouched = store.execute("SELECT name FROM book.parts WHERE row_count = 1")
        parts.drop_matches(store, "journal_row_id = 2 OR settlement_row_id = 2")
        assert store.execute("SELECT journal_row_id FROM book.matches ORDER BY 1") == [(1,), (3,)]
        assert untouched[0] in store.execute("SELECT name FROM book.parts WHERE dropped_at IS NULL")


def test_a_reader_who_holds_yesterdays_copy_still_reads_what_was_taken_back_since(tmp_path: Path) -> None:
    published = tmp_path / "published" / "investigate.duckdb"
    with Store(tmp_path / "books.duckdb") as store:
        with store.transaction():
            parts.add(store, "bank", entries(1, 5), 1, 1)
            parts.add(store, "bank", entries(2, 6), 1, 2)
        publish(store, published)
        reader = duckdb.connect(str(published), read_only=True)
        with store.transaction():
            parts.drop_file(store, "bank", 1, f"BETWEEN {LINES_PER_FILE} AND {2 * LINES_PER_FILE - 1}")
        publish(store, published)
    with Store(tmp_path / "books.duckdb") as store:  # sweeps the writer's own copy
        publish(store, published)
    assert reader.execute("SELECT sum(amount_minor) FROM book.bank").fetchall() == [(11,)]
    reader.close()
    fresh = duckdb.connect(str(published), read_only=True)
    assert fresh.execute("SELECT sum(amount_minor) FROM book.bank").fetchall() == [(6,)]
    fresh.close()


def test_publishing_again_shares_the_parts_that_are_there(tmp_path: Path) -> None:
    published = tmp_path / "published" / "investigate.duckdb"
    with Store(tmp_path / "books.duckdb") as store:
        with store.transaction():
            parts.add(store, "bank", entries(1, 5), 1, 1)
        publish(store, published)
        (shared,) = (tmp_path / "published" / "parts").iterdir()
        assert shared.stat().st_ino == (store.parts / shared.name).stat().st_ino
        before = shared.stat().st_mtime_ns
        publish(store, published)
        assert [(file.name, file.stat().st_mtime_ns) for file in shared.parent.iterdir()] == [(shared.name, before)]


def test_a_store_from_before_parts_keeps_its_rows(tmp_path: Path) -> None:
    old = tmp_path / "books.duckdb"
    connection = duckdb.connect(str(old))
    connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMP)")
    for file in sorted((SQL / "migrations").glob("[0-9]*.sql")):
        if int(file.name[:4]) < 12:
            connection.execute(file.read_text(encoding="utf-8"))
            connection.execute("INSERT INTO migrations VALUES (?, ?, now())", [int(file.name[:4]), file.stem])
    connection.register("old", entries(1, 5, 6).to_arrow())
    connection.execute("INSERT INTO book.bank BY NAME FROM old")
    connection.close()
    with Store(old) as store:
        assert amounts(store) == [5, 6]
        with store.transaction():
            parts.add(store, "bank", entries(2, 7), 1, 2)
            assert amounts(store) == [5, 6, 7]
            parts.drop_file(store, "bank", 1, f"BETWEEN {LINES_PER_FILE} AND {2 * LINES_PER_FILE - 1}")
            assert amounts(store) == [7]
