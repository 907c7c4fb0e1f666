"""The life of one transaction as a person reads it: every record and every event in the order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pipelines.money import money_text

Row = Mapping[str, Any]
ORDER = ("journal", "settlement", "payout", "bank", "rejected", "restated", "match", "exception", "decision")
"""Who comes first within a day where no hour is known."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened. day, time: when, as far as it is known; place: file and line; facts: for programs."""

    kind: str
    text: str
    day: date | None = None
    time: str = ""
    file: str | None = None
    line: int | None = None
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[date, int, str]:
        """The order of time; what has no hour follows what has, in the order of ORDER."""
        return self.day or date.min, ORDER.index(self.kind), self.time


def journal_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What terminals wrote down."""
    for row in rows:
        what = _words(row["txn_type"])
        refs = _refs(row, ("rrn", "RRN"), ("order_no", "order"), ("original_rrn", "of"), ("terminal_id", "terminal"))
        card = [f"card {row['card_no']}"] if row["card_no"] else [str(row["channel"])]
        told = [f"{what} of {money_text(row['amount_minor'], row['currency'])}", row["status"].lower(), *card, *refs]
        moment: datetime = row["txn_time"]
        yield _entry("journal", ", ".join(told), moment.date(), row, time=f"{moment:%H:%M:%S}", note=_became(row))


def settlement_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What acquirers wrote down; payouts apart."""
    for row in rows:
        if row["record_type"] == "PAYOUT":
            declared = money_text(row["net_minor"], row["currency"])
            told = [f"{row['acquirer']} declared the payout {row['payout_id']} of {declared}"]
        else:
            sums = (money_text(row[name], row["currency"]) for name in ("gross_minor", "fee_minor", "net_minor"))
            amounts = "{} gross, {} fee, {} net".format(*sums)
            refs = _refs(row, ("rrn", "RRN"), ("order_no", "order"), ("original_rrn", "of"), ("payout_id", "payout"))
            told = [f"{row['acquirer']} settled a {_words(row['record_type'])}: {amounts}", *refs]
        kind = "payout" if row["record_type"] == "PAYOUT" else "settlement"
        yield _entry(kind, ", ".join(told), row["settlement_date"], row, note=_became(row))


def bank_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What the bank booked."""
    for row in rows:
        amount = money_text(row["amount_minor"], row["currency"])
        refs = _refs(row, ("bank_ref", "reference"), ("remittance", "text"), ("counterparty", "from"))
        told = ", ".join([f"account {row['account']}: {amount} booked", *refs])
        yield _entry("bank", told, row["booking_date"], row, note=_became(row))


def payout_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What each payout is made of."""
    for row in rows:
        parts = [
            f"{label} {money_text(row[name], row['currency'])}"
            for name, label in (
                ("gross_minor", "sales"),
                ("refunds_minor", "less refunds"),
                ("fees_minor", "less fees"),
                ("chargebacks_minor", "less chargebacks"),
                ("adjustments_minor", "adjustments"),
                ("expected_net_minor", "makes"),
                ("declared_minor", "declared"),
                ("bank_minor", "in the bank"),
            )
            if row[name]
        ]
        told = f"payout {row['payout_id']} of {row['acquirer']}: {', '.join(parts)}"
        yield Entry("payout", told, row["settlement_date"], facts=_plain(row))


def match_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What was paired, by which rule."""
    for row in rows:
        pair = row["leg"] == "journal-settlement"
        names = ("journal", "settlement") if pair else ("settlement", "bank")
        sums = [money_text(row[f"{name}_amount_minor"], row["currency"]) for name in names]
        what = ", ".join(_refs(row, ("rrn", "RRN"), ("order_no", "order")) if pair else [f"payout {row['payout_id']}"])
        verdict = "" if row["verdict"] == "MATCHED" else f", {row['verdict']}"
        same = "=" if row["verdict"] == "MATCHED" else "against"
        told = f"{what or 'the two rows'} paired: {names[0]} {sums[0]} {same} {names[1]} {sums[1]}{verdict}"
        by = "by a person" if row["rule"] == "manual" else f"by rule {row['rule']}, version {row['rules_version']}"
        yield Entry("match", told, row["run_date"], note=by, facts=_plain(row))


def exception_entries(history: Sequence[Row], now: Sequence[Row]) -> Iterator[Entry]:
    """Everything that happened to exceptions; what only waits has no history."""
    for row in history:
        told = f"{row['exception_id']} {row['type']} {row['event']}: {row['explanation']}"
        yield Entry("exception", told, row["run_date"], facts=_plain(row))
    known = {row["exception_id"] for row in history}
    for row in now:
        if row["exception_id"] not in known:
            yield Entry("exception", f"{row['type']}: {row['explanation']}", row["first_seen"], facts=_plain(row))


def decision_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What people decided, by the clock of the machine (UTC)."""
    for row in rows:
        moment: datetime = row["acted_at"]
        places = [
            f"{row[f'{side}_row']} ({row[f'{side}_file']}:{row[f'{side}_line']})"
            for side in ("journal", "settlement")
            if row[f"{side}_row"]
        ]
        if row["case_state"]:
            told, note = f"case {row['exception_id']}, {row['actor']}: {_act(row)}", _why(row)
        else:
            told = f"decision {row['event_no']}, {row['actor']}: {row['act']} {' with '.join(places)}"
            note = f"reason: {row['reason']} · {row['state']}"
        yield Entry("decision", told, moment.date(), f"{moment:%H:%M:%S}", note=note, facts=_plain(row))


