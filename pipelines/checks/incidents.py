"""Incidents: breaks that crowd in one acquirer, channel or merchant within a short time, far above the usual. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from pipelines.checks.patterns import is_far
from pipelines.signal_settings import Signals

TYPES = frozenset(
    {
        *("NOT_SETTLED", "NOT_IN_JOURNAL", "FAILED_BUT_SETTLED", "REVERSAL_NOT_SETTLED", "VOID_NOT_SETTLED"),
        *("REFUND_NOT_SETTLED", "DUPLICATE_CHARGE", "DUPLICATE_SETTLEMENT", "AMOUNT_OVER", "AMOUNT_UNDER"),
        *("TYPE_MISMATCH", "CURRENCY_MISMATCH"),
    }
)
"""Breaks of transactions: what an outage leaves behind."""

SCOPES = ("acquirer", "channel", "merchant_id")
"""Where breaks may crowd, the first that holds most of them is told."""

ROWS: dict[str, type[pl.DataType] | pl.DataType] = {
    "exception_id": pl.String,
    "type": pl.String,
    "acquirer": pl.String,
    "merchant_id": pl.String,
    "day": pl.Date,
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "side": pl.String,
    "file_id": pl.Int32,
    "line": pl.Int32,
}
"""A break with the place of its row; `day`: its business date."""

TIMES: dict[str, type[pl.DataType] | pl.DataType] = {**ROWS, "happened_at": pl.Datetime("us"), "channel": pl.String}
"""The same with its time, and its channel where its row states one."""


@dataclass(frozen=True)
class Crowd:
    """Breaks of one scope close in time. members: their ids in order of time; of: breaks of the scope on those days."""

    scope: str
    value: str
    first: datetime
    last: datetime
    members: tuple[str, ...]
    of: int
    usual: int = 0
    most: int = 0
    days: int = 0


Usual = Callable[[str, str, date], list[int]]
"""Breaks of a scope on each of the days before a date, as far as history is looked at."""


def crowds(breaks: pl.DataFrame, usual: Usual, settings: Signals) -> list[Crowd]:
    """Incidents among breaks (TIMES) that belong to none yet; each break to one, the largest that it fits."""
    left, found = breaks, []
    while candidates := [crowd for scope in SCOPES for crowd in _close(left, scope, settings)]:
        best = min(candidates, key=lambda crowd: (-len(crowd.members), SCOPES.index(crowd.scope), crowd.first))
        told = _far(best, usual(best.scope, best.value, best.first.date()), settings)
        if told is not None:
            found.append(told)
        mine = pl.col("exception_id").is_in(best.members)
        # what is usual for an acquirer may still be far above what is usual for one merchant of it
        others = pl.lit(value=False) if told else pl.col(best.scope).is_not_null()
        left = left.filter(~mine | others).with_columns(
            pl.when(mine).then(None).otherwise(pl.col(best.scope)).alias(best.scope)
        )
    return found


def _close(breaks: pl.DataFrame, scope: str, settings: Signals) -> list[Crowd]:
    """Breaks of each value of the scope that follow each other within minutes, where they are enough."""
    gap = timedelta(minutes=settings.incident_gap_minutes)
    own = breaks.filter(pl.col(scope).is_not_null()).sort(scope, "happened_at", "exception_id")
    begins = (pl.col("happened_at") - pl.col("happened_at").shift(1) > gap).fill_null(value=True)
    own = own.with_columns(run=begins.cum_sum().over(scope), whole=pl.len().over(scope, "day"))
    runs = own.group_by(scope, "run", maintain_order=True).agg(
        first=pl.col("happened_at").min(), last=pl.col("happened_at").max(), members=pl.col("exception_id"),
        of=pl.col("whole").max(),
    )  # fmt: skip
    runs = runs.filter(pl.col("members").list.len() >= settings.incident_breaks)
    return [
        Crowd(scope, value, first, last, tuple(members), max(of, len(members)))
        for value, _, first, last, members, of in runs.iter_rows()
    ]


def _far(crowd: Crowd, before: list[int], settings: Signals) -> Crowd | None:
    """The crowd with what is usual, if it alone is far above what whole days before had."""
    if not is_enough(len(crowd.members), before, settings):
        return None
    middle = sorted(before)[len(before) // 2]
    return Crowd(
        crowd.scope, crowd.value, crowd.first, crowd.last, crowd.members, crowd.of, middle, max(before), len(before)
    )


def is_enough(count: int, before: list[int], settings: Signals) -> bool:
    """Whether so many breaks are far above what whole days before had, if enough days are known."""
    known = len(before) >= settings.incident_history_days
    return known and is_far(count, 1, [(one, 1) for one in before], settings)


@dataclass(frozen=True)
class Known:
    """An incident on record: where it is, from when to when, when it was thought to begin first, what was usual."""

    incident_id: str
    scope: str
    value: str
    first: datetime
    last: datetime
    began: datetime
    usual: int
    most: int
    days: int


def joining(breaks: pl.DataFrame, known: list[Known], settings: Signals) -> Mapping[str, str]:
    """Breaks (TIMES) that belong to an incident on record: within its time, or minutes from it, and its scope."""
    gap = timedelta(minutes=settings.incident_gap_minutes)
    found: dict[str, str] = {}
    for incident in known:
        near = pl.col("happened_at").is_between(incident.first - gap, incident.last + gap)
        mine = breaks.filter((pl.col(incident.scope) == incident.value) & near)
        found.update(dict.fromkeys(mine["exception_id"].to_list(), incident.incident_id) | found)
    return found
