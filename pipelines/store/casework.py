"""What a person names: rows by file and line, the candidates of an undecided line, the partner of a row."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.cases.register import exception_id
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store.connection import Store

SIDES = ("journal", "settlement", "bank")


@dataclass(frozen=True)
class Found:
    """A stored row: its side and number, what it is, and where it stands."""

    side: str
    row_id: int
    kind: str
    file: str
    line: int

    @property
    def place(self) -> str:
        """As people write it."""
        return f"{self.file}:{self.line}"


def rows_named(store: Store, word: str) -> list[Found]:
    """Rows in use that a word names: FILE:LINE, or the number of a row as the views give it."""
    name, _, line = word.rpartition(":")
    digits = word if word.isdecimal() else line
    if not digits.isdecimal() or int(digits) >= 2**63:
        return []
    number = int(digits)
    values: list[object] = [name, number]
    where = "f.name = ? AND r.line = ?"
    if word.isdecimal():
        where, values = "r.row_id = ? AND r.file_id = ?", [number, number // LINES_PER_FILE]
    kinds = {"journal": "txn_type", "settlement": "record_type", "bank": "'entry'"}
    found = [
        store.execute(
            f"SELECT '{side}', r.row_id, {kinds[side]}, f.name, r.line FROM book.{side} r "
            f"JOIN book.files f ON f.file_id = r.file_id AND f.state = 'loaded' WHERE {where} ORDER BY r.row_id",
            values,
        )
        for side in SIDES
    ]
    return [Found(*row) for rows in found for row in rows]


@dataclass(frozen=True)
class Case:
    """An exception as the register holds it now, with the places of its records: side, file, line."""

    exception_id: str
    type: str
    status: str
    evidence: tuple[tuple[str, str, int], ...]


def case(store: Store, key: str) -> Case | None:
    """One exception by its id."""
    rows = store.execute("SELECT exception_id, type, status, evidence FROM exceptions WHERE exception_id = ?", [key])
    if not rows:
        return None
    number, kind, status, evidence = rows[0]
    return Case(number, kind, status, tuple((e["side"], e["file"], e["line"]) for e in evidence))


def resting_on(store: Store, rows: list[Found]) -> str | None:
    """The first open exception that names one of the rows as a record, in the order of the rows."""
    for row in rows:
        found = store.execute(
            """
            SELECT exception_id FROM exceptions
            WHERE status NOT IN ('cleared', 'resolved', 'waiting')
            AND list_contains(evidence, {'side': ?, 'file': ?, 'line': CAST(? AS INTEGER)})
            ORDER BY first_seen, exception_id LIMIT 1
            """,
            [row.side, row.file, row.line],
        )
        if found:
            return str(found[0][0])
    return None


def choices(store: Store, found: Case) -> tuple[Found | None, list[Found]]:
    """The row that an exception is about and the rows of the other side that may be its partner, as they are listed."""
    lines = [row for side, file, line in found.evidence[:1] for row in _at(store, side, file, line)]
    sources = dict(store.frame("SELECT file_id, coalesce(source, '') FROM book.files").iter_rows())
    own = [row for row in lines if exception_id(found.type, _basis(row, sources)) == found.exception_id]
    candidates: list[Found] = []
    for side, file, line in dict.fromkeys(found.evidence[1:]):
        if side == _sides(found.evidence[0][0])[1]:
            candidates += _at(store, side, file, line)
    return next(iter(own), None), candidates


def _basis(row: Found, sources: dict[int, str]) -> tuple[str, str, str]:
    return sources[row.row_id // LINES_PER_FILE], row.file, str(row.row_id % LINES_PER_FILE)


def _at(store: Store, side: str, file: str, line: int) -> list[Found]:
    return [row for row in rows_named(store, f"{file}:{line}") if row.side == side]


def partner(store: Store, row: Found) -> int | None:
    """The row that a row is paired with now."""
    mine, theirs = (f"{side}_row_id" for side in _sides(row.side))
    rows = store.execute(f"SELECT {theirs} FROM book.matches WHERE {mine} = ?", [row.row_id])
    return int(rows[0][0]) if rows else None


def _sides(side: str) -> tuple[str, str]:
    return (side, "settlement" if side == "journal" else "journal")


def tell(store: Store, target: Path, told: Mapping[str, pl.DataFrame]) -> None:
    """Show acts in the published copy at once: the copy as it is, with these rows more, takes its place.

    told: rows by table. What else the store holds stays unpublished: it may be half a night. A copy of another version
    is left alone; the next run publishes the acts. The caller holds the store, so that nobody publishes meanwhile.
    """
    if not target.exists():
        return
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    version = "SELECT max(number) FROM migrations"
    try:
        shutil.copyfile(target, fresh)
        with Store(fresh, copy=True) as copy:
            if copy.execute(version) != store.execute(version):
                return
            for table, rows in told.items():
                copy.append(table, rows)
            copy.checkpoint()
        with fresh.open("rb+") as handle:
            os.fsync(handle.fileno())
        fresh.replace(target)
    finally:
        for left in target.parent.glob(f"{fresh.name}*"):
            left.unlink(missing_ok=True)
