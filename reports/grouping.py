"""Putting exceptions in order for the page: by type, by age, first to do, and how many rows fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from heapq import nsmallest
from itertools import zip_longest

from pipelines.cases.taxonomy import POLICY, SEVERITIES
from reports.books import Money
from reports.model import AgeCell, ExceptionItem, Report, TypeGroup

BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 1), (2, 3), (4, 7), (8, 30), (31, None))
"""First and last age in days of each ageing bucket; the last one has no end."""

INCIDENT = "CHANNEL_INCIDENT"
UNCOUNTED = frozenset({INCIDENT, "UNUSUAL_PATTERN", "TERMINAL_HEALTH"})
"""What speaks of money that nobody misses for its sake: an incident of its children's, a signal of transactions that
may all be right."""

DISPUTES = ("CHARGEBACK", "CUSTOMER_CLAIM", "DUPLICATE_CHARGE")
"""What a customer or issuer disputes, or soon may: a late answer is a lost claim."""

_SEVERITY_ORDER: dict[str, int] = {severity: at for at, severity in enumerate(SEVERITIES)}
_TYPE_ORDER = {code: at for at, code in enumerate(POLICY)}


def severity_rank(severity: str) -> int:
    """0 is worst; an unknown severity sorts last."""
    return _SEVERITY_ORDER.get(severity, len(SEVERITIES))


@cache
def type_rank(code: str) -> tuple[int, int]:
    """Order of types on the page: worst severity first, then the order of the policy table."""
    policy = POLICY.get(code)
    return severity_rank(policy.severity if policy else ""), _TYPE_ORDER.get(code, len(_TYPE_ORDER))


def urgency(item: ExceptionItem) -> tuple[date, int, int, str]:
    """Sort key: earliest due first, then worst severity, then the largest amount."""
    rank = _SEVERITY_ORDER.get(item.severity, len(SEVERITIES))  # severity_rank, asked for each of very many
    return item.due_date or date.max, rank, -item.amount_minor, item.exception_id


def bucket_of(age_days: int) -> int:
    """Index into BUCKETS; ages below zero count as the first."""
    return next((at for at, (_, last) in enumerate(BUCKETS) if last is None or age_days <= last), 0)


def totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Sum per currency, in order of the code; amounts without a currency (a missing file) carry no money."""
    return _summed((amount.currency, amount.minor) for amount in amounts)


def _summed(amounts: Iterable[tuple[str, int]]) -> tuple[Money, ...]:
    sums: dict[str, int] = {}
    for currency, minor in amounts:
        if currency:
            sums[currency] = sums.get(currency, 0) + minor
    return tuple(Money(currency, minor) for currency, minor in sorted(sums.items()))


def worth(groups: Iterable[TypeGroup]) -> tuple[Money, ...]:
    """Sum per currency over groups of what is in question; incidents and signals add nothing to it (UNCOUNTED)."""
    return totals(amount for group in groups if group.type not in UNCOUNTED for amount in group.totals)


def grouped(items: Iterable[ExceptionItem]) -> tuple[TypeGroup, ...]:
    """One group per type with its count, sum per currency and rows, most urgent first."""
    by_type: dict[str, list[ExceptionItem]] = {}
    for item in items:
        by_type.setdefault(item.type, []).append(item)
    codes = sorted(by_type, key=lambda code: (type_rank(code), code))
    return tuple(_group(code, tuple(sorted(by_type[code], key=urgency))) for code in codes)


def _group(code: str, rows: tuple[ExceptionItem, ...]) -> TypeGroup:
    return TypeGroup(code, len(rows), _summed((row.currency, row.amount_minor) for row in rows), rows)


def ageing(items: Iterable[ExceptionItem]) -> tuple[AgeCell, ...]:
    """Count and amount per bucket and currency of the given (open) exceptions."""
    cells: dict[tuple[str, int], tuple[int, int]] = {}
    for item in items:
        at = item.currency, bucket_of(item.age_days)
        count, amount = cells.get(at, (0, 0))
        cells[at] = count + 1, amount + (item.amount_minor if item.type not in UNCOUNTED else 0)
    return tuple(AgeCell(at, code, *cell) for (code, at), cell in sorted(cells.items()))


