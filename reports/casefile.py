"""A case as frozen data: all that an evidence pack and a form say, before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

BLANK = "________"
"""What a form shows where nothing is known, to be filled in by hand."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record behind the case, as it was received: masked text, where it stands, and the file's SHA-256.

    cells: label in English and Chinese, and value. text: empty where the file is not in the archive any more.
    """

    side: str
    file: str
    line: int
    sha256: str
    arrived_at: str
    text: str
    cells: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the time line."""

    when: str
    kind: str
    text: str
    note: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file kept with the case."""

    name: str
    sha256: str
    size: int
    piece: str
    actor: str
    at: str

    @property
    def path(self) -> str:
        """Where it lies in the zip: names may repeat, digests do not."""
        return f"attachments/{self.sha256[:8]}-{self.name}"


@dataclass(frozen=True, slots=True)
class Check:
    """A piece of the checklist."""

    en: str
    zh: str
    there: bool


@dataclass(frozen=True)
class CaseFile:
    """Everything of a case. fields: by the names that templates use, as text; guide: the next step, where known."""

    exception_id: str
    type: str
    title_en: str
    term_zh: str
    status: str
    fields: Mapping[str, str]
    next_action: tuple[str, str]
    contact: tuple[str, str]
    as_of: date
    rules: tuple[Moment, ...] = ()
    records: tuple[Record, ...] = ()
    payouts: tuple[Moment, ...] = ()
    timeline: tuple[Moment, ...] = ()
    acts: tuple[Moment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    checklist: tuple[Check, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
