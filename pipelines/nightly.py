"""The night: its steps in order. Each is a plain function of a `Night`; who calls them (Prefect or not) is all one."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Any, TypeVar

from pipelines import allocation, faults, reporting, sending
from pipelines.arriving import Night, Say, StepRunner, take_in_all
from pipelines.beginning import Beginning, begin
from pipelines.config import ConfigError, Settings
from pipelines.drawing import Drawing, NotWrittenError, show
from pipelines.matching import rules
from pipelines.peak import peak_mib
from pipelines.reconcile import Outcome, reconcile
from pipelines.store import books, periods, publish
from reports.json import run_json
from reports.model import Report

Result = TypeVar("Result")


class DateError(ConfigError):
    """The date asked for lies before the newest run."""


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
    begun: Beginning | None = None,
) -> dict[str, Any]:
    """The whole night for a business date; returns the JSON of contract.md.

    Raises DateError for a date before the newest run, StoreError where the store cannot be had, ProofError where the
    books do not add up; nothing is published then, and who reads the report is told. secret: finds passwords of mail.
    begun: what was begun before.
    """
    run_id = uuid.uuid4().hex[:12]
    begun = begun or begin(settings)
    try:
        return _run(settings, day, say, runner, run_id, secret, begun)
    except ConfigError:
        raise
    except Exception as error:
        alert(settings, day, run_id, str(error), say, secret)
        raise
    finally:
        begun.hashing.needed(())


def _run(
    settings: Settings,
    day: date,
    say: Say,
    runner: StepRunner,
    run_id: str,
    secret: sending.Secret,
    begun: Beginning,
) -> dict[str, Any]:
    began = time.perf_counter()
    with begun.store.result() as store:
        last, newest, _ = books.last_finished(store)
        if newest is not None and day < newest:
            raise DateError(f"--date {day} lies before the newest run ({newest}); time does not go back")
        if closed := periods.refusal(store, day):
            raise DateError(f"--date {day}: {closed}")
        night = Night(settings, day, store, last + 1, say, run_id)
        if any(source.collect for source in settings.sources):
            _timed(night, "collect", lambda: _collect(night, runner, secret))
        _timed(night, "load", lambda: take_in_all(night, runner, begun.hashing))
        allocation.give_back()
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
    with Drawing(night) as drawing:
        report, own = _timed(night, "report", lambda: runner("report", lambda: _begin(night, outcome, drawing)))
        summary = _finish(night, report, own, time.perf_counter() - began)
        try:
            _timed(night, "publish", lambda: runner("publish", lambda: _publish(night, drawing.wait)))
        except NotWrittenError as fault:
            report = drawing.without(report, fault.error)
            summary = _finish(night, report, own, time.perf_counter() - began)
            _timed(night, "publish", lambda: runner("publish", lambda: _publish(night)))
    faults.forget(night.settings)
    show(report)
    return summary, report


def _publish(night: Night, before: Callable[[], None] | None = None) -> None:
    publish(night.store, night.settings.paths.investigate, night.settings.retention.snapshot_days, before)


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


def _reconcile(night: Night, first: Callable[[], None] | None) -> Outcome:
    night.store.execute("DELETE FROM book.runs WHERE verdict IS NULL")
    night.store.execute(
        "INSERT INTO book.runs (run_no, run_id, business_date, started_at, rules_version, software_version) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [night.run_no, night.run_id, night.date, night.started, rules.VERSION, version("settlement-recon")],
    )
    return reconcile(night.store, night.settings, night.run_no, night.date, night.fresh, night.entries, first)


def _begin(night: Night, outcome: Outcome, drawing: Drawing) -> tuple[Report, Report]:
    """The report of the date, whose files are on their way, and what this run itself found and changed."""
    report = _report(night, outcome)
    drawn = drawing.begin(report)
    return drawn, reporting.of_this_run(night.store, report, night.run_no)


def _report(night: Night, outcome: Outcome) -> Report:
    facts = {
        "run_no": night.run_no,
        "run_id": night.run_id,
        "business_date": night.date,
        "generated_at": datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    }
    return reporting.build(night.store, night.settings, outcome, facts)


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


def _finish(night: Night, report: Report, own: Report, seconds: float) -> dict[str, Any]:
    """Record the run with the JSON it prints. own: what this run itself found and changed."""
    timed = {name: round(value, 3) for name, value in {**night.seconds, "total": seconds}.items()}
    summary = run_json(replace(own, outputs=report.outputs, seconds=timed, peak_rss_mb=peak_mib()))
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
