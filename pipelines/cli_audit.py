"""The commands for whoever looks back: the auditor, the closing of a month, what exceptions teach."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli_people import BY, REASON, show
from pipelines.cli_words import CONFIG, DEBUG, JSON

DIMENSIONS = ("terminal", "merchant", "operator", "acquirer", "type", "cause")


@click.group()
def audit() -> None:
    """Prove that nothing on record was changed."""


@audit.command()
@CONFIG
@JSON
@DEBUG
@click.option("--seal", help='A seal as a report tells it, such as "12 3f5a0b77c1d2e9a4": is it in the chain still?')
def verify(config_path: Path, as_json: bool, debug: bool, seal: str | None) -> None:
    """Check the hash chain over every event; exit code 1 names each that was changed, put in or removed."""
    from pipelines import commands_audit

    show(lambda: commands_audit.verify(config_path, seal), commands_audit.verified_text, as_json, debug)


@click.group()
def period() -> None:
    """Close months: their figures stand, and later news on them count in the open month."""


@period.command("list")
@CONFIG
@JSON
@DEBUG
def list_(config_path: Path, as_json: bool, debug: bool) -> None:
    """Closed months, their figures, and what was news since."""
    from pipelines import commands_audit

    show(lambda: commands_audit.list_periods(config_path), commands_audit.periods_text, as_json, debug)


@period.command()
@CONFIG
@JSON
@DEBUG
@click.argument("month")
@BY
@REASON
def close(config_path: Path, as_json: bool, debug: bool, month: str, actor: str | None, reason: str) -> None:
    """Close a MONTH such as 2026-03, once its last night has been run."""
    from pipelines import commands_audit as audits

    show(lambda: audits.close_period(config_path, month, actor, reason), audits.period_done, as_json, debug)


@period.command()
@CONFIG
@JSON
@DEBUG
@click.argument("month")
@BY
@REASON
def reopen(config_path: Path, as_json: bool, debug: bool, month: str, actor: str | None, reason: str) -> None:
    """Open a closed MONTH again; it stays on record that it was closed."""
    from pipelines import commands_audit as audits

    show(lambda: audits.reopen_period(config_path, month, actor, reason), audits.period_done, as_json, debug)


@click.command()
@CONFIG
@JSON
@DEBUG
@click.option("--by", type=click.Choice(DIMENSIONS), default="terminal", show_default=True, help="What is compared.")
@click.option("--month", help="Only this month, such as 2026-03.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="How many of each month.")
def learn(config_path: Path, as_json: bool, debug: bool, by: str, month: str | None, top: int) -> None:
    """What makes most exceptions, month by month: how many, worth how much, how long until they were closed."""
    from pipelines import commands_audit

    show(lambda: commands_audit.learn(config_path, by, month, top), commands_audit.lessons_text, as_json, debug)
