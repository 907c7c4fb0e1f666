"""The register: which exceptions a night opens, keeps, clears or opens again, told from what holds now.

An exception is either a state (true as long as a row is open, a file missing, a deposit short) or an event (a pair
that disagreed, a rejected row) that stays until something explains it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from pipelines.cases.taxonomy import POLICY

EVENTS = frozenset(
    {
        "ROW_REJECTED",
        "FAILED_BUT_SETTLED",
        "AMOUNT_OVER",
        "AMOUNT_UNDER",
        "CURRENCY_MISMATCH",
        "TYPE_MISMATCH",
        "FEE_VARIANCE",
        *("CHANNEL_INCIDENT", "UNUSUAL_PATTERN", "TERMINAL_HEALTH"),
        "CUSTOMER_CLAIM",
    }
)
"""Types that stay open though no later night derives them again."""


BY_PEOPLE = frozenset({"CUSTOMER_CLAIM"})
"""Types that people open and no data clear."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a record stands: side, file name, line (1 = first)."""

    side: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Break:
    """One difference as a night derives it: typed, valued, with its keys and its records.

    exception_id: stable across runs and machines. amount_minor: ≥ 0, by contract.md's definition for the type.
    """

    type: str
    exception_id: str
    amount_minor: int
    direction: str
    explanation: str
    explanation_zh: str = ""
    currency: str | None = None
    business_date: date | None = None
    acquirer: str | None = None
    merchant_id: str | None = None
    terminal_id: str | None = None
    rrn: str | None = None
    order_no: str | None = None
    payout_id: str | None = None
    bank_ref: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def leg(self) -> str:
        """Between which two sides: that of its type, but what a bank entry may be is between acquirer and bank."""
        banked = self.type == "AMBIGUOUS_MATCH" and any(record.side == "bank" for record in self.evidence)
        return "settlement-bank" if banked else POLICY[self.type].leg


@dataclass(frozen=True, slots=True)
class Entry:
    """An exception as the register holds it: its break, its status, and when it was first seen."""

    break_: Break
    status: str
    first_seen: date

    @property
    def exception_id(self) -> str:
        """Of its break."""
        return self.break_.exception_id


@dataclass(frozen=True, slots=True)
class Event:
    """One change of the register: opened, changed, cleared or reopened."""

    event: str
    entry: Entry


def exception_id(kind: str, basis: Iterable[str]) -> str:
    """`E` and 15 hexadecimal digits of the type and the basis, which make it the same exception tomorrow.

    The views compute it the same way for waiting rows.
    """
    text = "|".join([kind, *basis])
    return "E" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15]


def decide(
    held: Mapping[str, Entry],
    derived: Iterable[Break],
    explained: frozenset[str],
    run_date: date,
    passing: Iterable[Break] = (),
) -> list[Event]:
    """What changes in the register, in order of id.

    held: the newest entry of every exception the register ever held and that is concerned tonight (at least all open
    ones, and earlier ones of a derived id). derived: what holds now. explained: ids of events that tonight's data
    explains. passing: what tonight's data brought and settled at once; it is on record as opened and cleared. The same
    input twice gives no change the second time.
    """
    now = {b.exception_id: b for b in derived}
    events: list[Event] = []
    for key, found in sorted(now.items()):
        entry = held.get(key)
        if entry is None:
            events.append(Event("opened", Entry(found, "open", run_date)))
        elif entry.status == "cleared" and key not in explained:
            events.append(Event("reopened", Entry(found, "open", entry.first_seen)))
        elif entry.status != "cleared" and _changed(entry.break_, found):
            events.append(Event("changed", replace(entry, break_=found)))
    for key, entry in sorted(held.items()):
        if entry.status == "cleared":
            continue
        gone = key not in now and entry.break_.type not in EVENTS
        if gone or (key in explained and key not in now):
            events.append(Event("cleared", replace(entry, status="cleared")))
    for found in sorted((b for b in passing if b.exception_id not in held), key=lambda b: b.exception_id):
        entry = Entry(found, "open", run_date)
        events += [Event("opened", entry), Event("cleared", replace(entry, status="cleared"))]
    return events


def _changed(before: Break, after: Break) -> bool:
    return (before.amount_minor, before.direction, before.explanation) != (
        after.amount_minor,
        after.direction,
        after.explanation,
    )
