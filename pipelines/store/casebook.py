"""Cases in the books: the newest state of each, what people do appended to it, and what the night itself does to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipelines.cases.workflow import FOLLOWS, SYSTEM, Case, fresh
from pipelines.store.connection import Store

CASE: dict[str, pl.DataType | type[pl.DataType]] = {
    "exception_id": pl.String,
    "state": pl.String,
    "assignee": pl.String,
    "due_date": pl.Date,
    "remedy": pl.String,
    "proposed_minor": pl.Int64,
    "proposed_by": pl.String,
    "approved_by": pl.String,
    "recovered_minor": pl.Int64,
    "currency": pl.String,
    "cause": pl.String,
    "facts": pl.String,
}
"""A case as an event keeps it."""

TOLD: dict[str, pl.DataType | type[pl.DataType]] = {
    "acted_at": pl.Datetime("us"),
    "actor": pl.String,
    "act": pl.String,
    "reason": pl.String,
    "item": pl.String,
    "attachment_name": pl.String,
    "attachment_sha256": pl.String,
    "attachment_bytes": pl.Int64,
    "claim": pl.String,
    "period": pl.String,
}
"""What an event tells beside the case: who, when, what, why, and what the act brought."""

NEWEST = """
    SELECT * FROM book.case_events WHERE state IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
"""


def append(store: Store, rows: pl.DataFrame) -> pl.DataFrame:
    """Append acts in their order, numbered on and with the run that they follow; returns them as they are stored."""
    ((newest, after),) = store.execute(
        """
        SELECT coalesce((SELECT max(event_no) FROM book.case_events), 0),
               coalesce((SELECT max(run_no) FROM book.runs WHERE finished_at IS NOT NULL), 0)
        """
    )
    stored = rows.with_columns(
        event_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + int(newest), after_run=pl.lit(int(after), pl.Int32)
    )
    store.append("case_events", stored)
    return stored


def rows_of(told: Iterable[tuple[Case, Mapping[str, Any]]]) -> pl.DataFrame:
    """Cases with what is told of each, as `append` takes them."""
    rows = [{**as_kept(case), **words} for case, words in told]
    return pl.DataFrame(rows, schema={**TOLD, **CASE}, orient="row")


def as_kept(case: Case) -> dict[str, Any]:
    """A case in the columns of CASE."""
    facts = json.dumps(dict(sorted(case.facts.items()))) if case.facts else None
    return {name: getattr(case, name) for name in CASE} | {"facts": facts}


def cases(store: Store, ids: list[str]) -> dict[str, Case]:
    """Cases of these exceptions, whether anybody has worked on them or not, as far as the register holds them.

    A waiting row (TIMING) is no case.
    """
    found = store.frame(
        f"""
        SELECT e.exception_id, e.amount_minor, e.currency, e.status AS standing, c.* EXCLUDE (exception_id, currency)
        FROM exceptions e LEFT JOIN ({NEWEST}) c USING (exception_id)
        WHERE e.exception_id IN (SELECT exception_id FROM named) AND e.type <> 'TIMING'
        """,
        named=pl.DataFrame({"exception_id": ids}, schema={"exception_id": pl.String}),
    )
    return {row["exception_id"]: case_of(row) for row in found.iter_rows(named=True)}


def case_of(row: Mapping[str, Any]) -> Case:
    """A case as the register and its newest event tell it."""
    kept = {name: row[name] for name in CASE if name not in ("state", "facts")}
    facts = json.loads(row["facts"] or "{}")
    return Case(amount_minor=row["amount_minor"], state=row["standing"], facts=facts, **kept)


def follow(store: Store, run_no: int) -> int:
    """Let cases follow what the run did to their exceptions: cleared, opened again, or of another amount; how many.

    A case that the data cleared closes by itself; one that was resolved comes back only with new data.
    """
    if not store.execute("SELECT 1 FROM book.case_events WHERE state IS NOT NULL LIMIT 1"):
        return 0
    found = store.frame(
        f"""
        WITH tonight AS (
            SELECT * FROM book.exception_events WHERE run_no = ? AND event IN ('cleared', 'reopened', 'changed')
            AND exception_id IN (SELECT exception_id FROM book.case_events WHERE state IS NOT NULL)
        ),
        before AS (
            SELECT e.event_no, max_by(b.amount_minor, b.event_no) AS was_minor, max_by(b.direction, b.event_no) AS was
            FROM tonight e JOIN book.exception_events b
            ON b.exception_id = e.exception_id AND b.event_no < e.event_no GROUP BY e.event_no
        )
        SELECT e.event_no AS at, e.event, e.amount_minor, e.explanation, c.*,
               (w.was_minor, w.was) IS DISTINCT FROM (e.amount_minor, e.direction) AS other_amount,
               (SELECT started_at FROM book.runs WHERE run_no = ?) AS moment
        FROM tonight e JOIN ({NEWEST}) c USING (exception_id) LEFT JOIN before w ON w.event_no = e.event_no
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY e.event_no DESC) = 1 ORDER BY exception_id
        """,
        [run_no, run_no],
    )
    told = [each for row in found.iter_rows(named=True) if (each := _followed(row)) is not None]
    if told:
        append(store, rows_of(told))
    return len(told)


_WHY = {
    "cleared": "new data explain the exception: {}",
    "reopened": "new data bring the exception back: {}",
    "changed": "new data change the amount: {}",
}


def _followed(row: Mapping[str, Any]) -> tuple[Case, dict[str, Any]] | None:
    before, after = FOLLOWS[row["event"]]
    if row["state"] not in before or (row["event"] == "changed" and not row["other_amount"]):
        return None
    case = case_of({**row, "standing": row["state"]})
    case = Case(**{**_fields(fresh(case) if after == "open" else case), "state": after})
    act = "close" if after == "cleared" else "reopen"
    reason = _WHY[row["event"]].format(row["explanation"])
    return case, {"acted_at": row["moment"], "actor": SYSTEM, "act": act, "reason": reason}


def _fields(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__slots__}
