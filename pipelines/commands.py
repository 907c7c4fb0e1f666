"""What the commands do, apart from reading words and printing: call the night, read the published copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import polars as pl

import schemas
from pipelines import config
from pipelines.cases.taxonomy import POLICY
from pipelines.cases.workflow import STATES
from pipelines.checks.proof import ProofError
from pipelines.collect import date_in_name
from pipelines.config import ConfigError
from pipelines.sources.base import SourceError
from pipelines.store import Published, StoreError

if TYPE_CHECKING:
    from pipelines.arriving import Say
    from pipelines.hashing import Hashing

Result = TypeVar("Result")
SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
STATUSES = ("waiting", *STATES, "all")
EXCEPTION_FIELDS = (
    *("exception_id", "type", "status", "severity", "leg", "business_date", "first_seen", "age_days"),
    *("due_date", "amount_minor", "direction", "currency", "acquirer", "merchant_id", "terminal_id"),
    *("rrn", "order_no", "payout_id", "bank_ref", "explanation", "next_action", "contact", "evidence"),
)


def guarded(work: Callable[[], Result], debug: bool) -> Result:
    """Do the work; a fault becomes one plain line and the exit code of the contract, a traceback only with --debug."""
    try:
        return work()
    except (ConfigError, click.UsageError) as error:
        if debug:
            raise
        message, code = str(error), 2
    except (StoreError, ProofError, SourceError, OSError) as error:
        if debug:
            raise
        message, code = _plain(error), 1
    except Exception as error:  # told, not hidden: a defect of ours is one plain line too
        if debug:
            raise
        message, code = f"unexpected {type(error).__name__}: {error}; run again with --debug and report it", 1
    click.echo(message, err=True)
    raise SystemExit(code)


def _plain(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; free the space or mend the permissions, then run again"
    return str(error)


def run_night(
    config_path: Path, day: date, no_prefect: bool, say: Say, hashing: Hashing | None = None
) -> dict[str, Any]:
    """One night, with Prefect or without. hashing: where it was begun before."""
    settings = config.load(config_path)
    if no_prefect:
        from pipelines import beginning

        begun = beginning.begin(settings, hashing)
        from pipelines import nightly  # this and what follows take as long as opening the store does

        schemas.ready(schemas.JOURNAL)
        return nightly.run(settings, day, say, begun=begun)
    from pipelines import flows

    return flows.run(config_path, day, say)


def verdict_text(summary: dict[str, Any]) -> str:
    """The verdict and where the report is."""
    files, found, matched = summary["files"], summary["exceptions"], summary["matched"]
    missing = f", missing: {', '.join(files['missing'])}" if files["missing"] else ""
    arrived = f"{files['loaded']} files loaded, {files['already_loaded']} already there, {files['rejected']} refused"
    pairs = (
        f"matched {matched['journal_settlement']:,} journal-settlement, {matched['settlement_bank']:,} "
        f"settlement-bank; waiting {summary['waiting']['TIMING']:,}"
    )
    changes = [f"{sum(found[part].values()):,} {part}" for part in ("new", "cleared", "open")]
    return "\n".join(
        (
            f"{summary['business_date']} {summary['verdict']}: proof balanced, {arrived}{missing}",
            pairs,
            f"exceptions: {', '.join(changes)}{_by_type(found['open'])}",
            f"report: {summary['reports']['html']}",
        )
    )


def _by_type(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{kind} {count:,}' for kind, count in sorted(counts.items()))})" if counts else ""


def list_exceptions(config_path: Path, day: date | None, kind: str | None, status: str) -> list[dict[str, Any]]:
    """Exceptions from the published copy, as the contract's JSON objects."""
    settings = config.load(config_path)
    if kind and kind.upper() not in POLICY:
        raise click.UsageError(f"--type {kind}: no such type; docs/exceptions.md lists them, like NOT_SETTLED")
    if status not in STATUSES:
        raise click.UsageError(f"--status {status}: write one of {', '.join(STATUSES)}")
    where, parameters = ["true"], []
    if status == "open":
        where.append("status NOT IN ('cleared', 'resolved', 'waiting')")
    elif status != "all":
        where.append("status = ?")
        parameters.append(status)
    if day is not None:
        where.append("first_seen = ?")
        parameters.append(str(day))
    if kind:
        where.append("type = ?")
        parameters.append(kind.upper())
    sql = f"SELECT {', '.join(EXCEPTION_FIELDS)} FROM exceptions WHERE {' AND '.join(where)} ORDER BY ALL"
    with Published(settings.paths.investigate) as published:
        frame = published.frame(sql, list(parameters))
    return frame.with_columns(pl.col(pl.Date).dt.to_string("iso")).to_dicts()


def exceptions_text(found: list[dict[str, Any]]) -> str:
    """One line per exception, for a terminal."""
    from pipelines.money import money_text

    if not found:
        return "no exceptions"
    lines = []
    for item in found:
        money = money_text(item["amount_minor"], item["currency"]) if item["currency"] else "—"
        lines.append(
            f"{item['exception_id']}  {item['type']:<22} {item['status']:<8} {money:>18}  "
            f"{item['direction']:<5} due {item['due_date'] or '—'}\n    {item['explanation']}\n"
            f"    → {item['next_action']} ({item['contact']})"
        )
    return "\n".join([*lines, f"{len(found):,} exceptions"])


def synthesize(out: Path, days: int, rows_per_day: int, seed: int, faults: str, start: date, layouts: str) -> str:
    """Write synthetic days; the answer names the configuration to run them with."""
    from pipelines.synth import generate

    try:
        made = generate(
            out, days=days, rows_per_day=rows_per_day, seed=seed, faults=faults, start=start, layouts=layouts
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return f"{len(made.files)} files, {made.truth_rows} rows of truth; configuration {made.config}"


def score(
    seeds: Iterable[int], days: int, rows_per_day: int, faults: str, work: Path | None, say: Say
) -> dict[str, Any]:
    """Precision and recall of the register over synthetic nights."""
    from pipelines import accuracy

    try:
        return accuracy.measure(seeds, days, rows_per_day, faults, work, say)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def score_signals(seeds: Iterable[int], days: int, rows_per_day: int, work: Path | None, say: Say) -> dict[str, Any]:
    """What is told of nights with trouble and of nights without."""
    from pipelines import signal_score

    try:
        return signal_score.measure(seeds, days, rows_per_day, work, say)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def demo(no_prefect: bool, say: Say) -> str:
    """Run the bundled sample days from nothing and give the verdict of the last."""
    settings = config.load(SAMPLE / "recon.toml")
    work = settings.paths.store.parent
    shutil.rmtree(work, ignore_errors=True)
    inbox = settings.paths.inbox
    shutil.copytree(SAMPLE / "days", inbox)
    journals = SAMPLE.rglob("journal_*.csv")  # one of them comes a day late
    dates = sorted({day for file in journals if (day := date_in_name(file.name)) is not None})
    summary: dict[str, Any] = {}
    for day in dates:
        late = SAMPLE / "later" / f"{day:%Y%m%d}"
        if late.is_dir():
            shutil.copytree(late, inbox, dirs_exist_ok=True)
        say(f"— night of {day} —")
        # the orchestrator is shown once; its start-up would otherwise be most of the demonstration
        summary = run_night(SAMPLE / "recon.toml", day, no_prefect or day != dates[-1], say)
    return verdict_text(summary)
