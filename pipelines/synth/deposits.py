"""The bank's side: when payouts are credited, what else is booked, and the deposits that go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

import polars as pl

from pipelines.synth.arrivals import BANK, Schedule
from pipelines.synth.dice import Dice
from pipelines.synth.workdays import business_day_after
from pipelines.synth.world import ACQUIRERS, BY_NAME

OPENING_MINOR = 500_000_000
# Not from acquirers: out of the reconciliation's scope.
_OTHER = (
    (-1_280_000, "房租 三月", "上海静安置业有限公司"),
    (-386_450, "电费 代扣", "国网上海市电力公司"),
    (-8_642_000, "代发工资", "代发工资专户"),
    (250_000, "保证金退回", "上海百联物业有限公司"),
    (-96_300, "货款 INV-20417", "苏州明德包装有限公司"),
)


@dataclass(frozen=True)
class Payout:
    """A declared payout: who pays whom, for which settlement date, how much (fen), when it is due."""

    acquirer: str
    settles: date
    payout_id: str
    merchant_id: str
    net: int
    due: date


@dataclass(frozen=True)
class Entry:
    """A bank entry: booking date, signed fen, texts, the payout it is for, and what is wrong with it."""

    booking: date
    amount: int
    remittance: str
    counterparty: str
    acquirer: str = ""
    payout: Payout | None = None
    fault: str = ""
    note: str = ""


@dataclass(frozen=True)
class Missing:
    """A payout that is not credited when due; `comes`: when it is, None for never."""

    payout: Payout
    comes: date | None


@dataclass(frozen=True)
class Deposits:
    """All entries in the order the bank books them, and the payouts whose credit is missing when due."""

    entries: tuple[Entry, ...]
    missing: tuple[Missing, ...]


def deposits(
    dice: Dice,
    schedule: Schedule,
    declared: pl.DataFrame,
    wanted: frozenset[str],
    per_type: int,
    paid_before: Mapping[str, int] = MappingProxyType({}),
) -> Deposits:
    """Credit every payout on its due date, then let per_type of each wanted deposit fault happen.

    `declared` is the frame of `settle.payouts`. Only payouts due up to the last run can be faulty. paid_before: days
    by acquirer that its payouts are dated before the settlement date of their lines.
    """
    every = [_payout(row, paid_before) for row in declared.iter_rows(named=True)]
    due = [payout for payout in every if payout.due <= schedule.last]
    # a payout of a few fen cannot be short by a telling amount
    order = sorted((p for p in due if p.net >= 100), key=lambda p: dice.bits(f"deposit-{p.payout_id}", 1)[0])
    count = min(per_type, len(due) // 4)
    lost = order[:count] if "DEPOSIT_MISSING" in wanted else []
    wrong = order[count : 2 * count] if "DEPOSIT_AMOUNT_DIFF" in wanted else []
    missing = tuple(Missing(payout, _comes(payout, n)) for n, payout in enumerate(lost))
    entries = [_credit(payout, payout.due) for payout in due if payout not in lost and payout not in wrong]
    entries += [_credit(m.payout, m.comes) for m in missing if m.comes and m.comes <= schedule.last]
    entries += [_wrong_credit(dice, payout, n) for n, payout in enumerate(wrong)]
    if "DEPOSIT_UNIDENTIFIED" in wanted:
        entries += _strangers(dice, schedule, per_type, {entry.amount for entry in entries} | {p.net for p in every})
    return Deposits(tuple(sorted([*entries, *_other(schedule)], key=_booked)), missing)


def jumps(dice: Dice, schedule: Schedule, wanted: frozenset[str]) -> dict[date, int]:
    """About one statement a week that opens off what the one before it closed with, in fen; none in the first."""
    days = [day for day in schedule.days(BANK) if schedule.fault(BANK, day) is None][1:]
    if "BALANCE_BREAK" not in wanted or not days:
        return {}
    chosen = {dice.one(f"jump-{week}", days) for week in range(max(1, len(days) // 5))}
    return {day: (1 if n % 2 else -1) * (1 + 4321 * n) for n, day in enumerate(sorted(chosen))}


def _booked(entry: Entry) -> tuple[date, bool, str, str]:
    return (
        entry.booking,
        bool(entry.acquirer),
        entry.payout.payout_id if entry.payout else "~",
        entry.remittance,
    )


def _payout(row: dict[str, object], paid_before: Mapping[str, int]) -> Payout:
    fields = {name: row[name] for name in ("acquirer", "settles", "payout_id", "merchant_id", "net")}
    lag = BY_NAME[str(row["acquirer"])].lag_business_days
    settles = row["settles"]
    assert isinstance(settles, date)  # noqa: S101 - narrows the frame's cell for the type checker
    paid = settles - timedelta(days=paid_before.get(str(row["acquirer"]), 0))
    return Payout(**fields, due=business_day_after(paid, lag))  # type: ignore[arg-type]


def _comes(payout: Payout, turn: int) -> date | None:
    return None if turn % 2 == 0 else business_day_after(payout.due, 1 + turn // 2 % 2)


def _credit(payout: Payout, booking: date) -> Entry:
    acquirer = BY_NAME[payout.acquirer]
    text = f"{acquirer.counterparty_glob[:-1]} 商户结算款 {payout.payout_id} 清算日{payout.settles:%m%d}"
    return Entry(booking, payout.net, text, acquirer.counterparty, payout.acquirer, payout)


def _wrong_credit(dice: Dice, payout: Payout, turn: int) -> Entry:
    short = turn % 2 == 0
    most = min(20_000, max(1, payout.net // 2))
    difference = 1 + dice.below(f"difference-{payout.payout_id}", 1, most)[0]
    note = f"credited {difference} fen {'less' if short else 'more'} than declared"
    amount = payout.net - difference if short else payout.net + difference
    return replace(_credit(payout, payout.due), amount=amount, fault="DEPOSIT_AMOUNT_DIFF", note=note)


def _strangers(dice: Dice, schedule: Schedule, count: int, taken: set[int]) -> list[Entry]:
    """Book entries of acquirers that name no payout, of amounts no payout has."""
    days = [day for day in schedule.days(BANK) if day > schedule.first]
    found: list[Entry] = []
    for n in range(count if days else 0):
        day = days[(n * len(days) // count + dice.below(f"stranger-day-{n}", 1, len(days))[0]) % len(days)]
        acquirer = dice.one(f"stranger-{n}", ACQUIRERS)
        amount = 1000 + dice.below(f"stranger-amount-{n}", 1, 300_000)[0]
        while amount in taken:
            amount += 1
        taken.add(amount)
        text = f"{acquirer.counterparty_glob[:-1]} 其他款项 第{n + 1}笔"
        note = "a debit nobody announced" if n % 3 == 2 else "a credit that names no payout"
        signed = -amount if n % 3 == 2 else amount
        entry = Entry(day, signed, text, acquirer.counterparty, acquirer.name, None, "DEPOSIT_UNIDENTIFIED", note)
        found.append(entry)
    return found


def _other(schedule: Schedule) -> Iterable[Entry]:
    for n, day in enumerate(schedule.days(BANK)):
        yield Entry(day, *_OTHER[n % len(_OTHER)])
