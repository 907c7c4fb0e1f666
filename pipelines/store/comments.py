"""What every column of the published views means, put where SQL clients show it: as comments of the database."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemas

if TYPE_CHECKING:
    from pipelines.store.connection import Store

WORDS = Path(__file__).resolve().parents[2] / "docs" / "words.toml"


@cache
def words() -> dict[str, Any]:
    """docs/words.toml, read once."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def _meaning(view: str, column: str, columns: Collection[str]) -> str | None:
    """What a column means: by its schema, as its twin in minor units, or by words.toml; None where nobody says it.

    columns: all of the view's.
    """
    if f"{column}_minor" in columns:
        return f"{column}_minor in major units"
    told = words()["columns"]
    own, schema = told.get(view, {}), schemas.BY_SIDE.get(view)
    if column not in own and schema and column in schema.columns:
        return str(schema.columns[column].description)
    found = own.get(column) or told.get(column)
    return found if isinstance(found, str) else None


def basis() -> str:
    """All that meanings are told from, as one text."""
    described = {
        side: {name: c.description for name, c in told.columns.items()} for side, told in schemas.BY_SIDE.items()
    }
    return f"{described}{WORDS.read_text(encoding='utf-8')}"


def comment(store: Store) -> None:
    """Put the meaning of every column of the published views on it, inside the caller's transaction."""
    found = store.execute(
        "SELECT view_name, list(column_name) FROM duckdb_views() v JOIN duckdb_columns() c "
        "ON c.table_name = v.view_name AND c.schema_name = v.schema_name "
        "WHERE NOT v.internal AND v.schema_name = 'main' GROUP BY view_name ORDER BY view_name"
    )
    told = [
        "COMMENT ON COLUMN {}.\"{}\" IS '{}'".format(view, column, text.replace("'", "''"))
        for view, columns in found
        for column in columns
        if (text := _meaning(view, column, columns))
    ]
    if told:
        store.execute(";\n".join(told))
