"""The register as it is kept: an event for each change of an exception, appended and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from pipelines.cases.register import Break, Entry, Event, Evidence
from pipelines.cases.taxonomy import POLICY
from pipelines.store.connection import Store

KEYS = ("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "currency")
TOLD = (
    *("exception_id", "type", "amount_minor", "direction", "explanation", "explanation_zh", "business_date"),
    *KEYS,
)


NEWEST = "QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1"


def newest(store: Store, ids: pl.Series) -> dict[str, Entry]:
    """Newest entry of each of these exceptions that the register ever held."""
    if ids.is_empty():
        return {}
    query = f"SELECT e.* FROM book.exception_events e SEMI JOIN ids USING (exception_id) {NEWEST}"
    return _entries(store.frame(query, ids=ids.alias("exception_id").to_frame()))


def not_among(store: Store, ids: pl.Series, left_out: Iterable[str]) -> pl.Series:
    """Open exceptions but these, and but those of some types; fees are kept apart, being many."""
    return store.frame(
        f"""
        SELECT e.exception_id FROM book.exception_events e ANTI JOIN ids USING (exception_id)
        WHERE NOT list_contains(?, e.type) {NEWEST} AND status <> 'cleared'
        """,
        [sorted({"FEE_VARIANCE", *left_out})],
        ids=ids.alias("exception_id").to_frame(),
    )["exception_id"]


def naming(store: Store, named: pl.DataFrame) -> dict[str, Entry]:
    """Newest entry of every open exception that bears one of the references: `merchant_id`, `ref`."""
    if named.is_empty():
        return {}
    query = f"""
        SELECT * FROM book.exception_events e
        WHERE EXISTS (
            FROM named n
            WHERE n.merchant_id IS NOT DISTINCT FROM e.merchant_id AND (n.ref = e.rrn OR n.ref = e.order_no))
        {NEWEST} AND status <> 'cleared'
        """
    return _entries(store.frame(query, named=named))


def _entries(rows: pl.DataFrame) -> dict[str, Entry]:
    return {row["exception_id"]: _entry(row) for row in rows.iter_rows(named=True)}


def _entry(row: Mapping[str, object]) -> Entry:
    found = Break(
        evidence=tuple(Evidence(**item) for item in row["evidence"]),  # type: ignore[attr-defined]
        **{  # type: ignore[arg-type]
            name: row[name]
            for name in (
                "exception_id",
                "type",
                "amount_minor",
                "direction",
                "explanation",
                "explanation_zh",
                "business_date",
                *KEYS,
            )
        },
    )
    return Entry(found, str(row["status"]), row["first_seen"])  # type: ignore[arg-type]


def write(store: Store, events: list[Event], due: Mapping[str, date | None], run_no: int, run_date: date) -> None:
    """Append what changed in the register. due: date by which each id must be dealt with."""
    ((newest,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    for first in range(0, len(events), EVENTS_AT_ONCE):
        rows = [
            {"event_no": number, "run_no": run_no, "run_date": run_date, **_event(event, due)}
            for number, event in enumerate(events[first : first + EVENTS_AT_ONCE], start=int(newest) + first + 1)
        ]
        store.append("exception_events", pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"))


EVENTS_AT_ONCE = 20_000
"""Events are written in slices: as rows of Python they take ten times what they take in the books."""


def _event(event: Event, due: Mapping[str, date | None]) -> dict[str, object]:
    entry, found = event.entry, event.entry.break_
    policy = POLICY[found.type]
    return {
        "event": event.event,
        "exception_id": entry.exception_id,
        "type": found.type,
        "status": entry.status,
        "severity": policy.severity,
        "leg": policy.leg,
        "business_date": found.business_date,
        "first_seen": entry.first_seen,
        "due_date": due.get(entry.exception_id),
        "amount_minor": found.amount_minor,
        "direction": found.direction,
        **{key: getattr(found, key) for key in KEYS},
        "explanation": found.explanation,
        "explanation_zh": found.explanation_zh,
        "evidence": [{"side": e.side, "file": e.file, "line": e.line} for e in found.evidence],
    }


EVENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "event_no": pl.Int64,
    "run_no": pl.Int32,
    "run_date": pl.Date,
    "event": pl.String,
    "exception_id": pl.String,
    "type": pl.String,
    "status": pl.String,
    "severity": pl.String,
    "leg": pl.String,
    "business_date": pl.Date,
    "first_seen": pl.Date,
    "due_date": pl.Date,
    "amount_minor": pl.Int64,
    "direction": pl.String,
    **dict.fromkeys(KEYS, pl.String),
    "explanation": pl.String,
    "explanation_zh": pl.String,
    "evidence": pl.List(pl.Struct({"side": pl.String, "file": pl.String, "line": pl.Int32})),
}
