"""What `recon case list` and `recon case show` read from the published copy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import config
from pipelines.cases import life
from pipelines.cases.checklist import Piece, checked
from pipelines.cases.guidance import FACTS, Guide, guide, questions, remaining
from pipelines.cases.people import person
from pipelines.cases.policies import Policies
from pipelines.cases.workflow import CLOSED, STATES, IllegalError
from pipelines.commands import EXCEPTION_FIELDS
from pipelines.config import RefusedError, Settings
from pipelines.deciding import CHOICES, UNDECIDED
from pipelines.money import money_text
from pipelines.store import Published, looking

CASE_FIELDS = (
    *("assignee", "remedy", "proposed_minor", "proposed_by", "approved_by", "recovered_minor", "cause"),
    *("begun_at", "touched_at", "attachments"),
)
DECISIONS = ("match", "unmatch")
INCIDENT = "CHANNEL_INCIDENT"
_PROPOSE = "recon case propose {key} --remedy … --reason …"
COMES_NEXT = {
    "open": "recon case assign {key} --to NAME",
    "assigned": "recon case investigate {key} --fact …=yes, or " + _PROPOSE,
    "investigating": _PROPOSE,
    "rejected": _PROPOSE,
    **{
        f"waiting-{party}": "recon case investigate {key} once they answered"
        for party in ("acquirer", "customer", "bank")
    },
    "proposed": "recon case approve {key} or reject, by somebody else",
    "approved": "recon case resolve {key} --recovered … --cause … --reason …",
}
"""What usually comes next, by status, as a command."""


def list_cases(
    config_path: Path,
    kind: str | None = None,
    status: str = "open",
    assignee: str | None = None,
    unassigned: bool = False,
    due: date | None = None,
) -> list[dict[str, Any]]:
    """Exceptions that wait for a person's decision or that people work on, with what was decided.

    unassigned: open exceptions that nobody has taken; due: everything open that is due by that date.
    """
    settings = config.load(config_path)
    if status not in (*STATES, "waiting", "all"):
        raise RefusedError(f"--status {status}: write one of {', '.join(STATES)}, all")
    with Published(settings.paths.investigate) as published:
        looking.current(published)
        whole = unassigned or due is not None
        found = looking.open_exceptions(published) if whole else looking.cases(published, UNDECIDED)
        acts = looking.acts_of(published, [row["exception_id"] for row in found])
        cases = looking.worked_on(published, [row["exception_id"] for row in found])
    whose = None if assignee is None else _person(settings, assignee)
    shown = [
        row
        for row in found
        if (kind is None or row["type"] == kind.upper())
        and (status == "all" or (row["status"] == status if status != "open" else row["status"] not in CLOSED))
        and (whose is None or row["assignee"] == whose)
        and not (unassigned and row["assignee"])
        and (due is None or (row["due_date"] is not None and row["due_date"] <= due))
    ]
    return [
        _fields(row) | _case(cases.get(row["exception_id"])) | {"decisions": _decisions(_of(acts, row))}
        for row in shown
    ]


def _person(settings: Settings, name: str) -> str:
    try:
        return person(settings.people, name)
    except IllegalError as error:
        raise RefusedError(str(error)) from None


def cases_text(found: list[dict[str, Any]]) -> str:
    """Two or three lines a case, for a terminal."""
    lines = []
    for case in found:
        told = [f"decision {act['event_no']} of {act['actor']} is {act['state']}" for act in case["decisions"]]
        lines.append(
            f"{case['exception_id']}  {case['type']:<16} {case['status']:<16} {_money(case):>16}  "
            f"due {case['due_date'] or '—'}"
        )
        lines.append(f"    {case['explanation']}")
        if case["assignee"]:
            told.append(f"with {case['assignee']}")
        if case["remedy"]:
            told.append(_proposal(case))
        lines.append("    " + ("; ".join(told) or _offer(case)))
    return "\n".join([*lines, f"{len(found):,} case{'s' if len(found) > 1 else ''}"]) if found else "no cases"


def _offer(case: Mapping[str, Any]) -> str:
    key = case["exception_id"]
    return (
        f"undecided: `recon case show {key}`"
        if case["type"] == UNDECIDED
        else f"nobody has it: `recon case assign {key}`"
    )


def _proposal(case: Mapping[str, Any]) -> str:
    by = f"approved by {case['approved_by']}" if case["approved_by"] else f"proposed by {case['proposed_by']}"
    told = f"{case['remedy']} of {_money(case, 'proposed_minor')}, {by}"
    return told + (f", {_money(case, 'recovered_minor')} recovered" if case["status"] == "resolved" else "")


def _money(case: Mapping[str, Any], name: str = "amount_minor") -> str:
    return money_text(case[name], case["currency"]) if case["currency"] and case[name] is not None else "—"


def show_case(config_path: Path, key: str) -> dict[str, Any]:
    """One exception with its candidates, its history, and all that people did; RefusedError where there is none."""
    settings = config.load(config_path)
    with Published(settings.paths.investigate) as published:
        looking.current(published)
        case = looking.case(published, key)
        if case is None:
            raise RefusedError(f"{key}: there is no such exception; `recon exceptions` lists them")
        acts = looking.acts_of(published, [key])
        worked = looking.worked_on(published, [key]).get(key)
        side, rows = looking.candidates(published, case["evidence"]) if case["type"] in CHOICES else ("journal", [])
        history = looking.history(published, key)
        children = looking.children(published, key) if case["type"] == INCIDENT else []
    entries = life.journal_entries(rows) if side == "journal" else life.settlement_entries(rows)
    numbered = list(enumerate(zip(rows, entries, strict=True), start=1))
    facts = facts_of(worked)
    return {
        **_fields(case),
        **_case(worked),
        "candidates": [
            {"number": number, "file": row["file"], "line": row["line"], "row_id": row["row_id"], "row": entry.text}
            | {"at": f"{row['txn_time'] or row['business_date'] or ''}", "state": row["state"]}
            for number, (row, entry) in numbered
        ],
        "children": children,
        "facts": facts,
        "questions": [
            {"fact": name, "question": FACTS[name][0], "question_zh": FACTS[name][1]}
            for name in questions(case["type"], facts)
        ],
        "guidance": [_guide(each) for each in _guides(case["type"], facts)],
        "checklist": [vars_of(each) for each in checklist(settings, case, acts)],
        "history": history,
        "decisions": _decisions(acts),
        "acts": [_plain(act) for act in acts if act["act"] not in DECISIONS],
    }


def facts_of(worked: Mapping[str, Any] | None) -> dict[str, bool]:
    """What is known of the situation, as people told it."""
    return json.loads((worked or {}).get("facts") or "{}")  # type: ignore[no-any-return]


def checklist(settings: Settings, case: Mapping[str, Any], acts: list[dict[str, Any]]) -> list[Piece]:
    """The evidence that the policy asks for, and what of it is there."""
    policy = Policies.of(settings.policy)(case["type"], case["acquirer"])
    attached = [act["item"] for act in acts if act["item"] and act["attachment_sha256"]]
    return checked(policy.needed, [e["side"] for e in case["evidence"]], attached)


def vars_of(piece: Piece) -> dict[str, Any]:
    """A piece of evidence as JSON."""
    return {"piece": piece.code, "what": piece.en, "what_zh": piece.zh, "there": piece.there}


def _guides(kind: str, facts: Mapping[str, bool]) -> list[Guide]:
    found = guide(kind, facts)
    return [found] if found else remaining(kind, facts)


def _guide(found: Guide) -> dict[str, Any]:
    return {
        "facts": dict(found.facts),
        "next_action": found.action_en,
        "next_action_zh": found.action_zh,
        "remedy": found.remedy,
    }


def case_text(case: dict[str, Any]) -> str:
    """A case for a terminal: what it is, what is to be done, what is missing, and all that happened."""
    under_way = case["status"] not in (*CLOSED, "waiting")
    lines = [
        f"{case['exception_id']}  {case['type']}  {case['status']}  {_money(case)}  due {case['due_date'] or '—'}",
        case["explanation"],
    ]
    lines += [f"with {case['assignee']}"] if case["assignee"] else []
    lines += [_proposal(case)] if case["remedy"] else []
    lines += [f"→ {case['next_action']} ({case['contact']})"] if under_way else []
    lines += list(_situation(case)) if under_way else []
    lines += [
        f"record: {e['side']} {e['file']}:{e['line']}" for e in case["evidence"][: 1 if case["candidates"] else None]
    ]
    for each in case["candidates"]:
        lines.append(
            f"candidate {each['number']}: {each['file']}:{each['line']}  {each['at']}  {each['row']}  [{each['state']}]"
        )
    lines += list(_children(case["children"]))
    lines += [f"evidence: {'✓' if each['there'] else '✗ missing:'} {each['what']}" for each in case["checklist"]]
    lines += [f"{event['run_date']}  {event['event']}" for event in case["history"]]
    for act in case["decisions"]:
        lines.append(
            f"decision {act['event_no']}, {act['acted_at'][:16]} UTC, {act['actor']}: {act['act']} ({act['state']})"
        )
        lines.append(f"    {act['journal_row']} · {act['settlement_row']}")
        lines.append(f"    reason: {act['reason']}")
    lines += [line for act in case["acts"] for line in _act_lines(act)]
    if under_way and case["status"] in COMES_NEXT and not case["candidates"]:
        lines.append("next: " + COMES_NEXT[case["status"]].format(key=case["exception_id"]))
    if case["candidates"] and under_way:
        lines.append(f"decide: recon case resolve {case['exception_id']} --match NUMBER --by NAME --reason WHY")
    return "\n".join(lines)


def _situation(case: Mapping[str, Any]) -> list[str]:
    """What to ask, and what follows from the answers."""
    told = [f"ask: {each['question']} (--fact {each['fact']}=yes or no)" for each in case["questions"]]
    for each in case["guidance"]:
        when = ", ".join(f"{name}={'yes' if value else 'no'}" for name, value in each["facts"].items())
        told.append(f"if {when}: {each['next_action']} [{each['remedy']}]")
    return told


def _children(children: list[dict[str, Any]]) -> Iterator[str]:
    """The exceptions of an incident, and those still open in one line, as the commands take several at once."""
    for each in children:
        told = f"{each['exception_id']}  {each['type']:<21} {each['status']:<16} {_money(each):>14}"
        yield f"part of it: {told}  {each['happened_at'].replace('T', ' ')}"
    if left := [each["exception_id"] for each in children if each["status"] not in CLOSED]:
        yield f"{len(left)} of {len(children)} still open; one command takes them all: {' '.join(left)}"


def _act_lines(act: Mapping[str, Any]) -> list[str]:
    where = f" → {act['case_state']}" if act["case_state"] else ""
    first = f"act {act['event_no']}, {act['acted_at'][:16]} UTC, {act['actor']}: {act['act']}{where}"
    told = [act["reason"]] if act["reason"] and act["reason"] != act["act"] else []
    if act["attachment_name"]:
        piece = f" ({act['item']})" if act["item"] else ""
        told.insert(0, f"{act['attachment_name']}{piece}, SHA-256 {act['attachment_sha256']}")
    return [first, *(f"    {line}" for line in told)]


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({name: row[name] for name in EXCEPTION_FIELDS}, default=str))  # type: ignore[no-any-return]


def _case(worked: dict[str, Any] | None) -> dict[str, Any]:
    return _plain({name: (worked or {}).get(name) for name in CASE_FIELDS})


def _of(acts: list[dict[str, Any]], case: dict[str, Any]) -> list[dict[str, Any]]:
    return [act for act in acts if act["exception_id"] == case["exception_id"]]


def _decisions(acts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_plain(act) for act in acts if act["act"] in DECISIONS]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: times in ISO 8601."""
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()}
