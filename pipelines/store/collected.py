"""What the books know of files that were fetched from other places."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import polars as pl

from pipelines.store.connection import Store


def known(store: Store, source: str) -> set[tuple[str, str]]:
    """Place and version of every file that was ever fetched for a source."""
    found = store.execute("SELECT DISTINCT place, version FROM book.collected WHERE source = ?", [source])
    return {(place, version) for place, version in found}


def record(store: Store, source: str, place: str, version: str, name: str, sha256: str, size: int, run_no: int) -> None:
    """Put a file on record that lies in the inbox now."""
    moment = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    store.execute(
        "INSERT INTO book.collected VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [source, place, version, name, sha256, size, moment, run_no],
    )


def passed_over(store: Store, source: str, pattern: str) -> set[str]:
    """Messages that hold nothing more for a source of this pattern."""
    sql = "SELECT message FROM book.passed_over WHERE source = ? AND pattern = ?"
    return {message for (message,) in store.execute(sql, [source, pattern])}


def pass_over(store: Store, source: str, pattern: str, messages: Collection[str]) -> None:
    """Put these in place of all that was known of a source: what lies in its mailbox no more is forgotten."""
    with store.transaction():
        store.execute("DELETE FROM book.passed_over WHERE source = ?", [source])
        rows = [{"source": source, "pattern": pattern, "message": message} for message in sorted(messages)]
        store.append("passed_over", pl.DataFrame(rows))
