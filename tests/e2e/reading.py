"""What a night left behind, read as an analyst reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store import Published

if TYPE_CHECKING:
    from scenario import Shop

KEYS = ("rrn", "order_no", "payout_id", "bank_ref")
"""By any of these a person looks for a transaction."""


@dataclass(frozen=True)
class Night:
    """What one run left behind: its JSON, its plain lines, the whole register and all history."""

    day: date
    summary: dict[str, Any]
    said: list[str]
    register: list[dict[str, Any]]

    @property
    def verdict(self) -> str:
        """OK or INCOMPLETE."""
        return str(self.summary["verdict"])

    @property
    def open(self) -> list[dict[str, Any]]:
        """What `recon exceptions` lists."""
        return [e for e in self.register if e["status"] not in ("cleared", "resolved", "waiting")]

    @property
    def open_types(self) -> list[str]:
        """Types of what is open, sorted."""
        return sorted(e["type"] for e in self.open)

    def only(self, kind: str, status: str = "open") -> dict[str, Any]:
        """The one exception of a type."""
        (found,) = [e for e in self.register if e["type"] == kind and e["status"] == status]
        return found


def rows_of(shop: Shop, sql: str) -> list[dict[str, Any]]:
    """One query over the published copy."""
    with Published(shop.published) as copy:
        return copy.frame(sql).to_dicts()


def books_of(shop: Shop) -> dict[str, list[str]]:
    """Everything that is published of rows, pairs and exceptions, free of run numbers, ids of files and clocks."""
    unstable = {"row_id", "file_id", "run_no", "event_no", "journal_row_id", "settlement_row_id", "bank_row_ids"}
    unstable |= {"run_id", "arrived_at", "archived", "started_at", "finished_at", "summary"}
    views = ("journal", "settlement", "bank", "matches", "exceptions", "exception_history", "rejected_rows", "files")
    with Published(shop.published) as copy:
        frames = {view: copy.frame(f"SELECT * FROM {view}") for view in (*views, "payout_bridge", "ageing")}  # noqa: S608
    return {view: _sorted_rows(frame.drop(unstable & set(frame.columns))) for view, frame in frames.items()}


def _sorted_rows(frame: pl.DataFrame) -> list[str]:
    return sorted(json.dumps(row, ensure_ascii=False, default=str) for row in frame.iter_rows())
