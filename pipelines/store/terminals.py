"""What the books hold of terminals beside their rows: batches that they closed."""

from __future__ import annotations

from pipelines.money import money_text
from pipelines.store.connection import Store

FIGURES = ("rows", "credit_rows", "debit_rows", "minor", "credit_minor", "debit_minor")


def batches_told(store: Store, run_no: int) -> list[str]:
    """One sentence for each batch of a run's files whose totals contradict the journal; the view has them all."""
    if not store.execute("SELECT 1 FROM book.batch_totals JOIN book.files USING (file_id) WHERE run_no = ?", [run_no]):
        return []
    found = store.frame("SELECT * FROM batch_totals WHERE run_no = ? AND NOT agree ORDER BY file, line", [run_no])
    return [_told(row) for row in found.iter_rows(named=True)]


def _told(row: dict[str, object]) -> str:
    wrong = [name for name in FIGURES if row[f"declared_{name}"] not in (None, row[f"journal_{name}"])]
    declared, held = (
        ", ".join(_shown(name, row[f"{who}_{name}"], row["currency"]) for name in wrong)
        for who in ("declared", "journal")
    )
    place = f"batch {row['batch_no']} of terminal {row['terminal_id']}"
    return f"{row['file']}: line {row['line']}: {place} closes with {declared}; the journal holds {held}"


def _shown(name: str, value: object, currency: object) -> str:
    figure = int(str(value))
    return money_text(figure, str(currency or "")) if name.endswith("minor") else f"{figure:,} {name.replace('_', ' ')}"
