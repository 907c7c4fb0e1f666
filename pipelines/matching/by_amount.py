"""Payouts and entries that name nothing, put before `lumps` in pools: acquirer, account, currency and direction."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import polars as pl

from pipelines.config import Settings
from pipelines.matching.lumps import Claim, Credit, Doubt, Tie, tied
from pipelines.matching.payees import bank_fees, contract_of
from pipelines.matching.states import EXCEPTED

Pool = tuple[str, str | None, str, bool]


def by_amount(payouts: pl.DataFrame, entries: pl.DataFrame, settings: Settings) -> tuple[list[Tie], list[Doubt]]:
    """What amounts and dates alone tie together, and what they leave undecided.

    payouts: open ones with `due`; entries: with `acquirer` and `state`; only those that no missing file could explain
    are looked at.
    """
    waiting = entries.filter((pl.col("state") == EXCEPTED) & (pl.col("amount_minor") != 0))
    if waiting.is_empty() or payouts.is_empty():
        return [], []
    ours = payouts.filter(pl.col("due").is_not_null() & (pl.col("net_minor") != 0))
    ours = ours.join(waiting.select("acquirer", "currency").unique(), on=["acquirer", "currency"], how="semi")
    claims = _claims(ours, settings)
    ties: list[Tie] = []
    doubts: list[Doubt] = []
    for (acquirer, account, currency, credit), booked in _credits(waiting).items():
        # a contract that names no account is paid into any of them
        of_pool = claims[acquirer, account, currency, credit] + claims[acquirer, None, currency, credit]
        taken = {row for tie in ties for row in tie.payouts}
        contract = contract_of(settings, acquirer, None)
        found, unsure = tied(
            [claim for claim in of_pool if claim.row_id not in taken],
            booked,
            lambda amount, c=contract, code=currency: bank_fees(c, amount, code),  # type: ignore[misc]
        )
        ties += found
        doubts += unsure
    return ties, doubts


def _claims(payouts: pl.DataFrame, settings: Settings) -> dict[Pool, list[Claim]]:
    pools: dict[Pool, list[Claim]] = defaultdict(list)
    for row in payouts.iter_rows(named=True):
        contract = contract_of(settings, row["acquirer"], row["merchant_id"])
        if contract is None:
            continue
        until = row["due"] + timedelta(days=contract.deposit_window_days)
        claim = Claim(
            *(row["row_id"], abs(row["net_minor"]), row["merchant_id"] or ""),
            *(row["settlement_date"], row["due"], until),
        )
        pools[row["acquirer"], contract.payout_account, row["currency"], row["net_minor"] > 0].append(claim)
    return pools


def _credits(entries: pl.DataFrame) -> dict[Pool, list[Credit]]:
    pools: dict[Pool, list[Credit]] = defaultdict(list)
    for row in entries.sort("row_id").iter_rows(named=True):
        credit = Credit(row["row_id"], abs(row["amount_minor"]), row["booking_date"])
        pools[row["acquirer"], row["account"], row["currency"], row["amount_minor"] > 0].append(credit)
    return pools
