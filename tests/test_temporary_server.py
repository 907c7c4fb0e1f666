"""Prefect's temporary server: begun only where Prefect would begin one, and gone with the process that began it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import temporary_server

HOLD = """
import time
from pipelines import temporary_server
temporary_server.begin()
print(temporary_server._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not imported Prefect."""
    monkeypatch.delitem(sys.modules, "prefect", raising=False)


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("home/profiles.toml", 'active = "mine"\n'),
        ("prefect.toml", '[api]\nurl = "http://127.0.0.1:4200/api"\n'),
        ("pyproject.toml", '[tool.prefect.api]\nurl = "http://127.0.0.1:4200/api"\n'),
        ("pyproject.toml", "[tool.prefect.server]\nephemeral = {enabled = false}\n"),
        (".env", "PREFECT_API_URL=http://127.0.0.1:4200/api\n"),
    ],
)
def test_a_server_or_profile_of_ones_own_is_left_to_prefect(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "home").mkdir()
    environment = {"PREFECT_HOME": str(tmp_path / "home")}
    assert not temporary_server.is_prefects_own_choice(environment, tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert temporary_server.is_prefects_own_choice(environment, tmp_path)


@pytest.mark.usefixtures("unasked")
def test_so_is_one_that_the_environment_names_and_not_one_that_only_tells_nobody(tmp_path: Path) -> None:
    home = {"PREFECT_HOME": str(tmp_path)}
    (tmp_path / "pyproject.toml").write_text("[tool.prefect.server]\nanalytics_enabled = false\n", encoding="utf-8")
    assert not temporary_server.is_prefects_own_choice(home, tmp_path)
    assert temporary_server.is_prefects_own_choice({**home, "PREFECT_API_URL": "http://localhost/api"}, tmp_path)


def test_the_server_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    environment.pop("PREFECT_API_URL", None)
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, env=environment, text=True)
    assert holder.stdout is not None
    server = int(holder.stdout.readline())
    os.kill(server, 0)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    until = time.monotonic() + 30
    while time.monotonic() < until and _runs(server):
        time.sleep(0.1)
    assert not _runs(server)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, and nobody has asked for it yet
