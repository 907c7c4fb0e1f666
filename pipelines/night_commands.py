"""What `recon deploy` and `recon purge` do, apart from words and printing."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from pipelines import config, retaining, timers
from pipelines.config import ConfigError
from pipelines.schedule_settings import Schedule


def name_of(config_path: Path, name: str | None) -> str:
    """What a deployment is called: as asked, or as the folder of its configuration."""
    found = name or re.sub(r"[^\w.-]+", "-", config_path.resolve().parent.name).strip("-.") or "shop"
    if not re.fullmatch(r"\w[\w.-]{0,99}", found):
        raise ConfigError(f"--name {name}: take letters, digits, dots and hyphens only")
    return found


def register(config_path: Path, name: str | None) -> list[str]:
    """Register with Prefect; a line for each flow."""
    settings, called = config.load(config_path), name_of(config_path, name)
    from pipelines import deploying

    told = deploying.register(config_path, settings, called)
    where = deploying.server() or "no PREFECT_API_URL is set; `prefect server start` shows them"
    return [*told, f"at {where}; `recon deploy --worker` runs what is due"]


def work(config_path: Path, name: str | None) -> None:
    """Become the worker."""
    from pipelines import deploying

    sys.stdout.flush()
    deploying.work(name_of(config_path, name))


def without_prefect(config_path: Path, name: str | None, *, cron: bool, out: Path | None) -> str:
    """What systemd or cron needs, as text, or written into a folder."""
    settings, called = config.load(config_path), name_of(config_path, name)
    recon, place = Path(sys.executable).with_name("recon"), config_path.resolve()
    schedule, zone = settings.schedule or Schedule(), settings.run.timezone
    if cron:
        return timers.cron(recon, place, schedule, zone)
    units = timers.units(recon, place, schedule, zone, called)
    if out is None:
        return "\n".join(f"# {file}\n{text}" for file, text in units.items())
    out.mkdir(parents=True, exist_ok=True)
    for file, text in units.items():
        fresh = out / f".{file}.{os.getpid()}"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(out / file)
    timer = next(file for file in units if file.endswith(".timer"))
    return f"{', '.join(units)} are in {out}; `systemctl enable --now {timer}` once they are in /etc/systemd/system\n"


def purge(config_path: Path, *, dry_run: bool) -> dict[str, Any]:
    """Carry out [retention], or say what it would remove."""
    return retaining.purge(config.load(config_path), dry_run=dry_run)
