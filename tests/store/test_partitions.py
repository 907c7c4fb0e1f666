"""Narrow rows by merchant: each comes back once whatever memory holds, and rows of refused files do not."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.narrow import PARTITIONS, nothing
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store.partitions import BYTES_A_ROW, Partitions, most_held

SIDES = ("journal", "settlement")
PIECES = st.lists(
    st.tuples(st.sampled_from(SIDES), st.integers(1, 3), st.lists(st.integers(0, PARTITIONS - 1), max_size=5)),
    max_size=8,
)


def piece(side: str, file_id: int, first: int, homes: list[int]) -> pl.DataFrame:
    ids = [file_id * LINES_PER_FILE + first + n for n in range(len(homes))]
    rows = pl.DataFrame({"row_id": ids, "home": homes}, schema={"row_id": pl.Int64, "home": pl.UInt8})
    return pl.concat([nothing(side), rows], how="diagonal")


@given(PIECES, st.integers(1, 30))
def test_each_row_comes_once_with_all_of_its_merchant(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, int, list[int]]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("spill") / "rows"
    fresh, told = Partitions(folder, most), []
    for turn, (side, file_id, homes) in enumerate(pieces):
        rows = piece(side, file_id, turn * 100, homes)
        told += [(side, row_id, home) for row_id, home in rows.select("row_id", "home").iter_rows()]
        fresh.add(side, rows)
    seen, homes_of = [], []
    for sides in fresh.each():
        found = [(s, *row) for s, rows in zip(SIDES, sides, strict=True) for row in rows["row_id", "home"].iter_rows()]
        homes_of.append({home for _, _, home in found})
        seen += found
    assert sorted(seen) == sorted(told)
    assert sum(map(len, homes_of)) == len(set().union(*homes_of))
    fresh.close()
    assert not folder.exists()


@given(PIECES, st.integers(1, 30))
def test_rows_of_a_refused_file_are_gone_and_its_number_is_free(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[str, int, list[int]]], most: int
) -> None:
    fresh = Partitions(tmp_path_factory.mktemp("spill") / "rows", most)
    for turn, (side, file_id, homes) in enumerate(pieces):
        fresh.add(side, piece(side, file_id, turn * 100, homes))
    fresh.drop(2)
    fresh.add("journal", piece("journal", 2, 5_000, [1, 2]))
    fresh.unused.add(3)
    ids = [row_id for sides in fresh.each() for rows in sides for row_id in rows["row_id"]]
    kept = [file_id for _, file_id, homes in pieces for _ in homes if file_id == 1]
    assert sorted(row_id // LINES_PER_FILE for row_id in ids) == sorted([*kept, 2, 2])
    assert {row_id % LINES_PER_FILE for row_id in ids if row_id // LINES_PER_FILE == 2} == {5_000, 5_001}


def test_a_limit_lets_fewer_rows_stay_in_memory() -> None:
    assert most_held(BYTES_A_ROW * 500) == 500
    assert most_held(1) == 1


def test_what_an_earlier_run_left_behind_goes_first(tmp_path: Path) -> None:
    left = tmp_path / "rows" / "journal-00-0000.arrow"
    left.parent.mkdir()
    left.write_bytes(b"cut short")
    Partitions(tmp_path / "rows", 1)
    assert not left.exists()
