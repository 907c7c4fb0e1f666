"""What a right reconciliation must list: one row per exception, computed from faults and schedule alone.

The rules are those of contract.md ("Definitions that leave nothing to taste"), written down independently of
the code that is judged by them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.synth.arrivals import BANK, JOURNAL, NEVER, FileFault, Schedule, file_name, loaded_name
from pipelines.synth.booked import Entry, Payout
from pipelines.synth.deposits import Missing
from pipelines.synth.world import BY_NAME, CURRENCY

SETTLE_WITHIN_DAYS = 2
CUT_OFF_MINUTES = 10

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Truth:
    """One exception as the truth knows it; the columns of truth.csv in their order.

    Dates are run dates, cleared_on NEVER while open; amount_minor in fen ≥ 0; rrn for cards, order_no for
    wallets; source, file and line say where the offending row stands (line 0: no line).
    """

    type: str
    first_seen: date
    cleared_on: date
    amount_minor: int
    currency: str
    direction: str
    leg: str
    acquirer: str = ""
    merchant_id: str = ""
    terminal_id: str = ""
    rrn: str = ""
    order_no: str = ""
    payout_id: str = ""
    bank_ref: str = ""
    source: str = ""
    file: str = ""
    line: int = 0
    note: str = ""


COLUMNS = tuple(field.name for field in fields(Truth))


def row_truths(schedule: Schedule, journal: Iterable[Row], settlement: Iterable[Row]) -> Iterator[Truth]:
    """Judge the faulty events.

    `journal`, `settlement`: the faulty rows as they stand in the files (event columns, `line`, `order_no`;
    settlement also payout_id). Each fault is told once, from the side where its row stands.
    """
    for row in journal:
        if row["fault"] == "NOT_SETTLED":
            yield from _not_settled(schedule, row)
        if row["fault"] in _LOST:
            yield from _lost(schedule, row)
        if (row["spoilt"] or "").startswith("j_"):
            yield _rejected(schedule, row, JOURNAL)
        if (row["spoilt"] or "").startswith("a_"):
            yield from _not_settled(schedule, row)
    for row in settlement:
        if row["fault"] in _SETTLEMENT_RULES:
            yield _SETTLEMENT_RULES[row["fault"]](schedule, row)
        if (row["spoilt"] or "").startswith("a_"):
            yield _rejected(schedule, row, source_of(row))
        if (row["spoilt"] or "").startswith("j_"):
            yield _not_in_journal(schedule, row)


def file_truths(schedule: Schedule) -> Iterator[Truth]:
    """Judge the late and invalid files; an invalid one counts as not arrived, so it is late too."""
    for fault in schedule.faults:
        yield _file(schedule, fault, "FILE_LATE", f"arrives {fault.arrives:%Y-%m-%d}")
        if fault.invalid:
            yield _file(schedule, fault, "FILE_INVALID", "trailer 1.00 too high")


def missing_truths(schedule: Schedule, missing: Iterable[Missing], place: Mapping[str, Row]) -> Iterator[Truth]:
    """Judge payouts not credited when due; `place` gives each payout's line by payout_id."""
    for lost in missing:
        payout = lost.payout
        source = BY_NAME[payout.acquirer].source
        declared = schedule.run_of(source, payout.settles)
        seen = max(payout.due, schedule.run_of(BANK, payout.due), declared)
        credited = schedule.run_of(BANK, lost.comes) if lost.comes else NEVER
        if credited > seen:
            where = _payout_place(schedule, payout, place[payout.payout_id])
            yield Truth(
                "DEPOSIT_MISSING", seen, credited, payout.net, CURRENCY, "short", "settlement-bank",
                acquirer=payout.acquirer, merchant_id=payout.merchant_id, payout_id=payout.payout_id, **where,
                note=f"due {payout.due}, " + (f"credited {lost.comes}" if lost.comes else "never credited"),
            )  # fmt: skip


def entry_truth(schedule: Schedule, entry: Entry, bank_ref: str, line: int) -> Truth:
    """Judge a bank entry that is wrong: an amount that is not the payout's, no payout at all, or any of several."""
    booked = schedule.run_of(BANK, entry.booking)
    source = BY_NAME[entry.acquirer].source
    where = _place(schedule, BANK, entry.booking, line)
    if entry.fault == "AMBIGUOUS_DEPOSIT":
        decided = schedule.run_of(BANK, entry.decided) if entry.decided else NEVER
        return Truth(
            "AMBIGUOUS_MATCH", booked, decided, entry.amount, CURRENCY, "none", "settlement-bank",
            acquirer=entry.acquirer, bank_ref=bank_ref, **where, note=entry.note,
        )  # fmt: skip
    if entry.payout is None:
        seen = schedule.missing_until(source, booked)
        direction = "long" if entry.amount > 0 else "short"
        amount, merchant, payout_id = abs(entry.amount), "", ""
    else:
        seen = max(booked, schedule.run_of(source, entry.payout.settles))
        direction = "short" if entry.amount < entry.payout.net else "long"
        amount, merchant = abs(entry.amount - entry.payout.net), entry.payout.merchant_id
        payout_id = entry.payout.payout_id
    return Truth(
        entry.fault, seen, NEVER, amount, CURRENCY, direction, "settlement-bank", acquirer=entry.acquirer,
        merchant_id=merchant, payout_id=payout_id, bank_ref=bank_ref, **where, note=entry.note,
    )  # fmt: skip


