"""Play the nights of a folder that `recon synth` wrote, and say what the register held, in the words of truth.csv."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import config, nightly
from pipelines.store import Published

JOURNAL_SIDE = {"NOT_SETTLED", "REFUND_NOT_SETTLED", "VOID_NOT_SETTLED", "REVERSAL_NOT_SETTLED"}
BANK_SIDE = {"DEPOSIT_AMOUNT_DIFF", "DEPOSIT_UNIDENTIFIED"}
FILES = {"FILE_LATE", "FILE_INVALID"}


class Told(NamedTuple):
    """One exception: where its row stands (or which day's file), what it is worth, when it came and went."""

    type: str
    where: str
    amount_minor: int
    direction: str
    first_seen: str
    cleared_on: str


def days_of(folder: Path) -> list[date]:
    """The dates of the journals, in order."""
    names = {path.name for path in folder.rglob("journal_*.csv")}
    return sorted({date.fromisoformat(name[8:16]) for name in names})


def play(folder: Path, days: list[date], night: Callable[[Path, date], Any] | None = None) -> list[Any]:
    """Run each night after its late files have arrived; returns what each run gave."""
    run = night or (lambda path, day: nightly.run(config.load(path), day, lambda line: None))
    given = []
    for day in days:
        late = folder / "later" / f"{day:%Y%m%d}"
        if late.is_dir():
            shutil.copytree(late, folder, dirs_exist_ok=True)
        given.append(run(folder / "recon.toml", day))
    return given


def truth(path: Path) -> set[Told]:
    """What truth.csv says."""
    with path.open(encoding="utf-8", newline="") as handle:
        return {
            Told(
                row["type"],
                _file_day(row["file"]) if row["type"] in FILES else f"{row['file']}:{row['line']}",
                int(row["amount_minor"]),
                row["direction"],
                row["first_seen"],
                row["cleared_on"],
            )
            for row in csv.DictReader(handle)
        }


def _file_day(name: str) -> str:
    digits = re.findall(r"\d{8}", name)[-1]
    return str(date.fromisoformat(digits))


def register(settings: config.Settings) -> list[Told]:
    """What the history says, one entry per exception; a list, so that one told twice shows."""
    with Published(settings.paths.investigate) as published:
        events = published.frame("SELECT * FROM exception_history ORDER BY event_no").to_dicts()
    found: dict[str, Told] = {}
    for event in events:
        key = event["exception_id"]
        cleared = str(event["run_date"]) if event["event"] == "cleared" else ""
        if key not in found:
            found[key] = _told(event)
        if event["event"] == "reopened":
            cleared = "reopened"
        found[key] = found[key]._replace(cleared_on=cleared)
    return list(found.values())


def _told(event: dict[str, Any]) -> Told:
    kind = event["type"]
    if kind in FILES:
        where = str(event["business_date"])
    else:
        side = "journal" if kind in JOURNAL_SIDE else "bank" if kind in BANK_SIDE else "settlement"
        rows = event["evidence"]
        of_side = [row for row in rows if row["side"] == side] or rows
        where = f"{of_side[0]['file']}:{of_side[0]['line']}"
    return Told(kind, where, event["amount_minor"], event["direction"], str(event["first_seen"]), "")
