"""The nightly run for machines without Prefect: a unit and a timer of systemd, or a line of a crontab."""

from __future__ import annotations

import shlex
from pathlib import Path

from pipelines.schedule_settings import Schedule


def _command(recon: Path, config_path: Path, schedule: Schedule, zone: str, percent: str) -> str:
    """What a shell runs. percent: how the caller writes a per cent sign."""
    day = f'"$(TZ={zone} date -d "-{schedule.days_back} day" +{percent}F)"'
    return f"{shlex.quote(str(recon))} run --no-prefect --config {shlex.quote(str(config_path))} --date {day}"


def cron(recon: Path, config_path: Path, schedule: Schedule, zone: str) -> str:
    """Lines of a crontab; cronie follows CRON_TZ, Debian's cron the zone of the machine."""
    return (
        f"# at {schedule.at:%H:%M} {zone}; a cron that knows no CRON_TZ takes the machine's own zone\n"
        f"CRON_TZ={zone}\n{schedule.cron}  {_command(recon, config_path, schedule, zone, chr(92) + '%')}\n"
    )


def units(recon: Path, config_path: Path, schedule: Schedule, zone: str, name: str) -> dict[str, str]:
    """A service and its timer, by file name. An incomplete night (3) has not failed; it is for `recon status`."""
    command = _command(recon, config_path, schedule, zone, "%%").replace("$(", "$$(").replace("'", "'\\''")
    service = f"""[Unit]
Description=settlement-recon: the night of {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={config_path.parent}
EnvironmentFile=-/etc/settlement-recon/{name}.env
ExecStart=/bin/sh -c 'exec {command}'
SuccessExitStatus=3
TimeoutStartSec=6h
UMask=0027
"""
    timer = f"""[Unit]
Description=settlement-recon: every night of {name}

[Timer]
OnCalendar=*-*-* {schedule.at:%H:%M}:00 {zone}
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"settlement-recon-{name}.service": service, f"settlement-recon-{name}.timer": timer}
