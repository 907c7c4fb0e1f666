"""Every test has a shop of its own; the report's templates are compiled once for all nights of the folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader
from scenario import Shop

from reports import html

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """Compiling them takes as long as a small night."""
    plain = html._environment

    @cache
    def once() -> Environment:
        return plain(PackageLoader("reports"))

    def environment(loader: Any) -> Environment:
        del loader
        return once()

    html._environment = environment
    yield
    html._environment = plain


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
