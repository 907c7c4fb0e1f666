"""A real Prefect server on loopback, and what it says of deployments and runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@contextmanager
def serving(home: Path) -> Iterator[dict[str, str]]:
    """A server of its own, with its database in a folder; yields the environment in which it is found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DO_NOT", "CI"))}
    quiet = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    environment = {**clean, **quiet, "PREFECT_HOME": str(home), "PREFECT_API_URL": url}
    words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    try:
        assert soon(lambda: _answers(url), 180), (home / "log").read_text()
        yield environment
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def soon(condition: Callable[[], Any], seconds: float) -> Any:
    """What a condition gives as soon as it is anything, None where it is nothing within a time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.5)
    return None


def posted(prefect: dict[str, str], path: str, body: dict[str, Any]) -> Any:
    """What the server answers; one whose database is busy (503) is asked again, as Prefect's own clients do."""
    url = f"{prefect['PREFECT_API_URL']}/{path}"
    until = time.monotonic() + 60
    while (answer := httpx.post(url, json=body, timeout=30)).status_code == 503 and time.monotonic() < until:
        time.sleep(1)
    assert answer.is_success, answer.text
    return answer.json()


def asked(prefect: dict[str, str], what: str, body: dict[str, Any] | None = None) -> Any:
    """What there is of deployments, flow_runs, logs, …, by the API's own filters."""
    return posted(prefect, f"{what}/filter", body or {})


def runs(prefect: dict[str, str], **wanted: Any) -> list[dict[str, Any]]:
    """Runs of flows that fit a filter."""
    found: list[dict[str, Any]] = asked(prefect, "flow_runs", {"flow_runs": wanted})
    return found


def told(prefect: dict[str, str], run: str) -> str:
    """The log of a run, as far as it has reached the server: lines come a while after they are said."""
    lines = asked(prefect, "logs", {"logs": {"flow_run_id": {"any_": [run]}}})
    return "\n".join(line["message"] for line in lines)


@contextmanager
def working(prefect: dict[str, str], config: Path, log: Path) -> Iterator[None]:
    """`recon deploy --worker` for as long as it is needed."""
    words = [sys.executable, "-m", "pipelines", "deploy", "--worker", "--config", str(config)]
    with log.open("wb") as told:
        worker = subprocess.Popen(words, env=prefect, stdout=told, stderr=told)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(60)
