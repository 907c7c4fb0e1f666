"""Rows beyond the matching, each with the reason why nothing is expected for it: `side`, `row_id`, `reason`."""

from __future__ import annotations

import polars as pl


def idle(rows: pl.DataFrame, paired: pl.Series) -> pl.DataFrame:
    """New journal rows that expect nothing, unless an acquirer settled them after all.

    rows: `row_id`, `failed`; paired: ids of those that were settled.
    """
    reason = (
        pl.when("failed")
        .then(pl.lit("declined or timed out, and nobody settled it"))
        .otherwise(pl.lit("a pre-authorisation: nothing is settled until it is completed"))
    )
    left = rows.filter(~pl.col("row_id").is_in(paired.implode()))
    return left.select(side=pl.lit("journal"), row_id="row_id", reason=reason)


def others(lines: pl.DataFrame, judged: pl.Series) -> pl.DataFrame:
    """Lines that settle no transaction of the journal and mean nothing more: they are part of their payout's sum.

    judged: ids of those that do mean something, such as chargebacks.
    """
    kind = pl.col("record_type").str.to_lowercase().str.replace("_", " ")
    reason = pl.concat_str(kind, pl.lit(": not a transaction of the journal, part of its payout"))
    left = lines.filter(~pl.col("row_id").is_in(judged.implode()))
    return left.select(side=pl.lit("settlement"), row_id="row_id", reason=reason)


def ledger(row_ids: pl.Series) -> pl.DataFrame:
    """Entries of a wallet's account."""
    reason = pl.lit("an entry of the wallet account: the trade bill tells its transaction")
    return row_ids.alias("row_id").to_frame().select(side=pl.lit("settlement"), row_id="row_id", reason=reason)
