"""Rows that never change, as Parquet parts beside the store: written once, then read by the store and by analysts.

A part is written and flushed before the transaction that names it commits, so whatever is named is whole. A file that
no committed transaction names is left over from a run that was killed, or belonged to a file that was taken back.
"""

from __future__ import annotations

import uuid
from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipelines.row_ids import files_of
from pipelines.store import key_files, part_files, sums
from pipelines.store.keys import column_of, number_of, with_numbers

if TYPE_CHECKING:
    from pipelines.store.connection import Store

TABLES = ("journal", "settlement", "bank", "matches", "fee_checks")
"""Tables of `book` that are views over their parts."""

BY_HAND = "SELECT file_id FROM book.case_events WHERE act = 'retract'"
"""Files that people took back: their rows are kept, so that it can be told what the right file changes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part in use: its file, which journal, settlement file or statement it is of, its run and its columns."""

    name: str
    file_id: int | None
    run_no: int
    columns: tuple[str, ...]


_IN_USE = f"book.parts WHERE dropped_at IS NULL AND NOT ({key_files.PURGED})"


def in_use(store: Store, table: str) -> list[Part]:
    """Parts of a table by name; a night asks for them very often, and they are read once until some are dropped."""
    if store.in_use is None:
        store.later.put(store)
        store.in_use = {}
        for of_table, name, file_id, run_no, columns in store.execute(
            f"SELECT of_table, name, file_id, run_no, columns FROM {_IN_USE} ORDER BY name"
        ):
            store.in_use.setdefault(of_table, []).append(Part(name, file_id, run_no, tuple(columns)))
    return store.in_use.get(table, [])


def add(store: Store, table: str, rows: pl.DataFrame, run_no: int, file_id: int | None = None) -> None:
    """Write rows as a part of a table, inside the caller's transaction. file_id: the file they stand in."""
    append(store, table, rows, run_no, file_id)
    show(store, store.parts, [table])


def append(store: Store, table: str, rows: pl.DataFrame, run_no: int, file_id: int | None) -> None:
    """The same for one of many parts: they are seen once the table is shown."""
    if rows.is_empty():
        return
    name = f"{table}-{file_id or run_no:08}-{uuid.uuid4().hex[:12]}.parquet"
    store.parts.mkdir(parents=True, exist_ok=True)
    rows = with_numbers(table, rows)
    written(store, leave=1)
    store.writing.append(store.writer.submit(part_files.write, store.parts / name, rows))
    known = {"name": name, "of_table": table, "file_id": file_id, "run_no": run_no}
    store.later.row("parts", {**known, "row_count": rows.height, "columns": rows.columns})
    if store.in_use is not None:
        insort(
            store.in_use.setdefault(table, []), Part(name, file_id, run_no, tuple(rows.columns)), key=attrgetter("name")
        )
    if table in sums.SUMMED:
        sums.add(store, table, name, rows)


def written(store: Store, leave: int = 0) -> None:
    """Wait until parts are on disk, but for the last few that are to be left; a fault in writing one is raised.

    Where none is left they are named, too.
    """
    while len(store.writing) > leave:
        store.writing.pop(0).result()
    if not leave:
        store.later.put(store)


def sum_up(store: Store) -> None:
    """Add up the parts that were written before there were sums."""
    for table, name in sums.lacking(store):
        sums.add(store, table, name, pl.read_parquet(store.parts / name))
    sums.show(store)


def drop_file(store: Store, side: str, file_id: int, inside: str) -> None:
    """Take the rows of a file out of its table. inside: the condition on a row_id of the file."""
    _drop(store, "of_table = ? AND file_id = ?", [side, file_id])
    store.execute(f"DELETE FROM book.{side}_base WHERE row_id {inside}")
    if side != "fee_checks":
        store.execute(f"DELETE FROM book.carried_{side} WHERE row_id {inside}")
        store.forget(side)
    show(store, store.parts, [side])


def drop_matches(store: Store, condition: str) -> None:
    """Take the pairs that fit a condition out of the matches: parts that hold some are written anew without them."""
    store.execute(f"DELETE FROM book.matches_base WHERE {condition}")
    for name, run_no in store.execute(f"SELECT name, run_no FROM {_IN_USE} AND of_table = 'matches' ORDER BY name"):
        part = f"read_parquet({_text(store.parts / name)})"
        if store.execute(f"SELECT 1 FROM {part} WHERE {condition} LIMIT 1"):
            kept = store.frame(f"SELECT * FROM {part} WHERE NOT ({condition})")
            _drop(store, "name = ?", [name])
            add(store, "matches", kept, run_no)
    show(store, store.parts, ["matches"])


