"""The ready questions of sql/queries: what each answers, what it wants to know, and its SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pipelines.config import ConfigError

FOLDER = Path(__file__).resolve().parents[1] / "sql" / "queries"

_PARAMETER = re.compile(r"-- \$(?P<name>[a-z_]+) (?P<kind>[A-Z]+)(?: = (?P<default>[^:]+))?: (?P<meaning>.+)")


@dataclass(frozen=True)
class Parameter:
    """One thing a question wants to know. default: an SQL expression, None where it must be given."""

    name: str
    kind: str
    default: str | None
    meaning: str


@dataclass(frozen=True)
class Question:
    """A ready question by name, with what it answers and its SQL."""

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    sql: str


def questions() -> list[Question]:
    """All ready questions, by name."""
    return [_read(file) for file in sorted(FOLDER.glob("*.sql"))]


def question(name: str) -> Question:
    """One ready question; ConfigError with what was meant where there is none of that name."""
    known = {each.name: each for each in questions()}
    if name not in known:
        near = get_close_matches(name, known, n=3, cutoff=0.4)
        meant = f"; there are {', '.join(near)}" if near else ""
        raise ConfigError(f"there is no ready question {name!r}{meant}; `recon sql --queries` lists them")
    return known[name]


def _read(file: Path) -> Question:
    """A file begins with one comment line that says what it answers, then one for each parameter."""
    text = file.read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("-- ")]
    found = [Parameter(**match.groupdict()) for line in head if (match := _PARAMETER.fullmatch(line))]
    about = " ".join(line[3:] for line in head if not line.startswith("-- $"))
    sql = "\n".join(line for line in text.splitlines() if not line.startswith("-- ")).strip().removesuffix(";")
    return Question(file.stem, about, tuple(found), sql)


def given(asked: Question, told: Iterable[str]) -> Mapping[str, str]:
    """NAME=VALUE words as parameters of a question; ConfigError for one that it does not know or that is missing."""
    words = dict(word.partition("=")[::2] for word in told)
    names = [parameter.name for parameter in asked.parameters]
    for word in words:
        if word not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes none"
            raise ConfigError(f"{asked.name} has no parameter {word!r}; {takes}")
    for parameter in asked.parameters:
        if parameter.default is None and parameter.name not in words:
            raise ConfigError(f"{asked.name} needs to know: --set {parameter.name}=… ({parameter.meaning})")
    return words
