"""What a contract says of the way from payout to bank: whose entry it is, which days count, what the bank may take."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pipelines.checks.terms import scaled
from pipelines.config import Contract, Settings
from pipelines.contracts import BankFee


def contract_of(settings: Settings, acquirer: str | None, merchant_id: str | None) -> Contract | None:
    """The first contract of the acquirer that fits the merchant, or, for a payout without one, the first."""
    ours = [c for c in settings.contracts if c.acquirer == acquirer]
    fitting = [c for c in ours if merchant_id is None or fnmatchcase(merchant_id, c.merchant_id)]
    return fitting[0] if fitting else None


def acquirer_of_entry(settings: Settings, counterparty: str | None) -> str | None:
    """The acquirer whose `bank_counterparty` fits the entry's counterparty, if any."""
    for contract in settings.contracts:
        if contract.bank_counterparty and fnmatchcase(counterparty or "", contract.bank_counterparty):
            return contract.acquirer
    return None


def calendars_of(settings: Settings, contract: Contract) -> tuple[str, ...]:
    """Countries whose banks must work for a payout to be due: the acquirer's and that of the account it goes to."""
    banks = [
        source.calendar
        for source in settings.sources
        if source.calendar and settings.side_of(source) == "bank" and source.account in (None, contract.payout_account)
    ]
    return tuple(dict.fromkeys([contract.calendar or settings.run.calendar, *banks]))


def bank_fees(contract: Contract | None, amount: int, currency: str) -> tuple[int, ...]:
    """What the bank may take from a deposit of an amount (minor units) by the contract's rules."""
    fees = contract.bank_fees if contract else ()
    return tuple(dict.fromkeys(taken for fee in fees if 0 < (taken := _taken(fee, amount, currency)) < amount))


def _taken(fee: BankFee, amount: int, currency: str) -> int:
    numbers = scaled(fee, fee.rate_bp, currency)
    exact = max(numbers.rate * amount + numbers.fixed, numbers.least)
    exact = exact if numbers.most is None else min(exact, numbers.most)
    return (exact + numbers.scale // 2) // numbers.scale


def fee_taken(settings: Settings, group: Mapping[str, Any]) -> int | None:
    """The bank fee that explains why a group's deposit is short of its payouts, if one does: to the fen, by a rule.

    group: `acquirer`, `merchant_id`, `currency`, `payout_minor`, `bank_minor`, `entries`: how many deposits there are.
    """
    lacking, count = group["payout_minor"] - group["bank_minor"], group["entries"]
    contract = contract_of(settings, group["acquirer"], group["merchant_id"])
    if contract is None or lacking <= 0:
        return None
    flat = tuple(fee for fee in contract.bank_fees if not fee.rate_bp)
    rules = contract.model_copy(update={"bank_fees": flat}) if count > 1 else contract
    taken = [fee * count for fee in bank_fees(rules, group["payout_minor"], group["currency"])]
    return lacking if lacking in taken else None
