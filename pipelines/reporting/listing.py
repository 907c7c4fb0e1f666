"""Exceptions of the register as report items: as they stand now, or as a night of the past left them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

import polars as pl

from reports.listed import SCHEMA, Listed
from reports.model import RejectedLine

MOST_REJECTS = 20_000
"""Rejected lines that a workbook shows; the view `rejected_rows` has them all."""

OPEN = "status NOT IN ('cleared', 'resolved', 'waiting')"
TEXTS = (
    *("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref"),
    *("explanation", "explanation_zh", "next_action", "contact", "next_action_zh", "contact_zh"),
    *("fee_contract", "fee_cause"),
)
AS_OF = """
WITH told AS (SELECT CAST(? AS BIGINT) AS last_event, CAST(? AS DATE) AS day),
newest AS (
    SELECT * FROM book.exception_events WHERE event_no <= (SELECT last_event FROM told)
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
),
worked_on AS (
    SELECT exception_id, state, assignee, due_date FROM book.case_events WHERE state IS NOT NULL AND after_run < (
        SELECT max(k.run_no) FROM book.reports k JOIN book.runs r USING (run_no), told t
        WHERE k.last_event = t.last_event AND r.business_date = t.day)
    QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
),
exceptions AS (
    SELECT e.* REPLACE (
               if(e.status = 'cleared', e.status, coalesce(nullif(c.state, 'cleared'), e.status)) AS status,
               coalesce(c.due_date, e.due_date) AS due_date),
           CAST(t.day - e.first_seen AS INTEGER) AS age_days, c.assignee,
           coalesce(own.next_action, p.next_action) AS next_action, coalesce(own.contact, p.contact) AS contact,
           coalesce(own.next_action_zh, p.next_action_zh) AS next_action_zh,
           coalesce(own.contact_zh, p.contact_zh) AS contact_zh, f.words AS fee_contract
    FROM newest e CROSS JOIN told t LEFT JOIN worked_on c USING (exception_id)
    LEFT JOIN book.policies own ON own.type = e.type AND own.acquirer = e.acquirer
    LEFT JOIN book.policies p ON p.type = e.type AND p.acquirer = ''
    LEFT JOIN book.fee_terms f ON f.term = e.fee_term
)
"""
"""The view `exceptions` without waiting rows, as the run of a date left it after an event: event number and date.

What people did since is left out, as the run did not know it.
"""


class Books(Protocol):
    """The store, or its published copy: whatever answers a question with a frame."""

    def frame(self, sql: str, parameters: Any = None) -> pl.DataFrame:
        """Run one query."""


def items(frame: pl.DataFrame, parents: Mapping[str, str]) -> Listed:
    """Rows of the view `exceptions` as exceptions of a report. parents: incident by exception."""
    filled = frame.with_columns(
        pl.col("currency", *TEXTS).fill_null(""),
        pl.coalesce("business_date", "first_seen"),
        pl.col("age_days").fill_null(0),
        pl.col("evidence").fill_null([]),
        owner=pl.col("assignee").fill_null(""),
        parent_id=pl.col("exception_id").replace_strict(parents, default="", return_dtype=pl.String),
    )
    nothing = [pl.lit("").alias(name) for name in SCHEMA if name not in filled.columns]
    return Listed(filled.with_columns(nothing).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()))


def _parents(books: Books, last_event: int | None = None) -> dict[str, str]:
    """The incident that each exception belongs to, as of an event of the register or now."""
    until = "" if last_event is None else " AND e.event_no <= ?"
    found = books.frame(
        "SELECT c.exception_id, min(c.incident_id) FROM book.incident_children c "
        "WHERE EXISTS (FROM book.exception_events e "
        f"WHERE e.exception_id = c.incident_id AND e.run_no >= c.run_no{until}) GROUP BY c.exception_id",
        [] if last_event is None else [last_event],
    )
    return dict(found.iter_rows())


def tonight(books: Books, day: date) -> tuple[Listed, Listed]:
    """What is open, waiting rows apart, and what is cleared by a run of a date: the view is gone through once."""
    found = books.frame(f"SELECT * FROM exceptions WHERE {OPEN} OR ({_cleared('run_date = ?')})", [day])
    cleared, parents = pl.col("status") == "cleared", _parents(books)
    return items(found.filter(~cleared), parents), items(found.filter(cleared), parents)


def open_after(books: Books, last_event: int, day: date) -> Listed:
    """What was open after an event of the register, aged to a date."""
    known = f"{AS_OF} SELECT * FROM exceptions WHERE {OPEN}"
    return items(books.frame(known, [last_event, day]), _parents(books, last_event))


def cleared_after(books: Books, last_event: int, day: date) -> Listed:
    """What the runs of a date had cleared, after an event of the register."""
    return cleared_between(books, last_event, day, day)


def cleared_between(books: Books, last_event: int, first: date, last: date) -> Listed:
    """What the runs from one date to another had cleared, after an event of the register."""
    known = f"{AS_OF} SELECT * FROM exceptions WHERE {_cleared('run_date BETWEEN ? AND ? AND event_no <= ?')}"
    return items(books.frame(known, [last_event, last, first, last, last_event]), _parents(books, last_event))


def _cleared(where: str) -> str:
    events = f"SELECT exception_id FROM book.exception_events WHERE event = 'cleared' AND {where}"
    return f"status = 'cleared' AND exception_id IN ({events})"


def rejects(books: Books, run_no: int) -> tuple[RejectedLine, ...]:
    """Lines that a run refused, the first `MOST_REJECTS` of them."""
    found = books.frame(
        "SELECT file, line, side, reason, raw, amount_minor, currency FROM rejected_rows "
        "WHERE run_no = ? ORDER BY file, line LIMIT ?",
        [run_no, MOST_REJECTS],
    )
    return tuple(RejectedLine(*row) for row in found.iter_rows())
