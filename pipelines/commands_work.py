"""What the commands do with cases: words of the command line become moves along the workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import claiming, working
from pipelines.cases.checklist import PIECES
from pipelines.cases.guidance import FACTS
from pipelines.cases.people import person
from pipelines.cases.workflow import WAITS, Case, IllegalError, Move
from pipelines.claiming import Asked
from pipelines.commands_people import login, said_by
from pipelines.config import RefusedError, Settings, load
from pipelines.deciding import Said
from pipelines.money import money_text, to_minor
from pipelines.working import Brought, Wish

YES_NO = {"yes": True, "no": False}
DONE = {
    "assign": "assigned to {assignee}",
    "investigate": "being looked into",
    "wait": "{state}",
    "note": "noted",
    "evidence": "kept {attachment_name}, SHA-256 {attachment_sha256}",
    "propose": "{remedy} of {proposed} proposed; somebody else approves or rejects it",
    "approve": "{remedy} of {proposed} approved by {approved_by}",
    "reject": "{remedy} of {proposed} rejected",
    "resolve": "closed, {recovered} recovered",
    "reopen": "open again",
}


def act(
    config_path: Path,
    name: str,
    exception_ids: tuple[str, ...],
    actor: str | None,
    reason: str,
    *,
    due: date | None = None,
    assignee: str | None = None,
    facts: Iterable[str] = (),
    to: str | None = None,
    remedy: str | None = None,
    amount: str | None = None,
    cause: str | None = None,
    file: Path | None = None,
    item: str | None = None,
) -> list[dict[str, Any]]:
    """One act on one or several cases; each as it then is."""
    settings = load(config_path)
    said = Said.by(settings, login() if actor is None else actor, reason or name)
    known = _facts(facts)
    whom = None if assignee is None else _person(settings, assignee)
    if item is not None and item not in PIECES:
        raise RefusedError(f"--for {item}: is no piece of a checklist; there are {', '.join(PIECES)}")

    def move(case: Case) -> Move:
        return Move(
            act=name,
            actor=said.actor,
            to=WAITS[to] if to else None,
            assignee=whom,
            due_date=due,
            remedy=remedy,
            amount_minor=None if amount is None else _minor(case, amount),
            cause=cause,
            facts=known,
        )

    def brings() -> Brought:
        return Brought(item) if file is None else working.attach(settings, file, item)

    return working.work(settings, Wish(exception_ids, said, move, brings))


def _person(settings: Settings, name: str) -> str:
    try:
        return person(settings.people, name.strip())
    except IllegalError as error:
        raise RefusedError(str(error)) from None


def _facts(words: Iterable[str]) -> dict[str, bool]:
    found = {}
    for word in words:
        name, _, answer = word.partition("=")
        if name not in FACTS or answer not in YES_NO:
            raise RefusedError(f"--fact {word}: write NAME=yes or NAME=no; names are {', '.join(FACTS)}")
        found[name] = YES_NO[answer]
    return found


def _minor(case: Case, amount: str) -> int:
    if not case.currency:
        raise IllegalError(f"{case.exception_id}: it is about no money; leave the amount out")
    try:
        minor = to_minor(amount, case.currency)
    except ValueError as error:
        raise IllegalError(f"{case.exception_id}: {error}; write it like 45.60") from None
    if minor < 0:
        raise IllegalError(f"{case.exception_id}: {amount} is less than nothing; amounts have no sign here")
    return minor


def acts_text(found: list[dict[str, Any]]) -> str:
    """One line a case."""
    return "\n".join(f"{told['exception_id']}  {told['state']}: {_done(told)}" for told in found)


def _done(told: Mapping[str, Any]) -> str:
    currency = told["currency"]
    amounts = {
        name: money_text(told[f"{name}_minor"] or 0, currency) if currency else "no money"
        for name in ("proposed", "recovered")
    }
    return DONE[told["act"]].format(**told, **amounts)


def open_claim(
    config_path: Path, actor: str | None, reason: str, *, candidate: int | None, look: bool, **words: Any
) -> dict[str, Any]:
    """Open a customer's claim, or only look for what fits."""
    settings = load(config_path)
    asked = Asked(**words)
    if look:
        return {"exception_id": None, "candidates": claiming.numbered(claiming.look(settings, asked)), "chosen": None}
    said = Said.by(settings, login() if actor is None else actor, reason or "claim")
    return claiming.open_claim(settings, asked, candidate, said)


def claim_text(told: dict[str, Any]) -> str:
    """The claim, and the payments that fit."""
    key, lines = told["exception_id"], []
    if key:
        lines = [f"{key}  CUSTOMER_CLAIM  open  due {told['due_date'] or '—'}", told["explanation"]]
    for each in told["candidates"]:
        places = " · ".join(f"{e['side']} {e['file']}:{e['line']}" for e in each["evidence"])
        mark = "" if each["exact"] else "  [another amount]"
        lines.append(f"candidate {each['number']}: {each['row']}{mark}\n    {places}")
    if not told["candidates"]:
        lines.append("no payment of the books fits; try --hours, or less of what is known")
    elif key and told["chosen"] is None:
        lines.append(f"say which: recon case choose {key} NUMBER --by NAME --reason WHY")
    return "\n".join(lines)


def choose(config_path: Path, key: str, candidate: int, actor: str | None, reason: str) -> dict[str, Any]:
    """Say which payment a claim is about."""
    settings, said = said_by(config_path, actor, reason)
    return claiming.choose(settings, key, candidate, said)


def chosen_text(told: dict[str, Any]) -> str:
    """What the claim is about."""
    return f"{told['exception_id']}  is about {told['row']}"
