"""The numbers of references of many small parts, in order and gathered in few files: lookups do not go through history.

Gathered as a log-structured merge: so many parts make one file, so many of these files a larger one. A file holds
`key`, in order, and `row_id`; it is mapped into memory and searched by halves. It is added up once a night, to tell
that it is whole (75 MB take 10 ms). What it holds of parts that are gone does no harm: numbers only narrow the search.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.ipc

from pipelines.store import durable
from pipelines.store.keys import NUMBERED, column_of

if TYPE_CHECKING:
    from pipelines.store.connection import Store

TOGETHER = 8
"""So many parts, or files of one level, become one of the next."""

SMALL = 100_000
"""Rows from which a part is looked into where it lies."""

LARGEST = 128 * 2**20
"""Bytes of files that are made one at most: it is done in memory, which takes some times as much."""

PURGED = "file_id IS NOT NULL AND file_id IN (SELECT file_id FROM book.purged WHERE what = 'rows')"
"""Which parts of `book.parts` hold rows whose time is over: they are on record, and their files are gone."""


def gather(store: Store) -> None:
    """Gather the numbers of small parts that no file holds yet, inside the caller's transaction."""
    for table, names in NUMBERED.items():
        columns = [column_of(name) for name in names]
        _gather(store, table, columns, 0, _uncovered(store, table, columns))
        for level, several in _levels(store, table, columns):
            mergeable = [file for file in several if _size(store, file[0]) * TOGETHER <= LARGEST]
            _gather(store, table, columns, level, mergeable)


def rows_with(store: Store, table: str, numbers: Mapping[str, pl.Series]) -> pl.Series:
    """Ids of rows that bear one of the numbers, by column, as far as files of numbers tell."""
    found = [pl.Series("row_id", [], dtype=pl.Int64)]
    asked, keys = sorted(numbers), dict[tuple[str, ...], pl.Series]()
    for name, columns, sums in store.execute(
        "SELECT name, columns, sums FROM book.key_files WHERE of_table = ? AND list_has_any(columns, ?) ORDER BY name",
        [table, asked],
    ):
        file = _mapped(store, name, sums)
        if file is None:
            _forget(store, [name])
            continue
        if tuple(columns) not in keys:  # nearly all files hold the same columns
            of_each = [_key(columns, column, numbers[column]) for column in asked if column in columns]
            keys[*columns,] = pl.concat(of_each).unique().sort()
        found.append(_bearing(file, keys[*columns,]))
    return pl.concat(found)


def _mapped(store: Store, name: str, sums: list[int]) -> pl.DataFrame | None:
    """A file of numbers, mapped into memory; None where it is damaged: then its parts are looked into themselves."""
    if name not in store.numbers:
        try:
            with pa.memory_map(str(store.parts / name)) as source:
                table = pa.ipc.open_file(source).read_all()
            file = pl.DataFrame(pl.from_arrow(table, rechunk=False)).select("key", "row_id")
            if _sums(file) != sums or not file["key"].is_sorted():
                return None
        except Exception:  # noqa: BLE001 - whatever is wrong with it: it is made of the parts, and is made again
            return None
        store.numbers[name] = file
    return store.numbers[name]


def _sums(file: pl.DataFrame) -> list[int]:
    """What the columns add up to, as far as 64 bits hold it."""
    return [int(file[name].cast(pl.Int64).sum()) for name in ("key", "row_id")]


def _size(store: Store, name: str) -> int:
    return (store.parts / name).stat().st_size


def _forget(store: Store, several: list[str]) -> None:
    store.execute("DELETE FROM book.key_files WHERE list_contains(?, name)", [several])


def covered(store: Store, table: str, columns: Collection[str]) -> set[str]:
    """Parts whose numbers of these columns stand in files of numbers: they need not be looked into themselves."""
    found = store.execute(
        "SELECT unnest(covers) FROM book.key_files WHERE of_table = ? AND list_has_all(columns, ?)",
        [table, sorted(columns)],
    )
    return {name for (name,) in found}


def _key(columns: list[str], column: str, numbers: pl.Series) -> pl.Series:
    """The keys of numbers of a column: its place among the columns of the file stands before the number."""
    return (numbers.cast(pl.Int64) + (columns.index(column) << BITS)).alias("key")


BITS = 32
"""Of a number (`keys`)."""


def _bearing(file: pl.DataFrame, keys: pl.Series) -> pl.Series:
    """Row ids that stand at one of the keys, which are in order."""
    held = file["key"]
    if held.is_empty():
        return file["row_id"].clear()
    first = held.search_sorted(keys)
    there = (held.gather(first.clip(upper_bound=held.len() - 1)) == keys) & (first < held.len())
    if not there.any():
        return file["row_id"].clear()
    last = held.search_sorted(keys.filter(there), side="right")
    places = pl.select(at=pl.int_ranges(first.filter(there), last)).explode("at", empty_as_null=False)["at"]
    return file["row_id"].gather(places)


def names(store: Store) -> list[str]:
    """All files of numbers."""
    return [name for (name,) in store.execute("SELECT name FROM book.key_files ORDER BY name")]


def check(store: Store) -> None:
    """Forget files that are not there, as in a copy that was made without them: they are gathered again."""
    gone = [name for name in names(store) if not (store.parts / name).exists()]
    if gone:
        _forget(store, gone)


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
    """Make one file of every so many."""
    for first in range(0, len(several) - TOGETHER + 1, TOGETHER):
        _merge(store, table, columns, level, several[first : first + TOGETHER])


def _merge(store: Store, table: str, columns: list[str], level: int, several: list[tuple[str, list[str]]]) -> None:
    names = [name for name, _ in several]
    told = _files(store, names) if level else _of_parts(store, names, columns)
    if len(told) < TOGETHER and level:  # a damaged one was forgotten
        return
    in_order = pl.concat(told).sort("key", "row_id")
    fresh = f"keys-{table}-{uuid.uuid4().hex[:12]}.arrow"
    with durable.writing(store.parts / fresh):
        in_order.write_ipc(store.parts / fresh, record_batch_size=max(1, in_order.height))
    if level:
        _forget(store, names)
    covers = sorted(part for _, parts in several for part in parts)
    store.execute(
        "INSERT INTO book.key_files (name, of_table, level, columns, covers, sums) VALUES (?, ?, ?, ?, ?, ?)",
        [fresh, table, level + 1, columns, covers, _sums(in_order)],
    )


def _files(store: Store, names: list[str]) -> list[pl.DataFrame]:
    """Files of numbers; damaged ones are forgotten."""
    sums = dict(store.execute("SELECT name, sums FROM book.key_files WHERE list_contains(?, name)", [names]))
    files = {name: _mapped(store, name, sums[name]) for name in names}
    _forget(store, [name for name, file in files.items() if file is None])
    return [file for file in files.values() if file is not None]


def _of_parts(store: Store, names: list[str], columns: list[str]) -> list[pl.DataFrame]:
    """`key`, `row_id` of the numbers that parts hold, a frame for each column."""
    paths = [store.parts / name for name in names]
    numbers = store.gathered(pl.scan_parquet(paths, extra_columns="ignore").select("row_id", *columns))
    there = {column: numbers.filter(pl.col(column).is_not_null()) for column in columns}
    return [rows.select(_key(columns, column, rows[column]), "row_id") for column, rows in there.items()]
