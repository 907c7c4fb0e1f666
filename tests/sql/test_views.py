"""Views, each case a folder: VIEW/CASE/ with one CSV per table of `book` that it reads, and expect.csv beside them.

Columns that a case leaves out are null, or as plain as PLAIN where they must not be; expect.csv names the columns that
are compared. What is expected was reckoned by hand from the inputs and the grain of the view.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.store import Store, parts

HERE = Path(__file__).parent
CASES = sorted(file.parent for file in HERE.glob("*/*/expect.csv"))
PLAIN = {"VARCHAR": "", "DATE": "2026-03-02", "TIMESTAMP": "2026-03-02 00:00:00", "BOOLEAN": "false"}
"""What stands in a column that may not be empty and that a case does not name; numbers are 0, lists empty."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Empty books; each case is rolled back."""
    with Store(tmp_path_factory.mktemp("views") / "books.duckdb") as store:
        yield store


def whole(store: Store, table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a case with the columns that its table needs besides."""
    needed = store.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'book' AND table_name = ? AND is_nullable = 'NO'",
        [table],
    )
    more = {name: PLAIN.get(kind, "[]" if kind.endswith("[]") else "0") for name, kind in needed}
    blank = [pl.col(name).fill_null("") for name, kind in needed if kind == "VARCHAR" and name in rows.columns]
    return rows.with_columns(*blank, *(pl.lit(more[name]).alias(name) for name in more if name not in rows.columns))


def compared(store: Store, case: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a view says of the inputs of a case, and what is expected, both as text."""
    expected = pl.read_csv(case / "expect.csv", infer_schema=False)
    store.execute("BEGIN TRANSACTION")
    try:
        for file in sorted(case.glob("*.csv")):
            if file.name != "expect.csv":
                table = f"{file.stem}_base" if file.stem in parts.TABLES else file.stem
                store.append(table, whole(store, table, pl.read_csv(file, infer_schema=False)))
        columns = ", ".join(f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in expected.columns)
        found = store.frame(f"SELECT {columns} FROM {case.parent.name}")  # noqa: S608 - names of our own files
    finally:
        store.execute("ROLLBACK")
    return found.sort(found.columns), expected.sort(expected.columns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_view_says_what_is_expected_of_its_inputs(store: Store, case: Path) -> None:
    found, expected = compared(store, case)
    assert found.rows(named=True) == expected.rows(named=True)


def test_every_published_view_has_a_case(store: Store) -> None:
    views = store.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal")
    lacking = {name for (name,) in views} - {case.parent.name for case in CASES}
    assert not lacking, f"views without a folder in {HERE.name}: {sorted(lacking)}"
    assert {case.parent.name for case in CASES} <= {name for (name,) in views}, "a folder of a view that is gone"
