"""The commands for people who work on what the night found: files, cases, one transaction's life."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from pipelines.cli_words import CONFIG, DEBUG, JSON, Day, say

BY = click.option("--by", "actor", help="Who acts; the login name if left out.")
REASON = click.option("--reason", required=True, help="Why; kept for good.")


def show(work: Callable[[], Any], as_text: Callable[[Any], str], as_json: bool, debug: bool) -> None:
    """Do the work and print what it returns."""
    from pipelines import commands

    found = commands.guarded(work, debug)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str) if as_json else as_text(found))


@click.command()
@CONFIG
@JSON
@DEBUG
@click.option("--date", "day", type=Day(), help="Only files expected for this date.")
@click.option("--state", type=click.Choice(["loaded", "rejected", "retracted"]), help="Only files in this state.")
@click.option("--source", help="Only files of this source.")
def files(
    config_path: Path, as_json: bool, debug: bool, day: date | None, state: str | None, source: str | None
) -> None:
    """What arrived, when, its SHA-256 and state."""
    from pipelines import commands_people as people

    show(lambda: people.list_files(config_path, day, state, source), people.files_text, as_json, debug)


@click.command()
@CONFIG
@JSON
@DEBUG
@click.argument("file_id")
@BY
@REASON
def retract(config_path: Path, as_json: bool, debug: bool, file_id: str, actor: str | None, reason: str) -> None:
    """Take a wrong file back: its matches are undone, its rows leave the books, the newest night is judged again.

    FILE_ID is its number in `recon files`. Exit codes: 0 done, proven and published; 1 failed, nothing changed; 2 there
    is no such file in use.
    """
    from pipelines import commands
    from pipelines import commands_people as people

    def text(told: dict[str, Any]) -> str:
        return f"{told['file']}: taken back\n{commands.verdict_text(told)}"

    show(lambda: people.retract(config_path, file_id, actor, reason, say), text, as_json, debug)


@click.command()
@CONFIG
@JSON
@DEBUG
@click.argument("key")
def trace(config_path: Path, as_json: bool, debug: bool, key: str) -> None:
    """All that is known of one transaction or payout, in the order of time, with file and line of every record.

    KEY is an RRN, order number, exception id, payout id or bank reference. Exit code 1: nothing bears it.
    """
    from pipelines import commands_people as people

    def told() -> dict[str, Any]:
        found = people.trace(config_path, key)
        return {name: value for name, value in found.items() if name != "text"} if as_json else found

    show(told, lambda found: str(found["text"]), as_json, debug)


CASE_ORDER = (
    *("list", "show", "open", "choose", "assign", "investigate", "wait", "note", "evidence", "propose", "approve"),
    *("reject", "resolve", "reopen", "pack", "form", "template", "match", "unmatch"),
)
"""Commands of `recon case` as a case goes."""


class _AsItGoes(click.Group):
    """Commands in the order in which they are needed; those that nobody placed come last."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        known = super().list_commands(ctx)
        return [*(name for name in CASE_ORDER if name in known), *(name for name in known if name not in CASE_ORDER)]


@click.group(cls=_AsItGoes)
def case() -> None:
    """Work on exceptions until the money is right, and decide what the night leaves to a person.

    `list` and `show` tell what there is to do; then, mostly in this order: assign, investigate, evidence, propose,
    approve (somebody else), resolve. `recon case COMMAND --help` says more of each.
    """


@case.command("list", short_help="What people work on, or what nobody has taken yet.")
@CONFIG
@JSON
@DEBUG
@click.option("--type", "kind", help="Only this type.")
@click.option("--status", default="open", show_default=True, help="open, assigned, …, resolved, cleared or all.")
@click.option("--assignee", help="Only cases of this person.")
@click.option("--unassigned", is_flag=True, help="Open exceptions that nobody has taken yet, instead.")
@click.option("--due", "due", type=Day(), help="Everything open that is due by this date, taken or not, instead.")
def list_(config_path: Path, as_json: bool, debug: bool, **words: Any) -> None:
    """Exceptions on which people work, that wait for a person's decision, or that nobody has taken yet."""
    from pipelines import commands_cases as cases

    show(lambda: cases.list_cases(config_path, **words), cases.cases_text, as_json, debug)


@case.command("show", short_help="One case: records, what to ask, what is missing.")
@CONFIG
@JSON
@DEBUG
@click.argument("exception_id")
def show_(config_path: Path, as_json: bool, debug: bool, exception_id: str) -> None:
    """One exception: its records and candidates, what to ask, which evidence is missing, and all that was done.

    Of an incident also the exceptions that are part of it.
    """
    from pipelines import commands_cases as cases

    show(lambda: cases.show_case(config_path, exception_id), cases.case_text, as_json, debug)


@case.command(short_help="Pair a journal row with a settlement line.")
@CONFIG
@JSON
@DEBUG
@click.argument("row")
@click.argument("other")
@BY
@REASON
def match(config_path: Path, as_json: bool, debug: bool, row: str, other: str, actor: str | None, reason: str) -> None:
    """Pair a journal row with a settlement line, whatever the rules say; rows are FILE:LINE or a row_id."""
    from pipelines import commands_people as people

    show(lambda: people.match(config_path, row, other, actor, reason), people.decision_text, as_json, debug)


@case.command(short_help="Take a pair apart for good.")
@CONFIG
@JSON
@DEBUG
@click.argument("row")
@click.argument("other", required=False)
@BY
@REASON
def unmatch(
    config_path: Path, as_json: bool, debug: bool, row: str, other: str | None, actor: str | None, reason: str
) -> None:
    """Take a pair apart for good: no rule pairs the two again. OTHER may be left out where ROW is paired."""
    from pipelines import commands_people as people

    show(lambda: people.unmatch(config_path, row, other, actor, reason), people.decision_text, as_json, debug)
