"""The night: its steps in order. Each is a plain function of a `Night`; who calls them (Prefect or not) is all one."""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from pipelines import collect, faults, intake, reporting, sending
from pipelines.config import ConfigError, Settings
from pipelines.matching import rules
from pipelines.peak import peak_mib
from pipelines.reconcile import Outcome, reconcile
from pipelines.store import Store, books, periods, publish, terminals
from pipelines.store.files import hashes, known_files, remember
from reports import html, xlsx
from reports.json import render as render_json
from reports.json import run_json
from reports.model import Report

Result = TypeVar("Result")
StepRunner = Callable[[str, Callable[[], Any]], Any]
"""Runs one named step; the plain one just calls it, Prefect's makes a task of it."""

Say = Callable[[str], None]


READ_AHEAD = 2
"""Files at a time that are read, parsed and validated, the one that is loaded among them."""


MOST_FRESH = 4_000_000
"""Rows kept in memory between loading and matching, some 150 bytes each; above it they are read back."""


class DateError(ConfigError):
    """The date asked for lies before the newest run."""


@dataclass
class Night:
    """One run: its settings, its store, and what its steps have found so far."""

    settings: Settings
    date: date
    store: Store
    run_no: int
    say: Say
    run_id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    seconds: dict[str, float] = field(default_factory=dict)
    fresh: dict[int, pl.DataFrame] = field(default_factory=dict)
    hashed: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"loaded": 0, "already_loaded": 0, "rejected": 0})


def plainly(name: str, step: Callable[[], Any]) -> Any:
    """Run a step with nothing around it."""
    del name
    return step()


def run(
    settings: Settings,
    day: date,
    say: Say,
    runner: StepRunner = plainly,
    secret: sending.Secret = sending.from_environment,
) -> dict[str, Any]:
    """The whole night for a business date; returns the JSON of contract.md.

    Raises DateError for a date before the newest run, StoreError where the store cannot be had, ProofError where the
    books do not add up; nothing is published then, and who reads the report is told. secret: finds passwords of mail.
    """
    run_id = uuid.uuid4().hex[:12]
    try:
        return _run(settings, day, say, runner, run_id, secret)
    except ConfigError:
        raise
    except Exception as error:
        alert(settings, day, run_id, str(error), say, secret)
        raise


def _run(
    settings: Settings, day: date, say: Say, runner: StepRunner, run_id: str, secret: sending.Secret
) -> dict[str, Any]:
    began = time.perf_counter()
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        last, newest, _ = books.last_finished(store)
        if newest is not None and day < newest:
            raise DateError(f"--date {day} lies before the newest run ({newest}); time does not go back")
        if closed := periods.refusal(store, day):
            raise DateError(f"--date {day}: {closed}")
        night = Night(settings, day, store, last + 1, say, run_id)
        if any(source.collect for source in settings.sources):
            _timed(night, "collect", lambda: _collect(night, runner, secret))
        _timed(night, "load", lambda: _take_in_all(night, runner))
        summary, report = conclude(night, began, runner)
        if settings.mail or settings.chats:
            _timed(night, "send", lambda: runner("send", lambda: _send(night, report, secret)))
    summary["seconds"] = {
        **{k: round(v, 3) for k, v in night.seconds.items()},
        "total": round(time.perf_counter() - began, 3),
    }
    return summary


def conclude(
    night: Night, began: float, runner: StepRunner = plainly, first: Callable[[], None] | None = None
) -> tuple[dict[str, Any], Report]:
    """What follows when the files are in: match and prove, report, publish; the JSON of contract.md, and the report.

    first: done before the matching and in its transaction, so that it is undone with it.
    """
    outcome = _timed(night, "match", lambda: runner("match, register, prove", lambda: _reconcile(night, first)))
    for line in periods.told(night.store, night.run_no):
        night.say(line)
    report = _timed(night, "report", lambda: runner("report", lambda: _report(night, outcome)))
    summary = _finish(night, report, time.perf_counter() - began)
    _timed(night, "publish", lambda: runner("publish", lambda: _publish(night)))
    faults.forget(night.settings)
    _show(report)
    return summary, report


def _publish(night: Night) -> None:
    publish(night.store, night.settings.paths.investigate, night.settings.retention.snapshot_days)


