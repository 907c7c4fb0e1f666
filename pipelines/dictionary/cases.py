"""How people work on cases: transitions, situations and checklists as the program holds them."""

from __future__ import annotations

from pipelines.cases.checklist import NEEDED, PIECES
from pipelines.cases.guidance import FACTS, GUIDES
from pipelines.cases.workflow import FOLLOWS, STATES, TRANSITIONS
from pipelines.dictionary.words import code, table
from pipelines.packing import FIELDS
from reports.forms import FORMS


def transitions() -> str:
    """What people may do from where, and what new data do."""
    rows = [
        (code(f"recon case {row.act}"), _states(row.before), _to(row.act, row.to))
        for row in TRANSITIONS
        if row.act != "claim"
    ]
    by_data = {"cleared": "new data clear it", "reopened": "new data bring it back", "changed": "its amount changes"}
    rows += [(by_data[event], _states(before), code(after)) for event, (before, after) in FOLLOWS.items()]
    return table(("what happens", "possible while it is", "it is then"), rows)


def _states(before: frozenset[str]) -> str:
    return ", ".join(code(state) for state in STATES if state in before)


def _to(act: str, to: str | None) -> str:
    if act == "wait":
        return ", ".join(code(state) for state in STATES if state.startswith("waiting-"))
    return code(to) if to else "as before"


def guidance() -> str:
    """The next step in each situation."""
    rows = []
    for kind, guides in GUIDES.items():
        for each in guides:
            when = ", ".join(code(f"{fact}={'yes' if value else 'no'}") for fact, value in each.facts)
            rows.append((code(kind), when, each.action_en, each.action_zh, code(each.remedy)))
    return table(("type", "situation", "next step", "下一步", "remedy"), rows)


def facts() -> str:
    """What is asked."""
    return table(("fact", "question", "问题"), ((code(name), *words) for name, words in FACTS.items()))


def checklist() -> str:
    """Pieces of evidence by type."""
    rows = [(code(kind), ", ".join(code(piece) for piece in pieces) or "none") for kind, pieces in NEEDED.items()]
    return table(("type", "pieces"), rows)


def pieces() -> str:
    """What each piece is."""
    return table(("piece", "what it is", "材料"), ((code(name), *words) for name, words in PIECES.items()))


def forms() -> str:
    """The forms there are."""
    return table(("form", "what it is", "表单"), ((code(name), *words) for name, words in FORMS.items()))


def fields() -> str:
    """Words in braces that templates may use: those of the built-in ones and all others that are filled in."""
    return ", ".join(map(code, sorted(FIELDS))) + "\n"
