"""What the published copy says of files and cases."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.store.connection import StoreError
from pipelines.store.published import Published

Row = dict[str, Any]
NEEDED = frozenset({"case_events", "restated_rows"})


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
    """Exceptions of the type that only a person can decide, and those that a person has decided on."""
    acted = "SELECT exception_id FROM case_events WHERE exception_id IS NOT NULL"
    return published.frame(
        f"SELECT * FROM exceptions WHERE type = ? OR exception_id IN ({acted}) ORDER BY due_date, exception_id",
        [undecided],
    ).to_dicts()


def case(published: Published, key: str) -> Row | None:
    """One exception by its id."""
    rows = published.frame("SELECT * FROM exceptions WHERE exception_id = ?", [key]).to_dicts()
    return rows[0] if rows else None


def history(published: Published, key: str) -> list[Row]:
    """What happened to an exception: `run_date` and `event`."""
    sql = "SELECT CAST(run_date AS VARCHAR) AS run_date, event FROM exception_history WHERE exception_id = ?"
    return published.frame(f"{sql} ORDER BY event_no", [key]).to_dicts()


def acts_of(published: Published, keys: list[str]) -> list[Row]:
    """What people decided on exceptions, in order."""
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
