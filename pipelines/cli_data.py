"""Commands about the data: ask it, see how the nights stand."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli_words import CONFIG, DEBUG, JSON


@click.command()
@CONFIG
@DEBUG
@click.argument("statement", required=False)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "csv", "json", "parquet", "xlsx"]),
    default="table",
    show_default=True,
    help="Form of the answer.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the answer into this file.")
@click.option("--query", "name", help="A ready question in place of a statement.")
@click.option("--set", "told", multiple=True, metavar="NAME=VALUE", help="What a ready question wants to know.")
@click.option("--date", "day", help="Short for --set date=DATE.")
@click.option("--queries", "listed", is_flag=True, help="List the ready questions.")
@click.option("--shell", "in_shell", is_flag=True, help="Open a terminal SQL client, if one is installed.")
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=120, show_default=True, help="Most that an answer may take."
)
def sql(
    config_path: Path,
    debug: bool,
    statement: str | None,
    kind: str,
    out: Path | None,
    name: str | None,
    told: tuple[str, ...],
    day: str | None,
    listed: bool,
    in_shell: bool,
    seconds: int,
) -> None:
    """Ask the published data, read-only: one SELECT, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN."""
    from pipelines import commands, data_commands

    if listed:
        click.echo(data_commands.listing())
        return
    if in_shell:
        raise SystemExit(commands.guarded(lambda: data_commands.shell(config_path), debug))
    if bool(statement) == bool(name):
        raise click.UsageError('ask either one statement, "SELECT …", or a ready question, --query NAME')
    data_commands.bounded(seconds)
    words = (*told, *([f"date={day}"] if day else []))
    if statement and words:
        raise click.UsageError("--set and --date belong to --query")
    commands.guarded(
        lambda: (
            data_commands.ask_ready(config_path, name, words, kind, out, seconds)
            if name
            else data_commands.ask(config_path, statement or "", kind, out, seconds)
        ),
        debug,
    )


@click.command()
@CONFIG
@JSON
@DEBUG
@click.option("--prometheus", type=click.Path(path_type=Path, dir_okay=False), help="Write metrics into this file.")
def status(config_path: Path, as_json: bool, debug: bool, prometheus: Path | None) -> None:
    """The last runs, what is missing, what is late, what is due.

    Exit codes: 0 the last night is whole; 3 a file is missing; 1 a night is late or failed, or none has finished; 2
    wrong usage or configuration. Nights are late by [schedule] of the configuration.
    """
    import json

    from pipelines import commands, data_commands
    from pipelines import status as standing

    found = commands.guarded(lambda: data_commands.status(config_path, prometheus), debug)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else standing.as_text(found))
    raise SystemExit(found["exit_code"])
