"""The published copy: written beside the old one and swapped in by rename, read by anyone at any time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType

import duckdb
import polars as pl

from pipelines.store.connection import Store, StoreError


def publish(store: Store, target: Path) -> None:
    """Copy the whole store to `target`, so that a reader sees the last night or this one, never half of it."""
    store.checkpoint()
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*"):  # of a run that was killed while it published
        left.unlink(missing_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(store.path, fresh)
        with fresh.open("rb+") as handle:
            os.fsync(handle.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


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

    def frame(self, sql: str, parameters: list[object] | None = None) -> pl.DataFrame:
        """Run one query and return a polars frame."""
        table = self._con.sql(sql, params=parameters or []).to_arrow_table()
        result = pl.from_arrow(table)
        assert isinstance(result, pl.DataFrame)  # noqa: S101 - a table is never a Series
        return result
