"""Retention: rows, archived files and reports go when their time is over, with a record; nothing that is open does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.collect import date_in_name
from pipelines.config import Settings
from pipelines.reconcile import prove
from pipelines.store import Store, StoreError, books, daybook, parts, publish, purging


@dataclass(frozen=True)
class Due:
    """What may go. rows, raw: files of the books; reports: files of the reports folder."""

    rows: pl.DataFrame
    raw: pl.DataFrame
    reports: tuple[Path, ...]

    def told(self) -> dict[str, Any]:
        """As JSON: names and counts."""
        return {
            "rows": {"files": self.rows.height, "rows": int(self.rows["row_count"].sum() or 0)},
            "raw": {"files": self.raw["archived"].n_unique()},
            "reports": {"files": len(self.reports)},
            "names": {"rows": self.rows["name"].to_list(), "raw": self.raw["name"].to_list()},
        }


@dataclass(frozen=True)
class Limits:
    """First days that are kept, counted back from the newest business date: the same books give the same answer."""

    newest: date
    rows: date
    raw: date
    reports: date

    @staticmethod
    def of(settings: Settings, newest: date) -> Limits:
        """By [retention]."""
        keep = settings.retention
        return Limits(
            newest,
            months_before(newest, keep.rows_months),
            months_before(newest, 12 * keep.raw_years),
            months_before(newest, keep.reports_months),
        )


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    after = date(year + month // 11, (month + 1) % 12 + 1, 1)
    last = date.fromordinal(after.toordinal() - 1).day
    return date(year, month + 1, min(day.day, last))


def purge(settings: Settings, *, dry_run: bool = False) -> dict[str, Any]:
    """Remove what is older than [retention] says and publish the books without it; what went, as counts and names.

    The record and the rows go in one transaction, after the proof; files are removed once it has committed, and by the
    next purge if this one is killed in between. StoreError where no night has been run or another run is working.
    """
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        _, newest, _ = books.last_finished(store)
        if newest is None:
            raise StoreError(f"{settings.paths.store}: no night has been run yet; there is nothing to purge")
        limits = Limits.of(settings, newest)
        due = Due(
            purging.rows_due(store, limits.rows),
            purging.raw_due(store, limits.raw),
            tuple(_reports_due(settings.paths.reports, limits.reports)),
        )
        if not dry_run:
            _carry_out(store, settings, limits, due)
    return {"newest": newest.isoformat(), "dry_run": dry_run, "kept_from": _kept(limits), **due.told()}


def _kept(limits: Limits) -> dict[str, str]:
    return {name: getattr(limits, name).isoformat() for name in ("rows", "raw", "reports")}


def _carry_out(store: Store, settings: Settings, limits: Limits, due: Due) -> None:
    with store.transaction():
        purging.record(store, "rows", limits.rows, due.rows)
        purging.record(store, "raw", limits.raw, due.raw)
        daybook.prune(store, min(limits.rows, limits.newest - 2 * timedelta(days=settings.signals.history_days)))
        parts.show(store, store.parts)
        prove(store)
    publish(store, settings.paths.investigate, settings.retention.snapshot_days)
    parts.sweep(store)
    for place in [*map(Path, purging.archived_gone(store)), *due.reports]:
        place.unlink(missing_ok=True)


def _reports_due(folder: Path, before: date) -> list[Path]:
    """Reports of days before a date; what else lies there is not ours."""
    found = [path for path in sorted(folder.glob("recon-20*")) if path.suffix in (".html", ".xlsx", ".json")]
    return [path for path in found if (day := date_in_name(path.stem[:14])) and day < before]


def as_text(found: dict[str, Any]) -> str:
    """For a terminal."""
    head, kept = "would go" if found["dry_run"] else "gone", found["kept_from"]
    return "\n".join(
        (
            f"{head}: {found['rows']['rows']:,} rows of {found['rows']['files']:,} files before {kept['rows']}",
            f"{head}: {found['raw']['files']:,} archived files before {kept['raw']}",
            f"{head}: {found['reports']['files']:,} reports before {kept['reports']}",
            *(f"  rows of {name}" for name in found["names"]["rows"]),
            *(f"  archived {name}" for name in found["names"]["raw"]),
        )
    )
