"""The nights as Prefect flows: the same steps, each a task. With `deploying`, all that imports prefect."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

# before prefect reads its settings: a finance system tells nobody what it does
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
# what goes wrong is told once, in plain lines, by the command; the server's own log keeps everything
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
# the temporary server may need longer than its twenty seconds on a machine that is busy at night
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")

from prefect import Flow, State, flow, get_run_logger, runtime, task
from prefect.artifacts import create_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun

from pipelines import config, nightly, retaining, sending, temporary_server
from pipelines.arriving import Say
from pipelines.schedule_settings import Schedule

ARTIFACT = "settlement-recon-verdict"

NIGHT_SECONDS = 6 * 3600
"""Most that a night may take; what hangs is ended, and told, before the next one begins."""

SENDING_SECONDS = 3600

TRIES, AGAIN_AFTER = 3, 300
"""How often, and after how many seconds, sending is tried again: it is an edge, and nobody gets anything twice."""


def _as_task(name: str, step: Callable[[], Any]) -> Any:
    """One step as a Prefect task; nothing but its name and its result passes through Prefect.

    No task is repeated: steps that reach other machines repeat themselves, and only where the network failed.
    """

    @task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)
    def run_step() -> Any:
        return step()

    return run_step()


def secret(variable: str | None, block: str | None) -> str | None:
    """A secret of the environment, or of a Prefect Secret block."""
    if variable and (found := os.environ.get(variable)):
        return found
    if not block:
        return None
    try:
        return str(Secret.load(block).get())  # type: ignore[union-attr]  # not a coroutine outside of one
    except ValueError:  # there is no such block
        return None


def _shown(summary: dict[str, Any]) -> dict[str, Any]:
    """The verdict of the night as an artifact of its flow run, for who looks at Prefect and not at the report."""
    found, files = summary["exceptions"], summary["files"]
    told = {
        "business date": summary["business_date"],
        "verdict": summary["verdict"],
        "proof": "balanced" if summary["proof"]["balanced"] else "not balanced",
        "missing files": ", ".join(files["missing"]) or "none",
        **{name: sum(found[name].values()) for name in ("new", "cleared", "open")},
        "report": summary["reports"]["html"],
    }
    create_table_artifact(
        key=ARTIFACT,
        table=[{"what": name, "value": str(value)} for name, value in told.items()],
        description=f"{summary['business_date']} {summary['verdict']}",
    )
    return summary


def _logged(say: Say | None = None) -> Say:
    """Says a line where Prefect keeps logs, and to people. Steps say some from threads that know of no flow run."""
    logger = get_run_logger()

    def both(line: str) -> None:
        logger.info(line)
        if say:
            say(line)

    return both


def scheduled_day(settings: config.Settings, begins: datetime | None) -> date:
    """The business date of a run that was told none: by the time it was scheduled for, however late it begins."""
    begins = begins or datetime.now(UTC)
    back = (settings.schedule or Schedule()).days_back
    return begins.astimezone(ZoneInfo(settings.run.timezone)).date() - timedelta(days=back)


def _ended(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A run that was ended from outside cannot tell of itself; who runs it does."""
    del flow
    settings = config.load(Path(flow_run.parameters["config_path"]))
    day = flow_run.parameters.get("day") or scheduled_day(settings, flow_run.expected_start_time)
    nightly.alert(
        settings, date.fromisoformat(str(day)), str(flow_run.id), f"the run was ended: {state.message}", print, secret
    )


def _too_late(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """A run that took too long is broken off before it can tell of itself; of every other failure it has told."""
    if state.name == "TimedOut":
        _ended(flow, flow_run, state)


@flow(
    name="settlement-recon nightly",
    timeout_seconds=NIGHT_SECONDS,
    persist_result=False,
    on_failure=[_too_late],
    on_crashed=[_ended],
    on_cancellation=[_ended],
)
def nightly_flow(config_path: str, day: date | None = None) -> dict[str, Any]:
    """The nightly run for a business date, or the one it is scheduled for; returns the JSON of contract.md."""
    settings, begins = config.load(Path(config_path)), runtime.flow_run.scheduled_start_time
    return _shown(
        nightly.run(settings, day or scheduled_day(settings, begins), _logged(), runner=_as_task, secret=secret)
    )


@flow(name="settlement-recon backfill", persist_result=False)
def backfill_flow(config_path: str, first: date, last: date) -> list[str]:
    """The nights from a date to another, in their order; the first that fails ends it. Returns date and verdict."""
    nights = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [f"{day} {nightly_flow(config_path, day)['verdict']}" for day in nights]


@flow(
    name="settlement-recon send",
    timeout_seconds=SENDING_SECONDS,
    retries=TRIES,
    retry_delay_seconds=AGAIN_AFTER,
    persist_result=False,
)
def send_flow(config_path: str, day: date | None = None) -> None:
    """Bring the report of a date, or of the newest, to those who have not got it; it fails while somebody has not."""
    missed = sending.send_again(config.load(Path(config_path)), day, _logged(), secret)
    if missed:
        raise RuntimeError(f"{missed} have not got the report; its log says who and why")


@flow(name="settlement-recon retention", timeout_seconds=SENDING_SECONDS, persist_result=False)
def retention_flow(config_path: str) -> dict[str, Any]:
    """Remove what is older than [retention] says, with a record; never anything that is open."""
    found = retaining.purge(config.load(Path(config_path)))
    for line in retaining.as_text(found).splitlines():
        get_run_logger().info(line)
    return found


def run(config_path: Path, day: date, say: Say) -> dict[str, Any]:
    """Run the flow in this process, with Prefect's ephemeral server unless one is configured."""
    temporary_server.wait()

    @flow(name=nightly_flow.name, flow_run_name=f"nightly {day}", persist_result=False)
    def told() -> dict[str, Any]:
        return _shown(nightly.run(config.load(config_path), day, _logged(say), runner=_as_task, secret=secret))

    return told()
