"""The money macros of the views agree with the one table of currency exponents."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.money import EXPONENTS, money_text, to_major
from pipelines.store import Store


def test_major_and_money_text_use_the_standard_exponents(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        for currency in EXPONENTS:
            for minor in (1_234_567, -1_234_567, 5, -5, 0, 100_000, 2**63 - 1, 1 - 2**63):
                told = f"SELECT major({minor}, $1), money_text({minor}, $1)"
                ((major, text),) = store.execute(told, [currency])
                assert major == to_major(minor, currency)
                assert text == money_text(minor, currency)


def test_major_is_never_a_double(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        assert store.execute("SELECT typeof(major(1, 'CNY'))") == [("DECIMAL(24,4)",)]


@pytest.mark.parametrize("view", ["journal", "settlement", "bank", "matches", "exceptions", "exception_history"])
def test_every_view_says_what_it_holds(tmp_path: Path, view: str) -> None:
    told = "SELECT comment FROM duckdb_views() WHERE schema_name = 'main' AND view_name = $1"
    with Store(tmp_path / "books.duckdb") as store:
        ((comment,),) = store.execute(told, [view])
        assert comment
