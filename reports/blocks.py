"""What forms are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

HOLE = re.compile(r"\{\{\s*([a-z_0-9]+)\s*\}\}")


class TemplateError(Exception):
    """A template cannot be used; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a form: a title, a heading, a paragraph, the rows of a table, or places to sign."""

    kind: Literal["title", "heading", "text", "rows", "sign"]
    lines: tuple[tuple[str, ...], ...]
