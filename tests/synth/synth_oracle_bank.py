"""What the slow judge says of payouts and bank entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fnmatch import fnmatch
from itertools import combinations
from typing import TYPE_CHECKING

from synth_oracle_money import fen, way

if TYPE_CHECKING:
    from synth_oracle import Night

DAY = timedelta(days=1)


def squashed(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def due(night: Night, payout: dict, working: object) -> date:
    day = date.fromisoformat(payout["settlement_date"])
    for _ in range(night.contracts[payout["acquirer"]]["payout_lag_business_days"]):
        day += DAY
        while not working.is_working_day(day):
            day += DAY
    return day


def bank_fees(night: Night, acquirer: str) -> set[int]:
    return {fen(rule["fixed"]) for rule in night.contracts[acquirer].get("bank_fees", ())}


def deposits(night: Night, working: object) -> Iterator[tuple[str, dict, int, str]]:
    payouts = {row["payout_id"]: row for row in night.settled if row["record_type"] == "PAYOUT"}
    entries = [row for (side, *_), file in sorted(night.files.items()) if side == "bank" for row in file.rows]
    groups: dict[frozenset[str], list[dict]] = defaultdict(list)
    nameless = []
    for row in entries:
        named = frozenset(p for p in payouts if squashed(p) in squashed(row["remittance"]))
        if named:
            groups[named].append(row)
        else:
            nameless.append(row)
    paid = {payout for named in groups for payout in named}
    for named, rows in groups.items():
        yield from differences(night, [payouts[p] for p in named], rows)
    for acquirer, contract in night.contracts.items():
        mine = [row for row in nameless if fnmatch(row["counterparty"], contract.get("bank_counterparty", ""))]
        open_ = [p for p in payouts.values() if p["acquirer"] == acquirer and p["payout_id"] not in paid]
        told, found = explained(night, mine, open_, working)
        paid |= found
        doubtful, perhaps = undecided(night, [row for row in mine if id(row) not in told], open_, working)
        paid |= perhaps
        for row in mine:
            if id(row) in doubtful:
                yield "AMBIGUOUS_MATCH", row, fen(row["amount"]), "none"
            elif id(row) not in told and not night.missing(acquirer):
                yield "DEPOSIT_UNIDENTIFIED", row, abs(fen(row["amount"])), way(fen(row["amount"]))
    for payout_id, row in payouts.items():
        day = due(night, row, working)
        if payout_id not in paid and night.run >= day and night.has("bank", day):
            yield "DEPOSIT_MISSING", row, fen(row["net"]), "short"


def differences(night: Night, payouts: list[dict], rows: list[dict]) -> Iterator[tuple[str, dict, int, str]]:
    difference = sum(fen(row["amount"]) for row in rows) - sum(fen(p["net"]) for p in payouts)
    if difference and not (len(rows) == 1 and -difference in bank_fees(night, payouts[0]["acquirer"])):
        yield "DEPOSIT_AMOUNT_DIFF", rows[0], abs(difference), way(difference)


def net_count(payouts: list[dict], payout: dict) -> int:
    """How many are of the same amount; 0 for one that is alone in that."""
    equal = sum(p["net"] == payout["net"] for p in payouts)
    return equal if equal > 1 else 0


def undecided(night: Night, rows: list[dict], payouts: list[dict], working: object) -> tuple[set[int], set[str]]:
    """Entries that name nothing and that several choices of payouts of one amount, due that day, add up to."""
    doubtful: set[int] = set()
    perhaps: set[str] = set()
    for row in rows:
        there = [p for p in payouts if due(night, p, working).isoformat() == row["booking_date"]]
        for net in {p["net"] for p in there}:
            equal = [p["payout_id"] for p in there if p["net"] == net]
            if any(fen(row["amount"]) == number * fen(net) for number in range(1, len(equal))):
                doubtful.add(id(row))
                perhaps |= set(equal)
    return doubtful, perhaps


def explained(night: Night, rows: list[dict], payouts: list[dict], working: object) -> tuple[set[int], set[str]]:
    """Entries that name nothing and the payouts due that day that they are: one, all of them, or one in two sums."""
    told: set[int] = set()
    paid: set[str] = set()
    for day in sorted({row["booking_date"] for row in rows}):
        today = [row for row in rows if row["booking_date"] == day]
        there = [p for p in payouts if due(night, p, working).isoformat() == day]
        for row in today:
            alone = [p for p in there if p["net"] == row["amount"]]
            if len(alone) == 1:
                told.add(id(row))
                paid.add(alone[0]["payout_id"])
            elif len(there) > 1 and sum(fen(p["net"]) for p in there) == fen(row["amount"]):
                told.add(id(row))
                paid |= {p["payout_id"] for p in there}
            elif equal := [p for p in there if fen(row["amount"]) == fen(p["net"]) * net_count(there, p)]:
                told.add(id(row))
                paid |= {p["payout_id"] for p in equal}
        for one, other in combinations([row for row in today if id(row) not in told], 2):
            both = [p for p in there if fen(p["net"]) == fen(one["amount"]) + fen(other["amount"])]
            if len(both) == 1:
                told |= {id(one), id(other)}
                paid.add(both[0]["payout_id"])
    return told, paid
