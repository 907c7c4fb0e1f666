"""Months that are closed: their figures at the closing, and what has come since."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.store.connection import Store

FIGURES = """
SELECT 'journal' AS figure, currency, count(*) AS row_count, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
FROM book.journal WHERE business_date BETWEEN $first AND $last GROUP BY currency
UNION ALL
SELECT 'settlement', currency, count(*), CAST(sum(gross_minor) AS BIGINT)
FROM book.settlement WHERE settlement_date BETWEEN $first AND $last AND record_type <> 'PAYOUT' GROUP BY currency
UNION ALL
SELECT 'bank', currency, count(*), CAST(sum(amount_minor) AS BIGINT)
FROM book.bank WHERE booking_date BETWEEN $first AND $last GROUP BY currency
UNION ALL
SELECT 'open exceptions', currency, count(*), CAST(sum(amount_minor) AS BIGINT) FROM (
    SELECT * FROM book.exception_events QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
) WHERE status <> 'cleared' AND currency IS NOT NULL AND business_date BETWEEN $first AND $last GROUP BY currency
ORDER BY ALL
"""


def figures(store: Store, first: date, last: date) -> str:
    """What the books say of a month now, as JSON: rows and amounts of each side, and what is open."""
    rows = store.frame(FIGURES.replace("$first", f"DATE '{first}'").replace("$last", f"DATE '{last}'"))
    return json.dumps(rows.to_dicts())


def closed(store: Store) -> dict[str, tuple[date, date]]:
    """First and last day of every month that is closed."""
    if not store.execute("SELECT 1 FROM book.case_events WHERE period IS NOT NULL LIMIT 1"):
        return {}
    rows = store.execute("SELECT period, first_day, last_day FROM closed_periods ORDER BY period")
    return {period: (first, last) for period, first, last in rows}


def refusal(store: Store, day: date) -> str | None:
    """Why no run of this date is possible, where its month is closed."""
    for period, (first, last) in closed(store).items():
        if first <= day <= last:
            mend = f"run {last + timedelta(days=1)} instead: what is news of {period} counts there"
            return f"{period} is closed; {mend}, or `recon period reopen {period}`"
    return None


def told(store: Store, run_no: int) -> list[str]:
    """One line for each closed month on which a run brought news."""
    if not closed(store):
        return []
    rows = store.execute(
        """
        SELECT a.period, a.counts_in, count(*) FROM period_adjustments a
        WHERE (a.exception_id, a.run_date) IN (
            SELECT exception_id, run_date FROM book.exception_events WHERE run_no = ?)
        OR a.file IN (SELECT name FROM book.files WHERE run_no = ? OR retracted_run = ?)
        GROUP BY ALL ORDER BY ALL
        """,
        [run_no, run_no, run_no],
    )
    return [
        f"{period} is closed: {number:,} news on it count in {counts_in}; `recon period list` names them"
        for period, counts_in, number in rows
    ]


def act(period: str, name: str, actor: str, reason: str, moment: Any, facts: str | None) -> pl.DataFrame:
    """One act on a month, as `casebook.append` takes it."""
    row = {"acted_at": moment, "actor": actor, "act": name, "reason": reason, "period": period, "facts": facts}
    schema = dict.fromkeys(row, pl.String) | {"acted_at": pl.Datetime("us")}
    return pl.DataFrame([row], schema=schema)
