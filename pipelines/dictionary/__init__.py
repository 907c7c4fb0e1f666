"""The generated parts of README.md and docs/: `make docs` writes them, a test says when they are old.

What they say is read from where it is decided: the policy, the profiles, the settings, the rules, the commands and the
database's own views. Words that stand in none of these are in docs/words.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.dictionary import cases, policy, program, settings, signals, views
from pipelines.dictionary.words import ROOT

BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)

PARTS: Mapping[str, Callable[[], str]] = {
    "terms": policy.terms,
    "exception-index": policy.exception_index,
    "exception-types": policy.exception_types,
    "case-transitions": cases.transitions,
    "case-guidance": cases.guidance,
    "case-facts": cases.facts,
    "case-checklist": cases.checklist,
    "case-pieces": cases.pieces,
    "case-forms": cases.forms,
    "case-fields": cases.fields,
    "profiles": program.profiles,
    "matching-rules": program.matching_rules,
    "layers": program.layers,
    "commands": program.commands,
    "settings": settings.settings,
    "signals": signals.signals,
    "views": views.views,
}
"""What may stand between `<!-- generated: NAME -->` and `<!-- end -->`."""


def documents() -> list[Path]:
    """Every page that may hold generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fresh(text: str) -> str:
    """A page with its generated parts made anew; KeyError for a part that nobody makes."""
    return BLOCK.sub(lambda found: found["open"] + PARTS[found["name"]]() + found["close"], text)
