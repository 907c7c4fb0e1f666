"""The bank's side: when payouts are credited, what else is booked, and the deposits that go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from types import MappingProxyType

import polars as pl

from pipelines.synth.arrivals import BANK, Schedule
from pipelines.synth.booked import Entry, Payout, credit
from pipelines.synth.credits import credited, reachable
from pipelines.synth.dice import Dice
from pipelines.synth.equals import Crowd
from pipelines.synth.equals import booked as crowd_entries
from pipelines.synth.workdays import business_day_after
from pipelines.synth.world import ACQUIRERS, BY_NAME

OPENING_MINOR = 500_000_000
NEAR = timedelta(days=20)
MOST_FEE = max(acquirer.bank_fee_minor for acquirer in ACQUIRERS)
# Not from acquirers: out of the reconciliation's scope.
_OTHER = (
    (-1_280_000, "房租 三月", "上海静安置业有限公司"),
    (-386_450, "电费 代扣", "国网上海市电力公司"),
    (-8_642_000, "代发工资", "代发工资专户"),
    (250_000, "保证金退回", "上海百联物业有限公司"),
    (-96_300, "货款 INV-20417", "苏州明德包装有限公司"),
)


@dataclass(frozen=True)
class Crowded:
    """Crowds of equal payouts, and the ids of the payouts."""

    crowds: tuple[Crowd, ...] = ()
    ids: frozenset[str] = frozenset()


NO_CROWDS = Crowded()


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
    equal: Crowded = NO_CROWDS,
) -> Deposits:
    """Credit every payout on its due date, then let per_type of each wanted deposit fault happen.

    `declared` is the frame of `settle.payouts`. Only payouts due up to the last run can be faulty. paid_before: days
    by acquirer that its payouts are dated before the settlement date of their lines. equal: payouts that nobody can
    tell apart: nothing else happens to them.
    """
    every = [_payout(row, paid_before, equal.ids) for row in declared.iter_rows(named=True)]
    due = [payout for payout in every if payout.due <= schedule.last and not payout.equal]
    # a payout of a few fen cannot be short by a telling amount
    order = sorted((p for p in due if p.net >= 100), key=lambda p: dice.bits(f"deposit-{p.payout_id}", 1)[0])
    count = min(per_type, len(due) // 4)
    lost = order[:count] if "DEPOSIT_MISSING" in wanted else []
    wrong = order[count : 2 * count] if "DEPOSIT_AMOUNT_DIFF" in wanted else []
    missing = tuple(Missing(payout, _comes(payout, n)) for n, payout in enumerate(lost))
    alike = [payout for payout in every if payout.equal]
    entries = [*credited(dice, schedule, every, [*lost, *wrong, *alike]), *crowd_entries(equal.crowds, every)]
    entries += [credit(m.payout, m.comes) for m in missing if m.comes and m.comes <= schedule.last]
    entries += [_wrong_credit(dice, payout, n) for n, payout in enumerate(wrong)]
    if "DEPOSIT_UNIDENTIFIED" in wanted:
        entries += _strangers(dice, schedule, per_type, every)
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


def _payout(row: dict[str, object], paid_before: Mapping[str, int], equal: frozenset[str]) -> Payout:
    fields = {name: row[name] for name in ("acquirer", "settles", "payout_id", "merchant_id", "net")}
    lag = BY_NAME[str(row["acquirer"])].lag_business_days
    settles = row["settles"]
    assert isinstance(settles, date)  # noqa: S101 - narrows the frame's cell for the type checker
    paid = settles - timedelta(days=paid_before.get(str(row["acquirer"]), 0))
    due = business_day_after(paid, lag)
    return Payout(**fields, due=due, equal=row["payout_id"] in equal)  # type: ignore[arg-type]


def _comes(payout: Payout, turn: int) -> date | None:
    return None if turn % 2 == 0 else business_day_after(payout.due, 1 + turn // 2 % 2)


def _wrong_credit(dice: Dice, payout: Payout, turn: int) -> Entry:
    short = turn % 2 == 0
    most = min(20_000, max(1, payout.net // 2))
    difference = 1 + dice.below(f"difference-{payout.payout_id}", 1, most)[0]
    if short and difference == BY_NAME[payout.acquirer].bank_fee_minor:  # that much the bank may take
        difference += 1
    note = f"credited {difference} fen {'less' if short else 'more'} than declared"
    amount = payout.net - difference if short else payout.net + difference
    return replace(credit(payout, payout.due), amount=amount, fault="DEPOSIT_AMOUNT_DIFF", note=note)


def _strangers(dice: Dice, schedule: Schedule, count: int, every: list[Payout]) -> list[Entry]:
    """Book entries of acquirers that name no payout, of amounts that no payouts add up to, alone or together."""
    days = [day for day in schedule.days(BANK) if day > schedule.first]
    found: list[Entry] = []
    strange: dict[tuple[str, bool], list[int]] = {}
    for n in range(count if days else 0):
        day = days[(n * len(days) // count + dice.below(f"stranger-day-{n}", 1, len(days))[0]) % len(days)]
        acquirer, debit = dice.one(f"stranger-{n}", ACQUIRERS), n % 3 == 2
        before = strange.setdefault((acquirer.name, debit), [])
        near = [p for p in every if p.acquirer == acquirer.name and p.settles <= day <= p.due + NEAR]
        amount = 1000 + dice.below(f"stranger-amount-{n}", 1, 300_000)[0]
        amount = amount if debit else _unexplained(amount, before, [payout.net for payout in near])
        before.append(amount)
        text = f"{acquirer.counterparty_glob[:-1]} 其他款项 第{n + 1}笔"
        note = "a debit nobody announced" if debit else "a credit that names no payout"
        signed = -amount if debit else amount
        entry = Entry(day, signed, text, acquirer.counterparty, acquirer.name, None, "DEPOSIT_UNIDENTIFIED", note)
        found.append(entry)
    return found


def _unexplained(amount: int, before: list[int], nets: list[int]) -> int:
    """The amount or the next above it that nothing explains; where all near it are, one above all that is paid."""
    for more in range(200):
        if not _explained([*before, amount + more], nets):
            return amount + more
    return sum(nets) + MOST_FEE + amount


def _explained(amounts: list[int], nets: list[int]) -> bool:
    """Whether any of the amounts that contain the last add up to some of the nets, less a bank's fee or not."""
    sums = reachable(nets, sum(amounts) + MOST_FEE)
    together = {sum(some) + amounts[-1] for n in range(len(amounts)) for some in combinations(amounts[:-1], n)}
    return any((sums >> (total + fee)) & 1 for total in together for fee in (0, MOST_FEE))


def _other(schedule: Schedule) -> Iterable[Entry]:
    for n, day in enumerate(schedule.days(BANK)):
        yield Entry(day, *_OTHER[n % len(_OTHER)])