def _timed(night: Night, name: str, step: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    try:
        return step()
    finally:
        night.seconds[name] = time.perf_counter() - began


def _collect(night: Night, runner: StepRunner, secret: sending.Secret) -> None:
    """What lies elsewhere comes into the inbox."""
    from pipelines import collecting  # noqa: PLC0415 - only who fetches waits for what fetching imports

    collecting.collect_all(night.store, night.settings, night.date, night.run_no, secret, night.say, runner)


def _take_in_all(night: Night, runner: StepRunner) -> None:
    """Every file of the inbox whose date has come, each in its own step; the next are read meanwhile."""
    settings = night.settings
    if not settings.paths.inbox.is_dir():
        night.say(f"{settings.paths.inbox}: there is no such inbox; no file can arrive")
    due = [c for c in collect.in_inbox(settings) if c.named_for is None or c.named_for <= night.date]
    known, hashed = known_files(night.store), hashes(night.store)
    with ThreadPoolExecutor(READ_AHEAD) as ahead:
        coming: deque[Future[list[intake.Prepared]]] = deque()
        for at, candidate in enumerate(due):
            for later in due[at + len(coming) : at + READ_AHEAD]:
                coming.append(ahead.submit(intake.prepare, settings, later, known, hashed, night.date))
            runner(f"load {candidate.name}", _step_of(night, candidate, coming.popleft()))
    remember(night.store, {str(c.path): c.stamp for c in due}, {**hashed, **night.hashed})
    for line in terminals.batches_told(night.store, night.run_no):
        night.say(line)


def _step_of(night: Night, candidate: collect.Candidate, prepared: Future[list[intake.Prepared]]) -> Callable[[], str]:
    return lambda: _take_in(night, candidate, prepared)


def _take_in(night: Night, candidate: collect.Candidate, prepared: Future[list[intake.Prepared]]) -> str:
    """One file, or each in an archive; returns what became of it in a word or two."""
    try:
        found = prepared.result()
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        if str(error.filename) != str(candidate.path):  # not the file is to blame but the place where it is kept
            raise
        night.counts["rejected"] += 1
        night.say(f"{candidate.name}: cannot be read: {error.strerror}; mend its permissions and run again")
        return "unreadable"
    became = ", ".join(dict.fromkeys(_enter(night, each) for each in found)) or "left alone"
    if became in ("loaded", "already loaded") and candidate.stamp and found[0].candidate.member is None:
        night.hashed[str(candidate.path), candidate.stamp] = found[0].digest
    return became


def _enter(night: Night, found: intake.Prepared) -> str:
    candidate = found.candidate
    if found.known:
        night.counts["already_loaded"] += 1
        return "already loaded"
    kept = _Kept(MOST_FRESH - sum(rows.height for rows in night.fresh.values()))
    record = intake.enter(night.store, night.settings, found, night.run_no, kept.add)
    if record is not None and record.state == "loaded" and kept.room >= 0:
        night.fresh[record.file_id] = pl.concat(kept.parts)
    if record is None and found.parts is not None:
        night.counts["already_loaded"] += 1
        night.say(f"{candidate.name}: the same content is in the books already; nothing is loaded twice")
        return "already loaded"
    if record is None:
        if candidate.member:
            night.say(f"{candidate.name}: left alone: no source and no profile knows it")
        return "left alone"
    night.counts[record.state] += 1
    if record.state == "rejected":
        night.say(f"{record.name}: {record.error}")
    else:
        rejected = f", {record.rejected:,} rejected" if record.rejected else ""
        night.say(f"{record.name}: {record.accepted:,} rows of {record.source}{rejected}")
        for old in record.corrects:
            night.say(f"{record.name}: replaces {old}, same source and day; what rested on it is undone")
        _say_rejects(night, record.file_id, record.name)
    return record.state


@dataclass
class _Kept:
    """Rows of a file that is being loaded, kept for matching as far as memory allows; else they are read back."""

    room: int
    parts: list[pl.DataFrame] = field(default_factory=list)

    def add(self, side: str, rows: pl.DataFrame) -> None:
        self.room -= rows.height
        self.parts = [*self.parts, books.lean(side, rows)] if self.room >= 0 else []


def _say_rejects(night: Night, file_id: int, name: str, most: int = 10) -> None:
    """The first rejected rows, a line each; the report and `rejected_rows` hold them all."""
    rows = night.store.execute("SELECT line, reason FROM book.rejected_rows WHERE file_id = ? ORDER BY line", [file_id])
    for line, reason in rows[:most]:
        night.say(f"{name}: line {line}: {reason}; mend it at its source")
    if len(rows) > most:
        night.say(f"{name}: {len(rows) - most:,} more rejected rows are in the report")


def _reconcile(night: Night, first: Callable[[], None] | None) -> Outcome:
    night.store.execute("DELETE FROM book.runs WHERE verdict IS NULL")
    night.store.execute(
        "INSERT INTO book.runs (run_no, run_id, business_date, started_at, rules_version, software_version) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [night.run_no, night.run_id, night.date, night.started, rules.VERSION, version("settlement-recon")],
    )
    return reconcile(night.store, night.settings, night.run_no, night.date, night.fresh, first)


RENDER: dict[str, Callable[[Report], bytes]] = {"html": html.render, "xlsx": xlsx.render, "json": render_json}


def _report(night: Night, outcome: Outcome) -> Report:
    """Build the report and write its files beside the old ones; `_show` gives them their names once all is published.

    A folder that cannot be written to costs the files, not the night: it is said, and `recon report` writes them again.
    """
    facts = {
        "run_no": night.run_no,
        "run_id": night.run_id,
        "business_date": night.date,
        "generated_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    }
    report = reporting.build(night.store, night.settings, outcome, facts)
    folder = night.settings.paths.reports
    report = replace(report, outputs={kind: str(folder / f"recon-{night.date:%Y%m%d}.{kind}") for kind in RENDER})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, render in RENDER.items():
            _unnamed(Path(report.outputs[kind])).write_bytes(render(report))
    except OSError as error:
        mend = f"mend it, then `recon report --date {night.date}`"
        night.say(f"{error.filename or folder}: the report could not be written: {error.strerror}; {mend}")
        return replace(report, outputs={})
    return report


def _unnamed(path: Path) -> Path:
    return path.with_name(f".{path.name}")


def _show(report: Report) -> None:
    """The files of a report take the place of those before them."""
    for path in map(Path, report.outputs.values()):
        _unnamed(path).replace(path)


def _send(night: Night, report: Report, secret: sending.Secret) -> None:
    """Bring the report to its readers; the night is done and proven, whatever becomes of its mail."""
    try:
        sending.send(night.store, night.settings, report, sending.Occasion.of_day(night.date), night.say, secret)
    except Exception as error:  # noqa: BLE001 - said in plain words, and `recon send` repeats it
        night.say(f"the report could not be sent: {error}; mend it, then `recon send --date {night.date}`")


def alert(settings: Settings, day: date, run_id: str, failure: str, say: Say, secret: sending.Secret) -> None:
    """Remember a failed run and tell of it; a failure to tell must not hide the first one."""
    with suppress(OSError):  # a full disk is told all the same, and `recon status` will find the night late
        faults.note(settings, day, run_id, failure)
    try:
        sending.alert(settings, day, run_id, failure, say, secret)
    except Exception as error:  # noqa: BLE001 - the run's own failure is raised after this
        say(f"the alert could not be sent: {error}")


def _finish(night: Night, report: Report, seconds: float) -> dict[str, Any]:
    """Record the run with the JSON it prints."""
    timed = {name: round(value, 3) for name, value in {**night.seconds, "total": seconds}.items()}
    narrowed = reporting.of_this_run(night.store, report, night.run_no)
    summary = run_json(replace(narrowed, seconds=timed, peak_rss_mb=peak_mib()))
    files = {**night.counts, "missing": summary["files"]["missing"]}  # type: ignore[index]
    summary["files"] = files
    with night.store.transaction():
        night.store.execute(
            "UPDATE book.runs SET finished_at = ?, summary = ? WHERE run_no = ?",
            [
                datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                json.dumps(summary, ensure_ascii=False),
                night.run_no,
            ],
        )
        reporting.keep(night.store, report, night.run_no)
    return summary
