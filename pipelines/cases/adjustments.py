"""Adjustments against open exceptions: which one an adjustment settles, by key, amount and direction (contract.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.cases.register import Break
from pipelines.cases.taxonomy import POLICY

NEVER = frozenset({"ADJUSTMENT_UNEXPLAINED", "TIMING", "AMBIGUOUS_MATCH"})
"""Types that an acquirer's booking cannot settle."""

LEGS = ("journal-settlement", "settlement")


@dataclass(frozen=True)
class Adjustment:
    """One line of an acquirer: the references it names and its amount, + to the merchant, minor units."""

    row_id: int
    merchant_id: str | None
    refs: tuple[str, ...]
    signed_minor: int
    currency: str | None


@dataclass(frozen=True)
class Attached:
    """By row_id of the adjustment: settles (the exception it clears) and linked (one it names with another amount)."""

    settles: Mapping[int, str]
    linked: Mapping[int, str]


def attach(adjustments: Iterable[Adjustment], open_now: Mapping[str, Break]) -> Attached:
    """Give each adjustment the open exception that it names; one exception is settled by one adjustment only.

    open_now: open exceptions by id. What the merchant is owed (short) is settled by a credit, what it holds too much
    (long) by a debit.
    """
    by_key: dict[tuple[str | None, str], list[str]] = {}
    for key, found in sorted(open_now.items(), key=lambda item: (list(POLICY).index(item[1].type), item[0])):
        if POLICY[found.type].leg in LEGS and found.type not in NEVER:
            for ref in dict.fromkeys(r for r in (found.rrn, found.order_no) if r):
                by_key.setdefault((found.merchant_id, ref), []).append(key)
    settles: dict[int, str] = {}
    linked: dict[int, str] = {}
    for line in adjustments:
        named = [key for ref in dict.fromkeys(line.refs) for key in by_key.get((line.merchant_id, ref), ())]
        free = [key for key in named if key not in settles.values()]
        fitting = [key for key in free if _settles(line, open_now[key])]
        if fitting:
            settles[line.row_id] = fitting[0]
        elif named:
            linked[line.row_id] = named[0]
    return Attached(settles, linked)


def _settles(line: Adjustment, found: Break) -> bool:
    turned = {"short": line.signed_minor > 0, "long": line.signed_minor < 0}.get(found.direction, True)
    return turned and abs(line.signed_minor) == found.amount_minor and line.currency == found.currency
