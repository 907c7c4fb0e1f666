"""The commands around the nights: what starts them, and what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pipelines.cli_words import CONFIG, DEBUG, JSON


@click.command()
@CONFIG
@DEBUG
@click.option("--name", help="What it is called there; the name of the configuration's folder if left out.")
@click.option("--worker", is_flag=True, help="Then stay, and run what is due.")
@click.option("--systemd", is_flag=True, help="Print a unit and a timer of systemd instead; needs no Prefect.")
@click.option("--cron", is_flag=True, help="Print a line for a crontab instead; needs no Prefect.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="With --systemd: write them here.")
def deploy(
    config_path: Path, debug: bool, name: str | None, worker: bool, systemd: bool, cron: bool, out: Path | None
) -> None:
    """Register the nightly schedule with Prefect, beside flows for a range of dates, sending and retention.

    The time is that of [schedule]. Exit codes: 0 done; 1 Prefect does not answer; 2 wrong usage or configuration.
    """
    from pipelines import commands, night_commands

    if systemd and cron:
        raise click.UsageError("ask for --systemd or --cron, not for both")
    if out and not systemd:
        raise click.UsageError("--out belongs to --systemd")
    if systemd or cron:
        told = commands.guarded(lambda: night_commands.without_prefect(config_path, name, cron=cron, out=out), debug)
        click.echo(told, nl=False)
        return
    for line in commands.guarded(lambda: night_commands.register(config_path, name), debug):
        click.echo(line)
    if worker:
        night_commands.work(config_path, name)


@click.command()
@CONFIG
@JSON
@DEBUG
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
def purge(config_path: Path, as_json: bool, debug: bool, dry_run: bool) -> None:
    """Remove what is older than [retention] says, with a record; never anything that is open."""
    from pipelines import commands, night_commands, retaining

    found = commands.guarded(lambda: night_commands.purge(config_path, dry_run=dry_run), debug)
    if not as_json:
        click.echo(retaining.as_text(found))
        return
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
