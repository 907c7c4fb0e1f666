"""What payouts and bank entries that do not tie mean as exceptions (contract.md, Due and DEPOSIT_*)."""

from __future__ import annotations

import polars as pl

from pipelines.matching.states import EXCEPTED
from pipelines.matching.verdicts import MATCHED

AMBIGUOUS = "AMBIGUOUS_MATCH"


def different(groups: pl.DataFrame, members: pl.DataFrame, payouts: pl.DataFrame) -> pl.DataFrame:
    """Groups whose sums differ, told under the first payout; `payout_ids` are all of them."""
    off = groups.filter(pl.col("verdict") != MATCHED)
    lead = payouts.select("row_id", "acquirer", "merchant_id", "payout_id", business_date="settlement_date")
    ids = payouts.select("row_id", "payout_id", side=pl.lit("settlement"))
    others = (
        members.join(off.select("group_no"), on="group_no", how="semi")
        .join(ids, on=["side", "row_id"], how="left")
        .sort("row_id")
        .group_by("group_no")
        .agg(
            payout_ids=pl.col("payout_id").drop_nulls(),
            bank_rows=pl.col("row_id").filter(pl.col("side") == "bank").sort(),
            payout_rows=pl.col("row_id").filter(pl.col("side") == "settlement").sort(),
        )
    )
    rows = off.join(lead, left_on="group_no", right_on="row_id", how="inner").join(others, on="group_no", how="inner")
    difference = pl.col("bank_minor") - pl.col("payout_minor")
    return rows.select(
        "acquirer",
        "merchant_id",
        "payout_id",
        "business_date",
        "currency",
        "payout_minor",
        "bank_minor",
        "bank_rows",
        "payout_rows",
        "payout_ids",
        type=pl.lit("DEPOSIT_AMOUNT_DIFF"),
        settlement_row_id="group_no",
        amount_minor=difference.abs(),
        direction=pl.when(difference < 0).then(pl.lit("short")).otherwise(pl.lit("long")),
    ).sort("settlement_row_id")


def missing(payouts: pl.DataFrame) -> pl.DataFrame:
    """Payouts that are due and in no statement."""
    return payouts.filter(pl.col("state") == EXCEPTED).select(
        "acquirer",
        "merchant_id",
        "payout_id",
        "currency",
        "due",
        business_date="settlement_date",
        type="reason",
        settlement_row_id="row_id",
        amount_minor=pl.col("net_minor").abs(),
        direction=pl.when(pl.col("net_minor") > 0).then(pl.lit("short")).otherwise(pl.lit("long")),
    )


def unidentified(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries of an acquirer that no payout explains."""
    unknown = (pl.col("state") == EXCEPTED) & (pl.col("reason") != AMBIGUOUS)
    return entries.filter(unknown).select(
        "acquirer",
        "bank_ref",
        "currency",
        business_date="booking_date",
        type="reason",
        bank_row_id="row_id",
        amount_minor=pl.col("amount_minor").abs(),
        direction=pl.when(pl.col("amount_minor") > 0).then(pl.lit("long")).otherwise(pl.lit("short")),
    )


def undecided(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries that several choices of payouts explain; `payout_rows` are the candidates."""
    return entries.filter(pl.col("reason") == AMBIGUOUS).select(
        "acquirer",
        "bank_ref",
        "currency",
        "payout_rows",
        business_date="booking_date",
        type="reason",
        sentence=pl.lit("AMBIGUOUS_DEPOSIT"),
        found=pl.col("payout_rows").list.len(),
        bank_row_id="row_id",
        amount_minor=pl.col("amount_minor").abs(),
        direction=pl.lit("none"),
    )
