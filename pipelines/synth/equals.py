"""Payouts that nobody can tell apart: of one amount each, and a deposit that any half of them adds up to.

Each releases a reserve, so that nothing of them is in a journal. Some stay undecided; of others the second half comes
by name one business day later, which leaves only one answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pipelines.synth.arrivals import Schedule
from pipelines.synth.booked import Entry, Payout, credit
from pipelines.synth.credits import quiet, reachable
from pipelines.synth.dice import Dice
from pipelines.synth.settle import payouts
from pipelines.synth.workdays import business_day_after
from pipelines.synth.world import ACQUIRERS, Acquirer

SIZES = (4, 40, 6)
FAULT = "AMBIGUOUS_DEPOSIT"
_NOBODY_S = 90_000_000


@dataclass(frozen=True)
class Crowd:
    """Equal payouts of one acquirer and day; `decided`: when the second half comes by name, None for never."""

    acquirer: Acquirer
    settles: date
    due: date
    size: int
    amount: int
    decided: date | None

    @property
    def half(self) -> int:
        """As many as the nameless deposit is for."""
        return self.size // 2


def crowds(
    dice: Dice, schedule: Schedule, declared: pl.DataFrame, acquirers: Collection[str], count: int
) -> list[Crowd]:
    """Choose up to count acquirers and days on which nothing else is wrong, each acquirer once.

    declared: all other payouts; of them nothing may add up to what the crowd's payouts do.
    """
    fits = [
        (acquirer, day)
        for acquirer in ACQUIRERS
        if acquirer.name in acquirers
        for day in schedule.days(acquirer.source)
        if _untroubled(schedule, acquirer, day)
    ]
    found: list[Crowd] = []
    for turn in range(count):
        free = [(acquirer, day) for acquirer, day in fits if acquirer not in [crowd.acquirer for crowd in found]]
        if free:
            acquirer, day = dice.one(f"crowd-{turn}", free)
            found.append(_crowd(dice, schedule, declared, acquirer, day, turn))
    return found


def _untroubled(schedule: Schedule, acquirer: Acquirer, day: date) -> bool:
    due = business_day_after(day, acquirer.lag_business_days)
    again = any((other.source, other.day) == (acquirer.source, day) for other in schedule.restated)
    there = schedule.run_of(acquirer.source, day) == day and due <= schedule.last
    return there and not again and quiet(schedule, acquirer.name, due)


def _crowd(dice: Dice, schedule: Schedule, declared: pl.DataFrame, acquirer: Acquirer, day: date, turn: int) -> Crowd:
    size = SIZES[turn % len(SIZES)]
    others = declared.filter(pl.col("acquirer") == acquirer.name)["net"].to_list()
    due = business_day_after(day, acquirer.lag_business_days)
    after = business_day_after(due, 1)
    decided = after if turn % 2 == 0 and after <= schedule.last and quiet(schedule, acquirer.name, after) else None
    amount = _unlike(1_000 + dice.below(f"crowd-amount-{turn}", 1, 9_000)[0], size, others, acquirer.bank_fee_minor)
    return Crowd(acquirer, day, due, size, amount, decided)


def _unlike(amount: int, size: int, others: list[int], fee: int) -> int:
    """The amount or the next above it of which no multiple is a sum of other payouts, less a bank's fee or not."""
    for more in range(2_000):
        each = amount + more
        sums = reachable(others, size * each + fee)
        if not any((sums >> (n * each + taken)) & 1 for n in range(1, size + 1) for taken in (0, fee)):
            return each
    return sum(size for size in others if size > 0) + amount


def released(settled: pl.DataFrame, found: Sequence[Crowd]) -> pl.DataFrame:
    """Lines that release a reserve, one for each payout of the crowds, in the columns of `settled`."""
    rows = [settled.clear()]
    for turn, crowd in enumerate(found):
        same = (pl.col("acquirer") == crowd.acquirer.name) & (pl.col("settles") == crowd.settles)
        one = settled.filter(same & pl.col("a_currency").is_null()).head(1)
        rows += [_line(one, crowd, _NOBODY_S + 100 * turn + n, n) for n in range(crowd.size if one.height else 0)]
    return pl.concat(rows)


def _line(one: pl.DataFrame, crowd: Crowd, number: int, place: int) -> pl.DataFrame:
    """A line like the one given, of nobody's sale."""
    group = f"E{place + 1:03d}"
    payout_id = f"{crowd.acquirer.payout_prefix}{crowd.settles:%Y%m%d}-{group}"
    told = {
        **dict.fromkeys(("kind", "txn_type", "a_type"), "RESERVE_RELEASE"),
        "id": number,
        "a_rrn": number,
        "story": number,
        "group": group,
        "payout_id": payout_id,
        "in_journal": False,
        "a_hides": "bsra6",
        "fee": 0,
        "fee_off": 0,
        **dict.fromkeys(("amount", "gross", "net"), crowd.amount),
        **dict.fromkeys(("fault", "variant", "spoilt", "parent", "order_id", "card", "adjusted"), None),
    }
    there = {name: value for name, value in told.items() if name in one.columns}
    return one.with_columns(pl.lit(value, one.schema[name]).alias(name) for name, value in there.items())


def with_crowds(
    settled: pl.DataFrame, declared: pl.DataFrame, found: Sequence[Crowd]
) -> tuple[pl.DataFrame, pl.DataFrame, frozenset[str]]:
    """Lines and payouts with those of the crowds, and the payouts' ids."""
    more = released(settled, found)
    told = payouts(more)
    both = pl.concat([declared, told.select(declared.columns)])
    return pl.concat([settled, more]), both.sort("acquirer", "settles", "group"), frozenset(told["payout_id"])


def booked(found: Sequence[Crowd], every: Sequence[Payout]) -> Iterator[Entry]:
    """The nameless deposit for half of each crowd, and the other half by name where that is decided."""
    for crowd in found:
        mine = [p for p in every if (p.acquirer, p.settles) == (crowd.acquirer.name, crowd.settles) and p.equal]
        if not mine:
            continue
        lump = credit(mine[0], crowd.due)
        note = f"{crowd.half} of {crowd.size} equal payouts, " + ("decided later" if crowd.decided else "undecided")
        plain = f"{crowd.acquirer.counterparty_glob[:-1]} 商户结算款 合并划付"
        total = crowd.half * crowd.amount
        yield replace(lump, amount=total, remittance=plain, fault=FAULT, note=note, decided=crowd.decided)
        if crowd.decided:
            yield from (credit(payout, crowd.decided) for payout in mine[crowd.half :])
