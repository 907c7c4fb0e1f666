"""Acts of people in the books: appended, found again every night, and laid upon what the rules paired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from pipelines.cases.decisions import MATCH, UNMATCH, Act, InForce, RowKey, in_force
from pipelines.cases.register import EVENTS, exception_id
from pipelines.matching.by_hand import MANUAL, PAIR, Decided
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import casebook, parts
from pipelines.store.connection import Store
from pipelines.store.row_keys import found_again

_KEY = pl.Struct(
    {
        "source": pl.String,
        "expected_date": pl.Date,
        "file": pl.String,
        "sha256": pl.String,
        "place": pl.Int64,
        "line": pl.Int32,
        "content": pl.String,
        "turn": pl.Int32,
        "told": pl.String,
    }
)
ACT: dict[str, pl.DataType | type[pl.DataType]] = {
    "event_no": pl.Int64,
    "acted_at": pl.Datetime("us"),
    "actor": pl.String,
    "act": pl.String,
    "reason": pl.String,
    "exception_id": pl.String,
    "file_id": pl.Int32,
    "journal": _KEY,
    "settlement": _KEY,
}
"""What an act on rows or files tells."""


@dataclass(frozen=True)
class Laid:
    """decided: what tonight's matching must pair and must not. undone: exceptions that rested on pairs of a rule or an
    earlier decision and that are explained by the new one."""

    decided: Decided = field(default_factory=Decided)
    undone: frozenset[str] = frozenset()


def record(store: Store, act: Act) -> pl.DataFrame:
    """Append one act and return it as it is stored."""
    rows = pl.DataFrame([asdict(act)], schema=ACT)
    return casebook.append(store, rows.drop("event_no"))


def acts(store: Store) -> list[Act]:
    """Every match and unmatch there ever was, in order."""
    rows = store.frame(
        f"SELECT {', '.join(ACT)} FROM book.case_events WHERE act IN (?, ?) ORDER BY event_no", [MATCH, UNMATCH]
    )
    return [_act(row) for row in rows.iter_rows(named=True)]


def _act(row: dict[str, Any]) -> Act:
    keys = {side: RowKey(**row[side]) if row[side] else None for side in ("journal", "settlement")}
    return Act(**{**row, **keys})


def standing(store: Store, told: list[Act] | None = None) -> InForce:
    """What is in force now, by the rows as the books hold them."""
    told = acts(store) if told is None else told
    return in_force(told, found_again(store, told))


def lay(store: Store, last: int) -> Laid:
    """Bring the books to what people decided, before the rules: undo pairs they forbid, open rows they pair.

    last: number of the run before this one; rows of files loaded since then are open already.
    """
    told = acts(store)
    if not told:
        return Laid()
    rows = found_again(store, told)
    now = in_force(told, rows)
    wanted, barred = _pairs(now.pairs), _pairs(now.barred)
    there = _standing_pairs(store, pl.Series(sorted(set(rows.values())), dtype=pl.Int64))
    by_hand = pl.col("rule") == MANUAL
    kept = there.filter(by_hand).join(wanted, on=PAIR, how="semi")
    to_make, left = (pairs.join(kept, on=PAIR, how="anti") for pairs in (wanted, there))
    ended = [
        left.filter(by_hand),
        left.join(barred, on=PAIR, how="semi"),
        *(left.join(to_make, on=key, how="semi") for key in PAIR),
    ]
    stale = pl.concat([pairs.select(PAIR) for pairs in ended]).unique()
    _undo(store, stale)
    undone = _exceptions_of(store, stale["settlement_row_id"].to_list())
    _free(store, to_make, undone, last)
    _write_states(store, now, rows)
    return Laid(Decided(to_make, barred), undone)


def _pairs(pairs: Iterable[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(sorted(pairs), schema=dict.fromkeys(PAIR, pl.Int64), orient="row")


def _standing_pairs(store: Store, row_ids: pl.Series) -> pl.DataFrame:
    """Pairs that hold one of the rows."""
    return store.frame(
        f"""
        SELECT {", ".join(PAIR)}, rule FROM book.matches
        WHERE journal_row_id IN (FROM named) OR settlement_row_id IN (FROM named)
        """,
        named=row_ids.alias("row_id").to_frame(),
    )


def _undo(store: Store, pairs: pl.DataFrame) -> None:
    """Take pairs apart; both rows are open again."""
    if pairs.is_empty():
        return
    with store.registered(undone=pairs):
        store.execute(
            """
            INSERT INTO book.open_rows (side, row_id, state, reason)
            SELECT 'journal', journal_row_id, 'waiting', 'TIMING' FROM undone
            UNION ALL SELECT 'settlement', settlement_row_id, 'waiting', 'TIMING' FROM undone
            """
        )
        parts.drop_matches(store, f"({', '.join(PAIR)}) IN (SELECT {', '.join(PAIR)} FROM undone)")


def _exceptions_of(store: Store, settlement_row_ids: list[int]) -> frozenset[str]:
    """Exceptions that a pair with one of these lines may have raised."""
    if not settlement_row_ids:
        return frozenset()
    names = dict(store.frame("SELECT file_id, [source, name] FROM book.files").iter_rows())
    basis = [(*names[row_id // LINES_PER_FILE], str(row_id % LINES_PER_FILE)) for row_id in settlement_row_ids]
    return frozenset(
        exception_id(kind, (source or "", name, place)) for kind in EVENTS for source, name, place in basis
    )


def _free(store: Store, to_make: pl.DataFrame, undone: frozenset[str], last: int) -> None:
    """Open rows again that were closed for a reason, and the adjustments that made up for what is undone."""
    rows = pl.concat([to_make.select(side=pl.lit(key.split("_")[0]), row_id=key) for key in PAIR])
    with store.registered(
        freed=rows, gone=pl.DataFrame({"exception_id": sorted(undone)}, schema={"exception_id": pl.String})
    ):
        adjusted = "side IS NOT NULL AND (side, row_id) IN (SELECT side, row_id FROM freed)"
        adjusted = f"({adjusted}) OR exception_id IN (SELECT exception_id FROM gone)"
        closed = f"""
            (side, row_id) IN (SELECT side, row_id FROM freed) OR (side = 'settlement' AND row_id IN (
                SELECT by_row_id FROM book.adjusted WHERE {adjusted}))
        """
        store.execute(
            f"""
            INSERT INTO book.open_rows (side, row_id, state, reason)
            SELECT side, row_id, 'waiting', 'TIMING' FROM book.out_of_scope o WHERE ({closed})
            AND row_id // {LINES_PER_FILE} NOT IN (SELECT file_id FROM book.files WHERE run_no > ?)
            """,
            [last],
        )
        store.execute(f"DELETE FROM book.out_of_scope WHERE {closed}")
        store.execute(f"DELETE FROM book.adjusted WHERE {adjusted}")


def _write_states(store: Store, now: InForce, rows: dict[tuple[int, str], int]) -> None:
    """Replace what is on record of the acts by tonight's."""
    told = [
        (number, state, rows.get((number, "journal")), rows.get((number, "settlement")))
        for number, state in sorted(now.states.items())
    ]
    schema = {"event_no": pl.Int64, "state": pl.String, "journal_row_id": pl.Int64, "settlement_row_id": pl.Int64}
    store.execute("DELETE FROM book.decided")
    store.append("decided", pl.DataFrame(told, schema=schema, orient="row"))
