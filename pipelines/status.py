"""What `recon status` says: the last nights, what is missing, late or due; for people, monitors and Prometheus."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from pipelines import faults
from pipelines.checks.standing import EXIT, late_nights, state_of
from pipelines.config import Settings
from pipelines.money import money_text
from pipelines.store import Published, looking


def status(settings: Settings, now: datetime) -> dict[str, Any]:
    """How the nights stand, from the published copy. now: with its offset; no [schedule]: no night counts as late.

    `state`, `exit_code`, `runs` (newest first), `late`, `missing`, `due` by currency, `failure`. StoreError where the
    published copy cannot be read.
    """
    told: dict[str, Any] = {"runs": [], "missing": [], "due": [], "exceptions": []}
    if settings.paths.investigate.exists():
        with Published(settings.paths.investigate) as published:
            told = looking.standing(published, now.date())
    newest = date.fromisoformat(told["runs"][0]["business_date"]) if told["runs"] else None
    failure = faults.last(settings)
    late = late_nights(settings.schedule, settings.run.timezone, newest, now) if settings.schedule else []
    state = state_of(bool(told["runs"]), failure is not None, late, told["missing"])
    nights = [{name: value.isoformat() for name, value in asdict(night).items()} for night in late]
    return {"state": state, "exit_code": EXIT[state], **told, "late": nights, "failure": failure}


def as_text(found: dict[str, Any]) -> str:
    """For a terminal: the verdict first, then what to look at."""
    lines = [f"{found['state']}: {_headline(found)}"]
    for run in found["runs"]:
        took = f", {run['seconds']:.1f} s" if run["seconds"] is not None else ""
        finished = f"{run['finished_at']} UTC" if run["finished_at"] else "?"
        lines.append(f"  run {run['run_no']}  {run['business_date']}  {run['verdict']:<10}  finished {finished}{took}")
    lines += [f"  late: the night of {night['business_date']}, due {night['due']}" for night in found["late"]]
    lines += [f"  missing since {file['first_seen']}: {file['explanation']}" for file in found["missing"]]
    lines += [_due(part) for part in found["due"]]
    return "\n".join(lines)


def _due(part: dict[str, Any]) -> str:
    """What is due in a currency, or without any amount."""
    coin = part["currency"]
    worth = f" ({money_text(part['overdue_minor'], coin)})" if coin and part["overdue"] else ""
    return (
        f"  due, {coin or 'no amount'}: {part['overdue']:,} overdue{worth}, {part['today']:,} today, "
        f"{part['next_days']:,} within three days, {part['open']:,} open in all"
    )


def _headline(found: dict[str, Any]) -> str:
    if failure := found["failure"]:
        return f"the night of {failure['business_date']} failed at {failure['failed_at']}: {failure['reason']}"
    if not found["runs"]:
        return "no night has finished yet; run `recon run --date …`"
    if found["late"]:
        return f"{len(found['late'])} nights are late"
    return f"{len(found['missing'])} files are missing" if found["missing"] else "the last night is whole"


def write_prometheus(found: dict[str, Any], path: Path) -> None:
    """The same as a text file for the node exporter's textfile collector, in place at once; units are in the names."""
    registry = CollectorRegistry()
    for name, about, value in _single(found):
        if value is not None:
            Gauge(name, about, registry=registry).set(value)
    state = Gauge("recon_state", "1 for the state that the nights are in", ["state"], registry=registry)
    for each in EXIT:
        state.labels(each).set(each == found["state"])
    exceptions = Gauge("recon_exceptions", "Exceptions by type and status", ["type", "status"], registry=registry)
    for row in found["exceptions"]:
        exceptions.labels(row["type"], row["status"]).set(row["count"])
    amount = Gauge("recon_open_amount_minor", "Open money in minor units", ["currency"], registry=registry)
    for part in found["due"]:
        if part["currency"]:
            amount.labels(part["currency"]).set(part["open_minor"])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)


def _single(found: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    """Gauges of one value: name, meaning, value."""
    newest = found["runs"][0] if found["runs"] else None
    finished = newest and newest["finished_at"]
    return [
        ("recon_up", "1 if the nights are well: in time, whole and proven", float(found["state"] == "ok")),
        ("recon_nights_late", "Nights that should have finished", float(len(found["late"]))),
        ("recon_last_night_failed", "1 if the newest attempt failed", float(found["failure"] is not None)),
        ("recon_files_missing", "Expected files that have not come", float(len(found["missing"]))),
        ("recon_exceptions_overdue", "Open past their due date", float(sum(p["overdue"] for p in found["due"]))),
        ("recon_last_run_finished_timestamp_seconds", "When", _moment(finished) if finished else None),
        ("recon_last_run_business_date_timestamp_seconds", "Of", _moment(newest["business_date"]) if newest else None),
        ("recon_last_run_duration_seconds", "How long it took", newest["seconds"] if newest else None),
    ]


def _moment(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00" if "T" in text else f"{text}T00:00:00+00:00").timestamp()
