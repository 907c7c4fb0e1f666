"""Words that several commands take, and how a command says something."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("recon.toml"),
    show_default=True,
    help="Configuration file.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON (contract: one document on stdout).")
DEBUG = click.option("--debug", is_flag=True, help="Show a traceback when something fails.")


class Day(click.ParamType[date]):
    """A calendar date, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse, or say what a date looks like."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar date has no zone
        except ValueError:
            self.fail(f"{value!r} is no date; write it as 2026-03-02", param, ctx)


class Moment(click.ParamType[datetime]):
    """A date and time without an offset, or a date for its noon."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse, or say what a moment looks like."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment; write it as 2026-03-31T12:00", param, ctx)
        if found.tzinfo is not None:
            self.fail(f"{value!r} has an offset; write the shop's own time, as 2026-03-31T12:00", param, ctx)
        return found if len(str(value)) > len("2026-03-31") else found.replace(hour=12)


class Numbers(click.ParamType[tuple[int, ...]]):
    """Whole numbers separated by commas."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Parse, or say what they look like."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} are no numbers; write them as 1,2,3", param, ctx)


def WHICH(command: Callable[..., None]) -> Callable[..., None]:  # noqa: N802 - used as the options above are
    """Which report: of a date, a week or a month."""
    for option in (
        click.option("--month", help="A month, such as 2026-03, in place of a date."),
        click.option("--week", help="An ISO week, such as 2026-W10, in place of a date."),
        click.option("--date", "day", type=Day(), help="Business date of a run that finished."),
    ):
        command = option(command)
    return command


def say(line: str) -> None:
    """One plain line for people, on stderr, so that stdout stays the answer."""
    click.echo(line, err=True)


def fail(message: str, code: int) -> None:
    """Say what is wrong and end with the code."""
    say(message)
    sys.exit(code)
