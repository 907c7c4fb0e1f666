"""Payouts and bank entries as the generator thinks of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.synth.world import BY_NAME


@dataclass(frozen=True)
class Payout:
    """A declared payout: who pays whom, for which settlement date, how much (fen), when it is due.

    equal: one of several that nobody can tell apart.
    """

    acquirer: str
    settles: date
    payout_id: str
    merchant_id: str
    net: int
    due: date
    equal: bool = False


@dataclass(frozen=True)
class Entry:
    """A bank entry: booking date, signed fen, texts, the payout it is for, and what is wrong with it.

    decided: when an entry that nobody can tell the payouts of is told after all.
    """

    booking: date
    amount: int
    remittance: str
    counterparty: str
    acquirer: str = ""
    payout: Payout | None = None
    fault: str = ""
    note: str = ""
    decided: date | None = None


def credit(payout: Payout, booking: date) -> Entry:
    """A credit that names its payout in full."""
    acquirer = BY_NAME[payout.acquirer]
    text = f"{acquirer.counterparty_glob[:-1]} 商户结算款 {payout.payout_id} 清算日{payout.settles:%m%d}"
    return Entry(booking, payout.net, text, acquirer.counterparty, payout.acquirer, payout)
