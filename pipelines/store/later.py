"""Rows of small tables that are put in together: with each part of a file apart, statements take longer than rows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from pipelines.store.connection import Store

MOST = 50_000
"""Rows of a table that wait in memory."""

AT_ONCE = 200
"""Single rows of one statement."""


class Later:
    """What waits, by table of `book`: frames, and single rows of the same columns."""

    def __init__(self) -> None:
        self._frames: dict[str, list[pl.DataFrame]] = {}
        self._rows: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = {}

    def add(self, store: Store, table: str, rows: pl.DataFrame) -> None:
        """Rows of a table, column by name."""
        if rows.is_empty():
            return
        waiting = self._frames.setdefault(table, [])
        waiting.append(rows)
        if sum(some.height for some in waiting) >= MOST:
            store.append(table, pl.concat(self._frames.pop(table), how="diagonal_relaxed"))

    def row(self, table: str, values: Mapping[str, Any]) -> None:
        """One row of a table."""
        self._rows.setdefault((table, tuple(values)), []).append(tuple(values.values()))

    def put(self, store: Store) -> None:
        """Put in what waits, inside the caller's transaction."""
        frames, self._frames = self._frames, {}
        for table, several in frames.items():
            store.append(table, pl.concat(several, how="diagonal_relaxed"))
        rows, self._rows = self._rows, {}
        for (table, columns), values in rows.items():
            into, one = f"INSERT INTO book.{table} ({', '.join(columns)}) VALUES ", f"({', '.join('?' * len(columns))})"
            for at in range(0, len(values), AT_ONCE):
                some = values[at : at + AT_ONCE]
                store.execute(into + ", ".join([one] * len(some)), [*chain(*some)])

    def drop(self) -> None:
        """Forget what waits: the transaction it belongs to is undone."""
        self._frames, self._rows = {}, {}
