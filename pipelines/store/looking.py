"""What the published copy says of files and cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pipelines.store.connection import StoreError
from pipelines.store.published import Published

Row = dict[str, Any]
OPEN = "status NOT IN ('cleared', 'resolved', 'waiting')"
NEEDED = frozenset({"case_events", "restated_rows", "cases", "incident_children"})


def current(published: Published) -> None:
    """StoreError where the copy was published by a version that did not know these views."""
    there = published.frame("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main'")["view_name"].to_list()
    if not NEEDED.issubset(there):
        raise StoreError("the published copy is of an older version; run the newest date again with `recon run`")


def files(published: Published, day: Any, state: str | None, source: str | None) -> pl.DataFrame:
    """The view `files`, narrowed to a date they were expected for, a state and a source."""
    where = "(? IS NULL OR expected_date = ?) AND (? IS NULL OR state = ?) AND (? IS NULL OR source = ?)"
    values = [each for value in (day, state, source) for each in (value, value)]
    return published.frame(f"SELECT * FROM files WHERE {where} ORDER BY file_id", values)


def cases(published: Published, undecided: str) -> list[Row]:
    """Exceptions on which people have acted, and those of the type that only a person can decide."""
    acted = "SELECT exception_id FROM case_events WHERE exception_id IS NOT NULL"
    return published.frame(
        f"SELECT * FROM exceptions WHERE type = ? OR exception_id IN ({acted}) ORDER BY due_date, exception_id",
        [undecided],
    ).to_dicts()


def open_exceptions(published: Published) -> list[Row]:
    """Everything that is open, the most urgent first."""
    return published.frame(
        "SELECT * FROM exceptions WHERE status NOT IN ('cleared', 'resolved', 'waiting') "
        "ORDER BY due_date NULLS LAST, amount_minor DESC, exception_id"
    ).to_dicts()


def worked_on(published: Published, keys: list[str]) -> dict[str, Row]:
    """The view `cases` by exception."""
    rows = published.frame("SELECT * FROM cases WHERE exception_id IN (SELECT unnest(?::VARCHAR[]))", [keys]).to_dicts()
    return {row["exception_id"]: row for row in rows}


def case(published: Published, key: str) -> Row | None:
    """One exception by its id."""
    rows = published.frame("SELECT * FROM exceptions WHERE exception_id = ?", [key]).to_dicts()
    return rows[0] if rows else None


def children(published: Published, key: str) -> list[Row]:
    """The exceptions of an incident, in order of time; none where it is something else."""
    return published.frame(
        "SELECT exception_id, type, coalesce(status, 'purged') AS status, "
        "strftime(happened_at, '%Y-%m-%dT%H:%M:%S') AS happened_at, amount_minor, currency FROM incident_children "
        "WHERE incident_id = ? ORDER BY happened_at, exception_id",
        [key],
    ).to_dicts()


def history(published: Published, key: str) -> list[Row]:
    """What happened to an exception: `run_date` and `event`."""
    sql = "SELECT CAST(run_date AS VARCHAR) AS run_date, event FROM exception_history WHERE exception_id = ?"
    return published.frame(f"{sql} ORDER BY event_no", [key]).to_dicts()


def acts_of(published: Published, keys: list[str]) -> list[Row]:
    """What was done with exceptions, in order."""
    sql = "SELECT * FROM case_events WHERE exception_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY event_no"
    return published.frame(sql, [keys]).to_dicts()


def candidates(published: Published, evidence: list[Row]) -> tuple[str, list[Row]]:
    """The rows of the other side than the first record's, in the order of the evidence, and which side that is."""
    side = "settlement" if evidence[0]["side"] == "journal" else "journal"
    found: list[Row] = []
    for file, line in dict.fromkeys((each["file"], each["line"]) for each in evidence if each["side"] == side):
        sql = f"SELECT * FROM {side} WHERE file = ? AND line = ? ORDER BY row_id"
        found += published.frame(sql, [file, line]).to_dicts()
    return side, found


def standing(published: Published, today: date, most: int = 5) -> dict[str, list[Row]]:
    """The last runs (newest first), open FILE_LATE, what is due by currency, and exceptions by type and status."""
    return {
        "runs": published.frame(
            """
            SELECT run_no, run_id, CAST(business_date AS VARCHAR) AS business_date, verdict,
                   strftime(started_at, '%Y-%m-%dT%H:%M:%S') AS started_at,
                   strftime(finished_at, '%Y-%m-%dT%H:%M:%S') AS finished_at,
                   CAST(json_extract_string(summary, '$.seconds.total') AS DOUBLE) AS seconds
            FROM runs ORDER BY run_no DESC LIMIT ?
            """,
            [most],
        ).to_dicts(),
        "missing": published.frame(
            "SELECT exception_id, CAST(business_date AS VARCHAR) AS business_date, acquirer, age_days, "
            "CAST(first_seen AS VARCHAR) AS first_seen, explanation FROM exceptions "
            "WHERE type = 'FILE_LATE' AND status NOT IN ('cleared', 'resolved') ORDER BY business_date, explanation"
        ).to_dicts(),
        "due": published.frame(
            f"""
            SELECT currency, count(*) AS open, count(*) FILTER (due_date < $today) AS overdue,
                   count(*) FILTER (due_date = $today) AS today,
                   count(*) FILTER (due_date > $today AND due_date <= $today + 3) AS next_days,
                   CAST(coalesce(sum(amount_minor), 0) AS BIGINT) AS open_minor,
                   CAST(coalesce(sum(amount_minor) FILTER (due_date < $today), 0) AS BIGINT) AS overdue_minor
            FROM exceptions WHERE {OPEN} GROUP BY currency ORDER BY currency NULLS LAST
            """,
            {"today": today},
        ).to_dicts(),
        "exceptions": published.frame(
            "SELECT type, status, count(*) AS count FROM exceptions GROUP BY type, status ORDER BY type, status"
        ).to_dicts(),
    }
