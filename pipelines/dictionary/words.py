"""What the generated parts are made of: Markdown tables, and the words of docs/words.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.store.comments import WORDS, words
from pipelines.store.connection import SQL

ROOT = SQL.parent


class WordError(Exception):
    """Something is described nowhere; the message says where to describe it."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def word(kind: str, group: str, name: str) -> str:
    """What a column or key means: said of it in its view or table, else everywhere. WordError where nobody says it."""
    told: Mapping[str, Any] = words()[kind]
    found = told.get(group, {}).get(name) or told.get(name)
    if not isinstance(found, str):
        raise WordError(f"{group}.{name} is described nowhere: add it to [{kind}.{group}] of docs/{WORDS.name}")
    return found
