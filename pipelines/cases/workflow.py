"""How a case goes from open to closed: the transitions as a table, and one step along it.

Pure: what people do comes in as moves; what comes out is the case as it then is, or an IllegalError in one plain line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from pipelines.money import money_text

State = Literal[
    "open",
    "assigned",
    "investigating",
    "waiting-acquirer",
    "waiting-customer",
    "waiting-bank",
    "proposed",
    "approved",
    "rejected",
    "resolved",
    "cleared",
]
WAITS: Mapping[str, State] = MappingProxyType(
    {"acquirer": "waiting-acquirer", "customer": "waiting-customer", "bank": "waiting-bank"}
)
AT_WORK = frozenset({"assigned", "investigating", *WAITS.values(), "rejected"})
UNDER_WAY = frozenset({"open", *AT_WORK, "proposed", "approved"})
CLOSED = frozenset({"resolved", "cleared"})
STATES: tuple[str, ...] = (
    *("open", "assigned", "investigating", *WAITS.values(), "proposed", "approved", "rejected", "resolved", "cleared"),
)
SYSTEM = "recon"
"""Who acts where nobody did: new data closed or reopened the case."""

MONEY_BACK = frozenset({"refund", "debit-adjustment", "credit-adjustment", "representment"})
"""Remedies after which money moves; how much of it came back is told when the case is resolved."""


class IllegalError(Exception):
    """The move is not allowed; the message is one plain line."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is after its newest event. Amounts are minor units ≥ 0 of the exception's currency."""

    exception_id: str
    amount_minor: int
    currency: str | None
    state: str = "open"
    assignee: str | None = None
    due_date: date | None = None
    remedy: str | None = None
    proposed_minor: int | None = None
    proposed_by: str | None = None
    approved_by: str | None = None
    recovered_minor: int | None = None
    cause: str | None = None
    facts: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody does with a case. to: the state that `wait` leads to; the rest as in Case, None for no change."""

    act: str
    actor: str
    to: str | None = None
    assignee: str | None = None
    due_date: date | None = None
    remedy: str | None = None
    amount_minor: int | None = None
    cause: str | None = None
    facts: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: who may do it from where, and where it leads; to None: the state stays."""

    act: str
    before: frozenset[str]
    to: str | None
    mend: str


TRANSITIONS: tuple[Transition, ...] = (
    Transition("assign", frozenset({"open"}), "assigned", ""),
    Transition("assign", UNDER_WAY - {"open"}, None, "reopen it first"),
    Transition("investigate", frozenset({"assigned", *AT_WORK}), "investigating", "assign it first"),
    Transition("wait", AT_WORK, None, "assign it first; what is proposed or approved waits already"),
    Transition("propose", AT_WORK | {"proposed"}, "proposed", "assign it first"),
    Transition("approve", frozenset({"proposed"}), "approved", "only what is proposed can be approved"),
    Transition("reject", frozenset({"proposed"}), "rejected", "only what is proposed can be rejected"),
    Transition("resolve", frozenset({"approved"}), "resolved", "propose what is to be done and have it approved first"),
    Transition("reopen", frozenset({"resolved"}), "open", "only what was resolved can be reopened"),
    Transition("note", UNDER_WAY | CLOSED, None, ""),
    Transition("evidence", UNDER_WAY | CLOSED, None, ""),
    Transition("choose", UNDER_WAY, None, "reopen it first"),
    Transition("claim", frozenset({"open"}), "open", ""),
)
"""What people do. `note` and `evidence` are always possible: what comes late is kept, too."""

FOLLOWS: Mapping[str, tuple[frozenset[str], str]] = MappingProxyType(
    {
        "cleared": (UNDER_WAY | {"resolved"}, "cleared"),
        "reopened": (CLOSED, "open"),
        "changed": (frozenset({"resolved", "proposed", "approved"}), "open"),
    }
)
"""What the register's own events do to a case: from which states, and where it leads.

A changed amount takes back what was proposed, approved or settled for the old one.
"""

Allowed = Callable[[Case, Move], None]
"""Raises IllegalError where somebody may not approve so much."""


def step(case: Case, move: Move, allowed: Allowed) -> Case:
    """The case after a move; IllegalError says why it is not allowed."""
    row = _transition(case, move)
    after = replace(case, state=move.to or row.to or case.state, facts={**case.facts, **move.facts})
    after = replace(after, due_date=move.due_date or case.due_date)
    match move.act:
        case "assign":
            return replace(after, assignee=move.assignee or move.actor)
        case "propose":
            return _proposed(after, move)
        case "approve" | "reject":
            _second_person(case, move)
            if move.act == "approve":
                allowed(case, move)
            return replace(after, approved_by=move.actor if move.act == "approve" else None)
        case "resolve":
            return _resolved(after, move)
        case "reopen":
            return fresh(after)
    return after


def fresh(case: Case) -> Case:
    """A case that begins again: nothing is proposed, approved or recovered; who has it keeps it."""
    return replace(
        case, state="open", remedy=None, proposed_minor=None, proposed_by=None, approved_by=None, recovered_minor=None
    )


def _transition(case: Case, move: Move) -> Transition:
    rows = [row for row in TRANSITIONS if row.act == move.act]
    for row in rows:
        if case.state in row.before:
            return row
    mend = next((row.mend for row in reversed(rows) if row.mend), "")
    raise IllegalError(f"{case.exception_id}: {move.act} is not possible while it is {case.state}; {mend}")


def _proposed(case: Case, move: Move) -> Case:
    amount = case.amount_minor if move.amount_minor is None else move.amount_minor
    if amount > case.amount_minor:
        told = f"{_money(amount, case)} is more than the case is about ({_money(case.amount_minor, case)})"
        raise IllegalError(f"{case.exception_id}: {told}; propose no more than that")
    return replace(
        case, remedy=move.remedy, proposed_minor=amount, proposed_by=move.actor, approved_by=None, recovered_minor=None
    )


def _second_person(case: Case, move: Move) -> None:
    if same_person(move.actor, case.proposed_by or ""):
        what = f"{move.actor} proposed it; somebody else must {move.act} it"
        raise IllegalError(f"{case.exception_id}: {what}")


def _resolved(case: Case, move: Move) -> Case:
    recovered = move.amount_minor
    if recovered is None and case.remedy in MONEY_BACK:
        what = f"a {case.remedy} moves money; say how much of it is settled with --recovered"
        raise IllegalError(f"{case.exception_id}: {what}")
    recovered = recovered or 0
    if recovered > case.amount_minor:
        told = f"{_money(recovered, case)} is more than the case is about ({_money(case.amount_minor, case)})"
        raise IllegalError(f"{case.exception_id}: {told}; what is above it belongs to another case")
    return replace(case, recovered_minor=recovered, cause=move.cause or case.cause)


def same_person(one: str, other: str) -> bool:
    """Whether two names are of one person: blanks and upper case do not tell people apart."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _money(minor: int, case: Case) -> str:
    return money_text(minor, case.currency) if case.currency else str(minor)
