"""What is wrong with a TOML file of settings: one plain line with its line number and the mend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Loc = tuple[int | str, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SYNTAX = re.compile(r"(.*?) \(at line ([0-9]+), column ([0-9]+)\)")
_TAGS = ("str", "int", "constrained-str")
"""What pydantic appends to a place where several types are allowed."""

_WANTED = {
    "string": "a text in quotes",
    "int": "a whole number",
    "bool": "true or false",
    "tuple": "a list in brackets",
    "dict": "a table",
    "model": "a table",
    "decimal": "a number",
    "date": "a date like 2026-01-01",
    "time": "a time like 23:00:00",
    "path": "a path in quotes",
}


def there_are(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def of_syntax(error: tomllib.TOMLDecodeError) -> str:
    """A file that is no TOML."""
    found = _SYNTAX.fullmatch(str(error))
    if found is None:
        return f"not TOML: {error}"
    return f"line {found[2]}: not TOML: {found[1]} (column {found[3]})"


def of_values(text: str, error: ValidationError, model: type[BaseModel]) -> str:
    """The first fault of the settings, and how many more there are."""
    faults = error.errors()
    fault: dict[str, Any] = dict(faults[0])
    cause = fault.get("ctx", {}).get("error")
    loc: Loc = (*fault["loc"], *getattr(cause, "where", ()))
    while len(loc) > 1 and loc[-1] in _TAGS and isinstance(loc[-2], int):
        loc = loc[:-1]
    line = line_of(text, loc)
    where = ".".join(str(part) for part in loc if isinstance(part, str))
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{f'line {line}: ' if line else ''}{where + ': ' if where else ''}{_says(fault, loc, model)}{more}"


def _says(fault: dict[str, Any], loc: Loc, model: type[BaseModel]) -> str:
    kind, given, context = str(fault["type"]), fault["input"], fault.get("ctx", {})
    plain = {
        "missing": "it is missing; add it",
        "string_too_short": "it is empty; fill it in, or leave the key out",
        "too_short": "it is empty; fill it in, or leave the key out",
        "string_too_long": f"{given!r} is too long; write one sign",
        "greater_than_equal": f"{given} is not allowed; the least is {context.get('ge')}",
        "less_than_equal": f"{given} is not allowed; the most is {context.get('le')}",
        "literal_error": f"{given!r} is not allowed; write {context.get('expected')}",
        "value_error": str(fault["msg"]).removeprefix("Value error, "),
    }
    if kind == "extra_forbidden":
        return f"there is no such key; {there_are(str(loc[-1]), _table(model, loc[:-1]).model_fields)}"
    wanted = _WANTED.get(kind.partition("_")[0])
    return plain.get(kind) or (f"{_written(given)} is not allowed; write {wanted}" if wanted else str(fault["msg"]))


def _written(given: object) -> str:
    if isinstance(given, Decimal):
        return str(given)
    return {True: "true", False: "false"}[given] if isinstance(given, bool) else repr(given)


def _table(model: type[BaseModel], loc: Loc) -> type[BaseModel]:
    """The model of the table at a place."""
    for part in (part for part in loc if isinstance(part, str)):
        inner = _models(model.model_fields[part].annotation) if part in model.model_fields else []
        model = inner[0] if inner else model
    return model


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def line_of(text: str, loc: Loc) -> int | None:
    """Line of the key or table at a place, else of the nearest table around it; None for the whole file."""
    places = _places(text)
    for length in range(len(loc), 0, -1):
        if loc[:length] in places:
            return places[loc[:length]]
    return None


def _places(text: str) -> dict[Loc, int]:
    """Line of every table and key, by the keys and turns that lead to it."""
    places: dict[Loc, int] = {}
    turns: dict[Loc, int] = {}
    table: Loc = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _turned(_parts(header[2]), turns, array=header[1] == "[[")
            places.setdefault(table, number)
            places.setdefault(table[:-1] if header[1] == "[[" else table, number)
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            for length in range(1, len(parts) + 1):
                places.setdefault((*table, *parts[:length]), number)
    return places


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _turned(parts: list[str], turns: dict[Loc, int], *, array: bool) -> Loc:
    """The place of a table header: each array of tables on the way stands at its newest turn."""
    place: Loc = ()
    for number, part in enumerate(parts, start=1):
        place = (*place, part)
        if array and number == len(parts):
            turns[place] = turns.get(place, -1) + 1
        if place in turns:
            place = (*place, turns[place])
    return place
