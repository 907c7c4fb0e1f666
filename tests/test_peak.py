"""Peak memory is the program's own, not that of whoever started it."""

import subprocess
import sys

import pytest

from pipelines.peak import peak_mib

TOLD = "from pipelines.peak import peak_mib; print(peak_mib())"


def test_a_small_program_started_by_a_large_one_is_small() -> None:
    held = bytearray(300 * 2**20)
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True)
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells the program's own peak")
    assert len(held) > 2**28
    assert 1 < int(done.stdout) < 100
    assert peak_mib() > 300
