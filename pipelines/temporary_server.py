"""Prefect's temporary server, begun before prefect is imported here: both take seconds, and each has a core.

Left to itself Prefect begins it when the first flow asks for it, and imports the whole server to do so. It is left to
itself where anything tells of a server or of a profile. Here the server ends with this process, however that ends.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

SECONDS_TO_START = 180
"""A machine that is busy at night may need long for it."""

_SERVE = """
import os, signal, sys, threading
def watch():
    while os.read(0, 1):  # until whoever began this is gone
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=watch, daemon=True).start()
import uvicorn
uvicorn.run("prefect.server.api.server:create_app", factory=True, host="127.0.0.1", port=int(sys.argv[1]),
            log_level="error", lifespan="on")
"""

_ENVIRONMENT = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""What Prefect tells a temporary server."""

_PRIVATE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
"""A finance system tells nobody what it does."""

_CHOICES = (
    *("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"),
    *("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "PREFECT_SERVER_EPHEMERAL_ENABLED"),
)

_process: subprocess.Popen[bytes] | None = None


def is_prefects_own_choice(environment: Mapping[str, str], here: Path) -> bool:
    """Whether something tells Prefect which server or profile to use, or it has been asked; nothing is begun then."""
    if "prefect" in sys.modules or any(name in environment for name in _CHOICES):
        return True
    home = Path(environment.get("PREFECT_HOME", Path.home() / ".prefect")).expanduser()
    if (home / "profiles.toml").exists() or any(name in _read(here / ".env") for name in _CHOICES):
        return True
    tables = (_table(here / "prefect.toml"), _table(here / "pyproject.toml").get("tool", {}).get("prefect", {}))
    return any("api" in table or "ephemeral" in table.get("server", {}) for table in tables)


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError:
        return {}  # Prefect will say so


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def begin() -> None:
    """Begin a temporary server for this process, unless Prefect has its own; `wait` before the first flow."""
    global _process  # noqa: PLW0603 - one server for one process
    if is_prefects_own_choice(os.environ, Path.cwd()):
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {**os.environ, **_ENVIRONMENT, **{k: os.environ.get(k, v) for k, v in _PRIVATE.items()}}
    serve = [sys.executable, "-c", _SERVE, str(port)]
    _process = subprocess.Popen(serve, stdin=subprocess.PIPE, env=told)  # noqa: S603 - our own words
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    atexit.register(_end, _process)  # before prefect is imported, so that it is called after all that prefect registers


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def wait() -> None:
    """Until the server answers; OSError where it does not come up."""
    if _process is None:
        return
    url, began = f"{os.environ['PREFECT_API_URL']}/health", time.monotonic()
    while not _answers(url):
        if _process.poll() is not None or time.monotonic() - began > SECONDS_TO_START:
            raise OSError("Prefect's temporary server did not start; start one, or run with --no-prefect")
        time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:  # nobody listens yet, or it is not ready
        return False
