"""The published copy: written beside the old one and swapped in by rename, read by anyone at any time.

It is one small database and a folder of parts, which it shares with the store; a night adds the parts that are new.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from pipelines.store import parts
from pipelines.store.connection import Store, StoreError

PARTS = "parts"
"""Folder beside the published database."""


def publish(store: Store, target: Path, snapshot_days: int = 1, before: Callable[[], None] | None = None) -> None:
    """Copy the store to `target`, so that a reader sees the last night or this one, never half of it.

    snapshot_days: how long a part stays after it was dropped, for who holds a copy of an earlier night open. before:
    done when the copy is whole, before anybody sees it; what it raises leaves the last night's in place.
    """
    store.checkpoint()
    shared = target.parent.absolute() / PARTS
    shared.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*"):  # of a run that was killed while it published
        left.unlink(missing_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        _share(store, shared)
        shutil.copyfile(store.path, fresh)
        with Store(fresh, copy=True) as copy, copy.transaction():
            parts.show(copy, shared)
        with fresh.open("rb+") as handle:
            os.fsync(handle.fileno())
        if before is not None:
            before()
        fresh.replace(target)
    finally:
        for left in target.parent.glob(f"{fresh.name}*"):
            left.unlink(missing_ok=True)
    _forget(store, shared, timedelta(days=snapshot_days))


def _share(store: Store, folder: Path) -> None:
    """Parts that are not in the folder yet, as further names of the same files where the disk allows it."""
    there = {file.name for file in folder.iterdir()}
    for name in parts.names(store):
        if name in there:
            continue
        try:
            os.link(store.parts / name, folder / name)
        except OSError:  # another disk, or one without hard links
            fresh = folder / f".{name}"
            shutil.copyfile(store.parts / name, fresh)
            fresh.replace(folder / name)


def _forget(store: Store, folder: Path, grace: timedelta) -> None:
    """Remove parts that were dropped long ago, and what no store knows any more."""
    since = datetime.now(UTC) - grace
    known = set(parts.names(store, since))
    for file in folder.iterdir():
        if file.name not in known and file.stat().st_ctime < since.timestamp():
            file.unlink(missing_ok=True)


class Published:
    """Read-only access to the published views; any number of processes may hold it while a night runs."""

    def __init__(self, path: Path):
        if not path.exists():
            raise StoreError(f"{path}: nothing is published yet; run `recon run --date …` first")
        try:
            self._con = duckdb.connect(str(path), read_only=True)
        except duckdb.Error as error:
            raise StoreError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None

    def __enter__(self) -> Published:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.close()
        del self._con

    def frame(self, sql: str, parameters: list[Any] | dict[str, Any] | None = None) -> pl.DataFrame:
        """Run one query and return a polars frame."""
        table = self._con.sql(sql, params=parameters or []).to_arrow_table()
        result = pl.from_arrow(table)
        assert isinstance(result, pl.DataFrame)  # noqa: S101 - a table is never a Series
        return result
