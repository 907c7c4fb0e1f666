"""Corrected and retracted files of a day, read from the books as the report shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.cases.explain import reference
from pipelines.store import Store, restating
from reports.model import RestatedRow, Restatement, TakenBack

MOST_ROWS = 20
"""Differing rows of one corrected file that the report lists; the view `restated_rows` has them all."""


def restatements(store: Store, day: date) -> tuple[Restatement, ...]:
    """Corrected files of a date, each with its largest differences."""
    found = restating.of_day(store, day)
    rows = restating.rows_of_day(store, day, MOST_ROWS) if found else []
    return tuple(_restatement(each, rows) for each in found)


def _restatement(told: Mapping[str, Any], rows: list[dict[str, Any]]) -> Restatement:
    mine = [row for row in rows if (row["file_id"], row["currency"]) == (told["file_id"], told["currency"])]
    return Restatement(
        file=told["file"],
        replaced=told["replaced_files"],
        source=told["source"],
        currency=told["currency"] or "",
        old_minor=told["old_amount_minor"],
        new_minor=told["new_amount_minor"],
        rows=tuple(_row(row) for row in mine),
        **{name: told[name] for name in ("old_rows", "new_rows", "added", "removed", "changed")},
    )


def _row(row: Mapping[str, Any]) -> RestatedRow:
    return RestatedRow(
        change=row["change"],
        key=reference(row),
        currency=row["currency"],
        changed=tuple(name.removesuffix("_minor") for name in row["changed"]),
        old_line=row["old_line"],
        new_line=row["new_line"],
        old_minor=row["old_amount_minor"],
        new_minor=row["new_amount_minor"],
        meaning=tuple(row["meaning"]),
    )


def taken_back(store: Store, day: date) -> tuple[TakenBack, ...]:
    """Files that people took back on a date."""
    rows = restating.taken_back_on(store, day)
    return tuple(TakenBack(row["name"], row["source"], row["retracted_by"], row["reason"]) for row in rows)
