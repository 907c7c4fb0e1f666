"""Synthetic days with every fault of this slice: each is told once, from the right night to the right night."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines import config
from pipelines.accuracy import days_of, play, register, truth
from pipelines.synth import generate

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.mark.parametrize("seed", [1, 7])
def test_every_fault_is_told_once_and_nothing_else(tmp_path: Path, seed: int) -> None:
    generate(tmp_path, days=8, rows_per_day=150, seed=seed)
    play(tmp_path, days_of(tmp_path))
    told = register(config.load(tmp_path / "recon.toml"))
    assert sorted(told) == sorted(truth(tmp_path / "truth.csv"))


@pytest.mark.parametrize("layouts", ["UNIONPAY=unionpay_zm"])
def test_the_same_holds_for_days_in_the_formats_of_others(tmp_path: Path, layouts: str) -> None:
    generate(tmp_path, days=8, rows_per_day=150, seed=11, layouts=layouts)
    play(tmp_path, days_of(tmp_path))
    told = register(config.load(tmp_path / "recon.toml"))
    assert sorted(told) == sorted(truth(tmp_path / "truth.csv"))


def test_clean_days_tell_nothing(tmp_path: Path) -> None:
    generate(tmp_path, days=5, rows_per_day=150, seed=3, faults="none")
    nights = play(tmp_path, days_of(tmp_path))
    assert register(config.load(tmp_path / "recon.toml")) == []
    assert {night["verdict"] for night in nights} == {"OK"}


def test_the_bundled_days_give_their_truth(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "days", tmp_path, dirs_exist_ok=True)
    shutil.copytree(SAMPLE / "later", tmp_path / "later")
    text = (SAMPLE / "recon.toml").read_text(encoding="utf-8")
    text = text.replace('"../var/demo/inbox"', '"."').replace("../var/demo", "var")
    (tmp_path / "recon.toml").write_text(text, encoding="utf-8")
    play(tmp_path, days_of(tmp_path))
    assert sorted(register(config.load(tmp_path / "recon.toml"))) == sorted(truth(SAMPLE / "truth.csv"))