def show(store: Store, folder: Path, tables: Iterable[str] = TABLES) -> None:
    """Make each table a view over its base and its parts, which lie in `folder`."""
    written(store)
    for table in tables:
        store.execute(f"CREATE OR REPLACE VIEW book.{table} AS {_union(folder, table, in_use(store, table))}")


def _union(folder: Path, table: str, found: Iterable[Part]) -> str:
    """Base and parts as one; a column that a part does not have is null in its rows."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for part in found:
        alike.setdefault(part.columns, []).append(part.name)
    told = [f"FROM {_read(folder, names)}" for names in sorted(alike.values())]
    return " UNION ALL BY NAME ".join([f"FROM book.{table}_base", *told])


def _read(folder: Path, names: Iterable[str]) -> str:
    return f"read_parquet([{', '.join(_text(folder / name) for name in sorted(names))}])"


def of_files(store: Store, table: str, file_ids: Collection[int]) -> str:
    """What to select from for the rows of some files alone: history need not be looked at for them."""
    return f"({_union(store.parts, table, _of_files(store, table, file_ids))})"


def of_rows(store: Store, table: str, row_ids: pl.Series) -> str:
    """What to select from for some rows: the parts of their files, and of few rows those alone in which they stand."""
    found = _of_files(store, table, files_of(row_ids))
    if row_ids.len() < _FEW * len(found) and len(found) > 1:
        ordered = row_ids.sort()
        found = [part for part in found if _holds_some(store, part, ordered)]
    return f"({_union(store.parts, table, found)})"


_FEW = 20
"""So many rows to a part are few: with more of them hardly any part is without one."""


def _holds_some(store: Store, part: Part, ordered: pl.Series) -> bool:
    """Whether a part may hold one of the rows, by the first and last that its file tells of."""
    if part.name not in store.row_ranges:
        store.row_ranges[part.name] = part_files.row_range(store.parts / part.name)
    known = store.row_ranges[part.name]
    if known is None:
        return True
    at = ordered.search_sorted(known[0])
    return at < ordered.len() and int(ordered[at]) <= known[1]


def of_run(store: Store, table: str, run_no: int) -> str:
    """What to select from for the rows that a run wrote."""
    return f"({_union(store.parts, table, (part for part in in_use(store, table) if part.run_no == run_no))})"


def _of_files(store: Store, table: str, file_ids: Collection[int]) -> list[Part]:
    asked = set(file_ids)
    return [part for part in in_use(store, table) if part.file_id in asked]


def with_references(store: Store, table: str, asked: Mapping[str, pl.DataFrame]) -> pl.Series:
    """Ids of rows that may bear one of the references (`merchant_id`, `ref`) asked of a column; a few bear another."""
    wanted = {reference: keys for reference, keys in asked.items() if keys.height}
    found = [
        with_numbers_of(store, table, {r: keys.select(number_of("ref")).to_series() for r, keys in wanted.items()})
    ]
    for reference, keys in wanted.items() if _without_numbers(store, table, wanted) else ():
        exact = f"t.merchant_id = a.merchant_id AND t.{reference} = a.ref"
        source = f"SELECT row_id FROM ({without_number(store, table, reference)}) t SEMI JOIN asked a ON {exact}"
        found.append(store.frame(source, asked=keys.select("merchant_id", "ref"))["row_id"])
    return pl.concat(found).unique()


def with_numbers_of(store: Store, table: str, asked: Mapping[str, pl.Series]) -> pl.Series:
    """Ids of rows that bear one of the numbers asked of a name of `keys`, as far as their parts have such numbers.

    Parts whose numbers are not gathered yet are gone through once each, whatever is asked, and not by the database:
    opening one takes it as long as polars takes to look into it.
    """
    numbers = {column_of(name): told.drop_nulls().unique() for name, told in asked.items()}
    found = [key_files.rows_with(store, table, numbers)]  # a damaged file is no longer among those that cover
    files: dict[tuple[str, ...], list[Path]] = {}
    covered = key_files.covered(store, table, numbers)
    for part in in_use(store, table):
        there = tuple(column for column in numbers if column in part.columns)
        if there and part.name not in covered:
            files.setdefault(there, []).append(store.parts / part.name)
    for there, paths in files.items():
        bears = pl.any_horizontal(pl.col(column).is_in(numbers[column].implode()) for column in there)
        rows = pl.scan_parquet(paths, extra_columns="ignore").filter(bears).select("row_id")
        found.append(store.gathered(rows)["row_id"])
    return pl.concat(found)


def _without_numbers(store: Store, table: str, names: Collection[str]) -> bool:
    """Whether there are rows at all whose parts lack some of these numbers."""
    columns = set(map(column_of, names))
    lacking = any(not columns.issubset(part.columns) for part in in_use(store, table))
    return lacking or bool(store.execute(f"SELECT 1 FROM book.{table}_base LIMIT 1"))


def without_number(store: Store, table: str, name: str) -> str:
    """What to select from for the rows whose parts have no numbers of a reference: they are asked by their strings."""
    return _union(store.parts, table, (p for p in in_use(store, table) if column_of(name) not in p.columns))


def but_of_files(store: Store, table: str, file_ids: Collection[int]) -> str:
    """What to select from for the rows of all other files."""
    ids = [int(file_id) for file_id in file_ids]
    others = (part for part in in_use(store, table) if part.file_id is not None and part.file_id not in ids)
    inside = ", ".join(map(str, [-1, *ids]))
    return f"(FROM ({_union(store.parts, table, others)}) WHERE file_id NOT IN ({inside}))"


def ever_of_files(store: Store, table: str, file_ids: Collection[int]) -> str:
    """What to select from for the rows of files, those of files that people took back included (`BY_HAND`)."""
    found = store.execute(
        "SELECT name, file_id, run_no, columns FROM book.parts WHERE of_table = ? AND list_contains(?, file_id) "
        f"AND NOT ({key_files.PURGED}) ORDER BY name",
        [table, sorted(file_ids)],
    )
    told = [Part(name, file_id, run_no, tuple(columns)) for name, file_id, run_no, columns in found]
    return f"({_union(store.parts, table, told)})"


def held(
    store: Store, table: str, file_ids: Collection[int], columns: Mapping[str, pl.DataType] | Sequence[str]
) -> Iterator[pl.DataFrame]:
    """The rows of some files, part after part; a column that a part does not have is null where its type is given."""
    return (rows([*columns]) for rows in unread(store, table, file_ids, columns))


Unread = Callable[[Sequence[str]], pl.DataFrame]
"""Reads some columns of rows. StoreError where their file is damaged."""


def unread(
    store: Store, table: str, file_ids: Collection[int], columns: Mapping[str, pl.DataType] | Sequence[str]
) -> Iterator[Unread]:
    """`held`, of which those columns alone are read that are asked of a part, and without the database."""
    types = columns if isinstance(columns, Mapping) else {}

    def reading(rows: pl.LazyFrame) -> Unread:
        return lambda asked: store.gathered(rows.select(asked), at_once=True)

    for part in _of_files(store, table, file_ids):
        blank = (pl.lit(None, kind).alias(name) for name, kind in types.items() if name not in part.columns)
        yield reading(pl.scan_parquet(store.parts / part.name).with_columns(blank))
    marks = ", ".join(columns)
    old = f"SELECT {marks} FROM book.{table}_base WHERE list_contains(?, file_id) ORDER BY row_id"
    yield reading(store.frame(old, [sorted(file_ids)]).lazy())


def names(store: Store, since: datetime | None = None) -> list[str]:
    """Files of all parts in use, and of those that were dropped or purged since a moment."""
    moment = since.astimezone(UTC).replace(tzinfo=None) if since else None
    of_late = "SELECT file_id FROM book.purged WHERE what = 'rows' AND purged_at > $1"
    return [
        n
        for (n,) in store.execute(
            f"SELECT name FROM {_IN_USE} OR dropped_at > $1 OR file_id IN ({of_late}) ORDER BY name", [moment]
        )
    ]


def sweep(store: Store) -> None:
    """Remove what lies in the folder and is named by no part. Only the process that holds the store may ask for it."""
    retracted = f"file_id IN ({BY_HAND}) AND of_table <> 'fee_checks' AND NOT ({key_files.PURGED})"
    kept = store.execute(f"SELECT name FROM book.parts WHERE {retracted}")
    known = {*names(store), *key_files.names(store), *(name for (name,) in kept)}
    for file in (*store.parts.glob("*.parquet"), *store.parts.glob("*.arrow")):
        if file.name not in known:
            file.unlink(missing_ok=True)


def drop_all(store: Store, table: str) -> None:
    """Take all rows out of a table."""
    _drop(store, "of_table = ?", [table])
    store.execute(f"DELETE FROM book.{table}_base")
    store.forget(table)
    show(store, store.parts, [table])


def _drop(store: Store, condition: str, values: list[object]) -> None:
    moment = datetime.now(UTC).replace(tzinfo=None)
    store.execute(f"UPDATE book.parts SET dropped_at = ? WHERE dropped_at IS NULL AND {condition}", [moment, *values])
    store.in_use = None


def _text(path: Path) -> str:
    """A path as a literal: the list of files of a view takes no parameters."""
    return "'" + str(path).replace("'", "''") + "'"
