"""Nights whose rows are looked at some merchants at a time say what nights say that look at all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines import config, gathering, nightly, reconcile
from pipelines.gathering import Rest
from pipelines.store import partitions
from pipelines.synth import generate

FIRST, DAYS = date(2026, 3, 2), 5
TOLD = {
    "exception_events": "* EXCLUDE (event_no, evidence), CAST(evidence AS VARCHAR)",
    "open_rows": "*",
    "out_of_scope": "*",
    "deposit_members": "* EXCLUDE (group_no)",
    "watched": "*",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    generate(folder, days=DAYS, rows_per_day=400, seed=23, faults="all,0.05")
    return folder


def books(inbox: Path, place: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What stands in the books after these nights; files of the later days come with them."""
    text = (inbox / "recon.toml").read_text().replace('inbox = "."', f'inbox = "{place / "in"}"')
    (place / "in").mkdir(parents=True)
    (place / "recon.toml").write_text(text)
    for file in inbox.iterdir():
        if file.is_file() and file.suffix != ".toml":
            (place / "in" / file.name).write_bytes(file.read_bytes())
    settings = config.load(place / "recon.toml")
    for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
        nightly.run(settings, day, lambda line: None)
    with duckdb.connect(str(settings.paths.store), read_only=True) as store:
        return {
            table: sorted(store.sql(f"SELECT {what} FROM book.{table}").fetchall(), key=str)  # noqa: S608 - our own names
            for table, what in TOLD.items()
        }


@pytest.mark.flow
def test_in_pieces_the_books_are_the_same(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = books(files, tmp_path / "whole")
    asked = list[int]()

    def counted(store: object, pieces: list[Rest]) -> Iterator[Rest]:
        asked.append(len(pieces))
        return one_by_one(store, pieces)

    one_by_one = reconcile._one_by_one
    monkeypatch.setattr(reconcile, "_one_by_one", counted)
    monkeypatch.setattr(gathering, "MOST_WHOLE", 3)
    monkeypatch.setattr(partitions, "MOST_MATCHED", 20)
    assert books(files, tmp_path / "pieces") == whole
    assert max(asked) > 3, "there were pieces"
    assert len(whole["exception_events"]) > 20


def test_a_piece_holds_whole_looks_and_no_more_than_there_is_room_for() -> None:
    def look(mine: int, theirs: int) -> Any:
        nothing = pl.DataFrame()
        rows, lines = pl.Series(range(mine), dtype=pl.Int64), pl.Series(range(theirs), dtype=pl.Int64)
        return gathering._Looked(nothing, nothing, rows, lines, lines, lines, nothing, None)  # type: ignore[arg-type]

    def sizes(*looks: tuple[int, int]) -> list[tuple[int, int]]:
        pieces = gathering._pieces((look(*one) for one in looks), 10)
        return [(piece.journal.len(), piece.settlement.len()) for piece in pieces]

    assert sizes((3, 2), (4, 1), (1, 0), (9, 9), (0, 0), (2, 2)) == [(7, 3), (1, 0), (9, 9), (2, 2)]
    assert sizes((0, 0)) == [(0, 0)]


@pytest.mark.parametrize(("memory", "most"), [(1_000_000_000, 500_000), (19_000_000_000, 1_000_000), (1, 1)])
def test_more_memory_means_larger_pieces_up_to_a_bound(memory: int, most: int) -> None:
    assert gathering.most_whole(memory) == most
