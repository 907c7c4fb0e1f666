"""Three published nights that all tests of this folder ask; nobody may change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.accuracy import days_of, play
from pipelines.synth import generate


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop whose nights have run; its recon.toml is in it."""
    folder = tmp_path_factory.mktemp("books") / "shop"
    generate(folder, days=3, rows_per_day=60, seed=5)
    play(folder, days_of(folder))
    return folder
