"""The generated parts of README.md and docs/: `make docs` writes them between their marks, a test says when they are old.

What they say is read from where it is decided: the policy, the profiles, the settings, the rules, the commands and the
database's own views. Words that stand in none of these are in docs/words.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

import schemas
from pipelines.cases.taxonomy import POLICY, Policy
from pipelines.cli import cli
from pipelines.config import Settings
from pipelines.matching import rules
from pipelines.sources import PROFILES
from pipelines.store import Store
from pipelines.store.connection import SQL

ROOT = SQL.parent
WORDS = ROOT / "docs" / "words.toml"
BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)

NOT_FOUND_YET = frozenset(
    {
        *("DUPLICATE_CHARGE", "PREAUTH_NOT_COMPLETED", "PREAUTH_EXCESS", "REFUND_UNLINKED", "REFUND_EXCESS"),
        *("REFUND_DUPLICATE", "CHARGEBACK", "ADJUSTMENT_UNEXPLAINED", "FEE_VARIANCE", "NET_BREAK", "BALANCE_BREAK"),
        *("CHANNEL_INCIDENT", "UNUSUAL_PATTERN", "TERMINAL_HEALTH", "CUSTOMER_CLAIM"),
    }
)
"""Types with a policy that no night finds yet; take one out with the change that finds it."""

VIEWS = ("exceptions", "exception_history", "journal", "settlement", "bank", "matches", "payout_bridge", "waiting_rows")
"""What an analyst asks for first; the other views follow by name."""

KINDS = {"string": "text", "integer": "whole number", "number": "amount", "boolean": "true or false", "object": "table"}
FORMATS = {"path": "path", "date": "date", "time": "time"}


class WordError(Exception):
    """Something is described nowhere; the message says where to describe it."""


def documents() -> list[Path]:
    """Every page that may hold generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fresh(text: str) -> str:
    """A page with its generated parts made anew; KeyError for a part that nobody makes."""
    return BLOCK.sub(lambda found: found["open"] + PARTS[found["name"]]() + found["close"], text)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _code(text: object) -> str:
    return f"`{text}`"


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def _found(policy: Policy) -> str:
    return "not yet" if policy.code in NOT_FOUND_YET else "yes"


def terms() -> str:
    """The types that a night finds, in two languages, with what to do."""
    found = [p for p in POLICY.values() if p.code not in NOT_FOUND_YET]
    rows = [(_code(p.code), p.term_zh, p.title_en, p.action_en) for p in found]
    return _table(("type", "术语", "what it means", "what to do"), rows)


def exception_index() -> str:
    """All types in one table."""
    rows = [
        (f"[{p.code}](#{p.code.lower()})", p.term_zh, p.title_en, p.severity, p.direction or "by sign", p.due.en, _found(p))
        for p in POLICY.values()
    ]
    return _table(("type", "术语", "meaning", "severity", "direction", "due", "found"), rows)


def exception_types() -> str:
    """All types, one after the other, in both languages."""
    return "\n".join(_exception_type(policy) for policy in POLICY.values())


def _exception_type(policy: Policy) -> str:
    rows = [
        ("likely cause", policy.cause_en, policy.cause_zh),
        ("next action", policy.action_en, policy.action_zh),
        ("contact", policy.contact_en, policy.contact_zh),
        ("evidence to keep", policy.evidence_en, policy.evidence_zh),
        ("due", policy.due.en, policy.due.zh),
    ]
    about = f"leg {policy.leg} · severity {policy.severity} · direction {policy.direction or 'by the sign of the difference'}"
    yet = "" if policy.code not in NOT_FOUND_YET else " · **no night finds it yet**"
    head = f"### {policy.code}\n\n**{policy.title_en} · {policy.term_zh}** — {about}{yet}\n\n"
    return head + _table(("", "English", "中文"), rows)


def profiles() -> str:
    """The formats that are read."""
    return _table(("profile", "record of the money"), ((_code(p.name), p.side) for p in PROFILES.values()))


def matching_rules() -> str:
    """The rules, strongest first."""
    rows = [
        (_code(rule.name), ", ".join(rule.keys), _when(rule), "TYPE_MISMATCH" if group is rules.ANY_TYPE else "")
        for group in (rules.IDENTITY, rules.ANY_TYPE, rules.WITHOUT_REFERENCE)
        for rule in group
    ]
    return _table(("rule", "equal and filled on both sides", "when", "means"), rows)


def _when(rule: rules.Rule) -> str:
    clauses = [f"{column} is blank on a side" for column in (rule.blank, rule.also_blank) if column]
    clauses += [f"only {', '.join(rule.kinds)} lines"] if rule.kinds else []
    clauses += [f"business dates at most {rule.window_days} day apart"] if rule.window_days is not None else []
    clauses += ["neither row has another candidate"] if rule.unique else []
    return "; ".join(clauses) or "always"


def commands() -> str:
    """What `recon` can be told."""
    rows = []
    for name, command in sorted(cli.commands.items()):
        if not command.hidden:
            options = [_option(parameter) for parameter in command.params]
            rows.append((_code(f"recon {name}"), command.get_short_help_str(200), " ".join(options)))
    return _table(("command", "what it does", "options"), rows)


