"""Take a file back: its matches are undone, its rows leave the books, all of it stays on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.row_ids import LINES_PER_FILE
from pipelines.sources.base import NO_BALANCES
from pipelines.store import parts
from pipelines.store.connection import Store

WHOSE = {"journal": "merchant_id", "settlement": "merchant_id", "bank": "account"}


@dataclass(frozen=True)
class Newcomer:
    """What a new file says of itself: source, side, day, name, the merchants or accounts it speaks of.

    one_of_many: it came in an archive with others, which are parts of the same day whomever they speak of. standing
    and balances: of a bank's file, as in `Parsed`.
    """

    source: str
    side: str
    day: date | None
    name: str
    whose: frozenset[str]
    one_of_many: bool = False
    standing: str | None = None
    balances: pl.DataFrame = field(default_factory=NO_BALANCES.clone)


def superseded(store: Store, new: Newcomer) -> list[tuple[int, str, int]]:
    """Loaded files that a new one of the same source and day corrects: (file_id, name, accepted rows).

    A file of the same name always is. Else one that speaks of none of the new file's merchants or accounts is another
    part of the same day, as is a statement that the new one continues, and what a bank reports within the day. A
    statement of more accounts than the new one stays, entry by entry (`matching.repeats`).
    """
    same_day = store.execute(
        "SELECT file_id, name, accepted FROM book.files WHERE state = 'loaded' AND source = ? AND expected_date = ? "
        "ORDER BY file_id",
        [new.source, new.day],
    )
    return [old for old in same_day if _own(old[1]) == _own(new.name) or _corrects(store, new, old[0])]


def _corrects(store: Store, new: Newcomer, file_id: int) -> bool:
    if new.one_of_many or new.standing in ("interim", "notice"):
        return False
    column = WHOSE[new.side]
    found = f"SELECT {column} FROM book.{new.side} WHERE file_id = ? AND {column} IS NOT NULL"
    theirs = {key for (key,) in store.execute(f"SELECT DISTINCT {column} FROM ({found})", [file_id])}
    if new.side != "bank":
        return bool(new.whose & theirs) or not new.whose or not theirs
    ends = store.frame("SELECT account, currency, kind, amount_minor FROM book.balances WHERE file_id = ?", [file_id])
    theirs |= set(ends["account"])
    mine = new.whose | set(new.balances["account"])
    return (not mine or theirs <= mine) and not _continues(ends, new.balances)


def _continues(old: pl.DataFrame, new: pl.DataFrame) -> bool:
    """Whether one statement begins with the balance the other ended with, for some account and none contradicts."""
    mine, theirs = _ends(new), _ends(old)
    both = [(mine[key], theirs[key]) for key in mine.keys() & theirs.keys()]
    follows = [one != other and (one[0] == other[1] or one[1] == other[0]) for one, other in both]
    quiet = [one == other and one[0] == one[1] for one, other in both]
    return any(follows) and all(follow or still for follow, still in zip(follows, quiet, strict=True))


def _ends(balances: pl.DataFrame) -> dict[tuple[str, str], tuple[int, int]]:
    """First opening and last closing balance by account and currency."""
    rows = balances.select("account", "currency", "kind", "amount_minor").rows()
    opening = {(account, currency): amount for account, currency, kind, amount in reversed(rows) if kind == "opening"}
    closing = {(account, currency): amount for account, currency, kind, amount in rows if kind == "closing"}
    return {key: (opening[key], closing[key]) for key in opening.keys() & closing.keys()}


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
    _reopen_repeats(store, file_id, inside)
    parts.drop_matches(store, f"journal_row_id {inside} OR settlement_row_id {inside}")
    groups = f"SELECT group_no FROM book.deposit_members WHERE row_id {inside}"
    store.execute(f"DELETE FROM book.deposit_groups WHERE group_no IN ({groups})")
    store.execute(f"DELETE FROM book.deposit_members WHERE group_no IN ({groups})")
    for table in ("open_rows", "out_of_scope", "watched"):
        store.execute(f"DELETE FROM book.{table} WHERE row_id {inside}")
    _remember_payouts(store, file_id, inside)
    for table in ("journal", "settlement", "bank", "fee_checks"):
        parts.drop_file(store, table, file_id, inside)
    for table in ("rejected_rows", "balances"):
        store.execute(f"DELETE FROM book.{table} WHERE file_id = ?", [file_id])
    store.execute(
        "UPDATE book.files SET state = 'retracted', error = ?, retracted_run = ? WHERE file_id = ?",
        [reason, run_no, file_id],
    )


def _remember_payouts(store: Store, file_id: int, inside: str) -> None:
    """Payouts that lose a line: whether they still add up is judged by the next reconciliation."""
    store.execute(
        "INSERT INTO book.payouts_touched SELECT DISTINCT acquirer, payout_id, currency FROM book.settlement "
        f"WHERE payout_id IS NOT NULL AND row_id {inside}"
    )
    store.execute(
        "INSERT INTO book.payouts_touched SELECT DISTINCT acquirer, payout_id, currency FROM book.rejected_rows "
        "WHERE acquirer IS NOT NULL AND payout_id IS NOT NULL AND currency IS NOT NULL AND file_id = ?",
        [file_id],
    )


def _reopen_adjusted(store: Store, inside: str) -> None:
    """Rows whose exception a line of the file settled; the exception is derived anew."""
    closed = f"SELECT side, row_id FROM book.adjusted WHERE by_row_id {inside} AND row_id IS NOT NULL"
    store.execute(
        f"INSERT INTO book.open_rows (side, row_id, state, reason) SELECT *, 'waiting', 'TIMING' FROM ({closed})"
    )
    store.execute(f"DELETE FROM book.out_of_scope WHERE (side, row_id) IN ({closed})")
    store.execute(f"DELETE FROM book.adjusted WHERE by_row_id {inside} OR row_id {inside}")


def _reopen_repeats(store: Store, file_id: int, inside: str) -> None:
    """Bank entries that did not count because the file tells them count again."""
    told = f"SELECT row_id FROM book.told_again WHERE by_file_id = {int(file_id)} AND NOT row_id {inside}"
    store.execute(
        "INSERT INTO book.open_rows (side, row_id, state, reason) "
        f"SELECT 'bank', row_id, 'waiting', 'TIMING' FROM ({told})"
    )
    store.execute(f"DELETE FROM book.out_of_scope WHERE side = 'bank' AND row_id IN ({told})")
    store.execute(f"DELETE FROM book.told_again WHERE by_file_id = {int(file_id)} OR row_id {inside}")


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
