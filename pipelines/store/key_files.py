"""The numbers of references of many small parts, gathered in few files: opening a part costs more than looking into it.

Gathered as a log-structured merge: so many parts make one file, so many of these files a larger one. What a file holds
of parts that are gone does no harm: numbers only narrow the search.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipelines.store import durable
from pipelines.store.keys import NUMBERED, column_of

if TYPE_CHECKING:
    from pipelines.store.connection import Store

TOGETHER = 8
"""So many parts, or files of one level, become one of the next."""

SMALL = 200_000
"""Rows from which a part is looked into where it lies."""

PURGED = "file_id IS NOT NULL AND file_id IN (SELECT file_id FROM book.purged WHERE what = 'rows')"
"""Which parts of `book.parts` hold rows whose time is over: they are on record, and their files are gone."""


def gather(store: Store) -> None:
    """Gather the numbers of small parts that no file holds yet, inside the caller's transaction."""
    for table, names in NUMBERED.items():
        columns = [column_of(name) for name in names]
        _gather(store, table, columns, 0, _uncovered(store, table, columns))
        for level, several in _levels(store, table, columns):
            _gather(store, table, columns, level, several)


def holding(store: Store, table: str, columns: Collection[str]) -> list[tuple[str, list[str]]]:
    """What to look into for columns of numbers, each with the columns it holds: files of numbers, and parts apart."""
    asked = sorted(columns)
    found = store.execute(
        f"""
        SELECT name, columns FROM book.key_files WHERE of_table = ? AND list_has_any(columns, ?)
        UNION ALL
        SELECT name, columns FROM book.parts
        WHERE of_table = ? AND dropped_at IS NULL AND NOT ({PURGED}) AND list_has_any(columns, ?) AND name NOT IN (
            SELECT unnest(covers) FROM book.key_files WHERE of_table = ? AND list_has_all(columns, ?))
        ORDER BY name
        """,
        [table, asked, table, asked, table, asked],
    )
    return [(name, held) for name, held in found]


def names(store: Store) -> list[str]:
    """All files of numbers."""
    return [name for (name,) in store.execute("SELECT name FROM book.key_files ORDER BY name")]


def check(store: Store) -> None:
    """Forget files that are not there, as in a copy that was made without them: they are gathered again."""
    gone = [name for name in names(store) if not (store.parts / name).exists()]
    if gone:
        store.execute("DELETE FROM book.key_files WHERE list_contains(?, name)", [gone])


def _uncovered(store: Store, table: str, columns: list[str]) -> list[tuple[str, list[str]]]:
    found = store.execute(
        f"SELECT name FROM book.parts WHERE of_table = ? AND dropped_at IS NULL AND NOT ({PURGED}) AND row_count < ? "
        "AND list_has_all(columns, ?) AND name NOT IN ("
        "SELECT unnest(covers) FROM book.key_files WHERE of_table = ? AND columns = ?) ORDER BY name",
        [table, SMALL, columns, table, columns],
    )
    return [(name, [name]) for (name,) in found]


def _levels(store: Store, table: str, columns: list[str]) -> Iterable[tuple[int, list[tuple[str, list[str]]]]]:
    """Level by level the files of numbers, those of a level just made among them."""
    level = 1
    while True:
        found = store.execute(
            "SELECT name, covers FROM book.key_files WHERE of_table = ? AND columns = ? AND level = ? ORDER BY name",
            [table, columns, level],
        )
        if not found:
            return
        yield level, found
        level += 1


def _gather(store: Store, table: str, columns: list[str], level: int, several: list[tuple[str, list[str]]]) -> None:
    if len(several) < TOGETHER:
        return
    paths = [store.parts / name for name, _ in several]
    fresh = f"keys-{table}-{uuid.uuid4().hex[:12]}.parquet"
    _write(store.parts / fresh, paths, columns)
    store.execute("DELETE FROM book.key_files WHERE list_contains(?, name)", [[name for name, _ in several]])
    covers = sorted(part for _, parts in several for part in parts)
    store.execute("INSERT INTO book.key_files VALUES (?, ?, ?, ?, ?)", [fresh, table, level + 1, columns, covers])


def _write(path: Path, several: list[Path], columns: list[str]) -> None:
    """Write the numbers of several files to one, by row id as far as the files are: no more than some are in memory."""
    in_order = sorted(several, key=_first)
    numbers = pl.scan_parquet(in_order, extra_columns="ignore").select("row_id", *columns)
    with durable.writing(path):
        numbers.sink_parquet(path, compression="zstd", compression_level=1, maintain_order=True)


def _first(path: Path) -> int:
    return int(pl.read_parquet(path, columns=["row_id"], n_rows=1).item())
