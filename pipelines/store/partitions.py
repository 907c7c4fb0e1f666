"""Narrow rows on their way into the matching, by merchant; on disk where they are more than memory should hold.

No rule pairs rows of different merchants: each partition is matched by itself, and memory holds one or two of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from pipelines.matching.narrow import PARTITIONS, nothing
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import durable

SIDES = ("journal", "settlement")

MOST_HELD = 2_000_000
"""Rows in memory, some 80 bytes each; what comes above it goes to disk."""

BYTES_A_ROW = 2_000
"""Memory that a row in memory is given of a limit: of all that works beside it, it takes the least."""


def most_held(limit: int | None) -> int:
    """Rows to hold in memory under a limit in bytes."""
    return MOST_HELD if limit is None else max(1, min(MOST_HELD, limit // BYTES_A_ROW))


Pair = tuple[pl.DataFrame, pl.DataFrame]


class Partitions:
    """Rows of journal and settlement, `narrowed`, as they are loaded or read from the books.

    folder: for what does not fit; it is emptied first and last. most: rows that are held in memory, half of which are
    matched in one go. files: those whose rows are all here; unused: those that are not to be given, though they are.
    """

    def __init__(self, folder: Path, most: int = MOST_HELD):
        shutil.rmtree(folder, ignore_errors=True)
        self._folder, self._most = folder, most
        self._held: dict[str, list[pl.DataFrame]] = {side: [] for side in SIDES}
        self._spilled: dict[tuple[str, int], list[Path]] = {}
        self._refused: dict[Path, set[int]] = {}
        self.rows, self._in_memory = 0, 0
        self.files: set[int] = set()
        self.unused: set[int] = set()

    def add(self, side: str, rows: pl.DataFrame) -> None:
        """Take rows in; what is held already may go to disk for them."""
        if rows.is_empty():
            return
        self._held[side].append(rows)
        self.rows += rows.height
        self._in_memory += rows.height
        if self._in_memory > self._most:
            self._spill()

    def drop(self, file_id: int) -> None:
        """Forget the rows of a file that was refused; the next one may have its number."""
        for held in self._held.values():
            held[:] = [rows.filter(_file() != file_id) for rows in held]
        for paths in self._spilled.values():
            for path in paths:
                self._refused.setdefault(path, set()).add(file_id)

    def each(self) -> Iterator[Pair]:
        """Journal and settlement rows of one or several partitions after the other; each row once, in its order.

        Rows of `unused` files are left out. What is given is gone from here.
        """
        together = max(1, PARTITIONS * self._most // 2 // max(self.rows, 1))
        for first in range(0, PARTITIONS, together):
            numbers = range(first, min(first + together, PARTITIONS))
            journal, settlement = (self._rows(side, numbers) for side in SIDES)
            yield journal, settlement

    def close(self) -> None:
        """Let everything go."""
        self._held = {side: [] for side in SIDES}
        shutil.rmtree(self._folder, ignore_errors=True)

    def _rows(self, side: str, numbers: Sequence[int]) -> pl.DataFrame:
        on_disk = [path for number in numbers for path in self._spilled.get((side, number), ())]
        read = [self._read(path) for path in on_disk]
        held = self._held[side]
        if len(numbers) < PARTITIONS:
            held = [rows.filter(pl.col("home").is_between(numbers[0], numbers[-1])) for rows in held]
        rows = pl.concat([nothing(side), *read, *held], rechunk=False)
        return rows.filter(~_file().is_in(self.unused)) if self.unused else rows

    def _read(self, path: Path) -> pl.DataFrame:
        rows = pl.read_ipc(path.read_bytes())  # mapped, it would count as memory all the same, and go more slowly
        path.unlink()
        refused = self._refused.get(path)
        return rows.filter(~_file().is_in(refused)) if refused else rows

    def _spill(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for side, held in self._held.items():
            if not held:
                continue
            parted = pl.concat(held).partition_by("home", as_dict=True)
            for (number,), rows in parted.items():
                paths = self._spilled.setdefault((side, int(number)), [])
                paths.append(self._folder / f"{side}-{number:02}-{len(paths):04}.arrow")
                with durable.writing(paths[-1], flushed=False):  # it need not outlive the run
                    rows.write_ipc(paths[-1])
            held.clear()
        self._in_memory = 0


def _file() -> pl.Expr:
    return pl.col("row_id") // LINES_PER_FILE
