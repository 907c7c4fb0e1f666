"""Synthetic days with every fault of this slice: each is told once, from the right night to the right night."""

from __future__ import annotations

import shutil
from decimal import Decimal
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


@pytest.mark.parametrize(
    "layouts", ["UNIONPAY=unionpay_zm,WECHAT=wechat_trade", "ALIPAY=adyen_settlement_detail", "WECHAT=wechat_trade"]
)
def test_the_same_holds_for_days_in_the_formats_of_others(tmp_path: Path, layouts: str) -> None:
    generate(tmp_path, days=8, rows_per_day=150, seed=12, layouts=layouts)
    play(tmp_path, days_of(tmp_path))
    told = register(config.load(tmp_path / "recon.toml"))
    assert sorted(told) == sorted(truth(tmp_path / "truth.csv"))


def test_clean_days_tell_nothing(tmp_path: Path) -> None:
    generate(tmp_path, days=5, rows_per_day=150, seed=3, faults="none")
    nights = play(tmp_path, days_of(tmp_path))
    assert register(config.load(tmp_path / "recon.toml")) == []
    assert {night["verdict"] for night in nights} == {"OK"}


def test_what_rounding_makes_of_exact_fees_is_a_line_of_the_proof(tmp_path: Path) -> None:
    generate(tmp_path, days=3, rows_per_day=80, seed=3, faults="none", layouts="WECHAT=wechat_trade")
    proof = play(tmp_path, days_of(tmp_path))[-1]["proof"]
    declared = [path.read_text("utf-8").split()[-1].split(",`")[4] for path in tmp_path.glob("settlement_WECHAT_*.csv")]
    (line,) = proof["rounding"]
    assert (line["source"], line["currency"]) == ("wechat", "CNY")
    assert Decimal(line["fee_exact"]) == sum(map(Decimal, declared))
    assert line["fee_minor"] + line["rounding_minor"] == line["fee_of_lines_minor"]
    assert abs(Decimal(line["fee_exact"]) * 100 - line["fee_minor"]) <= Decimal("0.5")
    assert proof["balanced"]


def test_the_bundled_days_give_their_truth(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "days", tmp_path, dirs_exist_ok=True)
    shutil.copytree(SAMPLE / "later", tmp_path / "later")
    text = (SAMPLE / "recon.toml").read_text(encoding="utf-8")
    text = text.replace('"../var/demo/inbox"', '"."').replace("../var/demo", "var")
    (tmp_path / "recon.toml").write_text(text, encoding="utf-8")
    play(tmp_path, days_of(tmp_path))
    assert sorted(register(config.load(tmp_path / "recon.toml"))) == sorted(truth(SAMPLE / "truth.csv"))
