"""What the books know of files that were fetched from other places."""

from __future__ import annotations

from datetime import UTC, datetime

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
