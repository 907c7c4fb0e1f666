"""Payouts and bank entries that hang together by name: groups whose sums are compared (contract.md, Due)."""

from __future__ import annotations

import polars as pl

from pipelines.config import Settings
from pipelines.matching.payees import fee_taken
from pipelines.matching.rules import DEPOSIT_RULE
from pipelines.matching.verdicts import MATCHED

GROUPS = {
    "group_no": pl.Int64,
    "currency": pl.String,
    "payout_minor": pl.Int64,
    "bank_minor": pl.Int64,
    "bank_fee_minor": pl.Int64,
    "verdict": pl.String,
    "rule": pl.String,
}
MEMBERS = {"group_no": pl.Int64, "side": pl.String, "row_id": pl.Int64}


def _components(links: pl.DataFrame) -> pl.DataFrame:
    """Connected groups of the links: `group_no`, `side`, `row_id`; a group is numbered by its smallest payout row."""
    leader: dict[tuple[str, int], tuple[str, int]] = {}

    def find(node: tuple[str, int]) -> tuple[str, int]:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for payout, entry in links.select("payout_row", "bank_row").sort("payout_row", "bank_row").iter_rows():
        first, second = sorted((find(("settlement", payout)), find(("bank", entry))), reverse=True)
        leader[second] = first
    numbers: dict[tuple[str, int], int] = {}
    for side, row in sorted(leader):
        if side == "settlement":
            numbers.setdefault(find((side, row)), row)
    rows = [(numbers[find(node)], *node) for node in sorted(leader)]
    return pl.DataFrame(rows, schema=MEMBERS, orient="row")


def grouped(
    links: pl.DataFrame, payouts: pl.DataFrame, entries: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """GROUPS and MEMBERS of payouts and entries that name each other; what lacks by a bank's fee alone ties.

    links: `payout_row`, `bank_row`; payouts, entries: as for `settle_deposits`.
    """
    members = _components(links)
    summed = sums(members, payouts, entries)
    short = summed.filter(pl.col("payout_minor") != pl.col("bank_minor"))
    lead = payouts.select("acquirer", "merchant_id", group_no="row_id")
    counted = members.filter(pl.col("side") == "bank").group_by("group_no").agg(entries=pl.len())
    told = [
        (row["group_no"], taken)
        for row in short.join(lead, on="group_no").join(counted, on="group_no").iter_rows(named=True)
        if (taken := fee_taken(settings, row))
    ]
    fees = pl.DataFrame(told, schema={"group_no": pl.Int64, "bank_fee_minor": pl.Int64}, orient="row")
    tie = (pl.col("payout_minor") == pl.col("bank_minor")) | pl.col("bank_fee_minor").is_not_null()
    groups = summed.join(fees, on="group_no", how="left").with_columns(
        verdict=pl.when(tie).then(pl.lit(MATCHED)).otherwise(pl.lit("DEPOSIT_AMOUNT_DIFF")),
        rule=pl.lit(DEPOSIT_RULE),
    )
    return groups.select(list(GROUPS)).sort("group_no"), members


def sums(members: pl.DataFrame, payouts: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Both sides of each group: `group_no`, `currency`, `payout_minor`, `bank_minor`."""
    amounts = pl.concat(
        [
            payouts.select("row_id", "currency", side=pl.lit("settlement"), amount="net_minor"),
            entries.select("row_id", "currency", side=pl.lit("bank"), amount="amount_minor"),
        ]
    )
    return (
        members.join(amounts, on=["side", "row_id"], how="inner")
        .group_by("group_no")
        .agg(
            pl.col("currency").first(),
            payout_minor=pl.col("amount").filter(pl.col("side") == "settlement").sum(),
            bank_minor=pl.col("amount").filter(pl.col("side") == "bank").sum(),
        )
    )
