"""What `recon case list` and `recon case show` read from the published copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines import config
from pipelines.cases import life
from pipelines.commands import EXCEPTION_FIELDS
from pipelines.config import RefusedError
from pipelines.deciding import CHOICES, UNDECIDED
from pipelines.money import money_text
from pipelines.store import Published, looking


def list_cases(config_path: Path, kind: str | None, status: str) -> list[dict[str, Any]]:
    """Exceptions that wait for a person's decision or that a person has decided on, with what was decided."""
    with Published(config.load(config_path).paths.investigate) as published:
        looking.current(published)
        found = looking.cases(published, UNDECIDED)
        acts = looking.acts_of(published, [row["exception_id"] for row in found])
    over = ("cleared", "resolved")
    shown = [
        row
        for row in found
        if (kind is None or row["type"] == kind.upper())
        and (status == "all" or (row["status"] == status if status != "open" else row["status"] not in over))
    ]
    return [_fields(row) | {"decisions": _acts(acts, row)} for row in shown]


def cases_text(found: list[dict[str, Any]]) -> str:
    """Two lines a case, for a terminal."""
    lines = []
    for case in found:
        money = money_text(case["amount_minor"], case["currency"]) if case["currency"] else "—"
        told = [f"decision {act['event_no']} of {act['actor']} is {act['state']}" for act in case["decisions"]]
        lines.append(
            f"{case['exception_id']}  {case['type']:<16} {case['status']:<8} {money:>16}  due {case['due_date']}"
        )
        lines.append(f"    {case['explanation']}")
        lines.append("    " + ("; ".join(told) or f"undecided: `recon case show {case['exception_id']}`"))
    return "\n".join([*lines, f"{len(found):,} cases"]) if found else "no cases"


def show_case(config_path: Path, key: str) -> dict[str, Any]:
    """One exception with its candidates, its history and what people decided; RefusedError where there is none."""
    with Published(config.load(config_path).paths.investigate) as published:
        looking.current(published)
        case = looking.case(published, key)
        if case is None:
            raise RefusedError(f"{key}: there is no such exception; `recon exceptions` lists them")
        acts = looking.acts_of(published, [key])
        side, rows = looking.candidates(published, case["evidence"]) if case["type"] in CHOICES else ("journal", [])
        history = looking.history(published, key)
    entries = life.journal_entries(rows) if side == "journal" else life.settlement_entries(rows)
    numbered = list(enumerate(zip(rows, entries, strict=True), start=1))
    return {
        **_fields(case),
        "candidates": [
            {"number": number, "file": row["file"], "line": row["line"], "row_id": row["row_id"], "row": entry.text}
            | {"at": f"{row['txn_time'] or row['business_date'] or ''}", "state": row["state"]}
            for number, (row, entry) in numbered
        ],
        "history": history,
        "decisions": _acts(acts, case),
    }


def case_text(case: dict[str, Any]) -> str:
    """A case for a terminal, its candidates numbered."""
    money = money_text(case["amount_minor"], case["currency"]) if case["currency"] else "no amount"
    lines = [
        f"{case['exception_id']}  {case['type']}  {case['status']}  {money}  due {case['due_date'] or '—'}",
        case["explanation"],
    ]
    lines += [f"→ {case['next_action']} ({case['contact']})"] if case["status"] == "open" else []
    lines += [
        f"record: {e['side']} {e['file']}:{e['line']}" for e in case["evidence"][: 1 if case["candidates"] else None]
    ]
    for each in case["candidates"]:
        lines.append(
            f"candidate {each['number']}: {each['file']}:{each['line']}  {each['at']}  {each['row']}  [{each['state']}]"
        )
    lines += [f"{event['run_date']}  {event['event']}" for event in case["history"]]
    for act in case["decisions"]:
        lines.append(
            f"decision {act['event_no']}, {act['acted_at'][:16]} UTC, {act['actor']}: {act['act']} ({act['state']})"
        )
        lines.append(f"    {act['journal_row']} · {act['settlement_row']}")
        lines.append(f"    reason: {act['reason']}")
    if case["candidates"] and case["status"] == "open":
        lines.append(f"decide: recon case resolve {case['exception_id']} --match NUMBER --by NAME --reason WHY")
    return "\n".join(lines)


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({name: row[name] for name in EXCEPTION_FIELDS}, default=str))  # type: ignore[no-any-return]


def _acts(acts: list[dict[str, Any]], case: dict[str, Any]) -> list[dict[str, Any]]:
    mine = [act for act in acts if act["exception_id"] == case["exception_id"]]
    return [{k: v.isoformat() if k == "acted_at" else v for k, v in act.items()} for act in mine]
