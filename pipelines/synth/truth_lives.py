"""What is to be listed of a transaction's whole life: charges, refunds, pre-authorisations, chargebacks.

Judged by contract.md's definitions over all rows of a story, whatever the generator meant by them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from pipelines.synth.arrivals import JOURNAL, NEVER, Schedule
from pipelines.synth.kinds import PREAUTH_DAYS, WINDOW
from pipelines.synth.stories import FAULTY
from pipelines.synth.truth import Row, Truth, on_line, settled_run, source_of
from pipelines.synth.workdays import days_between
from pipelines.synth.world import CURRENCY

_WINDOW = timedelta(seconds=WINDOW)
_MOST_PERCENT = 115
_FAULT_OF = {kind.name: kind.fault for kind in FAULTY}
_UNDOES = ("VOID", "REVERSAL", "REFUND")


def life_truths(schedule: Schedule, journal: Iterable[Row], settlement: Iterable[Row]) -> Iterator[Truth]:
    """Judge every story that begins with a faulty kind.

    `journal`, `settlement`: rows of such stories as they stand in the files (event columns, `line`, `order_no`;
    settlement also payout_id).
    """
    mine, theirs = _by_story(journal), _by_story(settlement)
    for story in sorted(mine):
        first = min(mine[story], key=lambda row: int(row["id"]))
        yield from _RULES[_FAULT_OF[first["kind"]]](schedule, mine[story], theirs[story])


def _by_story(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["told"]:
            found[row["story"]].append(row)
    return defaultdict(list, {story: sorted(rows, key=_by_time) for story, rows in found.items()})


def _by_time(row: Row) -> tuple[object, int]:
    return (row["time"], row["id"])


def _told(
    kind: str, direction: str, schedule: Schedule, row: Row, amount: int, seen: date, cleared: date = NEVER
) -> Iterator[Truth]:
    """Tell of a journal row, unless what clears it is known as soon as itself."""
    if seen < cleared:
        where = on_line(schedule, row, JOURNAL, row["day"])
        leg = "journal-settlement"
        yield Truth(kind, seen, cleared, amount, CURRENCY, direction, leg, **{**where, "note": row["kind"]})


def _known(schedule: Schedule, *rows: Row) -> date:
    """Return the run by which the journals of all these rows are there."""
    return max(schedule.run_of(JOURNAL, row["day"]) for row in rows)


def _charges(schedule: Schedule, journal: list[Row], _: list[Row]) -> Iterator[Truth]:
    """The later of two sales within the window, until either is refunded, voided or reversed."""
    for earlier, later in pairwise(row for row in journal if row["txn_type"] == "SALE"):
        if later["time"] - earlier["time"] <= _WINDOW:
            either = (earlier["id"], later["id"])
            undoing = [row for row in journal if row["txn_type"] in _UNDOES and row["parent"] in either]
            cleared = min((_known(schedule, row) for row in undoing), default=NEVER)
            seen = _known(schedule, earlier, later)
            yield from _told("DUPLICATE_CHARGE", "long", schedule, later, later["amount"], seen, cleared)


def _refunds(schedule: Schedule, journal: list[Row], settlement: list[Row]) -> Iterator[Truth]:
    """Each refund in time order, against the sale that began the story."""
    sale, *others = journal
    refunds = [row for row in others if row["txn_type"] == "REFUND"]
    for number, row in enumerate(refunds):
        earlier = refunds[:number]
        if row["parent"] != sale["id"]:
            seen = max(schedule.run_of(JOURNAL, day) for day in days_between(schedule.first, row["day"]))
            yield from _told("REFUND_UNLINKED", "short", schedule, row, row["amount"], seen)
            continue
        excess = sum(refund["amount"] for refund in (*earlier, row)) - sale["amount"]
        same = [refund for refund in earlier if refund["amount"] == row["amount"]]
        soon = any(row["time"] - refund["time"] <= _WINDOW for refund in same)
        original = _original_known(schedule, sale, settlement)
        seen = max(original, *(_known(schedule, refund) for refund in (*earlier, row)))
        if same and (excess > 0 or soon):
            yield from _told("REFUND_DUPLICATE", "short", schedule, row, row["amount"], seen)
        elif excess > 0:
            yield from _told("REFUND_EXCESS", "short", schedule, row, excess, seen)


def _original_known(schedule: Schedule, sale: Row, settlement: list[Row]) -> date:
    """Return the first run that has the sale on either side: a card sale is known by its RRN on both."""
    lines = [line for line in settlement if line["id"] == sale["id"] and line["channel"] == "CARD"]
    return min(_known(schedule, sale), *(settled_run(schedule, line) for line in lines), NEVER)


def _preauths(schedule: Schedule, journal: list[Row], _: list[Row]) -> Iterator[Truth]:
    """A pre-authorisation whose days are over and whose end is in no journal up to then."""
    preauth, *ends = journal
    last = preauth["day"] + timedelta(days=PREAUTH_DAYS)
    arrived = max(schedule.run_of(JOURNAL, day) for day in days_between(schedule.first, last))
    seen = max(last + timedelta(days=1), arrived)
    cleared = min((_known(schedule, end) for end in ends), default=NEVER)
    yield from _told("PREAUTH_NOT_COMPLETED", "none", schedule, preauth, preauth["amount"], seen, cleared)


def _completions(schedule: Schedule, journal: list[Row], _: list[Row]) -> Iterator[Truth]:
    """A completion above 115 % of its pre-authorisation, rounded down."""
    preauth, *ends = journal
    for end in ends:
        excess = end["amount"] - preauth["amount"] * _MOST_PERCENT // 100
        if excess > 0:
            yield from _told("PREAUTH_EXCESS", "long", schedule, end, excess, _known(schedule, preauth, end))


def _chargebacks(schedule: Schedule, journal: list[Row], settlement: list[Row]) -> Iterator[Truth]:
    """Open while the acquirer took the sale back more often than it claimed it again."""
    sale = journal[0]
    steps = [line for line in settlement if line["a_type"] in ("CHARGEBACK", "REPRESENTMENT")]
    taken: list[Row] = []
    balance, since = 0, NEVER
    for run in sorted({settled_run(schedule, line) for line in steps} - {NEVER}):
        for line in (line for line in steps if settled_run(schedule, line) == run):
            balance += 1 if line["a_type"] == "CHARGEBACK" else -1
            taken += [line] if line["a_type"] == "CHARGEBACK" else []
        if balance > 0 and since == NEVER:
            since = run
        elif balance <= 0 and since != NEVER:
            yield _chargeback(schedule, sale, taken[-1], since, run)
            since = NEVER
    if since != NEVER:
        yield _chargeback(schedule, sale, taken[-1], since, NEVER)


def _chargeback(schedule: Schedule, sale: Row, line: Row, seen: date, cleared: date) -> Truth:
    where = {**on_line(schedule, line, source_of(line), line["settles"]), "note": line["kind"]}
    named = {"order_no": line["order_no"]} if line["order_no"] else {"rrn": f"{sale['id']:012d}"}
    amount = abs(int(line["gross"]))
    return Truth("CHARGEBACK", seen, cleared, amount, CURRENCY, "short", "settlement", **{**where, **named})


def _lookalikes(schedule: Schedule, journal: list[Row], settlement: list[Row]) -> Iterator[Truth]:
    """Lines that fit several sales: nothing but last four, amount and minute says whose they are."""
    for line in settlement:
        seen = max(settled_run(schedule, line), _known(schedule, *journal))
        where = {**on_line(schedule, line, source_of(line), line["settles"]), "note": line["kind"], "rrn": ""}
        amount, leg = abs(int(line["gross"])), "journal-settlement"
        if seen != NEVER:
            yield Truth("AMBIGUOUS_MATCH", seen, NEVER, amount, CURRENCY, "none", leg, **where)


_RULES: dict[str, Callable[[Schedule, list[Row], list[Row]], Iterator[Truth]]] = {
    "DUPLICATE_CHARGE": _charges,
    "REFUND_UNLINKED": _refunds,
    "REFUND_EXCESS": _refunds,
    "REFUND_DUPLICATE": _refunds,
    "PREAUTH_NOT_COMPLETED": _preauths,
    "PREAUTH_EXCESS": _completions,
    "CHARGEBACK": _chargebacks,
    "AMBIGUOUS_MATCH": _lookalikes,
}
