"""Take a file back: its matches are undone, its rows leave the books, all of it stays on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.row_ids import LINES_PER_FILE
from pipelines.sources.base import NO_BALANCES
from pipelines.store import daybook, parts, undoing
from pipelines.store.connection import Store

WHOSE = {"journal": "merchant_id", "settlement": "merchant_id", "bank": "account"}
EARLY = ("interim", "notice")
"""What a bank tells of a day before its statement: taken over entry by entry (`matching.repeats`)."""


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


@dataclass(frozen=True)
class Superseded:
    """A loaded file that a new one corrects; accounts: the only ones of it, where it speaks of others too."""

    file_id: int
    name: str
    accepted: int
    accounts: frozenset[str] | None = None

    @property
    def told(self) -> str:
        """What is replaced, in a few words."""
        return (
            f"{self.name} ({self.accepted:,} rows)"
            if self.accounts is None
            else (f"the statement of {', '.join(sorted(self.accounts))} in {self.name}")
        )


def superseded(store: Store, new: Newcomer) -> list[Superseded]:
    """Loaded files that a new one of the same source and day corrects, whole or in some of their accounts.

    A file of the same name always is. Else one that speaks of none of the new file's merchants or accounts is another
    part of the same day, as is a statement that the new one continues, and what a bank reports within the day. Of a
    statement of more accounts than the new one only those that both tell are corrected.
    """
    same_day = store.execute(
        "SELECT file_id, name, accepted, coalesce(standing, 'final') FROM book.files "
        "WHERE state = 'loaded' AND source = ? AND expected_date = ? ORDER BY file_id",
        [new.source, new.day],
    )
    found = []
    for file_id, name, accepted, standing in same_day:
        same_name = _own(name) == _own(new.name)
        if not same_name and (new.one_of_many or new.standing in EARLY or standing in EARLY):
            continue
        whole, accounts = _corrected(store, new, file_id, same_name=same_name)
        if whole or accounts:
            found.append(Superseded(file_id, name, accepted, None if whole else accounts))
    return found


def _corrected(store: Store, new: Newcomer, file_id: int, *, same_name: bool) -> tuple[bool, frozenset[str]]:
    """Whether a file is corrected as a whole, else in which of its accounts."""
    column = WHOSE[new.side]
    found = f"SELECT {column} FROM book.{new.side} WHERE file_id = ? AND {column} IS NOT NULL"
    theirs = {key for (key,) in store.execute(f"SELECT DISTINCT {column} FROM ({found})", [file_id])}
    if new.side != "bank":
        return same_name or bool(new.whose & theirs) or not new.whose or not theirs, frozenset()
    ends = store.frame(
        "SELECT account, currency, kind, amount_minor FROM book.balances_told WHERE file_id = ?", [file_id]
    )
    theirs |= set(ends["account"])
    mine = new.whose | set(new.balances["account"])
    both = theirs & mine if mine else theirs
    if same_name:
        return not both or both == theirs, frozenset(both)
    corrected = frozenset(both - _continued(ends, new.balances))
    return corrected == theirs, corrected


def _continued(old: pl.DataFrame, new: pl.DataFrame) -> set[str]:
    """Accounts of which one statement begins with the balance the other ended with.

    Beside one of these, an account that stood still is no correction either.
    """
    mine, theirs = _ends(new), _ends(old)
    both = {key: (mine[key], theirs[key]) for key in mine.keys() & theirs.keys()}
    follows = {key for key, (one, other) in both.items() if one != other and (one[0] == other[1] or one[1] == other[0])}
    still = {key for key, (one, other) in both.items() if follows and one == other and one[0] == one[1]}
    differs = {account for account, _ in both.keys() - follows - still}
    return {account for account, _ in follows | still} - differs


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
    undoing.reopen_originals(store, inside)
    undoing.watch_again(store, inside)
    undoing.reopen_chargebacks(store, [file_id])
    undoing.reopen_adjustments(store, file_id, inside)
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
    for table in ("rejected_rows", "balances", "traces", "batch_totals"):
        store.execute(f"DELETE FROM book.{table} WHERE file_id = ?", [file_id])
    daybook.forget(store, file_id)
    store.execute("DELETE FROM book.corrected WHERE file_id = ? OR by_file_id = ?", [file_id, file_id])
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
    """Rows whose exception a line of the file settled: it is derived anew; that of a pair that stands is kept."""
    store.execute(f"INSERT INTO book.unsettled SELECT exception_id FROM book.adjusted WHERE by_row_id {inside}")
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
