"""Ready declarations of published layouts: known by name, claimed by no file until a source names them."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from pipelines.sources.declared.tables import MisfitError

_FOLDER = files("pipelines.sources").joinpath("ready")
READY = sorted(entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))
"""Names of the ready profiles."""


@cache
def ready_table(name: str) -> dict[str, Any]:
    """The table of a ready profile, without its name."""
    return tomllib.loads(_FOLDER.joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def with_base(table: Any) -> Any:
    """The table of a declaration, with what it leaves out taken from the ready one that it is like."""
    if not isinstance(table, dict) or not isinstance(table.get("like"), str):
        return table
    if table["like"] not in READY:
        raise MisfitError(f"{table['like']!r} is no ready profile; there are {', '.join(READY)}", "like")
    base = ready_table(table["like"])
    return _merged(base, table)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {key for key in own if isinstance(own[key], dict) and isinstance(base.get(key), dict)}
    return {**base, **own, **{key: _merged(base[key], own[key]) for key in both}}
