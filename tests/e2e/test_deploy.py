"""`recon deploy` against a real Prefect server on loopback, and what it prints for machines without one."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from prefect_server import ENDED, asked, runs, serving, soon, told, working

from pipelines import config, nightly
from pipelines.cli import cli
from pipelines.synth import generate

DAY = "2026-03-02"


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server of its own; yields the environment in which it is found."""
    with serving(tmp_path_factory.mktemp("prefect")) as environment:
        yield environment


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with one night."""
    folder = tmp_path / "shop"
    generate(folder, days=1, rows_per_day=30, seed=5, faults="none")
    return folder


def planned_soon(shop: Path) -> None:
    """The night begins in two or three minutes: a busy machine may need so long until a worker is there."""
    soonest = datetime.now(UTC) + timedelta(seconds=150)
    text = (shop / "recon.toml").read_text().replace('timezone = "Asia/Shanghai"', 'timezone = "UTC"')
    schedule = f'\n[schedule]\nat = "{soonest:%H:%M}:00"\ndays_back = 0\n'
    (shop / "recon.toml").write_text(text + schedule)


@pytest.mark.flow
def test_a_scheduled_night_runs_on_a_real_server_with_state_logs_and_artifact(
    prefect: dict[str, str], shop: Path
) -> None:
    recon = [sys.executable, "-m", "pipelines"]
    done = subprocess.run(
        [*recon, "deploy", "--config", str(shop / "recon.toml")],
        env=prefect, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("settlement-recon nightly/shop: daily at ")
    assert [line.split(":")[0] for line in lines[1:4]] == [
        f"settlement-recon {each}/shop" for each in ("backfill", "send", "retention")
    ]
    deployments = {each["id"]: each for each in asked(prefect, "deployments")}
    (nightly_one,) = [each for each in deployments.values() if each["schedules"]]
    assert nightly_one["schedules"][0]["schedule"]["cron"] == "30 5 * * *"
    assert nightly_one["schedules"][0]["schedule"]["timezone"] == "Asia/Shanghai"
    assert nightly_one["concurrency_limit"] == 1 or nightly_one["global_concurrency_limit"]["limit"] == 1
    (pool,) = asked(prefect, "work_pools")
    assert (pool["name"], pool["concurrency_limit"]) == ("settlement-recon-shop", 1)

    planned_soon(shop)
    with working(prefect, shop / "recon.toml", shop / "worker.log"):

        def finished() -> list[dict[str, Any]]:
            found = runs(prefect, deployment_id={"any_": [nightly_one["id"]]})
            return [run for run in found if run["state"]["type"] in ENDED]

        found = soon(finished, 420)
        assert found, (shop / "worker.log").read_text()
        run = found[0]
        assert run["state"]["type"] == "COMPLETED", (shop / "worker.log").read_text()
        late = datetime.fromisoformat(run["start_time"]) - datetime.fromisoformat(run["expected_start_time"])
        assert late < timedelta(minutes=1), f"it began {late} after its time"
        # the last lines come when the process ends, which a worker that is told to end would cut short
        assert soon(lambda: "30 rows of pos" in told(prefect, run["id"]), 60), told(prefect, run["id"])
    (artifact,) = asked(prefect, "artifacts", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    assert artifact["key"] == "settlement-recon-verdict"
    tasks = asked(prefect, "task_runs", {"task_runs": {"flow_run_id": {"any_": [run["id"]]}}})
    assert {"match, register, prove", "report", "publish"} <= {each["name"] for each in tasks}
    assert {each["id"] for each in asked(prefect, "deployments")} == set(deployments), "replaced, not doubled"
    settings = httpx.get(f"{prefect['PREFECT_API_URL']}/admin/settings", timeout=30).json()
    assert settings["server"]["analytics_enabled"] is False


def test_without_an_answer_it_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "recon.toml").write_text("")
    environment = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api", "PREFECT_HOME": str(tmp_path / "home")}
    words = [sys.executable, "-m", "pipelines", "deploy", "--config", str(tmp_path / "recon.toml")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("Prefect does not answer at http://127.0.0.1:9/api: ")
    assert line.endswith("start it, or correct PREFECT_API_URL")


def deployed(tmp_path: Path, *words: str) -> str:
    (tmp_path / "my shop").mkdir(exist_ok=True)
    config = tmp_path / "my shop" / "recon.toml"
    config.write_text('[schedule]\nat = "05:30:00"\n')
    done = CliRunner().invoke(cli, ["deploy", "--config", str(config), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_crontab_line_runs_the_night_of_yesterday(tmp_path: Path) -> None:
    shop = tmp_path / "my shop"
    line = deployed(tmp_path, "--cron").splitlines()[-1]
    assert line.startswith("30 5 * * *  ")
    stub = tmp_path / "recon"
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stub.chmod(0o755)
    command = line.split("  ", 1)[1].replace("\\%", "%")
    command = command.replace(str(Path(sys.executable).with_name("recon")), str(stub))
    said = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()
    yesterday = (datetime.now(UTC) + timedelta(hours=8) - timedelta(days=1)).date()
    assert said == ["run", "--no-prefect", "--config", str(shop / "recon.toml"), "--date", str(yesterday)]


def test_units_of_systemd_run_the_night_and_an_incomplete_one_has_not_failed(tmp_path: Path) -> None:
    out = tmp_path / "units"
    assert "are in" in deployed(tmp_path, "--systemd", "--out", str(out))
    assert sorted(file.name for file in out.iterdir()) == [
        "settlement-recon-my-shop.service",
        "settlement-recon-my-shop.timer",
    ]
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(out / "settlement-recon-my-shop.service")
    assert unit["Service"]["SuccessExitStatus"] == "3"
    assert unit["Service"]["ExecStart"].count("%%F") == 1
    timer = (out / "settlement-recon-my-shop.timer").read_text()
    assert "OnCalendar=*-*-* 05:30:00 Asia/Shanghai" in timer
    if verify := shutil.which("systemd-analyze"):
        subprocess.run([verify, "verify", *map(str, out.iterdir())], check=True)
    assert "# settlement-recon-my-shop.service" in deployed(tmp_path, "--systemd")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--systemd", "--cron"), "not for both"),
        (("--out", "x"), "belongs to --systemd"),
        (("--name", "a/b"), "letters"),
    ],
)
def test_wrong_words_end_with_2(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "recon.toml").write_text("")
    done = CliRunner().invoke(cli, ["deploy", "--config", str(tmp_path / "recon.toml"), *words])
    assert done.exit_code == 2
    assert said in done.output + done.stderr


def test_a_night_that_failed_goes_on_with_the_step_where_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "shop", days=1, rows_per_day=30, seed=5, faults="none")
    settings = config.load(tmp_path / "shop" / "recon.toml")
    day = datetime.fromisoformat(DAY).date()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(nightly, "_publish", full)
        with pytest.raises(OSError, match="No space"):
            nightly.run(settings, day, lambda _: None)
    assert not settings.paths.investigate.exists(), "nothing is published"
    assert not [*settings.paths.reports.glob("recon-*")], "no report has its name"
    summary = nightly.run(settings, day, lambda _: None)
    assert (summary["files"]["loaded"], summary["verdict"]) == (0, "OK")
    assert summary["files"]["already_loaded"] > 0
    assert settings.paths.investigate.exists()
    assert [*settings.paths.reports.glob("recon-*.html")]