def net_truths(schedule: Schedule, payouts: Iterable[Row]) -> Iterator[Truth]:
    """Judge declared payouts (with `line`, `off`) that are not the sum of their lines."""
    for row in payouts:
        if row["off"]:
            source, direction = source_of(row), "long" if row["off"] > 0 else "short"
            seen, amount = schedule.run_of(source, row["settles"]), abs(int(row["off"]))
            where = _place(schedule, source, row["settles"], row["line"])
            yield Truth(
                "NET_BREAK", seen, NEVER, amount, CURRENCY, direction, "settlement", acquirer=row["acquirer"],
                merchant_id=row["merchant_id"], payout_id=row["payout_id"], **where, note="declared and paid",
            )  # fmt: skip


def balance_truth(schedule: Schedule, day: date, before: date, jump: int) -> Truth:
    """Judge a statement that opens `jump` fen off what the one before it closed with."""
    seen = max(schedule.run_of(BANK, day), schedule.run_of(BANK, before))
    where: dict[str, Any] = {"source": BANK, "file": loaded_name(schedule, BANK, day).rpartition("/")[2]}
    note = f"opens {jump} fen off"
    return Truth("BALANCE_BREAK", seen, NEVER, abs(jump), CURRENCY, "none", "settlement-bank", **where, note=note)


def write_truth(path: Path, truths: Iterable[Truth], last: date) -> int:
    """Write truth.csv, ordered by first_seen, type, file, line, without what is seen after the last run."""
    known = sorted((t for t in truths if t.first_seen <= last), key=lambda t: (t.first_seen, t.type, t.file, t.line))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for truth in known:
            cleared = "" if truth.cleared_on > last else truth.cleared_on
            writer.writerow({**asdict(truth), "cleared_on": cleared, "line": truth.line or ""})
    return len(known)


def source_of(row: Row) -> str:
    """Name the source of an event's acquirer."""
    return BY_NAME[row["acquirer"]].source


def _place(schedule: Schedule, source: str, day: date, line: int) -> dict[str, Any]:
    return {"source": source, "file": loaded_name(schedule, source, day).rpartition("/")[2], "line": line}


def _payout_place(schedule: Schedule, payout: Payout, row: Row) -> dict[str, Any]:
    """Where a payout's line stands; `file` of the row, where it is not in the file of its lines."""
    where = _place(schedule, BY_NAME[payout.acquirer].source, payout.settles, row["line"])
    return {**where, "file": row["file"]} if row.get("file") else where


def settled_run(schedule: Schedule, row: Row) -> date:
    """Return the run that loads the line which answers an event; NEVER for none."""
    return schedule.run_of(source_of(row), row["settles"]) if row["settles"] else NEVER


def journals_run(schedule: Schedule, time: datetime) -> date:
    """Return the run by which the journal of a time is there, near the cut-off also the neighbouring one."""
    near = timedelta(minutes=CUT_OFF_MINUTES)
    days = {(time - near).date(), time.date(), (time + near).date()}
    return max(schedule.run_of(JOURNAL, day) for day in days)


def _both_run(schedule: Schedule, row: Row) -> date:
    return max(settled_run(schedule, row), schedule.run_of(JOURNAL, row["day"]))


def _identity(row: Row, side: str) -> dict[str, str]:
    wallet = row["channel"] != "CARD"
    names = {name: row[name] for name in ("acquirer", "merchant_id", "terminal_id")}
    names |= {"order_no": row["order_no"] or ""} if wallet else {"rrn": f"{row['id']:012d}"}
    return names if side == JOURNAL else {**names, "payout_id": row["payout_id"]}


def on_line(schedule: Schedule, row: Row, side: str, day: date) -> dict[str, Any]:
    """Name a row and say where it stands in the file of a side's day."""
    return {**_identity(row, side), **_place(schedule, side, day, row["line"]), "note": row["variant"]}


def _not_settled(schedule: Schedule, row: Row) -> Iterator[Truth]:
    source, day = source_of(row), row["day"]
    due = day + timedelta(days=SETTLE_WITHIN_DAYS + 1)
    files = [schedule.run_of(source, day + timedelta(days=n)) for n in range(1, SETTLE_WITHIN_DAYS + 1)]
    seen = max(due, schedule.run_of(JOURNAL, day), *files)
    settled = NEVER if row["spoilt"] else settled_run(schedule, row)
    cleared = min(settled, _adjusted_run(schedule, row))
    if cleared > seen:
        where = on_line(schedule, row, JOURNAL, day)
        yield Truth("NOT_SETTLED", seen, cleared, row["amount"], CURRENCY, "short", "journal-settlement", **where)


