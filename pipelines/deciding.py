"""A person decides which rows belong together; the next run lays it upon the books before any rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.cases.decisions import MATCH, UNMATCH, Act
from pipelines.cases.explain import ON_JOURNAL, REVIEWED
from pipelines.cases.people import person
from pipelines.cases.workflow import CLOSED, IllegalError
from pipelines.config import RefusedError, Settings
from pipelines.matching.frames import TRANSACTIONS
from pipelines.sources.pan import mask_text
from pipelines.store import Store, anchors, casework, decisions, seals
from pipelines.store.casework import Found
from pipelines.store.row_keys import key_of

UNDECIDED = "AMBIGUOUS_MATCH"
CHOICES = frozenset({UNDECIDED, "NOT_IN_JOURNAL", *(ON_JOURNAL - REVIEWED)})
"""Types of one row alone, beside which rows of the other side may be listed: its candidates, or what it may mean."""


@dataclass(frozen=True)
class Said:
    """Who decides and why."""

    actor: str
    reason: str

    @staticmethod
    def by(settings: Settings, actor: str, reason: str) -> Said:
        """Both filled, card numbers in them masked; somebody whom recon.toml knows, where it lists people."""
        for what, text in (("--by", actor), ("--reason", reason)):
            if not text.strip():
                raise RefusedError(f"{what} is blank; an act without it cannot be accounted for")
        try:
            return Said(person(settings.people, mask_text(actor.strip())), mask_text(reason.strip()))
        except IllegalError as error:
            raise RefusedError(str(error)) from None


@dataclass(frozen=True)
class _Pair:
    journal: Found
    settlement: Found


def resolve(settings: Settings, key: str, choice: str, said: Said) -> dict[str, Any]:
    """Choose one of the possible partners that an exception lists: by its number in `recon case show`, or as a row."""

    def chosen(store: Store) -> _Pair:
        found = casework.case(store, key)
        if found is None:
            raise RefusedError(f"{key}: there is no such exception; `recon exceptions` lists them")
        if found.status in ("cleared", "waiting", *CLOSED):
            raise RefusedError(f"{key}: is {found.status} already; there is nothing to decide")
        own, candidates = casework.choices(store, found) if found.type in CHOICES else (None, [])
        if not candidates:
            raise RefusedError(f"{key}: the {found.type} lists no candidates; pair rows with `recon case match`")
        if own is None:
            raise RefusedError(f"{key}: its row is not in the books any more; the next run clears it")
        return _in_order(own, _candidate(store, key, choice, candidates))

    return _decide(settings, chosen, MATCH, said, key)


def _candidate(store: Store, key: str, choice: str, candidates: list[Found]) -> Found:
    if choice.isdecimal() and 1 <= int(choice) <= len(candidates):
        return candidates[int(choice) - 1]
    named = [row for row in casework.rows_named(store, choice) if row in candidates]
    if len(named) != 1:
        raise RefusedError(f"{choice}: is none of the {len(candidates)} candidates; `recon case show {key}` lists them")
    return named[0]


def match(settings: Settings, one: str, other: str, said: Said) -> dict[str, Any]:
    """Pair a journal row with a settlement line, whatever the rules say of them."""
    return _decide(settings, lambda store: _both(store, one, other), MATCH, said)


def unmatch(settings: Settings, one: str, other: str | None, said: Said) -> dict[str, Any]:
    """Take a pair apart and keep its rows from being paired again by a rule; other: left out where they are paired."""

    def paired(store: Store) -> _Pair:
        if other is not None:
            return _both(store, one, other)
        row = _row(store, one)
        partner = casework.partner(store, row) or _by_decision(store, row)
        if partner is None:
            raise RefusedError(f"{row.place}: is not matched; name both rows to keep two rows apart")
        (theirs,) = casework.rows_named(store, str(partner))
        return _in_order(row, theirs)

    return _decide(settings, paired, UNMATCH, said)


def _by_decision(store: Store, row: Found) -> int | None:
    """The partner that a decision gives the row, though no run has applied it yet."""
    pairs = [pair for pair in decisions.standing(store).pairs if row.row_id in pair]
    return next((other for pair in pairs for other in pair if other != row.row_id), None)


def _row(store: Store, word: str) -> Found:
    """The one row that a word names, if it may be matched by hand."""
    rows = casework.rows_named(store, word)
    if not rows:
        raise RefusedError(f"{word}: there is no such row in the books; write FILE:LINE, as `recon trace` shows it")
    if len(rows) > 1:
        numbers = ", ".join(str(row.row_id) for row in rows[:10])
        raise RefusedError(f"{word}: {len(rows)} rows stand there; name one by its row_id: {numbers}")
    (row,) = rows
    if row.side == "bank":
        raise RefusedError(f"{word}: is a bank entry; only journal rows and settlement lines are matched by hand")
    if row.side == "settlement" and row.kind not in TRANSACTIONS:
        raise RefusedError(f"{word}: is a {row.kind} line; only {', '.join(TRANSACTIONS)} lines have a journal row")
    return row


def _both(store: Store, one: str, other: str) -> _Pair:
    return _in_order(_row(store, one), _row(store, other))


def _in_order(one: Found, other: Found) -> _Pair:
    if one.side == other.side:
        raise RefusedError(f"{one.place} and {other.place} are both of the {one.side}; name a row of either side")
    return _Pair(one, other) if one.side == "journal" else _Pair(other, one)


def _decide(
    settings: Settings, asked: Callable[[Store], _Pair], act: str, said: Said, key: str | None = None
) -> dict[str, Any]:
    """Put an act on record, in the store and in what is published."""
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        pair = asked(store)
        standing = decisions.standing(store)
        rows = (pair.journal.row_id, pair.settlement.row_id)
        if rows in (standing.pairs if act == MATCH else standing.barred):
            raise RefusedError(f"{pair.journal.place} and {pair.settlement.place}: that is decided already")
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        mine, theirs = key_of(store, "journal", rows[0]), key_of(store, "settlement", rows[1])
        key = key or casework.resting_on(store, [pair.settlement, pair.journal])
        told = Act(said.actor, act, said.reason, now, exception_id=key, journal=mine, settlement=theirs)
        with store.transaction():
            stored = decisions.record(store, told)
            sealed = seals.seal(store)
        anchors.write(store)
        casework.tell(store, settings.paths.investigate, {"case_events": stored, **sealed})
    return {
        "event_no": stored["event_no"][0],
        "act": act,
        "by": said.actor,
        "reason": said.reason,
        "exception_id": key,
        "journal": {"file": pair.journal.file, "line": pair.journal.line, "row": mine.told},
        "settlement": {"file": pair.settlement.file, "line": pair.settlement.line, "row": theirs.told},
    }
