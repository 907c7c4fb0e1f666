"""The published views, as the database itself describes them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.dictionary.words import WordError, code, table, word
from pipelines.store import Store

VIEWS = ("exceptions", "exception_history", "journal", "settlement", "bank", "matches", "payout_bridge", "waiting_rows")
"""What an analyst asks for first; the other views follow by name."""


def views() -> str:
    """Every published view with its grain, its columns, their types and what they mean."""
    with TemporaryDirectory() as folder, Store(Path(folder) / "empty.duckdb") as store:
        comments = dict(
            store.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'")
        )
        columns = store.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
        )
    known: dict[str, list[tuple[str, str, str | None]]] = {}
    for view, *column in columns:
        known.setdefault(view, []).append((column[0], column[1], column[2]))
    order = sorted(comments, key=lambda view: (VIEWS.index(view) if view in VIEWS else len(VIEWS), view))
    return "\n".join(_view(view, comments[view], known[view]) for view in order)


def _view(view: str, comment: str | None, columns: list[tuple[str, str, str | None]]) -> str:
    if not comment:
        raise WordError(f"the view {view} has no comment: add COMMENT ON VIEW to its file in sql/views")
    names = {name for name, _, _ in columns}
    rows = [(code(name), code(kind), _meaning(view, name, names, told)) for name, kind, told in columns]
    return f"### `{view}`\n\n{comment}.\n\n" + table(("column", "type", "meaning"), rows)


def _meaning(view: str, name: str, names: set[str], told: str | None) -> str:
    """What a column means, as the database says it of itself (told); WordError where nobody says it."""
    if f"{name}_minor" in names:
        return f"`{name}_minor` in major units"
    return told or word("columns", view, name)
