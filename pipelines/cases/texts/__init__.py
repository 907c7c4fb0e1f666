"""The words of the exception policy, one catalogue per language; `taxonomy.py` joins them to the table."""

from __future__ import annotations

from typing import NamedTuple


class Texts(NamedTuple):
    """What a person is told about one exception type, in one language; `title` is the type's name."""

    title: str
    cause: str
    action: str
    contact: str
    evidence: str
