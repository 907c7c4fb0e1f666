"""How acquirers pay what is right: named, named in other ways, in one sum, in parts, or naming nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from pipelines.synth.arrivals import BANK, Schedule
from pipelines.synth.booked import Entry, Payout, credit
from pipelines.synth.dice import Dice
from pipelines.synth.world import BY_NAME

FORMS = ("named", "split", "joined", "lump", "unnamed", "parts", "unnamed parts", "bank fee")
_WEIGHTS = (60, 6, 6, 6, 6, 6, 5, 5)


def credited(dice: Dice, schedule: Schedule, every: Sequence[Payout], faulty: Iterable[Payout]) -> Iterator[Entry]:
    """Book every payout that is due and not faulty on its due date, in one form or another for each acquirer and day.

    Forms that name nothing only where nothing else of that acquirer is wrong on that day: no file is missing and
    every payout due then is paid.
    """
    wrong = set(faulty)
    by_day: dict[tuple[str, date], list[Payout]] = defaultdict(list)
    for payout in every:
        if payout.due <= schedule.last and payout not in wrong:
            by_day[payout.acquirer, payout.due].append(payout)
    disturbed = {(payout.acquirer, payout.due) for payout in wrong}
    for (acquirer, due), payouts in sorted(by_day.items(), key=lambda item: item[0]):
        form = dice.pick(f"credit-{acquirer}-{due:%Y%m%d}", 1, FORMS, _WEIGHTS)[0]
        free = (acquirer, due) not in disturbed and quiet(schedule, acquirer, due)
        yield from _booked(form if free else "named", sorted(payouts, key=lambda p: p.payout_id), every)


def reachable(amounts: Iterable[int], most: int) -> int:
    """Sums of any of the amounts, as bits, up to the most."""
    bits, mask = 1, (1 << (most + 1)) - 1
    for amount in amounts:
        if 0 < amount <= most:
            bits |= (bits << amount) & mask
    return bits


def quiet(schedule: Schedule, acquirer: str, day: date) -> bool:
    """Whether the statement of a day comes in time and no file of the acquirer is missing then."""
    source = BY_NAME[acquirer].source
    return schedule.run_of(BANK, day) == day and schedule.missing_until(source, day) == day


def _booked(form: str, payouts: list[Payout], every: Sequence[Payout]) -> Iterator[Entry]:
    acquirer, due = BY_NAME[payouts[0].acquirer], payouts[0].due
    plain = f"{acquirer.counterparty_glob[:-1]} 商户结算款"
    first = payouts[0]
    total = sum(payout.net for payout in payouts)
    nets = [payout.net for payout in every if payout.acquirer == acquirer.name and not payout.equal]
    distinct = len(set(nets)) == len(nets)
    if form == "split":
        yield from (replace(credit(p, due), remittance=f"{plain} {_cut(p.payout_id)} 清算") for p in payouts)
    elif form == "joined":
        names = "".join(payout.payout_id for payout in payouts)
        yield replace(credit(first, due), amount=total, remittance=f"{plain}{names}款")
    elif form == "lump" and len(payouts) > 1:
        yield replace(credit(first, due), amount=total, remittance=f"{plain} 合并划付")
    elif form == "unnamed" and distinct:
        yield from (replace(credit(payout, due), remittance=plain) for payout in payouts)
    elif form == "parts":
        yield from _parts(first, f"{plain} {first.payout_id}")
        yield from (credit(payout, due) for payout in payouts[1:])
    elif form == "unnamed parts" and _parts_tell_nothing(first, every):
        yield from _parts(first, plain)
        yield from (credit(payout, due) for payout in payouts[1:])
    elif form == "bank fee" and acquirer.bank_fee_minor and min(p.net for p in payouts) > acquirer.bank_fee_minor:
        yield from (replace(credit(p, due), amount=p.net - acquirer.bank_fee_minor) for p in payouts)
    else:
        yield from (credit(payout, due) for payout in payouts)


def _cut(reference: str) -> str:
    """A reference as a bank writes it that breaks its lines and leaves out hyphens."""
    return f"{reference[:5]} {reference[5:]}".replace("-", "")


def _parts(payout: Payout, text: str) -> Iterator[Entry]:
    """A payout in two unequal sums of one day."""
    small = payout.net // 3
    for turn, amount in enumerate((small, payout.net - small), start=1):
        yield replace(credit(payout, payout.due), amount=amount, remittance=f"{text} {turn}/2")


def _parts_tell_nothing(payout: Payout, every: Sequence[Payout]) -> bool:
    """Whether neither part could be taken for other payouts of the acquirer."""
    mine = [p.net for p in every if p.acquirer == payout.acquirer and p.settles <= payout.due]
    sums = reachable(mine, payout.net)
    small = payout.net // 3
    return small > 0 and not (sums >> small) & 1 and not (sums >> (payout.net - small)) & 1
