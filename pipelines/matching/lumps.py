"""Payouts and bank entries that name nothing: tied by account, amount and due date, then by exact sums.

Each step is stronger than those after it and takes only what has one answer; what has several is left to a person. All
within one acquirer, account, currency and direction, and within the days in which a payout may arrive.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, chain, combinations

from pipelines.matching.sums import both_sides, subset

ON_DUE_DATE, IN_WINDOW = "amount_on_due_date", "amount_in_window"
TOGETHER, SUM, IN_PARTS, BOTH = "due_together", "sum_of_payouts", "paid_in_parts", "sums_of_both_sides"

MOST_SEARCHED = 64
"""Payouts or entries among which any choice may be the answer; more are only taken in order."""

MOST_IN_ORDER = 300
MOST_ON_BOTH_SIDES = 6


@dataclass(frozen=True)
class Claim:
    """An open payout: its amount (minor units, > 0), when it was settled, is due, and may arrive at the latest."""

    row_id: int
    amount: int
    merchant: str
    settled: date
    due: date
    until: date


@dataclass(frozen=True)
class Credit:
    """A bank entry that names no payout: its amount (minor units, > 0) and the day it was booked."""

    row_id: int
    amount: int
    booked: date


@dataclass(frozen=True)
class Tie:
    """Payouts and entries that belong together, by which rule, and what the bank took from the deposit."""

    payouts: tuple[int, ...]
    entries: tuple[int, ...]
    rule: str
    bank_fee: int = 0


@dataclass(frozen=True)
class Doubt:
    """An entry that fits in more than one way: the payouts that may be in it."""

    entry: int
    payouts: tuple[int, ...]


Fees = Callable[[int], tuple[int, ...]]
"""What the bank may take from a deposit of an amount, by the contract's rules."""


@dataclass
class _Pool:
    """What is still open on both sides, and what was found."""

    claims: list[Claim]
    entries: list[Credit]
    fees: Fees
    ties: list[Tie] = field(default_factory=list)
    doubts: dict[int, set[int]] = field(default_factory=dict)

    def tie(self, claims: Iterable[Claim], entries: Iterable[Credit], rule: str, fee: int = 0) -> None:
        paid, booked = tuple(c.row_id for c in claims), tuple(e.row_id for e in entries)
        self.ties.append(Tie(tuple(sorted(paid)), tuple(sorted(booked)), rule, fee))
        self.claims = [c for c in self.claims if c.row_id not in paid]
        self.entries = [e for e in self.entries if e.row_id not in booked]

    def doubt(self, credit: Credit, claims: Iterable[Claim]) -> None:
        self.doubts.setdefault(credit.row_id, set()).update(c.row_id for c in claims)

    def set_doubts_aside(self) -> None:
        """What a person must decide is not used by later steps."""
        undecided = set().union(*self.doubts.values()) if self.doubts else set()
        self.claims = [c for c in self.claims if c.row_id not in undecided]
        self.entries = [e for e in self.entries if e.row_id not in self.doubts]


def tied(claims: Sequence[Claim], entries: Sequence[Credit], fees: Fees) -> tuple[list[Tie], list[Doubt]]:
    """What belongs together among payouts and entries of one acquirer, account, currency and direction."""
    pool = _Pool(sorted(claims, key=_order), sorted(entries, key=lambda e: (e.booked, e.row_id)), fees)
    while pool.claims and pool.entries:
        before = len(pool.ties)
        for step in _STEPS:
            step(pool)
            pool.set_doubts_aside()
        if len(pool.ties) == before:
            break
    doubts = [Doubt(entry, tuple(sorted(payouts))) for entry, payouts in sorted(pool.doubts.items())]
    return pool.ties, doubts


def _order(claim: Claim) -> tuple[date, date, int]:
    return (claim.settled, claim.due, claim.row_id)


def _fits(claim: Claim, credit: Credit) -> bool:
    return claim.settled <= credit.booked <= claim.until


def _one_to_one(pool: _Pool, *, on_due_date: bool, with_fee: bool) -> None:
    """The same amount: as many payouts as entries tie; later entries than that are left; more payouts are a doubt."""
    by_amount: dict[int, list[Claim]] = defaultdict(list)
    for claim in pool.claims:
        for fee in pool.fees(claim.amount) if with_fee else (0,):
            by_amount[claim.amount - fee].append(claim)
    wanted: dict[int, list[Credit]] = defaultdict(list)
    for credit in pool.entries:
        wanted[credit.amount].append(credit)
    near = [
        [
            (claim, credit)
            for claim in by_amount.get(amount, ())
            for credit in entries
            if (claim.due == credit.booked if on_due_date else _fits(claim, credit))
        ]
        for amount, entries in wanted.items()
    ]
    for edges in [list(chain(*near))] if with_fee else near:  # a fee may bring one payout to several amounts
        for claims, booked in _connected(edges):
            rule = ON_DUE_DATE if on_due_date else IN_WINDOW
            if len(claims) <= len(booked) and len({e.amount for e in booked}) == 1:
                paid = booked[: len(claims)]
                pool.tie(claims, paid, rule, sum(c.amount for c in claims) - sum(e.amount for e in paid))
            elif not on_due_date:
                for credit in booked:
                    pool.doubt(credit, claims)


def _connected(edges: list[tuple[Claim, Credit]]) -> Iterator[tuple[list[Claim], list[Credit]]]:
    """Payouts and entries that hang together, each side in order."""
    left = list(edges)
    while left:
        claims, entries = {left[0][0]}, {left[0][1]}
        while True:
            near = [(c, e) for c, e in left if c in claims or e in entries]
            more = {c for c, _ in near} - claims, {e for _, e in near} - entries
            claims, entries = claims | more[0], entries | more[1]
            if not more[0] and not more[1]:
                break
        left = [edge for edge in left if edge[0] not in claims]
        yield sorted(claims, key=_order), sorted(entries, key=lambda e: (e.booked, e.row_id))


