"""History asked by reference: what is found is exactly what was asked, however a part was written."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, history, keys, parts

REFERENCES = st.sampled_from(["7", "007", "8", None])
ROW = st.tuples(st.sampled_from(["M1", "M2"]), REFERENCES, REFERENCES, REFERENCES)
KEY = st.tuples(st.sampled_from(["M1", "M2", "M3"]), st.sampled_from(["7", "07", "8"]))
PLAIN = {
    "terminal_id": "T",
    "txn_type": "SALE",
    "channel": "CARD",
    "amount_minor": 1,
    "currency": "CNY",
    "status": "OK",
}


def journal(file_id: int, rows: list[tuple[str, str | None, str | None, str | None]]) -> pl.DataFrame:
    references = ["merchant_id", "rrn", "order_no", "original_rrn"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(references, pl.String), orient="row")
    return frame.with_columns(
        (pl.int_range(pl.len(), dtype=pl.Int64) + 1 + file_id * LINES_PER_FILE).alias("row_id"),
        pl.lit(file_id, pl.Int32).alias("file_id"),
        (pl.int_range(pl.len()) + 1).cast(pl.Int32).alias("line"),
        pl.lit(datetime(2026, 3, 2, 12)).alias("txn_time"),  # noqa: DTZ001 - local times of a source
        pl.lit(date(2026, 3, 2)).alias("business_date"),
        *(pl.lit(value).alias(name) for name, value in PLAIN.items()),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("history") / "books.duckdb")


def of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "column_of", lambda reference: f"{reference}_key_of_another_version")


@given(numbered=st.lists(ROW), unnumbered=st.lists(ROW), asked=st.lists(KEY, min_size=1))
def test_a_story_is_found_by_every_reference_in_parts_of_any_version(
    store: Store,
    numbered: list[tuple[str, str | None, str | None, str | None]],
    unnumbered: list[tuple[str, str | None, str | None, str | None]],
    asked: list[tuple[str, str]],
) -> None:
    parts.drop_all(store, "journal")
    parts.add(store, "journal", journal(1, numbered), 1, 1)
    with pytest.MonkeyPatch.context() as patch:
        of_another_version(patch)
        parts.add(store, "journal", journal(2, unnumbered), 1, 2)
    wanted = set(asked)
    expected = [
        file * LINES_PER_FILE + line
        for file, rows in ((1, numbered), (2, unnumbered))
        for line, (merchant, *references) in enumerate(rows, start=1)
        if any((merchant, reference) in wanted for reference in references)
    ]
    found = history.journal_story(store, pl.DataFrame(asked, schema=["merchant_id", "ref"], orient="row"))
    assert found["row_id"].to_list() == expected


def test_only_parts_of_another_version_are_asked_by_their_strings(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as mine:
        parts.add(mine, "journal", journal(1, [("M1", "7", None, None)]), 1, 1)
        ((columns,),) = mine.execute("SELECT columns FROM book.parts")
        assert {keys.column_of(reference) for reference in keys.REFERENCES["journal"]} < set(columns)
        assert mine.execute("SELECT rrn FROM book.journal") == [("7",)]
