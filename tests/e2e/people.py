"""Commands as a person types them, in this process."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result
from scenario import Shop

from pipelines.cli import cli

BECAUSE = ("--by", "Li Na", "--reason", "slip seen")
"""Who decides, and why."""


def recon(shop: Shop, *words: str) -> Result:
    """One command; its configuration follows the names of command and subcommand."""
    names = 2 if words[0] in ("audit", "case", "period") else 1
    line = [*words[:names], "--config", str(shop.config), *words[names:]]
    return CliRunner().invoke(cli, line, catch_exceptions=False)


def told(shop: Shop, *words: str) -> Any:
    """What a command prints with --json, which must succeed."""
    done = recon(shop, *words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refused(shop: Shop, *words: str, code: int = 2) -> str:
    """The one plain line of a command that is refused."""
    done = recon(shop, *words)
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    (line,) = done.stderr.splitlines()
    return line
