"""What the program can do: formats, rules, layers, commands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import click

from pipelines.cli import cli
from pipelines.dictionary.words import ROOT, code, table
from pipelines.matching import rules
from pipelines.sources import PROFILES


def profiles() -> str:
    """The formats that are read."""
    return table(("profile", "record of the money"), ((code(p.name), p.side) for p in PROFILES.values()))


def matching_rules() -> str:
    """The rules, strongest first."""
    plain = rules.RuleSet()
    means = {plain.any_type: "TYPE_MISMATCH", plain.suggestions: "nothing: it lists what may be meant"}
    rows = [
        (code(rule.name), ", ".join(rule.keys), _when(rule), means.get(tier, ""))
        for tier in (plain.identity, plain.any_type, plain.weaker, plain.suggestions)
        for rule in tier
    ]
    return table(("rule", "equal and filled on both sides", "when", "means"), rows)


def _when(rule: rules.Rule) -> str:
    clauses = [f"{column} is blank on a side" for column in (rule.blank, rule.also_blank) if column]
    clauses += [f"only {', '.join(rule.kinds)} lines"] if rule.kinds else []
    clauses += [f"business dates at most {rule.window_days} day apart"] if rule.window_days is not None else []
    clauses += [f"times at most {rule.window_minutes} minutes apart"] if rule.window_minutes is not None else []
    clauses += ["neither row has another candidate"] if rule.unique else []
    return "; ".join(clauses) or "always"


def layers() -> str:
    """Which module may import which, as import-linter holds it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    found = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return "```text\n" + "".join(f"{layer.replace('pipelines.', '')}\n" for layer in found) + "```\n"


def commands() -> str:
    """What `recon` can be told."""
    rows = [
        (code(f"recon {name}"), command.get_short_help_str(200), " ".join(map(_option, command.params)))
        for name, command in every_command()
    ]
    return table(("command", "what it does", "options"), rows)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Commands and subcommands by the words that call them, hidden ones left out."""
    for name, command in sorted(cli.commands.items()):
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in sorted(command.commands.items()))
        elif not command.hidden:
            yield name, command


def _option(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return code((parameter.name or "").upper() + ("…" if parameter.nargs != 1 else ""))
    return code(parameter.opts[0])
