"""Exceptions of files: late or refused ones, and rows that were refused while the rest of their file is used."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.cases import explain
from pipelines.cases.register import Break
from pipelines.checks.arrivals import Arrivals
from pipelines.config import Settings
from pipelines.store import Store


def file_breaks(store: Store, settings: Settings, arrivals: Arrivals, run_no: int) -> list[Break]:
    """Files that are late or refused now, and rows that were rejected in the files of this run (run_no)."""
    sides: Mapping[str, str] = {s.name: settings.side_of(s) for s in settings.sources}
    whose = {s.name: s.acquirer for s in settings.sources}
    found = [explain.file_late(e.source, e.date, sides[e.source], whose[e.source]) for e in arrivals.missing()]
    refused = store.frame(
        """
        SELECT f.source, f.name, f.error, f.expected_date FROM book.files f
        WHERE f.state = 'rejected' AND NOT EXISTS (
            FROM book.files g WHERE g.state IN ('loaded', 'retracted') AND g.file_id > f.file_id
            AND (g.name = f.name OR (g.source = f.source AND g.expected_date = f.expected_date)))
        QUALIFY row_number() OVER (PARTITION BY f.source, f.name ORDER BY f.file_id DESC) = 1
        ORDER BY f.file_id
        """
    )
    found += [
        explain.file_invalid(source, name, error, day, whose.get(source))
        for source, name, error, day in refused.iter_rows()
    ]
    rejected = store.frame(
        """
        SELECT f.source, f.side, f.name AS file, f.expected_date, r.line, r.reason, r.amount_minor, r.currency,
            row_number() OVER (PARTITION BY f.file_id, r.line ORDER BY r.reason, r.raw, r.amount_minor) AS turn
        FROM book.rejected_rows r JOIN book.files f USING (file_id)
        WHERE f.state = 'loaded' AND f.run_no = ? ORDER BY f.file_id, r.line, turn
        """,
        [run_no],
    )
    found += [explain.row_rejected(row, row["expected_date"]) for row in rejected.iter_rows(named=True)]
    return found
