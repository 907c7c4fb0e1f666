"""Progress of large files: a bar on a terminal that goes to the end, and nothing for small ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import collect, reading
from pipelines.inspection import entries, progress
from pipelines.sources import streaming

GOLDEN = Path(__file__).parent / "sources" / "golden" / "acquirer_csv" / "input.csv"


@pytest.mark.parametrize("large", [True, False])
def test_a_large_file_is_watched_to_its_end(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        for module, name in ((collect, "HELD"), (reading, "LARGE")):
            monkeypatch.setattr(module, name, 500)
        monkeypatch.setattr(streaming, "CHUNK", 300)
    shown = io.StringIO()
    plain = entries.inspect([GOLDEN], None, None)
    with progress.watching(Console(file=shown, force_terminal=True, width=100)) as watch:
        found = entries.inspect([GOLDEN], None, None, watch)
    assert found == plain
    assert ("input.csv" in shown.getvalue()) is large
