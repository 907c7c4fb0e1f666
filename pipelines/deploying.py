"""What starts the nights: Prefect's schedule, or systemd's, or cron's. With `flows`, all that imports prefect."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines import flows  # noqa: F401 - first: it sets what prefect reads when it is imported

# isort: split
import httpx
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron
from prefect.settings import get_current_settings

from pipelines.config import Settings
from pipelines.schedule_settings import Schedule

ROOT = Path(__file__).resolve().parents[1]

FLOWS: Mapping[str, bool] = {"nightly_flow": True, "backfill_flow": False, "send_flow": False, "retention_flow": False}
"""Flows that are registered, and whether the schedule starts them; the others are started by hand, or by a schedule
that is given to them in Prefect."""

QUIET = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""A finance system tells nobody what it does, in whatever process it runs."""


class ServerError(ConnectionError):
    """Prefect's server cannot be used; the message is one plain line."""


def pool_of(name: str) -> str:
    """The work pool of a shop: what is in it runs one at a time."""
    return f"settlement-recon-{name}"


def register(config_path: Path, settings: Settings, name: str) -> list[str]:
    """Register the flows with Prefect and say so; the same name again replaces what it was. ServerError in one line."""
    try:
        _make_pool(pool_of(name))
        return [_register(each, config_path, settings, name, planned=planned) for each, planned in FLOWS.items()]
    except (httpx.HTTPError, RuntimeError) as error:
        where = get_current_settings().api.url or "its temporary server"
        told = " ".join(str(error).split()) or type(error).__name__
        raise ServerError(
            f"Prefect does not answer at {where}: {told}; start it, or correct PREFECT_API_URL"
        ) from error


def _make_pool(pool: str) -> None:
    with get_client(sync_client=True) as client:
        try:
            client.create_work_pool(WorkPoolCreate(name=pool, type="process", concurrency_limit=1))
        except ObjectAlreadyExists:
            client.update_work_pool(pool, WorkPoolUpdate(concurrency_limit=1))


def _register(each: str, config_path: Path, settings: Settings, name: str, *, planned: bool) -> str:
    schedule = settings.schedule or Schedule()
    loaded: Any = Flow.from_source(source=str(ROOT), entrypoint=f"pipelines/flows.py:{each}")
    deployment = loaded.to_deployment(
        name,
        work_pool_name=pool_of(name),
        schedule=Cron(schedule.cron, timezone=settings.run.timezone) if planned else None,
        concurrency_limit=1,
        parameters={"config_path": str(config_path.resolve())},
        enforce_parameter_schema=True,
        job_variables={"env": QUIET, "working_dir": str(ROOT)},
        tags=["settlement-recon"],
    )
    deployment.apply()
    when = f"daily at {schedule.at:%H:%M} {settings.run.timezone}" if planned else "when asked"
    return f"{loaded.name}/{name}: {when}"


def server() -> str | None:
    """Where Prefect's server is, None for the temporary one."""
    return get_current_settings().api.url


def work(name: str) -> None:
    """Become the worker that runs what is registered under a name, until it is stopped."""
    words = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool_of(name), "--type", "process"]
    os.execve(words[0], words, {**os.environ, **QUIET})  # noqa: S606 - this very Python
