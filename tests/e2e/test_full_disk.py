"""A disk that is really full: one plain line, nothing half done, and the same command goes on once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import config
from pipelines.synth import generate


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own can only be mounted by root")
    yield place
    subprocess.run(["/bin/umount", "-l", str(place)], check=True)


@pytest.mark.flow
def test_a_full_disk_is_one_line_and_the_night_goes_on_when_there_is_room(tmp_path: Path, disk: Path) -> None:
    generate(tmp_path / "shop", days=1, rows_per_day=3000, seed=5, faults="none")
    path = tmp_path / "shop" / "recon.toml"
    path.write_text(path.read_text().replace('"var/', f'"{disk}/'))
    words = [sys.executable, "-m", "pipelines", "run", "--no-prefect", "--config", str(path), "--date", "2026-03-02"]
    full = subprocess.run(words, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    last = full.stderr.strip().splitlines()[-1]
    assert str(disk) in last
    assert "Traceback" not in full.stderr
    settings = config.load(path)
    assert not settings.paths.investigate.exists()
    assert not [*settings.paths.reports.glob("recon-*")]
    subprocess.run(["/bin/mount", "-o", "remount,size=64m", str(disk)], check=True)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert settings.paths.investigate.exists()
    assert not [file for file in disk.rglob(".*") if file.is_file()], "nothing half-written is left"
