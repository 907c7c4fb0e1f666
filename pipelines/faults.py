"""The last night that failed, in a small file beside the published data: a failed night publishes nothing else."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipelines.config import Settings
from pipelines.sources.pan import mask_text


def _place(settings: Settings) -> Path:
    return settings.paths.published / "last-failure.json"


def note(settings: Settings, day: date, run_id: str, reason: str) -> None:
    """Remember that a night failed, and why, until one is finished. OSError where it cannot be written."""
    told = {
        "run_id": run_id,
        "business_date": day.isoformat(),
        "failed_at": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "reason": mask_text(" ".join(reason.split())),
    }
    place = _place(settings)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        fresh.replace(place)
    finally:
        fresh.unlink(missing_ok=True)


def forget(settings: Settings) -> None:
    """A night is finished."""
    _place(settings).unlink(missing_ok=True)


def last(settings: Settings) -> dict[str, Any] | None:
    """The night that failed since one was finished: `run_id`, `business_date`, `failed_at` (UTC), `reason`."""
    try:
        found: dict[str, Any] = json.loads(_place(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found
