"""The night as a Prefect flow: the same steps, each a task. The only module that imports prefect."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

# before prefect reads its settings: a finance system tells nobody what it does
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
# what goes wrong is told once, in plain lines, by the command; the server's own log keeps everything
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
# the temporary server may need longer than its twenty seconds on a machine that is busy at night
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE

from pipelines import config, nightly

ARTIFACT = "settlement-recon-verdict"


def _as_task(name: str, step: Callable[[], Any]) -> Any:
    """One step as a Prefect task; nothing but its name and its result passes through Prefect."""

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


@flow(name="settlement-recon nightly", flow_run_name="nightly {day}", persist_result=False, log_prints=False)
def nightly_flow(config_path: str, day: date) -> dict[str, Any]:
    """The nightly run for a business date; returns the JSON of contract.md."""
    return _shown(nightly.run(config.load(Path(config_path)), day, print, runner=_as_task, secret=secret))


def run(config_path: Path, day: date, say: nightly.Say) -> dict[str, Any]:
    """Run the flow in this process, with Prefect's ephemeral server unless one is configured."""

    @flow(name=nightly_flow.name, flow_run_name=f"nightly {day}", persist_result=False)
    def told() -> dict[str, Any]:
        return _shown(nightly.run(config.load(config_path), day, say, runner=_as_task, secret=secret))

    return told()
