"""The commands. Each reads its words, calls one function, prints what it returns, and turns faults into plain lines."""

from __future__ import annotations

import gc
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import click

from pipelines.cli_audit import audit, learn, period
from pipelines.cli_bench import bench
from pipelines.cli_cases import case
from pipelines.cli_data import sql, status
from pipelines.cli_nights import deploy, purge
from pipelines.cli_people import files, retract, trace
from pipelines.cli_words import CONFIG, DEBUG, JSON, WHICH, Day, say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="settlement-recon")
def cli() -> None:
    """Reconcile POS journals, acquirer settlement files and bank statements."""


@cli.command()
@CONFIG
@JSON
@DEBUG
@click.option("--date", "day", type=Day(), required=True, help="Business date of the run.")
@click.option("--no-prefect", is_flag=True, help="Run the same steps without Prefect.")
def run(config_path: Path, as_json: bool, debug: bool, day: date, no_prefect: bool) -> None:
    """The nightly flow for one business date.

    Exit codes: 0 finished, proven and complete; 3 finished and proven, but a file is missing; 1 failed, nothing
    published; 2 wrong usage or configuration.
    """
    if not no_prefect:
        from pipelines import temporary_server

        temporary_server.begin()
    from pipelines import hashing

    begun = hashing.of_config(config_path) if no_prefect else None
    from pipelines import commands  # takes half a second

    summary = commands.guarded(lambda: commands.run_night(config_path, day, no_prefect, say, begun), debug)
    click.echo(json.dumps(summary, ensure_ascii=False, indent=2) if as_json else commands.verdict_text(summary))
    sys.exit(3 if summary["verdict"] == "INCOMPLETE" else 0)


@cli.command()
@CONFIG
@JSON
@DEBUG
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", help="Read as this profile instead of identifying the file.")
def inspect(config_path: Path, as_json: bool, debug: bool, files: tuple[Path, ...], profile: str | None) -> None:
    """Identify, parse and validate files without loading them."""
    from pipelines import commands, inspection

    asked = click.get_current_context().get_parameter_source("config_path")
    chosen = config_path if asked == click.core.ParameterSource.COMMANDLINE or config_path.exists() else None
    found = commands.guarded(lambda: _inspected(files, chosen, profile), debug)
    if sys.stdout.isatty() and not as_json:
        from rich.console import Console

        inspection.print_tables(found, Console(highlight=False))
    else:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else inspection.as_text(found))
    sys.exit(1 if any(entry["error"] for entry in found) else 0)


def _inspected(files: tuple[Path, ...], config_path: Path | None, profile: str | None) -> list[dict[str, Any]]:
    """What the files hold; on a terminal with a bar for each large one."""
    from pipelines import inspection

    if not sys.stderr.isatty():
        return inspection.inspect(files, config_path, profile)
    from rich.console import Console

    from pipelines.inspection.progress import watching

    with watching(Console(stderr=True)) as watch:
        return inspection.inspect(files, config_path, profile, watch)


@cli.command()
@CONFIG
@JSON
@DEBUG
@click.option("--date", "day", type=Day(), help="Only exceptions first seen on this run date.")
@click.option("--type", "kind", help="Only this type, e.g. NOT_SETTLED.")
@click.option("--status", default="open", show_default=True, help="open, waiting, cleared, … or all.")
def exceptions(config_path: Path, as_json: bool, debug: bool, day: date | None, kind: str | None, status: str) -> None:
    """The register: what is open, or all there ever was."""
    from pipelines import commands

    found = commands.guarded(lambda: commands.list_exceptions(config_path, day, kind, status), debug)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else commands.exceptions_text(found))


