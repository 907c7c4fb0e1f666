"""The same nights as a Prefect flow, started as a user starts them: the same books, and a JSON document on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import config
from pipelines.accuracy import days_of, play
from pipelines.store import Published
from pipelines.synth import generate

VIEWS = ("journal", "settlement", "bank", "matches", "exceptions", "rejected_rows", "payout_bridge", "ageing")


def _published(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with Published(config.load(folder / "recon.toml").paths.investigate) as published:
        return {
            view: sorted(published.frame(f"SELECT * FROM {view}").rows(), key=repr)  # noqa: S608
            for view in VIEWS
        }


@pytest.mark.flow
def test_the_flow_and_the_plain_steps_publish_the_same_rows(tmp_path: Path) -> None:
    home = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}

    def as_flow(path: Path, day: date) -> dict[str, Any]:
        words = [sys.executable, "-m", "pipelines", "run", "--config", str(path), "--date", str(day), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, env=home, check=False)
        assert done.returncode in (0, 3), done.stderr
        return json.loads(done.stdout)

    for name in ("flow", "plain"):
        generate(tmp_path / name, days=2, rows_per_day=80, seed=5)
    flow = play(tmp_path / "flow", days_of(tmp_path / "flow"), as_flow)
    plain = play(tmp_path / "plain", days_of(tmp_path / "plain"))
    assert _published(tmp_path / "flow") == _published(tmp_path / "plain")
    inspect = [sys.executable, "-m", "prefect", "artifact", "inspect", "settlement-recon-verdict"]
    shown = subprocess.run(inspect, capture_output=True, text=True, env=home, check=True).stdout
    assert shown.count("table") >= len(flow)
    assert flow[-1]["business_date"] in shown
    for mine, theirs in zip(flow, plain, strict=True):
        for key in ("business_date", "verdict", "files", "rows", "matched", "exceptions", "waiting", "proof"):
            assert mine[key] == theirs[key]


@pytest.mark.flow
def test_a_fault_under_prefect_is_one_plain_line(tmp_path: Path) -> None:
    generate(tmp_path / "days", days=1, rows_per_day=20, seed=5, faults="none")
    play(tmp_path / "days", days_of(tmp_path / "days"))
    words = [sys.executable, "-m", "pipelines", "run", "--config", str(tmp_path / "days" / "recon.toml")]
    done = subprocess.run(
        [*words, "--date", "2026-03-01"],
        capture_output=True,
        text=True,
        env={**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "--date 2026-03-01 lies before the newest run (2026-03-02); time does not go back"
    ]
