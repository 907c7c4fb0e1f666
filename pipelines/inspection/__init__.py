"""`recon inspect`: what files are and hold, and what is wrong with them; nothing is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.inspection.entries import inspect
from pipelines.inspection.table import print_tables
from pipelines.inspection.text import as_text

__all__ = ["as_text", "inspect", "print_tables", "watched"]


def watched(files: Sequence[Path], config_path: Path | None, profile: str | None, bars: bool) -> list[dict[str, Any]]:
    """`inspect`, with bars on standard error for large files if asked for."""
    if not bars:
        return inspect(files, config_path, profile)
    from rich.console import Console

    from pipelines.inspection.progress import watching

    with watching(Console(stderr=True)) as watch:
        return inspect(files, config_path, profile, watch)
