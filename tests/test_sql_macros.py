"""The money macros of the views agree with the one table of currency exponents."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.money import EXPONENTS, to_major
from pipelines.store import Store


def test_major_and_money_text_use_the_standard_exponents(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        for currency in EXPONENTS:
            ((major, text),) = store.execute("SELECT major(1234567, $1), money_text(1234567, $1)", [currency])
            assert major == to_major(1234567, currency)
            assert EXPONENTS[currency] == 4 or text == f"{to_major(1234567, currency)} {currency}"


def test_major_is_never_a_double(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        assert store.execute("SELECT typeof(major(1, 'CNY'))") == [("DECIMAL(24,4)",)]


@pytest.mark.parametrize("view", ["journal", "settlement", "bank", "matches", "exceptions", "exception_history"])
def test_every_view_says_what_it_holds(tmp_path: Path, view: str) -> None:
    told = "SELECT comment FROM duckdb_views() WHERE schema_name = 'main' AND view_name = $1"
    with Store(tmp_path / "books.duckdb") as store:
        ((comment,),) = store.execute(told, [view])
        assert comment
