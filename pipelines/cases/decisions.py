"""What people decided about pairs, and which of it is in force: the newest word on a row counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

MATCH, UNMATCH, RETRACT = "match", "unmatch", "retract"
IN_FORCE, OVERRULED, LOST = "in force", "overruled", "lost"


@dataclass(frozen=True)
class RowKey:
    """A row as a decision names it, so that it is found again in a corrected file; told: the row in words."""

    source: str | None
    expected_date: date | None
    file: str
    sha256: str
    place: int
    line: int
    content: str
    turn: int
    told: str


@dataclass(frozen=True)
class Act:
    """One act of a person: who, when (`acted_at`, UTC), what, why, and about which exception, file or rows."""

    actor: str
    act: str
    reason: str
    acted_at: datetime
    event_no: int = 0
    exception_id: str | None = None
    file_id: int | None = None
    journal: RowKey | None = None
    settlement: RowKey | None = None


Pair = tuple[int, int]
"""row_id of a journal row and of a settlement line."""


@dataclass(frozen=True)
class InForce:
    """pairs: to be matched; barred: never to be matched by a rule; states: of every act, by its number."""

    pairs: frozenset[Pair] = frozenset()
    barred: frozenset[Pair] = frozenset()
    states: Mapping[int, str] = field(default_factory=dict)


@dataclass
class _Held:
    match_of: dict[int, tuple[Pair, int]] = field(default_factory=dict)
    barred: dict[Pair, int] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)

    def drop(self, row_id: int) -> None:
        """A later word on the row: the match that held it is overruled."""
        if row_id in self.match_of:
            pair, number = self.match_of[row_id]
            self.states[number] = OVERRULED
            for each in pair:
                del self.match_of[each]

    def replaced(self, act: str, row_id: int | None) -> None:
        """A match whose other row is lost still ended what was said of this one before."""
        if act == MATCH and row_id is not None:
            self.drop(row_id)

    def match(self, pair: Pair, number: int) -> None:
        self.lift(pair)
        for row_id in pair:
            self.drop(row_id)
        for row_id in pair:
            self.match_of[row_id] = (pair, number)

    def unmatch(self, pair: Pair, number: int) -> None:
        self.lift(pair)
        if self.match_of.get(pair[0], (None, 0))[0] == pair:
            self.drop(pair[0])
        self.barred[pair] = number

    def lift(self, pair: Pair) -> None:
        if pair in self.barred:
            self.states[self.barred.pop(pair)] = OVERRULED


def in_force(acts: Iterable[Act], rows: Mapping[tuple[int, str], int]) -> InForce:
    """Which matches and unmatches count, in the order they were made; a row has one match at most.

    rows: row_id by number of the act and side, as far as the rows are in use; the acts on others are lost, until a
    file brings their rows again.
    """
    held = _Held()
    for act in sorted(acts, key=lambda act: act.event_no):
        if act.act not in (MATCH, UNMATCH):
            continue
        mine, theirs = rows.get((act.event_no, "journal")), rows.get((act.event_no, "settlement"))
        if mine is None or theirs is None:
            held.states[act.event_no] = LOST
            held.replaced(act.act, mine or theirs)
            continue
        held.states[act.event_no] = IN_FORCE
        (held.match if act.act == MATCH else held.unmatch)((mine, theirs), act.event_no)
    return InForce(frozenset(pair for pair, _ in held.match_of.values()), frozenset(held.barred), held.states)
