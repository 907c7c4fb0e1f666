"""Named groups of a declaration's regular expressions: which are columns, which are totals, which are parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipelines.sources.declared.known import columns_of
from pipelines.sources.layout import Given

if TYPE_CHECKING:
    from pipelines.sources.declared.model import Declaration

_GIVEN = re.compile(r"\{(\w+)\}")


def place(written: str | int) -> str | int | Given:
    """A place of a column: `{group}` is what the file's name or head gives."""
    found = _GIVEN.fullmatch(written) if isinstance(written, str) else None
    return Given(found[1]) if found else written


def groups_of(*patterns: str | None) -> set[str]:
    """Names of all groups."""
    return {group for pattern in patterns for group in re.compile(pattern or "").groupindex}


def given_columns(declared: Declaration) -> set[str]:
    """Columns whose value the file's name or head gives."""
    return groups_of(declared.pattern, *declared.head) & columns_of(declared.side)


def used_groups(declared: Declaration) -> set[str]:
    """Groups that columns are made of."""
    tables = [declared, *declared.kinds]
    places = [place(one) for table in tables for source in table.columns.values() for one in source]
    return {one.name for one in places if isinstance(one, Given)}
