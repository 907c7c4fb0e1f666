"""`recon bench` runs what it says, tells medians and growth, and counts verdicts of others as it counts ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import bench, bench_peers
from pipelines.cli import cli

SMALL = ("bench", "--rows", "2000", "--json")


def test_the_whole_night_is_timed_beside_the_bare_load_and_join(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli, [*SMALL, "--work", str(tmp_path), "--times", "2", "--memory-limit", "500MB"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["rows"], found["times"], found["memory_limit"]) == (2000, 2, "500MB")
    assert found["ratio"] == pytest.approx(found["recon"]["seconds"] / found["bare"]["seconds"], abs=0.01)
    assert found["recon"]["balanced"]
    assert found["recon"]["exceptions"]
    assert 'memory_limit = "500MB"' in (tmp_path / "2000" / "recon.limited.toml").read_text(encoding="utf-8")


def test_the_median_of_several_runs_is_told() -> None:
    assert bench._median([{"seconds": 3.0}, {"seconds": 1.0}, {"seconds": 2.0}]) == {"seconds": 2.0}


MEASURE = """
import json
from pipelines import bench
large, _ = bench.measured(["python3", "-c", "b'x' * 300_000_000"])
small, said = bench.measured(["python3", "-c", "print('done')"])
print(json.dumps([large["peak_mib"], small["peak_mib"], said]))
"""


def test_memory_is_that_of_each_command_and_not_of_the_largest_so_far() -> None:
    told = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    large, small, said = json.loads(told.stdout)  # of a small process: a child counts what its parent had
    assert large > 250
    assert small < 150
    assert said == "done\n"


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(OSError, match="broken"):
        bench.measured(["python3", "-c", "raise SystemExit('broken')"])


def test_growth_is_told_by_the_time_of_a_row() -> None:
    def told(rows: int, seconds: float) -> dict[str, object]:
        run = {"seconds": seconds, "cpu_seconds": seconds, "peak_mib": 100}
        return {"rows": rows, "bare": run, "recon": run, "ratio": 1.0}

    lines = bench.as_growth([told(1_000_000, 10.0), told(2_000_000, 22.0)]).splitlines()  # type: ignore[list-item]
    assert lines[1].endswith("10.00     +0%")
    assert lines[2].endswith("11.00    +10%")


def test_verdicts_are_counted_right_missed_and_false() -> None:
    truth = {("M", "1"): "different", ("M", "2"): "duplicate", ("M", "9"): "missing in the journal"}
    said = {("M", "1"): "different", ("M", "2"): "missing in the journal", ("M", "5"): "different"}
    found = bench_peers._right(truth, said, 10)
    assert (found["verdicts"], found["right"], found["faults_found"], found["false_alarms"]) == (11, 8, 1, 1)
    assert found["missed"] == {"duplicate": 1, "missing in the journal": 1}


def test_the_lock_of_the_peers_names_no_index_and_has_hashes() -> None:
    text = bench_peers.LOCK.read_text(encoding="utf-8")
    assert "http" not in text
    assert text.count("--hash=sha256:") > 100
