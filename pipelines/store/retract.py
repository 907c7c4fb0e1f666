"""Take a file back: its matches are undone, its rows leave the books, all of it stays on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store.connection import Store

WHOSE = {"journal": "merchant_id", "settlement": "merchant_id", "bank": "account"}


def superseded(
    store: Store,
    source: str,
    side: str,
    day: date | None,
    name: str,
    whose: Iterable[str],
    *,
    one_of_many: bool = False,
) -> list[tuple[int, str, int]]:
    """Loaded files that a new one of the same source and day corrects: (file_id, name, accepted rows).

    whose: merchants (or accounts) of the new file. A file that speaks of none of them is another part of the same
    day, not an older version of this file, unless it has the same name. one_of_many: it came in an archive with
    others, which are parts of the same day whomever they speak of: only its own name corrects.
    """
    same_day = store.execute(
        "SELECT file_id, name, accepted FROM book.files WHERE state = 'loaded' AND source = ? AND expected_date = ? "
        "ORDER BY file_id",
        [source, day],
    )
    mine = set(whose)
    found = []
    for file_id, old_name, accepted in same_day:
        if one_of_many:
            if _own(old_name) == _own(name):
                found.append((file_id, old_name, accepted))
            continue
        column = WHOSE[side]
        theirs = {
            key
            for (key,) in store.execute(
                f"SELECT DISTINCT {column} FROM book.{side} WHERE file_id = ? AND {column} IS NOT NULL", [file_id]
            )
        }
        if old_name == name or mine & theirs or not mine or not theirs:
            found.append((file_id, old_name, accepted))
    return found


def _own(name: str) -> str:
    """The name without the archives around it and their folders."""
    return name.rsplit("!", 1)[-1].rsplit("/", 1)[-1]


def retract(store: Store, file_id: int, reason: str, run_no: int) -> None:
    """Undo what rests on a file, inside the caller's transaction.

    Rows of other files that were paired with its rows are open again, to be judged by the next reconciliation. The
    file keeps its entry, its archived copy and its totals; its events stay in the history.
    """
    first, last = file_id * LINES_PER_FILE, (file_id + 1) * LINES_PER_FILE
    inside = f"BETWEEN {first} AND {last - 1}"
    _reopen_partners(store, inside)
    _reopen_adjusted(store, inside)
    store.execute(f"DELETE FROM book.matches WHERE journal_row_id {inside} OR settlement_row_id {inside}")
    groups = f"SELECT group_no FROM book.deposit_members WHERE row_id {inside}"
    store.execute(f"DELETE FROM book.deposit_groups WHERE group_no IN ({groups})")
    store.execute(f"DELETE FROM book.deposit_members WHERE group_no IN ({groups})")
    for table in ("open_rows", "out_of_scope", "watched", "journal", "settlement", "bank"):
        store.execute(f"DELETE FROM book.{table} WHERE row_id {inside}")
    for table in ("rejected_rows", "balances"):
        store.execute(f"DELETE FROM book.{table} WHERE file_id = ?", [file_id])
    store.execute(
        "UPDATE book.files SET state = 'retracted', error = ?, retracted_run = ? WHERE file_id = ?",
        [reason, run_no, file_id],
    )


def _reopen_adjusted(store: Store, inside: str) -> None:
    """Rows whose exception a line of the file settled; the exception is derived anew."""
    closed = f"SELECT side, row_id FROM book.adjusted WHERE by_row_id {inside} AND row_id IS NOT NULL"
    store.execute(
        f"INSERT INTO book.open_rows (side, row_id, state, reason) SELECT *, 'waiting', 'TIMING' FROM ({closed})"
    )
    store.execute(f"DELETE FROM book.out_of_scope WHERE (side, row_id) IN ({closed})")
    store.execute(f"DELETE FROM book.adjusted WHERE by_row_id {inside} OR row_id {inside}")


def _reopen_partners(store: Store, inside: str) -> None:
    """Rows of other files that a match or a deposit group bound to the file's rows."""
    store.execute(
        f"""
        INSERT INTO book.open_rows (side, row_id, state, reason)
        SELECT side, row_id, 'waiting', 'TIMING' FROM (
            SELECT 'journal' AS side, journal_row_id AS row_id FROM book.matches
            WHERE settlement_row_id {inside} AND NOT journal_row_id {inside}
            UNION
            SELECT 'settlement', settlement_row_id FROM book.matches
            WHERE journal_row_id {inside} AND NOT settlement_row_id {inside}
            UNION
            SELECT side, row_id FROM book.deposit_members
            WHERE NOT row_id {inside}
            AND group_no IN (SELECT group_no FROM book.deposit_members WHERE row_id {inside})
        )
        """
    )
