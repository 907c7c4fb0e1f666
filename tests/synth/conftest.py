from pathlib import Path

import pytest
from synth_oracle import Folder

from pipelines.synth import CATALOGUE, generate


def make(out: Path, faults: str, seed: int) -> Folder:
    generate(out, days=10, rows_per_day=400, seed=seed, faults=faults)
    return Folder(out)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return make(tmp_path_factory.mktemp("clean"), "none", 5)


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return make(
        tmp_path_factory.mktemp("faulty"), ",".join(fault.name for fault in CATALOGUE if fault.strikes != "trouble"), 6
    )