def filled(report: Report, open_items: Sequence[ExceptionItem], cleared: Iterable[ExceptionItem]) -> Report:
    """The report with its exceptions: first seen on its date or carried over, cleared, ageing, what to do first."""
    new = [item for item in open_items if item.first_seen >= report.since]
    carried = [item for item in open_items if item.first_seen < report.since]
    return replace(
        report,
        top=first_to_do(open_items),
        new=grouped(new),
        cleared=grouped(cleared),
        carried=grouped(carried),
        ageing=ageing(open_items),
    )


def first_to_do(items: Iterable[ExceptionItem], earliest: int = 5, most: int = 10) -> tuple[ExceptionItem, ...]:
    """Pick what to work on first: the earliest due, then the largest amounts of each currency in turn, each once.

    What an incident among them already covers (`parent_id`) and what merely waits is left out; low severity comes in
    by its amount alone, and no type takes more than two of the earliest places.
    """
    listed = list(items)
    ids = {item.exception_id for item in listed}
    own = [item for item in listed if item.parent_id not in ids and item.status != "waiting"]
    pressing: dict[str, list[ExceptionItem]] = {}
    for item in own:
        if severity_rank(item.severity) < _SEVERITY_ORDER["low"]:
            pressing.setdefault(item.type, []).append(item)
    first = [item for of_type in pressing.values() for item in nsmallest(2, of_type, key=urgency)]
    chosen = {item.exception_id: item for item in nsmallest(earliest, first, key=urgency)}
    for item in _largest_in_turn(own, earliest + most):
        if len(chosen) == most:
            break
        chosen.setdefault(item.exception_id, item)
    return tuple(sorted(chosen.values(), key=urgency))


def _largest_in_turn(items: Iterable[ExceptionItem], most: int) -> Iterable[ExceptionItem]:
    """The largest of each currency, then the second of each …, up to so many: amounts of two do not compare."""
    by_currency: dict[str, list[ExceptionItem]] = {}
    for item in items:
        if item.currency:
            by_currency.setdefault(item.currency, []).append(item)
    ranked = [nsmallest(most, by_currency[code], key=_by_amount) for code in sorted(by_currency)]
    return (item for places in zip_longest(*ranked) for item in places if item is not None)


def standing(groups: Iterable[TypeGroup], *codes: str) -> tuple[ExceptionItem, ...]:
    """Exceptions of the given types, most urgent first."""
    return tuple(sorted((item for group in groups if group.type in codes for item in group.items), key=urgency))


def disputes_due(report: Report, within_days: int = 7) -> tuple[ExceptionItem, ...]:
    """Open disputes whose deadline is near, past, or set by the acquirer alone."""
    last = report.business_date + timedelta(days=within_days)
    found = standing((*report.new, *report.carried), *DISPUTES)
    return tuple(item for item in found if item.due_date is None or item.due_date <= last)


def _by_amount(item: ExceptionItem) -> tuple[int, str]:
    return -item.amount_minor, item.exception_id


def fair_shares(counts: Sequence[int], limit: int) -> tuple[int, ...]:
    """Divide `limit` rows among groups: small ones whole, large ones cut evenly, none starved by another."""
    shares = [0] * len(counts)
    left, waiting = limit, sorted(range(len(counts)), key=lambda at: counts[at])
    while waiting:
        at = waiting.pop(0)
        shares[at] = min(counts[at], left // (len(waiting) + 1))
        left -= shares[at]
    return tuple(shares)


def fitting(groups: Sequence[TypeGroup], limit: int) -> tuple[TypeGroup, ...]:
    """Cut rows (most urgent first, as `grouped` has them) to `limit` in all; counts and totals stay true."""
    ordered = sorted(groups, key=lambda group: (type_rank(group.type), group.type))
    shares = fair_shares([len(group.items) for group in ordered], limit)
    return tuple(replace(group, items=group.items[:share]) for group, share in zip(ordered, shares, strict=True))
