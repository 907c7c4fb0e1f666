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
from pipelines.sources.gather import abreast
from pipelines.store import durable

SIDES = ("journal", "settlement")

BYTES_A_ROW = 800
"""Memory that a row in memory is given of what there is: ten times its size, for all that works beside it."""

MOST_MATCHED = 1_000_000
"""Rows of both sides that are matched in one go."""


def most_held(memory: int) -> int:
    """Rows to hold in memory where there are so many bytes of it; what comes above it goes to disk."""
    return max(1, memory // BYTES_A_ROW)


Pair = tuple[pl.DataFrame, pl.DataFrame]

_ByHome = dict[int, pl.DataFrame]
"""Rows by partition, in their order; without those that hold none."""


class Partitions:
    """Rows of journal and settlement, `narrowed`, as they are loaded or read from the books.

    folder: for what does not fit; it is emptied first and last. most: rows that are held in memory, half of which at
    most are matched in one go. files: those whose rows are all here; unused: those that are not to be given, though
    they are.
    """

    def __init__(self, folder: Path, most: int):
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
        together = max(1, PARTITIONS * min(self._most // 2, MOST_MATCHED) // max(self.rows, 1))
        ordered = {side: self._ordered(side) if together < PARTITIONS else [] for side in SIDES}
        for first in range(0, PARTITIONS, together):
            numbers = range(first, min(first + together, PARTITIONS))
            journal, settlement = (self._rows(side, numbers, ordered[side]) for side in SIDES)
            yield journal, settlement

    def close(self) -> None:
        """Let everything go."""
        self._held = {side: [] for side in SIDES}
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ordered(self, side: str) -> list[_ByHome]:
        """What is held of a side by partitions, frame by frame; the frames themselves are let go one by one."""
        held, self._held[side] = self._held[side], []
        return [*abreast(_by_home, _taken_from(held))]

    def _rows(self, side: str, numbers: Sequence[int], ordered: Sequence[_ByHome]) -> pl.DataFrame:
        on_disk = [path for number in numbers for path in self._spilled.get((side, number), ())]
        read = [self._read(path) for path in on_disk]
        held = [by_home.pop(number) for number in numbers for by_home in ordered if number in by_home]
        rows = pl.concat([nothing(side), *read, *self._held[side], *held], rechunk=True)
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
            for number, rows in _by_home(pl.concat(held)).items():
                paths = self._spilled.setdefault((side, number), [])
                paths.append(self._folder / f"{side}-{number:02}-{len(paths):04}.arrow")
                with durable.writing(paths[-1], flushed=False):  # it need not outlive the run
                    rows.write_ipc(paths[-1])
            held.clear()
        self._in_memory = 0


def _by_home(rows: pl.DataFrame) -> _ByHome:
    return {int(home): some for (home,), some in rows.partition_by("home", as_dict=True).items()}


def _taken_from(held: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    while held:
        yield held.pop(0)


def _file() -> pl.Expr:
    return pl.col("row_id") // LINES_PER_FILE