def _why(row: Row) -> str:
    """The reason, where one was given."""
    return "" if row["reason"] == row["act"] else f"reason: {row['reason']}"


def _act(row: Row) -> str:
    """An act on a case in a few words."""
    told = f"{row['act']} → {row['case_state']}"
    amounts = {"propose": "proposed_minor", "approve": "proposed_minor", "resolve": "recovered_minor"}
    if row["act"] in amounts and row["currency"] and row[amounts[row["act"]]] is not None:
        told += f", {row['remedy']} {money_text(row[amounts[row['act']]], row['currency'])}"
    return told + (f", {row['attachment_name']} kept" if row["attachment_name"] else "")


def restated_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """What corrected files changed of it."""
    for row in rows:
        sums = [row["old_amount_minor"], row["new_amount_minor"]]
        amounts = " → ".join("nothing" if each is None else money_text(each, row["currency"]) for each in sums)
        columns = [name.removesuffix("_minor") for name in row["changed"]]
        about = f" ({', '.join(columns)})" if columns else ""
        told = f"a corrected file of {row['source']} {_verb(row['change'])} this row{about}: {amounts}"
        line = row["new_line"] if row["new_line"] is not None else row["old_line"]
        yield Entry("restated", told, row["run_date"], file=row["file"], line=line, facts=_plain(row))


def rejected_entries(rows: Sequence[Row]) -> Iterator[Entry]:
    """Refused lines that bear the key."""
    for row in rows:
        yield _entry("rejected", f"this line was refused: {row['reason']}", None, row)


def as_text(key: str, entries: Sequence[Entry], open_now: Sequence[Row], more: Mapping[str, int]) -> str:
    """The whole life for a terminal: one paragraph a record, the file and line below it, what is open at the end."""
    lines = [f"{key}: all that is known, in the order of time"]
    for entry in entries:
        when = f"{entry.day or '—'} {entry.time}".rstrip()
        lines.append(f"{when:<19}  {entry.kind:<10}  {entry.text}")
        place = f"{entry.file}, line {entry.line}" if entry.file else ""
        below = " · ".join(filter(None, (place, entry.note)))
        lines += [f"{'':<19}  {'':<10}  {below}"] if below else []
    lines += [f"and {count:,} rows more of the {side} with these keys" for side, count in more.items()]
    for row in open_now:
        money = money_text(row["amount_minor"], row["currency"]) if row["currency"] else "no amount"
        lines.append(f"open: {row['exception_id']} {row['type']} {money}, due {row['due_date'] or '—'}")
        lines.append(f"      → {row['next_action']} ({row['contact']})")
    if not open_now:
        lines.append("nothing is open")
    return "\n".join(lines)


def as_json(entry: Entry) -> dict[str, Any]:
    """One entry for programs: facts are the columns of its view."""
    return {
        "date": entry.day.isoformat() if entry.day else None,
        "time": entry.time or None,
        "kind": entry.kind,
        "file": entry.file,
        "line": entry.line,
        "text": entry.text,
        "note": entry.note or None,
        "facts": entry.facts,
    }


def _entry(kind: str, text: str, day: date | None, row: Row, *, time: str = "", note: str = "") -> Entry:
    return Entry(kind, text, day, time, row["file"], row["line"], note, _plain(row))


def _became(row: Row) -> str:
    """What became of a row."""
    rule = f" by rule {row['rule']}" if row["rule"] else ""
    told = {
        "matched": f"matched{rule}",
        "excepted": f"paired{rule}, but {row['reason']}" if rule else f"open: {row['reason']}",
        "waiting": "waiting for its counterpart",
        "out_of_scope": f"nothing is expected of it: {row['reason']}",
    }
    return told.get(row["state"], "")


def _words(code: str) -> str:
    return code.lower().replace("_", " ")


def _verb(change: str) -> str:
    return {"added": "brought", "removed": "left out", "changed": "changed"}[change]


def _refs(row: Row, *names: tuple[str, str]) -> list[str]:
    return [f"{label} {row[name]}" for name, label in names if row[name]]


def _plain(row: Row) -> dict[str, Any]:
    """Columns as JSON takes them: amounts in minor units only, dates as text."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
        if f"{name}_minor" not in row and name != "fee_exact"
    }
