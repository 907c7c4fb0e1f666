"""History asked by reference: what is found is exactly what was asked, however a part was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, StoreError, history, key_files, keys, parts

REFERENCES = st.sampled_from(["7", "007", "8", None])
ROW = st.tuples(st.sampled_from(["M1", "M2"]), REFERENCES, REFERENCES, REFERENCES)
KEY = st.tuples(st.sampled_from(["M1", "M2", "M3"]), st.sampled_from(["7", "07", "8"]))
PLAIN = {
    "terminal_id": "T",
    "stan": "1",
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


@given(files=st.lists(st.lists(ROW, min_size=1, max_size=3), min_size=1, max_size=9), asked=st.lists(KEY, min_size=1))
def test_numbers_that_were_gathered_find_what_the_parts_find(
    store: Store, files: list[list[tuple[str, str | None, str | None, str | None]]], asked: list[tuple[str, str]]
) -> None:
    parts.drop_all(store, "journal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_files, "TOGETHER", 2)
        for number, rows in enumerate(files, start=1):
            parts.add(store, "journal", journal(number, rows), 1, number)
            key_files.gather(store)
    wanted = pl.DataFrame(asked, schema=["merchant_id", "ref"], orient="row")
    expected = [
        file * LINES_PER_FILE + line
        for file, rows in enumerate(files, start=1)
        for line, (merchant, *references) in enumerate(rows, start=1)
        if any((merchant, reference) in set(asked) for reference in references)
    ]
    assert history.journal_story(store, wanted)["row_id"].to_list() == expected
    gathered = key_files.covered(store, "journal", [keys.column_of("rrn")])
    assert len(set(parts.names(store)) - gathered) < 2, "parts are gathered two by two"
    for name in key_files.names(store):
        (store.parts / name).unlink()
    key_files.check(store)
    assert history.journal_story(store, wanted)["row_id"].to_list() == expected, "lost numbers cost time, no row"


def zeroed(content: bytes) -> bytes:
    """The last number of the file, a row's id, is lost."""
    at = content.rindex((3 * LINES_PER_FILE + 1).to_bytes(8, "little"))
    return content[:at] + bytes(8) + content[at + 8 :]


@pytest.mark.parametrize(
    "damage", [zeroed, lambda c: c[: len(c) // 2], lambda c: b"x" * len(c), lambda c: c.replace(b"row_id", b"row_ie")]
)
def test_damaged_numbers_cost_time_and_no_row(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    asked = pl.DataFrame({"merchant_id": ["M1"], "ref": ["7"]})
    with pytest.MonkeyPatch.context() as patch, Store(tmp_path / "books.duckdb") as mine:
        patch.setattr(key_files, "TOGETHER", 3)
        for number in (1, 2, 3):
            parts.add(mine, "journal", journal(number, [("M1", "7", None, None)]), 1, number)
        key_files.gather(mine)
        (name,) = key_files.names(mine)
        file = mine.parts / name
        file.write_bytes(damage(file.read_bytes()))
        assert history.journal_story(mine, asked).height == 3
        assert key_files.names(mine) == []
        key_files.gather(mine)
        assert len(key_files.names(mine)) == 1
        assert history.journal_story(mine, asked).height == 3


def test_many_parts_at_once_are_gathered_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_files, "TOGETHER", 2)
    with Store(tmp_path / "books.duckdb") as mine:
        for number in range(1, 8):
            parts.add(mine, "journal", journal(number, [("M1", str(number), None, None)]), 1, number)
        key_files.gather(mine)
        levels = mine.execute("SELECT level, len(covers) FROM book.key_files ORDER BY ALL")
        assert levels == [(1, 2), (2, 4)]
        asked = pl.DataFrame({"merchant_id": ["M1"] * 7, "ref": [str(n) for n in range(1, 8)]})
        assert history.journal_story(mine, asked).height == 7


NEAR_ROW = st.tuples(
    st.sampled_from(["M1", "M2"]), st.sampled_from(["T1", "T2"]), st.sampled_from(["7", "007", "8", None]),
    st.integers(99, 103), st.integers(1, 6), st.sampled_from(["5", None]),
)  # fmt: skip


@given(
    rows=st.lists(NEAR_ROW, min_size=1, max_size=12),
    lines=st.lists(st.tuples(NEAR_ROW, st.integers(0, 1)), min_size=1, max_size=4),
    width=st.sampled_from([1, 3, history.MOST_WIDE + 1]),
)
def test_rows_near_a_line_are_those_of_its_merchant_amount_and_days(
    store: Store, rows: list[tuple[Any, ...]], lines: list[tuple[tuple[Any, ...], int]], width: int
) -> None:
    parts.drop_all(store, "journal")
    told = ("merchant_id", "terminal_id", "stan", "amount_minor", "day", "rrn")
    made = pl.DataFrame(rows, schema=told, orient="row", schema_overrides={"stan": pl.String, "rrn": pl.String})
    frame = journal(1, [(row[0], row[5], None, None) for row in rows]).with_columns(
        made["terminal_id"], made["stan"], made["amount_minor"], business_date=pl.date(2026, 3, made["day"])
    )
    parts.add(store, "journal", frame, 1, 1)

    def near(row: tuple[Any, ...], line: tuple[Any, ...], reach: int) -> bool:
        blank = line[5] is None or row[5] is None
        return row[0] == line[0] and abs(row[4] - line[4]) <= reach and blank

    keys_of = pl.DataFrame(
        [(*line[:2], (line[2] or "").lstrip("0"), line[3] // width, date(2026, 3, line[4]) - timedelta(reach),
          date(2026, 3, line[4]) + timedelta(reach), line[5] is None) for line, reach in lines],
        schema=["merchant_id", "terminal_id", "stan_key", "bucket", "first", "last", "blank"], orient="row",
    )  # fmt: skip
    by_amount = history.journal_near(
        store, keys_of.drop("terminal_id", "stan_key"), width, [1], pl.Series([], dtype=pl.Int64)
    )
    expected = {
        LINES_PER_FILE + at for at, row in enumerate(rows, start=1)
        if any(near(row, line, reach) and row[3] // width == line[3] // width for line, reach in lines)
    }  # fmt: skip
    assert set(by_amount["row_id"]) == expected
    by_stan = history.journal_history(store, {"stan": keys_of.drop("bucket")}, [1], pl.Series([], dtype=pl.Int64))
    expected = {
        LINES_PER_FILE + at for at, row in enumerate(rows, start=1)
        if any(near(row, line, reach) and row[1] == line[1] and row[2] and line[2]
               and row[2].lstrip("0") == line[2].lstrip("0") for line, reach in lines)
    }  # fmt: skip
    assert set(by_stan["row_id"]) == expected


def test_a_damaged_part_is_told_in_one_line(tmp_path: Path) -> None:
    with Store(tmp_path / "books.duckdb") as store:
        parts.add(store, "journal", journal(1, [("M1", "7", None, None)]), 1, 1)
        (name,) = parts.names(store)
        (store.parts / name).write_bytes((store.parts / name).read_bytes()[:-20])
        wanted = pl.DataFrame([("M1", "7")], schema=["merchant_id", "ref"], orient="row")
        with pytest.raises(StoreError, match="cannot be read") as told:
            history.journal_story(store, wanted)
    assert str(told.value).startswith(f"{tmp_path / 'books.duckdb'}: a file of {store.parts}")
    assert "\n" not in str(told.value)
