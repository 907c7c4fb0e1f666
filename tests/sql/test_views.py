"""Views, each case a folder: VIEW/CASE/ with one CSV per table of `book` that it reads, and expect.csv beside them.

Columns that a case leaves out are null; expect.csv names the columns that are compared, in the order of its own rows.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.store import Store, parts

HERE = Path(__file__).parent
CASES = sorted(file.parent for file in HERE.glob("*/*/expect.csv"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Empty books; each case is rolled back."""
    with Store(tmp_path_factory.mktemp("views") / "books.duckdb") as store:
        yield store


def compared(store: Store, case: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a view says of the inputs of a case, and what is expected, both as text."""
    expected = pl.read_csv(case / "expect.csv", infer_schema=False)
    store.execute("BEGIN TRANSACTION")
    for file in sorted(case.glob("*.csv")):
        if file.name != "expect.csv":
            table = f"{file.stem}_base" if file.stem in parts.TABLES else file.stem
            store.append(table, pl.read_csv(file, infer_schema=False))
    columns = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in expected.columns)
    found = store.frame(f"SELECT {columns} FROM {case.parent.name}")  # noqa: S608 - names of our own files
    store.execute("ROLLBACK")
    return found.sort(found.columns), expected.sort(expected.columns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_view_says_what_is_expected_of_its_inputs(store: Store, case: Path) -> None:
    found, expected = compared(store, case)
    assert found.rows(named=True) == expected.rows(named=True)


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
