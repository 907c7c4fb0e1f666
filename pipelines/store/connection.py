"""Open the store, bring it to the newest migration, run SQL and hand frames back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from decimal import Decimal
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from pipelines.store import amounts, key_files, parts, views
from pipelines.store.later import Later

SQL = Path(__file__).resolve().parents[2] / "sql"


def numbers(ids: Iterable[int]) -> str:
    """Whole numbers as the inside of an IN: written out, the database skips the parts that hold none of them."""
    return ", ".join(str(int(number)) for number in sorted(ids)) or "NULL"


def _bytes(told: str) -> int:
    """A size as DuckDB tells it: `953.6 MiB`."""
    number, unit = told.split()
    return int(Decimal(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit))


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class StoreError(Exception):
    """The store cannot be used; the message is one plain line."""


class StoreBusyError(StoreError):
    """Another process is writing to the store."""


class Store:
    """The writer's own database. One process holds it; analysts read the published copy instead.

    parts: folder of the rows that never change (`store.parts`). spill: one for what does not fit into memory.
    memory_limit: in bytes: as configured, else what the database takes of the machine's. writer, writing: writes them
    while others are read; a transaction ends when they are on disk. later: rows of small tables that are put in
    together. asked, last_old_file: what a night asked for of old
    files, kept: the rows of them by side (`carried`); read: rows that it has read whole, by side (`by_id`). numbers:
    mapped files by name (`key_files`). in_use: parts by table, as long as none changes; row_ranges: first and last row
    of parts (`parts`).
    """

    def __init__(self, path: Path, memory_limit: str | None = None, *, copy: bool = False):
        """copy: a copy that is to be published: it is taken as it is, and its parts are not its own."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.parts = path, path.with_suffix(".parts").absolute()
        self.spill = path.with_suffix(".spill")
        self.asked: dict[str, list[pl.Series]] = {}
        self.last_old_file: int | None = None
        self.kept: dict[str, pl.DataFrame | None] = {}
        self.read: dict[str, list[pl.DataFrame]] = {}
        self.row_ranges: dict[str, tuple[int, int] | None] = {}
        self.numbers: dict[str, pl.DataFrame] = {}
        self.in_use: dict[str, list[parts.Part]] | None = None
        self.later = Later()
        self.writer, self.writing = ThreadPoolExecutor(1), list[Future[None]]()
        try:
            self._con = duckdb.connect(str(path))
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreBusyError(f"{path}: another run is working on the store; wait for it to end") from None
            raise StoreError(f"{path}: cannot be opened: {_first_line(error)}") from None
        self.execute("SET preserve_insertion_order = false")
        self.execute("SET enable_progress_bar = false")
        self.execute("SET parquet_metadata_cache = true")
        # one string compression tried instead of four: the file is as small and loading takes a tenth less
        self.execute("SET disabled_compression_methods = 'fsst,dictionary,zstd'")
        if memory_limit:
            self.execute("SET memory_limit = ?", [memory_limit])
        ((told,),) = self.execute("SELECT current_setting('memory_limit')")
        self.memory_limit = _bytes(told)
        if not copy:
            try:
                self._migrate()
            except BaseException:
                self.close()  # nobody holds a store that could not be opened
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; what was not committed is gone, and so is what did not fit into memory."""
        self.writer.shutdown()
        shutil.rmtree(self.spill, ignore_errors=True)
        self._con.close()
        del self._con  # a frame of a failed run may outlive the store, its connection must not

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and fetch all it returns. StoreError for what the database refuses."""
        with self._plainly():
            return list(self._con.execute(sql, parameters or []).fetchall())

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise StoreError(f"{self.path}: {_first_line(error)}") from error

    def frame(
        self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None, **frames: pl.DataFrame
    ) -> pl.DataFrame:
        """Run one query, with polars frames readable under their names, and return a polars frame."""
        with self.registered(**frames), self._plainly():
            table = self._con.sql(sql, params=parameters or []).to_arrow_table()
        result = pl.from_arrow(table)
        assert isinstance(result, pl.DataFrame)  # noqa: S101 - a table is never a Series
        return result

    def gathered(self, rows: pl.LazyFrame, *, at_once: bool = False) -> pl.DataFrame:
        """What a query of polars over files of the store finds, a piece at a time. StoreError where one is damaged.

        at_once: all of it, where it is to be read whole.
        """
        try:
            return rows.collect(engine="in-memory" if at_once else "streaming")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{self.path}: a file of {self.parts} cannot be read: {_first_line(error)}") from error

    def append(self, table: str, rows: pl.DataFrame) -> None:
        """Insert a frame into a table of `book`, column by name."""
        if rows.is_empty():
            return
        columns = ", ".join(rows.columns)
        with self.registered(_incoming=rows):
            self.execute(f"INSERT INTO book.{table} ({columns}) SELECT {columns} FROM _incoming")

    @contextmanager
    def registered(self, **frames: pl.DataFrame) -> Iterator[None]:
        """Make frames readable by name for a while."""
        for name, frame in frames.items():
            self._con.register(name, frame.to_arrow(compat_level=pl.CompatLevel.newest()))
        try:
            yield
        finally:
            for name in frames:
                self._con.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.execute("BEGIN TRANSACTION")
        try:
            yield
            parts.written(self)
            self.execute("COMMIT")
        except BaseException:
            wait(self.writing)
            self.writing.clear()
            self.later.drop()
            self.forget()
            self.in_use = None
            with suppress(StoreError):  # the database may have rolled back by itself
                self.execute("ROLLBACK")
            raise

    def forget(self, side: str | None = None) -> None:
        """Rows of a side, or of all, that are held in memory are no longer what the store holds, or needed no more."""
        for held in (self.kept, self.read):
            for one in [side] if side else [*held]:
                held.pop(one, None)

    def checkpoint(self) -> None:
        """Write everything into the one file, so that a copy of it is whole."""
        self.execute("CHECKPOINT")

    def _migrate(self) -> None:
        """Apply each missing migration with its record in one transaction; refuse a store newer than this code.

        A new store is made in one.
        """
        self.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name VARCHAR, applied_at TIMESTAMP)"
        )
        done = {number for (number,) in self.execute("SELECT number FROM migrations")}
        known = {int(file.name[:4]): file for file in sorted((SQL / "migrations").glob("[0-9]*.sql"))}
        if newer := sorted(done - set(known)):
            raise StoreError(
                f"{self.path}: the store is of a newer version (migration {newer[-1]}); update the program"
            )
        missing = [number for number in known if number not in done]
        for together in [[number] for number in missing] if done else [missing]:
            with self.transaction():
                for number in together:
                    self.script(known[number])
                told = [(number, known[number].stem) for number in together]
                marks = ", ".join(["(?, ?, now())"] * len(told))
                self.execute(f"INSERT INTO migrations VALUES {marks}", [*chain(*told)])
        parts.sweep(self)
        with self.transaction():
            key_files.check(self)
            parts.show(self, self.parts)
            parts.sum_up(self)
            amounts.fill(self)
            views.refresh(self, SQL / "views")

    def script(self, file: Path) -> None:
        """Run the statements of a file of `sql`. StoreError names it."""
        try:
            self._con.execute(file.read_text(encoding="utf-8")).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"{self.path}: {file.name}: {_first_line(error)}; the store is as it was") from error
