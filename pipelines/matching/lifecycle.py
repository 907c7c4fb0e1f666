"""The life of a journal row: who voids or reverses whom, and what the acquirer is therefore expected to show."""

from __future__ import annotations

import polars as pl

from pipelines.matching.frames import CANCELS

LINKS = {"cancel_row_id": pl.Int64, "row_id": pl.Int64}


def links(rows: pl.DataFrame) -> pl.DataFrame:
    """Approved voids and reversals with the row they undo: `cancel_row_id`, `row_id`.

    rows: journal rows as `journal_frame` gives them, all that may be named. An original is looked for at the same
    merchant by its RRN or order number, first at the same terminal; several originals at one key are linked each,
    since one RRN is one sale. A reversal that is itself reversed undoes nothing.
    """
    cancels = rows.filter(
        pl.col("kind").is_in(CANCELS) & (pl.col("status") == "APPROVED") & pl.col("original_rrn").is_not_null()
    ).select(cancel_row_id="row_id", merchant_id="merchant_id", terminal="terminal_id", rrn="original_rrn", own="rrn")
    if cancels.is_empty():
        return pl.DataFrame(schema=LINKS)
    by = [rows.select("row_id", "merchant_id", "terminal_id", rrn=name) for name in ("rrn", "order_no")]
    originals = pl.concat(by).drop_nulls("rrn").unique()
    named = cancels.join(originals, on=["merchant_id", "rrn"], how="inner").filter(
        pl.col("row_id") != pl.col("cancel_row_id")
    )
    here = pl.col("terminal").eq_missing(pl.col("terminal_id"))
    named = named.with_columns(here=here).filter(pl.col("here") | ~pl.col("here").any().over("cancel_row_id"))
    undone = named.filter(pl.col("row_id").is_in(cancels["cancel_row_id"].implode()))["row_id"]
    effective = ~pl.col("cancel_row_id").is_in(undone.implode())
    return named.filter(effective).select(list(LINKS)).unique()
