"""The published views and what their columns mean: made anew only where the store holds others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.store import comments

if TYPE_CHECKING:
    from pipelines.store.connection import Store


def refresh(store: Store, folder: Path) -> None:
    """Make the views that `folder` defines, and comment them, inside the caller's transaction.

    Making a view binds it, and commenting a column does so once more: together as long as a small file takes.
    """
    files = sorted(folder.glob("*.sql"))
    digest = _digest(store, files)
    if store.execute("SELECT 1 FROM book.views WHERE digest = ?", [digest]):
        return
    for file in files:
        store.script(file)
    comments.comment(store)
    store.execute("DELETE FROM book.views")
    store.execute("INSERT INTO book.views VALUES (?)", [digest])


def _digest(store: Store, files: list[Path]) -> str:
    """Of all that says how the views look: their text, words, tables, and the database that reads it."""
    migrations = store.execute("SELECT number, name FROM migrations ORDER BY number")
    told = [file.read_text(encoding="utf-8") for file in files]
    return hashlib.sha256(
        "\0".join([duckdb.__version__, str(migrations), comments.basis(), *told]).encode()
    ).hexdigest()
