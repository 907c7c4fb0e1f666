"""Gather all that is known of a case for its evidence pack and its forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines import received
from pipelines.cases import life
from pipelines.cases.checklist import PIECES, checked
from pipelines.cases.findings import answer, finding
from pipelines.cases.guidance import guide
from pipelines.cases.policies import Policies
from pipelines.cases.taxonomy import Policy
from pipelines.config import RefusedError, Settings
from pipelines.money import money_text
from pipelines.store import Published, StoreError, looking, tracing
from pipelines.words_of_cases import CELLS, DIRECTIONS, DONE, REMEDIES, STATES
from reports.casefile import Attachment, CaseFile, Check, Moment, Record

Row = Mapping[str, Any]
FIELDS = (
    *("case_id", "type", "type_en", "type_zh", "direction_en", "direction_zh", "remedy_en", "remedy_zh", "reason"),
    *("evidence_en", "evidence_zh", "records", "reference", "journal_status", "as_of", "explanation"),
    *("explanation_zh", "due_date", "first_seen", "bank_ref", "acquirer", "merchant_id", "terminal_id", "rrn"),
    *("order_no", "payout_id", "business_date", "batch_no", "stan", "auth_code", "card_no", "txn_time"),
    *("settlement_date", "response_code", "operator_id", "assignee", "approved_by", "proposed_by", "cause"),
    *("merchant_name", "merchant_address", "merchant_contact", "amount", "proposed_amount", "recovered_amount"),
    *("journal_amount", "settled_amount", "fee", "asked_amount", "original_reference"),
    *("finding_en", "finding_zh", "answer_en", "answer_zh"),
)
"""What templates may ask for."""

SIDES = ("journal", "settlement", "bank")


def gather(settings: Settings, key: str) -> CaseFile:
    """The case of an exception, from the published copy and the archive; RefusedError where there is none."""
    with Published(settings.paths.investigate) as published:
        looking.current(published)
        case = looking.case(published, key)
        if case is None:
            raise RefusedError(f"{key}: there is no such exception; `recon exceptions` lists them")
        found = tracing.gather(published, key)
        acts = looking.acts_of(published, [key])
        worked = looking.worked_on(published, [key]).get(key) or {}
        names = sorted({e["file"] for e in case["evidence"]} | {r["file"] for r in _records(found)})
        files = published.frame(
            "SELECT name, sha256, archived, CAST(arrived_at AS VARCHAR) AS arrived_at FROM files "
            "WHERE name IN (SELECT unnest(?::VARCHAR[])) "
            "QUALIFY row_number() OVER (PARTITION BY name ORDER BY state = 'loaded' DESC, file_id DESC) = 1",
            [names],
        ).to_dicts()
        ((as_of,),) = published.frame("SELECT max(business_date) FROM runs").rows()
    policy = Policies.of(settings.policy)(case["type"], case["acquirer"])
    facts = json.loads(worked.get("facts") or "{}")
    situation = guide(case["type"], facts)
    attachments = tuple(_attachment(act) for act in acts if act["attachment_sha256"])
    checks = checked(policy.needed, [e["side"] for e in case["evidence"]], [a.piece for a in attachments])
    records = _as_received(settings, found, case, {file["name"]: file for file in files})
    return CaseFile(
        exception_id=key,
        type=case["type"],
        title_en=policy.title_en,
        term_zh=policy.term_zh,
        status=case["status"],
        fields=_fields(settings, case, worked, found, acts, attachments, policy, as_of),
        next_action=(situation.action_en, situation.action_zh)
        if situation
        else (case["next_action"], case["next_action_zh"]),
        contact=(case["contact"], case["contact_zh"]),
        as_of=as_of,
        rules=tuple(map(_moment, life.match_entries(found.matches))),
        records=records,
        payouts=tuple(map(_moment, life.payout_entries(found.payouts))),
        timeline=_timeline(found),
        acts=tuple(_act(act) for act in acts),
        attachments=attachments,
        checklist=tuple(Check(each.en, each.zh, each.there) for each in checks),
        data=_plain({**case, "case": worked, "acts": acts}),
    )


def _records(found: tracing.Gathered) -> list[Row]:
    return [*found.journal, *found.settlement, *found.bank]


def _timeline(found: tracing.Gathered) -> tuple[Moment, ...]:
    entries = [
        *life.journal_entries(found.journal),
        *life.settlement_entries(found.settlement),
        *life.bank_entries(found.bank),
        *life.rejected_entries(found.rejected),
        *life.restated_entries(found.restated),
        *life.match_entries(found.matches),
        *life.exception_entries(found.history, found.exceptions),
        *life.decision_entries([act for act in found.acts if not act["case_state"]]),
    ]
    return tuple(map(_moment, sorted(entries, key=lambda entry: entry.key)))


def _moment(entry: life.Entry) -> Moment:
    when = " ".join(filter(None, (entry.day.isoformat() if entry.day else "", entry.time)))
    place = f"{entry.file}:{entry.line}" if entry.file else ""
    return Moment(when, entry.kind, entry.text, entry.note, place)


def _act(act: Row) -> Moment:
    state = f" → {act['case_state']} {STATES.get(act['case_state'], '')}" if act["case_state"] else ""
    told = [act["reason"] if act["reason"] != act["act"] else "", act["attachment_name"] or ""]
    return Moment(
        f"{act['acted_at']:%Y-%m-%d %H:%M} UTC",
        "act",
        f"{act['actor']}: {act['act']} {DONE.get(act['act'], '')}{state}",
        " · ".join(filter(None, told)),
    )


def _attachment(act: Row) -> Attachment:
    return Attachment(
        name=act["attachment_name"],
        sha256=act["attachment_sha256"],
        size=act["attachment_bytes"],
        piece=act["item"] or "",
        actor=act["actor"],
        at=f"{act['acted_at']:%Y-%m-%d %H:%M} UTC",
    )


def attached(settings: Settings, case: CaseFile) -> dict[str, bytes]:
    """The attachments by their place in the pack; StoreError for one that has vanished or was changed."""
    found = {}
    for each in case.attachments:
        path = settings.paths.archive / each.sha256[:2] / each.sha256
        try:
            data = path.read_bytes()
        except OSError as error:
            what = f"the attachment {each.name} of {case.exception_id} has vanished ({error.strerror})"
            raise StoreError(f"{path}: {what}; bring it back from the backup") from None
        if hashlib.sha256(data).hexdigest() != each.sha256:
            what = f"the attachment {each.name} of {case.exception_id} was changed since it was kept"
            raise StoreError(f"{path}: {what}; bring it back from the backup")
        found[each.path] = data
    return found


def _as_received(
    settings: Settings, found: tracing.Gathered, case: Row, files: Mapping[str, Row]
) -> tuple[Record, ...]:
    """The records behind the case first, then what else belongs to the transaction, in the order of sides."""
    rows = {(side, row["file"], row["line"]): row for side in SIDES for row in getattr(found, side)}
    behind = [(e["side"], e["file"], e["line"]) for e in case["evidence"]]
    places = list(dict.fromkeys([*behind, *rows]))
    wanted: dict[str, dict[int, set[str]]] = {}
    for place in places:
        wanted.setdefault(place[1], {}).setdefault(place[2], set()).update(_known(rows.get(place)))
    raw = {
        name: received.lines(settings.paths.archive, files[name], numbers) if name in files else {}
        for name, numbers in wanted.items()
    }
    return tuple(
        _record(place, rows.get(place), raw[place[1]].get(place[2], ""), files.get(place[1])) for place in places
    )


def _known(row: Row | None) -> set[str]:
    """Words of a record that the books hold as they are."""
    return {str(value) for name, value in (row or {}).items() if name != "card_no" and value is not None}


def _record(place: tuple[str, str, int], row: Row | None, text: str, file: Row | None) -> Record:
    side, name, line = place
    cells = [(en, zh, _cell(row, column)) for column, en, zh in CELLS.get(side, ())] if row else []
    return Record(
        side=side,
        file=name,
        line=line,
        sha256=file["sha256"] if file else "",
        arrived_at=str(file["arrived_at"])[:16] if file else "",
        text=text,
        cells=tuple(cell for cell in cells if cell[2]),
    )


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if column.endswith("_minor"):
        return money_text(int(value), str(row["currency"]))
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)


def _fields(
    settings: Settings,
    case: Row,
    worked: Row,
    found: tracing.Gathered,
    acts: Sequence[Row],
    attachments: Sequence[Attachment],
    policy: Policy,
    as_of: date,
) -> dict[str, str]:
    """What templates may ask for; empty where nothing is known."""
    journal = _behind(case, found.journal, "journal")
    line = _behind(case, found.settlement, "settlement")
    both = {**line, **{k: v for k, v in journal.items() if v is not None}}
    remedy = REMEDIES.get(worked.get("remedy") or "", ("", ""))
    reasons = [act["reason"] for act in acts if act["act"] == "propose"]
    pieces = dict.fromkeys(a.piece for a in attachments if a.piece)
    sides = dict.fromkeys(e["side"] for e in case["evidence"])
    told = [PIECES[name] for name in (*sides, *pieces) if name in PIECES]
    asked = case["amount_minor"] if worked.get("proposed_minor") is None else worked["proposed_minor"]
    found_en, found_zh = finding(journal, line)
    answer_en, answer_zh = answer(worked.get("remedy"), asked, case["currency"])
    money = {
        "amount": (case["amount_minor"], case["currency"]),
        "proposed_amount": (worked.get("proposed_minor"), case["currency"]),
        "asked_amount": (asked, case["currency"]),
        "recovered_amount": (worked.get("recovered_minor"), case["currency"]),
        "journal_amount": (journal.get("amount_minor"), journal.get("currency")),
        "settled_amount": (line.get("gross_minor"), line.get("currency")),
        "fee": (line.get("fee_minor"), line.get("currency")),
    }
    fields: dict[str, Any] = {
        "case_id": case["exception_id"],
        "type": case["type"],
        "type_en": policy.title_en,
        "type_zh": policy.term_zh,
        "direction_en": DIRECTIONS[case["direction"]][0],
        "direction_zh": DIRECTIONS[case["direction"]][1],
        "remedy_en": remedy[0],
        "remedy_zh": remedy[1],
        "reason": reasons[-1] if reasons else None,
        "evidence_en": "; ".join(en for en, _ in told),
        "evidence_zh": "；".join(zh for _, zh in told),
        "records": "; ".join(f"{e['file']}:{e['line']}" for e in case["evidence"]),
        "reference": case["rrn"] or case["order_no"] or both.get("rrn") or both.get("order_no"),
        "original_reference": both.get("original_rrn") or case["rrn"] or case["order_no"] or both.get("rrn"),
        "finding_en": found_en or case["explanation"],
        "finding_zh": found_zh or case["explanation_zh"],
        "answer_en": answer_en,
        "answer_zh": answer_zh,
        "journal_status": journal.get("status"),
        "as_of": as_of,
        **{name: case[name] for name in ("explanation", "explanation_zh", "due_date", "first_seen", "bank_ref")},
        **{
            name: case[name] or both.get(name) for name in ("acquirer", "merchant_id", "terminal_id", "rrn", "order_no")
        },
        **{name: case.get(name) or line.get(name) for name in ("payout_id", "business_date")},
        **{
            name: both.get(name) for name in ("batch_no", "stan", "auth_code", "card_no", "txn_time", "settlement_date")
        },
        **{name: journal.get(name) for name in ("response_code", "operator_id")},
        **{name: worked.get(name) for name in ("assignee", "approved_by", "proposed_by", "cause")},
        **{f"merchant_{name}": getattr(settings.cases, f"merchant_{name}") for name in ("name", "address", "contact")},
        **{
            name: money_text(int(minor), currency)
            for name, (minor, currency) in money.items()
            if minor is not None and currency
        },
    }
    return {name: "" if fields.get(name) is None else str(fields[name]) for name in FIELDS}


def _behind(case: Row, rows: Sequence[Row], side: str) -> dict[str, Any]:
    """The row of a side that the case is about: the first of its evidence, else the first that belongs to it."""
    places = [(e["file"], e["line"]) for e in case["evidence"] if e["side"] == side]
    for place in places:
        for row in rows:
            if (row["file"], row["line"]) == place:
                return dict(row)
    paid = [row for row in rows if row.get("record_type") != "PAYOUT"]
    return dict(paid[0]) if paid and case["rrn"] else {}


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return json.loads(json.dumps(value, default=str, ensure_ascii=False))


def folder_of(settings: Settings, out: Path | None) -> Path:
    """Where packs and forms are written."""
    return out or settings.paths.reports / "cases"