_LOST = {"VOID_NOT_SETTLED": SETTLE_WITHIN_DAYS, "REVERSAL_NOT_SETTLED": SETTLE_WITHIN_DAYS, "REFUND_NOT_SETTLED": 5}


def _lost(schedule: Schedule, row: Row) -> Iterator[Truth]:
    """Judge a refund, or what undoes a sale, that A does not show in its days; the latter is known by its sale."""
    source, day, within = source_of(row), row["day"], _LOST[row["fault"]]
    files = [schedule.run_of(source, day + timedelta(days=n)) for n in range(1, within + 1)]
    seen = max(day + timedelta(days=within + 1), schedule.run_of(JOURNAL, day), *files)
    cleared = settled_run(schedule, row)
    if row["a_type"] and cleared > seen:
        where = on_line(schedule, row, JOURNAL, day)
        if row["txn_type"] != "REFUND":
            where["rrn"] = f"{row['parent']:012d}"
        yield Truth(row["fault"], seen, cleared, row["amount"], CURRENCY, "long", "journal-settlement", **where)


def _adjusted_run(schedule: Schedule, row: Row) -> date:
    return schedule.run_of(source_of(row), row["adjusted"]) if row.get("adjusted") else NEVER


def _settlement_truth(
    kind: str,
    direction: str,
    amount: Callable[[Row], int],
    run: Callable[[Schedule, Row], date],
    leg: str = "journal-settlement",
) -> Callable[[Schedule, Row], Truth]:
    def judge(schedule: Schedule, row: Row) -> Truth:
        where = on_line(schedule, row, source_of(row), row["settles"])
        seen = run(schedule, row)
        cleared = _adjusted_run(schedule, row)
        if direction:
            return Truth(kind, seen, cleared, amount(row), CURRENCY, direction, leg, **where)
        way = "long" if amount(row) > 0 else "short"
        return Truth(kind, seen, cleared, abs(amount(row)), CURRENCY, way, leg, **where)

    return judge


def _gross(row: Row) -> int:
    return abs(int(row["gross"]))


def _difference(row: Row) -> int:
    return abs(int(row["gross"]) - int(row["amount"]))


def _line_and_journals(schedule: Schedule, row: Row) -> date:
    return max(settled_run(schedule, row), journals_run(schedule, row["a_time"]))


def _second_line(schedule: Schedule, row: Row) -> date:
    first = row["day"] + timedelta(days=1)
    return max(_both_run(schedule, row), schedule.run_of(source_of(row), first))


_not_in_journal = _settlement_truth("NOT_IN_JOURNAL", "long", _gross, _line_and_journals)
_currency_mismatch = _settlement_truth("CURRENCY_MISMATCH", "none", _gross, _both_run)
_SETTLEMENT_RULES: dict[str, Callable[[Schedule, Row], Truth]] = {
    "ADJUSTMENT_UNEXPLAINED": _settlement_truth(
        "ADJUSTMENT_UNEXPLAINED", "", lambda row: int(row["gross"]), settled_run, "settlement"
    ),
    "FEE_VARIANCE": _settlement_truth("FEE_VARIANCE", "", lambda row: -int(row["fee_off"]), settled_run, "settlement"),
    "NOT_IN_JOURNAL": _not_in_journal,
    "FAILED_BUT_SETTLED": _settlement_truth("FAILED_BUT_SETTLED", "long", _gross, _both_run),
    "AMOUNT_OVER": _settlement_truth("AMOUNT_OVER", "long", _difference, _both_run),
    "AMOUNT_UNDER": _settlement_truth("AMOUNT_UNDER", "short", _difference, _both_run),
    "TYPE_MISMATCH": _settlement_truth("TYPE_MISMATCH", "none", _gross, _both_run),
    "CURRENCY_MISMATCH": lambda schedule, row: replace(_currency_mismatch(schedule, row), currency=row["a_currency"]),
    "DUPLICATE_SETTLEMENT": _settlement_truth("DUPLICATE_SETTLEMENT", "long", _gross, _second_line),
}


def _rejected(schedule: Schedule, row: Row, side: str) -> Truth:
    unreadable = row["spoilt"] in ("j_amount", "a_gross")
    size = row["amount"] if side == JOURNAL else _gross(row)
    day = row["day"] if side == JOURNAL else row["settles"]
    where = on_line(schedule, row, side, day)
    seen = schedule.run_of(side, day)
    return Truth("ROW_REJECTED", seen, NEVER, 0 if unreadable else size, CURRENCY, "none", "file", **where)


def _file(schedule: Schedule, fault: FileFault, kind: str, note: str) -> Truth:
    acquirer = next((a.name for a in BY_NAME.values() if a.source == fault.source), "")
    where: dict[str, Any] = {"source": fault.source, "file": file_name(fault.source, fault.day), "note": note}
    cleared = schedule.within(fault.arrives)
    return Truth(kind, fault.day, cleared, 0, CURRENCY, "none", "file", acquirer=acquirer, **where)