def _due_together(pool: _Pool) -> None:
    """One entry for payouts that go together by themselves: of one day, of one merchant, or one after the other."""
    found: dict[Credit, list[tuple[Sequence[Claim], int]]] = {}
    for credit in pool.entries:
        claims = [c for c in pool.claims if _fits(c, credit) and c.due <= credit.booked]
        found[credit] = list(_fitting(claims, credit, pool.fees))
    _settle(pool, found, TOGETHER)


def _fitting(claims: list[Claim], credit: Credit, fees: Fees) -> Iterator[tuple[Sequence[Claim], int]]:
    seen: set[tuple[int, ...]] = set()

    def ties(total: int) -> bool:
        return total == credit.amount or (total > credit.amount and total - credit.amount in fees(total))

    for some in _natural(claims, ties):
        total = sum(c.amount for c in some)
        key = tuple(sorted(c.row_id for c in some))
        if len(some) > 1 and ties(total) and key not in seen:
            seen.add(key)
            yield some, total - credit.amount


def _natural(claims: list[Claim], ties: Callable[[int], bool]) -> Iterator[Sequence[Claim]]:
    """All that is due, what shares a day or a merchant, and what follows one after the other."""
    yield claims
    keys: tuple[Callable[[Claim], object], ...] = (lambda c: c.due, lambda c: c.settled, lambda c: c.merchant)
    for key in keys:
        groups: dict[object, list[Claim]] = defaultdict(list)
        for claim in claims:
            groups[key(claim)].append(claim)
        yield from groups.values()
    if len(claims) <= MOST_IN_ORDER:
        sums = [0, *accumulate(claim.amount for claim in claims)]
        for first, last in combinations(range(len(sums)), 2):
            if ties(sums[last] - sums[first]):
                yield claims[first:last]


def _any_sum(pool: _Pool) -> None:
    """One entry for any choice of payouts that adds up to it."""
    found: dict[Credit, list[tuple[Sequence[Claim], int]]] = {}
    for credit in pool.entries:
        claims = [c for c in pool.claims if _fits(c, credit) and c.amount < credit.amount]
        if not 2 <= len(claims) <= MOST_SEARCHED:
            continue
        answer = subset([c.amount for c in claims], credit.amount)
        if answer.count == 1:
            found[credit] = [([claims[n] for n in answer.chosen], 0)]
        elif answer.count:
            pool.doubt(credit, claims)
    _settle(pool, found, SUM)


def _settle(pool: _Pool, found: dict[Credit, list[tuple[Sequence[Claim], int]]], rule: str) -> None:
    """Tie each entry that has one answer which no other entry's answers or doubts touch; the others are doubts."""
    claimed = Counter(chain(*pool.doubts.values()))
    for answers in found.values():
        for row_id in {c.row_id for claims, _ in answers for c in claims}:
            claimed[row_id] += 1
    for credit, answers in found.items():
        sure = len(answers) == 1 and all(claimed[c.row_id] == 1 for c in answers[0][0])
        if sure:
            pool.tie(answers[0][0], [credit], rule, answers[0][1])
        elif answers:
            pool.doubt(credit, [c for claims, _ in answers for c in claims])


def _in_parts(pool: _Pool) -> None:
    """One payout for any choice of entries that adds up to it, and that no other payout may want."""
    found: list[tuple[Claim, list[Credit], bool]] = []
    for claim in pool.claims:
        entries = [e for e in pool.entries if _fits(claim, e) and e.amount < claim.amount]
        if not 2 <= len(entries) <= MOST_SEARCHED:
            continue
        answer = subset([e.amount for e in entries], claim.amount)
        if answer.count:
            sure = answer.count == 1
            found.append((claim, [entries[n] for n in answer.chosen] if sure else entries, sure))
    wanted = Counter(credit.row_id for _, entries, _ in found for credit in entries)
    for claim, entries, sure in found:
        if sure and all(wanted[e.row_id] == 1 for e in entries):
            pool.tie([claim], entries, IN_PARTS)
        else:
            for credit in entries:
                pool.doubt(credit, [claim])


def _both_sides(pool: _Pool) -> None:
    """Several payouts for several entries: all of both, or the only choice of few."""
    entries = pool.entries
    if len(entries) < 2:
        return
    first, last = entries[0].booked, entries[-1].booked
    claims = [c for c in pool.claims if c.settled <= first and last <= c.until]
    if len(claims) < 2:
        return
    if sum(c.amount for c in claims) == sum(e.amount for e in entries):
        pool.tie(claims, entries, BOTH)
    elif len(claims) <= MOST_ON_BOTH_SIDES and len(entries) <= MOST_ON_BOTH_SIDES:
        count, mine, theirs = both_sides([c.amount for c in claims], [e.amount for e in entries])
        if count == 1:
            pool.tie([claims[n] for n in mine], [entries[n] for n in theirs], BOTH)


_STEPS: tuple[Callable[[_Pool], None], ...] = (
    lambda pool: _one_to_one(pool, on_due_date=True, with_fee=False),
    lambda pool: _one_to_one(pool, on_due_date=False, with_fee=False),
    lambda pool: _one_to_one(pool, on_due_date=True, with_fee=True),
    lambda pool: _one_to_one(pool, on_due_date=False, with_fee=True),
    _due_together,
    _any_sum,
    _in_parts,
    _both_sides,
)
