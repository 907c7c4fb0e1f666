"""Bank balances from statement to statement: each opens with what the one before it closed with."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import polars as pl

from pipelines.checks.workdays import days, is_business_day


@dataclass(frozen=True)
class Statement:
    """Balances of one statement and currency: where it stands, what it is called, which days it speaks of."""

    account: str
    currency: str
    file: str
    line: int
    statement: str | None
    first_day: date
    last_day: date
    opening: int | None
    closing: int | None


@dataclass(frozen=True)
class Gap:
    """A statement that does not open with what the one before it closed with.

    missing: business days between the two, of which no statement is there.
    """

    before: Statement
    after: Statement
    missing: tuple[date, ...]

    @property
    def difference(self) -> int:
        """What the statement in between must have booked, minor units."""
        return (self.after.opening or 0) - (self.before.closing or 0)


def gaps(statements: pl.DataFrame, country: str) -> list[Gap]:
    """Every place where an account's balances do not continue (exceptions.md, BALANCE_BREAK).

    statements: the columns of Statement, one row each, with `file_id`. country: whose business days tell which
    statement is missing. An account's first statement has none before it; one without balances is not judged.
    """
    keys = ["account", "currency"]
    ordered = statements.sort(*keys, "last_day", "first_day", "file_id", "line")
    before = pl.col("closing").shift(1).over(keys)
    # Most statements continue the one that is sorted before them; only what is left is looked at one by one.
    doubtful = ordered.filter(pl.col("opening") != before).select(keys).unique()
    near = ordered.join(doubtful, on=keys, how="semi", maintain_order="left").drop("file_id")
    rows = (Statement(**row) for row in near.iter_rows(named=True))
    accounts = groupby(rows, key=lambda found: (found.account, found.currency))
    return [gap for _, account in accounts for gap in _gaps(list(account), country)]


def _gaps(account: Sequence[Statement], country: str) -> Iterable[Gap]:
    last_days = [statement.last_day for statement in account]
    for at, after in enumerate(account):
        near = [account[n] for n in _before(last_days, at, after.first_day)]
        near.sort(key=lambda each: not _may_precede(each, after))
        earlier = [each for each in near if (each.first_day, each.opening) != (after.first_day, after.opening)]
        closings = [each.closing for each in earlier]
        if after.opening is None or not earlier or None in closings or after.opening in closings:
            continue
        yield Gap(earlier[0], after, _between(earlier[0].last_day, after.first_day, country))


def _before(last_days: list[date], at: int, first_day: date) -> list[int]:
    """Statements that this one may continue, the likeliest first.

    Those that end last before its first day, and those that end on that day: some banks date an opening balance by the
    day before, and some write several statements a day.
    """
    end = bisect_left(last_days, first_day)
    start = bisect_left(last_days, last_days[end - 1]) if end else 0
    same_day = [n for n in range(end, bisect_right(last_days, first_day)) if n != at]
    likely = [n for n in reversed(same_day) if n < at]
    return [*likely, *range(end - 1, start - 1, -1), *(n for n in same_day if n > at)]


def _may_precede(each: Statement, after: Statement) -> bool:
    """Whether it ends before the other begins, or tells of the same day, or the other is dated by the day before."""
    return each.last_day < after.first_day or each.first_day == after.first_day or after.first_day < after.last_day


def _between(last: date, first: date, country: str) -> tuple[date, ...]:
    inside = days(last + timedelta(days=1), first - timedelta(days=1))
    return tuple(day for day in inside if is_business_day(day, country))
