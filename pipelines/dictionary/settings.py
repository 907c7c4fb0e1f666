"""Every key of recon.toml, from the models that check it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.config import Settings
from pipelines.dictionary.words import code, table, word

KINDS = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "object": "table",
    "array": "list",
}
FORMATS = {"path": "path", "date": "date", "time": "time"}


def settings() -> str:
    """Every key of recon.toml with its values, its default and its meaning."""
    schema = Settings.model_json_schema()
    return "\n".join(_setting_tables(schema["$defs"], schema, ()))


def _setting_tables(defs: Mapping[str, Any], of: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield _settings_of(of, path)
    for key, value in of["properties"].items():
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


def _settings_of(of: Mapping[str, Any], path: tuple[str, ...]) -> str:
    name = ".".join(part for part in path if part != "[]")
    title = f"[[{name}]]" if path[-1] == "[]" else f"[{name}]"
    needed = of.get("required", ())
    rows = [
        (
            code(key),
            "a table of its own, below" if _reference(value)[0] else _values(value),
            "**needed**" if key in needed else _default(value),
            value.get("description") or word("settings", name, key),
        )
        for key, value in of["properties"].items()
    ]
    return f"### `{title}`\n\n" + table(("key", "value", "default", "meaning"), rows)


def _values(value: Mapping[str, Any]) -> str:
    if "const" in value or "enum" in value:
        return " · ".join(code(f'"{one}"') for one in value.get("enum", [value.get("const")]))
    if "anyOf" in value:
        options = [option for option in value["anyOf"] if option.get("type") != "null"]
        if any(option["type"] == "number" for option in options):
            return 'number, fractions as text: `"20.50"`'
        return " or ".join(_values(option) for option in options)
    kind = FORMATS.get(value.get("format", "")) or KINDS[value["type"]]
    if "minimum" in value and "maximum" in value:
        return f"{kind}, {value['minimum']} to {value['maximum']}"
    return kind


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    if default is None or default in ([], {}):
        return "none"
    if isinstance(default, bool):
        return code(str(default).lower())
    if value.get("format") in ("date", "time") or not isinstance(default, str):
        return code(default)
    return code(f"'{default}'" if '"' in default else f'"{default}"')
