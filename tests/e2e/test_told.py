"""Breaks that are told the same as last night are passed over: that changes no event, and spares the work."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from scenario import MON, THU, TUE, WED, Shop

from pipelines import config, nightly
from pipelines.cases import explain, telling
from pipelines.store import Store, entries
from pipelines.synth import generate

FIRST, DAYS = date(2026, 3, 2), 5


def register_of(store: Path) -> pl.DataFrame:
    with Store(store) as books:
        return books.frame("SELECT * FROM book.exception_events ORDER BY event_no")


def nights(root: Path) -> pl.DataFrame:
    """The register after every night of a folder, files that come later among them."""
    settings = config.load(root / "recon.toml")
    for day in (FIRST + timedelta(days=n) for n in range(DAYS)):
        late = root / "later" / f"{day:%Y%m%d}"
        if late.is_dir():
            shutil.copytree(late, root, dirs_exist_ok=True)
        nightly.run(settings, day, lambda _: None)
    return register_of(settings.paths.store)


def test_the_register_is_the_same_as_if_everything_were_decided_every_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "quick", days=DAYS, rows_per_day=250, seed=11, faults="all,0.05")
    shutil.copytree(tmp_path / "quick", tmp_path / "whole")
    quick = nights(tmp_path / "quick")
    with monkeypatch.context() as patched:
        patched.setattr(entries, "told_alike", lambda *_: pl.Series("exception_id", [], dtype=pl.String))
        whole = nights(tmp_path / "whole")
    assert quick.equals(whole)
    assert {"opened", "cleared"} <= set(quick["event"])


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Types of breaks that become sentences from now on."""
    told: list[str] = []
    plain = explain.to_break

    def to_break(row: dict[str, object], names: explain.Names) -> object:
        told.append(str(row["type"]))
        return plain(row, names)

    monkeypatch.setattr(explain, "to_break", to_break)
    return told


def test_what_is_told_the_same_is_not_decided_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(place / "shop")
    shop.settled("unknown", "14.00", TUE)
    shop.nights(MON, WED)
    told = looked_at(monkeypatch)
    night = shop.night(THU)
    assert [e["type"] for e in night.open if e["rrn"] == "unknown"] == ["NOT_IN_JOURNAL"]
    assert "NOT_IN_JOURNAL" not in told


def test_other_words_are_told_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(place / "shop")
    shop.settled("unknown", "14.00", TUE)
    shop.nights(MON, WED)
    monkeypatch.setattr(telling, "WORDS", telling.WORDS[1:])
    told = looked_at(monkeypatch)
    shop.night(THU)
    assert "NOT_IN_JOURNAL" in told


def test_what_was_cleared_and_comes_back_is_opened_again(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.settled("R", "14.00", TUE)
    shop.nights(MON, WED)
    with Store(shop.root / "var" / "recon.duckdb") as store:
        (newest,) = store.execute("SELECT max(event_no) FROM book.exception_events WHERE rrn = 'R'")[0]
        ((key, number),) = store.execute("SELECT exception_id, telling FROM book.told t WHERE event_no = ?", [newest])
        same = pl.DataFrame({"exception_id": [key], "telling": [number]})
        assert entries.told_alike(store, same).to_list() == [key]
        assert entries.told_alike(store, same.with_columns(telling=pl.lit(1))).is_empty()
        store.execute(
            "INSERT INTO book.exception_events BY NAME SELECT * REPLACE (event_no + 1000 AS event_no, "
            "'cleared' AS event, 'cleared' AS status) FROM book.exception_events WHERE event_no = ?",
            [newest],
        )
        assert entries.told_alike(store, same).is_empty(), "an event that came since speaks for itself"


def test_a_telling_does_not_depend_on_columns_that_hold_nothing() -> None:
    breaks = pl.DataFrame({"type": ["NOT_SETTLED"], "amount_minor": [4560], "candidates": [[1, 2]]})
    wider = breaks.with_columns(payout_id=pl.lit(None, pl.String)).select("payout_id", *breaks.columns)
    assert telling.tellings(wider).to_list() == telling.tellings(breaks).to_list()
    for other in ({"amount_minor": 4561}, {"type": "NOT_IN_JOURNAL"}, {"candidates": [2, 1]}, {"candidates": None}):
        changed = pl.DataFrame(
            {**breaks.to_dict(as_series=False), **{k: [v] for k, v in other.items()}}, schema=breaks.schema
        )
        assert telling.tellings(changed).to_list() != telling.tellings(breaks).to_list()
    assert telling.tellings(breaks).item() < 2**40


def test_an_adjustment_names_all_records_of_what_it_does_not_make_up_for(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.sale("R", "14.00", MON)
    shop.settled("R", "14.00", TUE)
    shop.settled("R", "14.00", TUE)
    shop.nights(MON, WED)
    twice = shop.exception("R", "DUPLICATE_SETTLEMENT")["evidence"]
    assert len(twice) == 3
    shop.settled("", "-5.00", THU, kind="ADJUSTMENT", original_rrn="R")
    shop.night(THU)
    found = shop.exception("R", "ADJUSTMENT_UNEXPLAINED")
    assert found["evidence"][1:] == twice