def _option(parameter: click.Parameter) -> str:
    if isinstance(parameter, click.Argument):
        return _code((parameter.name or "").upper() + ("…" if parameter.nargs != 1 else ""))
    return _code(parameter.opts[0])


def settings() -> str:
    """Every key of recon.toml with its values, its default and its meaning."""
    schema = Settings.model_json_schema()
    return "\n".join(_setting_tables(schema["$defs"], schema, ()))


def _setting_tables(defs: Mapping[str, Any], table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield _settings_of(defs, table, path)
    for key, value in table["properties"].items():
        reference, several = _reference(value)
        if reference:
            mark = (key, "[]") if several else (key,)
            yield from _setting_tables(defs, defs[reference.rsplit("/", 1)[1]], (*path, *mark))


def _reference(value: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The table that a key holds, if it holds one, and whether there may be several."""
    for option in (value, *value.get("anyOf", ())):
        if "$ref" in option:
            return option["$ref"], False
    return value.get("items", {}).get("$ref"), True


def _settings_of(defs: Mapping[str, Any], table: Mapping[str, Any], path: tuple[str, ...]) -> str:
    name = ".".join(part for part in path if part != "[]")
    title = f"[[{name}]]" if path[-1] == "[]" else f"[{name}]"
    needed = table.get("required", ())
    rows = [
        (
            _code(key),
            "a table of its own, below" if _reference(value)[0] else _values(value),
            "**needed**" if key in needed else _default(value),
            value.get("description") or _word("settings", name, key),
        )
        for key, value in table["properties"].items()
    ]
    return f"### `{title}`\n\n" + _table(("key", "value", "default", "meaning"), rows)


def _values(value: Mapping[str, Any]) -> str:
    if "const" in value or "enum" in value:
        return " · ".join(_code(f'"{one}"') for one in value.get("enum", [value.get("const")]))
    if "anyOf" in value:
        kinds = [_values(option) for option in value["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds if "amount" not in kinds else ["amount, as text: `\"20.00\"`"]))
    kind = FORMATS.get(value.get("format", "")) or KINDS.get(value.get("type", ""), "")
    if value.get("type") == "array":
        return "text or list"
    if "minimum" in value and "maximum" in value:
        return f"{kind}, {value['minimum']} to {value['maximum']}"
    return kind


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    if default is None or default in ([], {}):
        return "none"
    if isinstance(default, bool):
        return _code(str(default).lower())
    if value.get("format") in ("date", "time") or not isinstance(default, str):
        return _code(default)
    return _code(f"'{default}'" if '"' in default else f'"{default}"')


def _word(kind: str, table: str, name: str) -> str:
    told: Mapping[str, Any] = _words()[kind]
    word = told.get(table, {}).get(name) or told.get(name)
    if not isinstance(word, str):
        raise WordError(f"{table}.{name} is described nowhere: add it to [{kind}.{table}] of {WORDS.name}")
    return word


def views() -> str:
    """Every published view with its grain, its columns, their types and what they mean."""
    with TemporaryDirectory() as folder, Store(Path(folder) / "empty.duckdb") as store:
        comments = dict(
            store.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'")
        )
        columns = store.execute(
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
            "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
        )
    known: dict[str, list[tuple[str, str, str | None]]] = {}
    for view, *column in columns:
        known.setdefault(view, []).append((column[0], column[1], column[2]))
    order = sorted(comments, key=lambda view: (VIEWS.index(view) if view in VIEWS else len(VIEWS), view))
    return "\n".join(_view(view, comments[view], known[view]) for view in order)


def _view(view: str, comment: str | None, columns: list[tuple[str, str, str | None]]) -> str:
    if not comment:
        raise WordError(f"the view {view} has no comment: add COMMENT ON VIEW to its file in sql/views")
    names = {name for name, _, _ in columns}
    rows = [
        (_code(name), _code(kind), told or _meaning(view, name, names))
        for name, kind, told in columns
    ]
    return f"### `{view}`\n\n{comment}.\n\n" + _table(("column", "type", "meaning"), rows)


def _meaning(view: str, name: str, names: set[str]) -> str:
    """What a column means: by its schema, as its minor-unit twin, or in the words of words.toml."""
    if f"{name}_minor" in names:
        return f"`{name}_minor` in major units"
    own = _words()["columns"].get(view, {})
    schema = schemas.BY_SIDE.get(view)
    if name not in own and schema and name in schema.columns:
        return str(schema.columns[name].description)
    return _word("columns", view, name)


PARTS: Mapping[str, Callable[[], str]] = {
    "terms": terms,
    "exception-index": exception_index,
    "exception-types": exception_types,
    "profiles": profiles,
    "matching-rules": matching_rules,
    "commands": commands,
    "settings": settings,
    "views": views,
}
"""What may stand between `<!-- generated: NAME -->` and `<!-- end -->`."""


def main() -> None:
    """Write every page anew and name those that changed."""
    for page in documents():
        before = page.read_text(encoding="utf-8")
        after = fresh(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            click.echo(f"{page.relative_to(ROOT)}: written anew")


if __name__ == "__main__":
    main()
