"""Every test has a shop of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from scenario import Shop

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """Where shops live: every night syncs its books, which memory does sooner than a disk."""
    place = Path(tempfile.mkdtemp(prefix="recon-e2e-", dir=MEMORY if MEMORY.is_dir() else None))
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def module_place(memory: Path) -> Iterator[Path]:
    """A folder for a shop that the tests of a module share."""
    place = Path(tempfile.mkdtemp(dir=memory))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def place(memory: Path) -> Iterator[Path]:
    """An empty folder."""
    place = Path(tempfile.mkdtemp(dir=memory))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def shop(place: Path) -> Shop:
    """Cards at UNIONPAY, one bank account, nothing sold yet."""
    return Shop(place / "shop")
