"""Putting exceptions in order for the page: by type, by age, first to do, and how many rows fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import polars as pl

from pipelines.cases.taxonomy import POLICY, SEVERITIES
from reports.books import Money
from reports.listed import Listed
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
_rank = pl.col("severity").replace_strict(_SEVERITY_ORDER, default=len(SEVERITIES), return_dtype=pl.Int64)
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
    return item.due_date or date.max, severity_rank(item.severity), -item.amount_minor, item.exception_id


def bucket_of(age_days: pl.Expr) -> pl.Expr:
    """Index into BUCKETS; ages below zero count as the first."""
    return pl.sum_horizontal(age_days > last for _, last in BUCKETS if last is not None)


def totals(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Sum per currency, in order of the code; amounts without a currency (a missing file) carry no money."""
    sums: dict[str, int] = {}
    for amount in amounts:
        if amount.currency:
            sums[amount.currency] = sums.get(amount.currency, 0) + amount.minor
    return tuple(Money(currency, minor) for currency, minor in sorted(sums.items()))


def worth(groups: Iterable[TypeGroup]) -> tuple[Money, ...]:
    """Sum per currency over groups of what is in question; incidents and signals add nothing to it (UNCOUNTED)."""
    return totals(amount for group in groups if group.type not in UNCOUNTED for amount in group.totals)


def grouped(items: Iterable[ExceptionItem]) -> tuple[TypeGroup, ...]:
    """One group per type with its count, sum per currency and rows, most urgent first."""
    frame = _in_order(Listed.of(items).frame)
    sums = frame.group_by("type", "currency").agg(minor=pl.col("amount_minor").cast(pl.Int128).sum())
    worth: dict[str, list[Money]] = {}
    for code, currency, minor in sums.iter_rows():
        worth.setdefault(code, []).append(Money(currency, minor))
    of_type = frame.partition_by("type", as_dict=True, maintain_order=True)
    codes = sorted((str(code) for (code,) in of_type), key=lambda code: (type_rank(code), code))
    return tuple(TypeGroup(code, of_type[code,].height, totals(worth[code]), Listed(of_type[code,])) for code in codes)


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of exceptions, the most urgent first: as `urgency`."""
    return frame.sort("due_date", _rank, -pl.col("amount_minor"), "exception_id", nulls_last=True)


def ageing(items: Iterable[ExceptionItem]) -> tuple[AgeCell, ...]:
    """Count and amount per bucket and currency of the given (open) exceptions."""
    counted = pl.when(~pl.col("type").is_in(sorted(UNCOUNTED))).then("amount_minor").cast(pl.Int128).sum()
    cells = (
        Listed.of(items)
        .frame.group_by("currency", at=bucket_of(pl.col("age_days")))
        .agg(count=pl.len(), minor=counted)
        .sort("currency", "at")
    )
    return tuple(AgeCell(at, code, count, minor) for code, at, count, minor in cells.iter_rows())


def filled(report: Report, open_items: Iterable[ExceptionItem], cleared: Iterable[ExceptionItem]) -> Report:
    """The report with its exceptions: first seen on its date or carried over, cleared, ageing, what to do first."""
    listed, new = Listed.of(open_items), pl.col("first_seen") >= report.since
    return replace(
        report,
        top=first_to_do(listed),
        new=grouped(listed.where(new)),
        cleared=grouped(cleared),
        carried=grouped(listed.where(~new)),
        ageing=ageing(listed),
    )


def first_to_do(items: Iterable[ExceptionItem], earliest: int = 5, most: int = 10) -> tuple[ExceptionItem, ...]:
    """Pick what to work on first: the earliest due, then the largest amounts of each currency in turn, each once.

    What an incident among them already covers (`parent_id`) and what merely waits is left out; low severity comes in
    by its amount alone, and no type takes more than two of the earliest places.
    """
    frame = Listed.of(items).frame
    covered = pl.col("parent_id").is_in(frame["exception_id"].implode())
    own = frame.filter(~covered & (pl.col("status") != "waiting"))
    pressing = _in_order(own.filter(_rank < _SEVERITY_ORDER["low"]))
    first = pressing.filter(pl.int_range(pl.len()).over("type") < 2).head(earliest)
    # the largest of each currency, then the second of each …: amounts of two do not compare
    place = pl.int_range(pl.len()).over("currency")
    largest = own.filter(pl.col("currency") != "").sort(-pl.col("amount_minor"), "exception_id")
    in_turn = largest.with_columns(place=place).sort("place", "currency").head(earliest + most).drop("place")
    chosen = pl.concat([first, in_turn]).unique("exception_id", keep="first", maintain_order=True).head(most)
    return tuple(Listed(_in_order(chosen)))


def standing(groups: Iterable[TypeGroup], *codes: str) -> tuple[ExceptionItem, ...]:
    """Exceptions of the given types, most urgent first."""
    return tuple(sorted((item for group in groups if group.type in codes for item in group.items), key=urgency))


def disputes_due(report: Report, within_days: int = 7) -> tuple[ExceptionItem, ...]:
    """Open disputes whose deadline is near, past, or set by the acquirer alone."""
    last = report.business_date + timedelta(days=within_days)
    found = standing((*report.new, *report.carried), *DISPUTES)
    return tuple(item for item in found if item.due_date is None or item.due_date <= last)


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