@cli.command()
@CONFIG
@DEBUG
@WHICH
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "xlsx", "json", "fees"]),
    default="html",
    show_default=True,
    help="Its form; fees: the workbook of fee claims.",
)
@click.option("--acquirer", help="With --format fees: only the claims on this acquirer.")
def report(
    config_path: Path,
    debug: bool,
    day: date | None,
    week: str | None,
    month: str | None,
    kind: str,
    acquirer: str | None,
) -> None:
    """Write the report of a date again, or that of a week or month, from the published copy.

    --format fees writes what is still to be claimed of fees charged otherwise than agreed, line by line.
    """
    from pipelines import commands, report_commands

    which = commands.guarded(lambda: report_commands.Which.of(day, week, month), debug)
    click.echo(commands.guarded(lambda: report_commands.write(config_path, which, kind, acquirer), debug))


@cli.command()
@CONFIG
@DEBUG
@WHICH
@click.option("--dry-run", is_flag=True, help="Show who would get what, and send nothing.")
@click.option("--again", is_flag=True, help="Send also to those who have got it.")
def send(
    config_path: Path, debug: bool, day: date | None, week: str | None, month: str | None, dry_run: bool, again: bool
) -> None:
    """Mail the report of a date, a week or a month to those who have not got it yet; 1 if somebody still has not."""
    from pipelines import commands, report_commands

    which = commands.guarded(lambda: report_commands.Which.of(day, week, month), debug)
    if dry_run:
        click.echo(commands.guarded(lambda: report_commands.preview(config_path, which), debug))
        return
    missed = commands.guarded(lambda: report_commands.send(config_path, which, again=again, say=say), debug)
    sys.exit(1 if missed else 0)


@cli.command()
@DEBUG
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write into.")
@click.option("--days", type=click.IntRange(1), required=True)
@click.option("--rows-per-day", type=click.IntRange(1), required=True)
@click.option("--seed", type=int, required=True)
@click.option(
    "--faults",
    default="all",
    show_default=True,
    help="all, none, or types and a share of rows like 0.01, separated by commas.",
)
@click.option("--start", type=Day(), default="2026-03-02", show_default=True, help="First journal day.")
@click.option(
    "--layouts", default="", help="Formats of acquirers, such as UNIONPAY=unionpay_zm; the others are native."
)
def synth(
    debug: bool, out: Path, days: int, rows_per_day: int, seed: int, faults: str, start: date, layouts: str
) -> None:
    """Make realistic source files, a recon.toml and a truth.csv."""
    from pipelines import commands

    made = commands.guarded(lambda: commands.synthesize(out, days, rows_per_day, seed, faults, start, layouts), debug)
    click.echo(made)


@cli.command(hidden=True)
@DEBUG
@click.option("--no-prefect", is_flag=True)
def demo(debug: bool, no_prefect: bool) -> None:
    """What `make demo` runs: the nightly flow over the bundled sample days."""
    if not no_prefect:
        from pipelines import temporary_server

        temporary_server.begin()
    from pipelines import commands

    click.echo(commands.guarded(lambda: commands.demo(no_prefect, say), debug))


for command in (audit, bench, case, deploy, files, learn, period, purge, retract, sql, status, trace):
    cli.add_command(command)


def main() -> None:
    """Entry point of `recon`."""
    gc.set_threshold(1_000_000, 20, 100)  # a night makes few cycles, and going through its many objects takes a while
    sys.setswitchinterval(0.0005)  # what polars, arrow and the database give back waits ten times as long by default
    # polars' allocator: few arenas, as each keeps free memory of its own; it goes back after ten seconds and in one
    # step: given back sooner, or in two, it is asked for again within the night
    halves = max(1, (os.cpu_count() or 1) // 2)
    os.environ.setdefault("_RJEM_MALLOC_CONF", f"narenas:{halves},dirty_decay_ms:10000,muzzy_decay_ms:0")
    try:
        cli()
    except SystemExit as end:
        _leave(end)


def _leave(end: SystemExit) -> NoReturn:
    """End at once: to take a night's memory apart first lasts a third of a second. Prefect still has things to stop."""
    if "prefect" in sys.modules or not isinstance(end.code, int):
        raise end
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # who read the output has gone, or it was closed when that was found
        os._exit(end.code or 1)
    os._exit(end.code)
