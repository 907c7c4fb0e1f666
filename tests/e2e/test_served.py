"""Flows as Prefect's server and worker run them: by hand, crashed, cancelled, too slow; each tells how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from postoffice import PASSWORD, Box, Office
from prefect_server import ENDED, asked, posted, runs, serving, soon, told, working

from pipelines import config, flows
from pipelines.store import Published
from pipelines.synth import generate

BOSS = "boss@example.com"
FIRST, DAYS = date(2026, 3, 2), 3
LAST = FIRST + timedelta(days=1)
HELD = '\n[sources.collect]\nurl = "file://{folder}"\nstable_seconds = 600\n'


@dataclass
class Served:
    """A shop whose flows a worker runs. box: the mail that came."""

    prefect: dict[str, str]
    config: Path
    box: Box
    log: Path

    def start(self, flow: str, **parameters: Any) -> str:
        """Run a deployment as somebody does who presses its button."""
        (found,) = asked(self.prefect, "deployments", {"flows": {"name": {"any_": [f"settlement-recon {flow}"]}}})
        body = {"parameters": {**found["parameters"], **parameters}, "state": {"type": "SCHEDULED"}}
        return str(posted(self.prefect, f"deployments/{found['id']}/create_flow_run", body)["id"])

    def run(self, number: str) -> dict[str, Any]:
        (found,) = runs(self.prefect, id={"any_": [number]})
        return found

    def ended(self, number: str) -> dict[str, Any]:
        """A run once it is over."""
        found = soon(lambda: (run := self.run(number))["state"]["type"] in ENDED and run, 300)
        assert found, self.log.read_text()
        return dict(found)

    def told(self, number: str) -> str:
        return told(self.prefect, number)

    def alerts(self) -> list[str]:
        return [str(mail["Subject"]) for _, mail in self.box.mails if "FAILED" in str(mail["Subject"])]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served")
    for name in ("home", "shop", "elsewhere"):
        (place / name).mkdir()
    made = Path(generate(place / "shop", days=DAYS, rows_per_day=30, seed=5, faults="none").config)
    for file in (place / "shop").glob("*_20260304.csv"):
        file.rename(place / "elsewhere" / file.name)
    office = Office(place)
    # no night begins by itself while these are run, whatever the hour
    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=12)
    more = f"\n[schedule]\nat = {at:%H:%M}:00\n\n" + office.toml({"to": [BOSS]})
    made.write_text(made.read_text() + more, encoding="utf-8")
    with office.open() as box, serving(place / "home") as server:
        prefect = {**server, "RECON_MAIL_PASSWORD": PASSWORD}
        words = [sys.executable, "-m", "pipelines", "deploy", "--config", str(made)]
        done = subprocess.run(words, env=prefect, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with working(prefect, made, place / "worker.log"):
            yield Served(prefect, made, box, place / "worker.log")


@pytest.mark.flow
def test_days_that_were_missed_are_run_in_their_order_then_sent_then_what_is_old_goes(served: Served) -> None:
    served.box.refused.add(BOSS)
    backfill = served.start("backfill", first=str(FIRST), last=str(LAST))
    assert served.ended(backfill)["state"]["type"] == "COMPLETED", served.told(backfill)
    with Published(config.load(served.config).paths.investigate) as published:
        assert published.frame("SELECT business_date FROM runs ORDER BY run_no")["business_date"].to_list() == [
            FIRST,
            LAST,
        ]
    nights = runs(served.prefect, parent_flow_run_id={"any_": [backfill]})
    nights.sort(key=lambda run: str(run["start_time"]))
    assert [run["parameters"]["day"] for run in nights] == [str(FIRST), str(LAST)]
    assert {run["state"]["type"] for run in nights} == {"COMPLETED"}
    artifacts = asked(served.prefect, "artifacts", {"artifacts": {"key": {"any_": [flows.ARTIFACT]}}})
    assert sorted(each["description"][:10] for each in artifacts) == [str(FIRST), str(LAST)]
    assert served.box.mails == []

    served.box.refused.clear()
    sent = served.start("send", day=str(LAST))
    assert served.ended(sent)["state"]["type"] == "COMPLETED", served.told(sent)
    assert soon(lambda: f"the report of {LAST} went to {BOSS}" in served.told(sent), 30), served.told(sent)
    assert [str(mail["Subject"])[:18] for _, mail in served.box.mails] == [f"[recon] {LAST}"]

    retention = served.start("retention")
    assert served.ended(retention)["state"]["type"] == "COMPLETED", served.told(retention)
    assert soon(lambda: "gone: 0 rows of 0 files before " in served.told(retention), 30), served.told(retention)


def hanging(served: Served) -> tuple[str, int]:
    """A night that waits for a file to stand still, ten minutes; its run and its process."""
    text = served.config.read_text(encoding="utf-8")
    if "[sources.collect]" not in text:
        first, rest = text.split('expected = "daily"\n', 1)
        held = HELD.format(folder=served.log.parent / "elsewhere")
        served.config.write_text(f'{first}expected = "daily"\n{held}{rest}', encoding="utf-8")
    number = served.start("nightly", day="2026-03-04")
    assert soon(lambda: served.run(number)["state"]["type"] == "RUNNING", 120), served.log.read_text()
    assert soon(lambda: served.run(number)["infrastructure_pid"], 60)
    lock = config.load(served.config).paths.store.with_suffix(".duckdb.wal")
    soon(lock.exists, 20)
    return number, int(str(served.run(number)["infrastructure_pid"]).rsplit(":", 1)[-1])


@pytest.mark.flow
def test_a_night_whose_process_is_killed_is_told_by_mail_and_by_status(served: Served) -> None:
    before = len(served.alerts())
    number, process = hanging(served)
    os.kill(process, signal.SIGKILL)
    assert served.ended(number)["state"]["type"] == "CRASHED"
    assert soon(lambda: len(served.alerts()) > before, 60), served.log.read_text()
    assert served.alerts()[-1] == "[recon] 2026-03-04 FAILED: nothing was published"
    status = [sys.executable, "-m", "pipelines", "status", "--config", str(served.config), "--json"]
    done = subprocess.run(status, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    failure = json.loads(done.stdout)["failure"]
    assert failure["business_date"] == "2026-03-04"
    assert failure["reason"].startswith("the run was ended: ")


@pytest.mark.flow
def test_a_night_that_somebody_cancels_is_told_too(served: Served) -> None:
    before = len(served.alerts())
    number, _ = hanging(served)
    posted(served.prefect, f"flow_runs/{number}/set_state", {"state": {"type": "CANCELLING"}})
    assert served.ended(number)["state"]["type"] == "CANCELLED"
    assert soon(lambda: len(served.alerts()) > before, 60), served.log.read_text()


SLOW = """
import sys, time
from datetime import date
from pipelines import flows, nightly
nightly.reconcile = lambda *_: time.sleep(120)
state = flows.nightly_flow.with_options(timeout_seconds=3)(sys.argv[1], date(2026, 3, 4), return_state=True)
print(state.name)
"""


@pytest.mark.flow
def test_a_night_that_takes_too_long_is_ended_and_told_and_no_step_is_repeated(served: Served) -> None:
    text = served.config.read_text(encoding="utf-8")
    served.config.write_text(text.replace("stable_seconds = 600", "stable_seconds = 0"), encoding="utf-8")
    before = len(served.alerts())
    words = [sys.executable, "-c", SLOW, str(served.config)]
    done = subprocess.run(words, env=served.prefect, capture_output=True, text=True, check=False, timeout=110)
    assert done.stdout.splitlines()[-1] == "TimedOut", done.stderr
    assert len(served.alerts()) == before + 1
    (late,) = runs(served.prefect, state={"name": {"any_": ["TimedOut"]}})
    steps = asked(served.prefect, "task_runs", {"task_runs": {"flow_run_id": {"any_": [late["id"]]}}})
    assert {step["run_count"] for step in steps} == {1}
    assert "publish" not in {step["name"] for step in steps}
    night = served.start("nightly", day="2026-03-04")
    assert served.ended(night)["state"]["type"] == "COMPLETED", served.told(night)
    with Published(config.load(served.config).paths.investigate) as published:
        assert published.frame("SELECT max(business_date) AS day FROM runs")["day"][0] == date(2026, 3, 4)


def test_only_edges_are_tried_again_and_every_flow_has_an_end() -> None:
    assert (flows.send_flow.retries, flows.nightly_flow.retries, flows.backfill_flow.retries) == (flows.TRIES, 0, 0)
    assert flows.nightly_flow.timeout_seconds == flows.NIGHT_SECONDS
    assert flows.send_flow.timeout_seconds == flows.retention_flow.timeout_seconds == flows.SENDING_SECONDS
