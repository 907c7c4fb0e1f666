"""What an acquirer does to a sale after it was settled: chargebacks, representments, adjustments (exceptions.md)."""

from __future__ import annotations

import polars as pl

from pipelines.matching.states import EXCEPTED, OUT_OF_SCOPE
from pipelines.matching.verdicts import direction

CHARGEBACK, REPRESENTMENT, ADJUSTMENT = "CHARGEBACK", "REPRESENTMENT", "ADJUSTMENT"
STATES = {"row_id": pl.Int64, "state": pl.String, "reason": pl.String}
SHOWN = ("acquirer", "merchant_id", "terminal_id", "payout_id", "currency", "reason_code")


def keyed(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with the sale they speak of: `rrn` of a card's, `order_no` of a wallet's, and `amount_minor`, signed.

    A line names its sale by `original_rrn`, or carries the sale's own reference.
    """
    wallet = pl.col("rrn").is_null() & pl.col("order_no").is_not_null()
    return lines.with_columns(
        own_rrn=pl.col("rrn"),
        rrn=pl.when(~wallet).then(pl.coalesce("original_rrn", "rrn")),
        order_no=pl.when(wallet).then(pl.coalesce("original_rrn", "order_no")).otherwise("order_no"),
        amount_minor=pl.when(pl.col("gross_minor") == 0).then("net_minor").otherwise("gross_minor"),
        business_date=pl.coalesce("business_date", "settlement_date"),
    )


def chargebacks(lines: pl.DataFrame) -> pl.DataFrame:
    """Chargebacks and representments with `row_id`, `state`, `reason`: the n-th of a sale and amount meets the n-th.

    lines: `keyed` lines, chargebacks that are still open among them. A chargeback that is represented is settled, one
    that is not is an exception; a representment is part of its payout either way.
    """
    turn = pl.int_range(pl.len()).over(
        "acquirer", "merchant_id", "rrn", "order_no", pl.col("amount_minor").abs(), "kind"
    )
    both = (
        lines.filter(pl.col("record_type").is_in([CHARGEBACK, REPRESENTMENT]))
        .with_columns(kind=pl.col("record_type"), size=pl.col("amount_minor").abs())
        .sort("settlement_date", "row_id")
        .with_columns(turn=turn)
    )
    one = ["acquirer", "merchant_id", "rrn", "order_no", "size", "turn"]
    back, again = (both.filter(pl.col("kind") == kind) for kind in (CHARGEBACK, REPRESENTMENT))
    met = back.join(again.select(one), on=one, how="semi", nulls_equal=True).select("row_id")
    represented = pl.col("row_id").is_in(met["row_id"].implode())
    open_ = (pl.col("kind") == CHARGEBACK) & ~represented
    return both.with_columns(
        state=pl.when(open_).then(pl.lit(EXCEPTED)).otherwise(pl.lit(OUT_OF_SCOPE)),
        reason=pl.when(open_)
        .then(pl.lit(CHARGEBACK))
        .when(pl.col("kind") == CHARGEBACK)
        .then(pl.lit("chargeback, taken back by a representment of the same amount"))
        .otherwise(pl.lit("representment: part of its payout")),
    )


def breaks_of_chargebacks(judged: pl.DataFrame) -> pl.DataFrame:
    """Exceptions of open chargebacks, each keyed by its sale."""
    return _breaks(judged.filter(pl.col("state") == EXCEPTED))


def taken_back(judged: pl.DataFrame) -> pl.DataFrame:
    """The same of chargebacks that a representment has taken back already."""
    return _breaks(judged.filter((pl.col("record_type") == CHARGEBACK) & (pl.col("state") == OUT_OF_SCOPE)))


def _breaks(back: pl.DataFrame) -> pl.DataFrame:
    return back.select(
        *SHOWN,
        "rrn",
        "order_no",
        "business_date",
        amount_minor=pl.col("amount_minor").abs(),
        type=pl.lit(CHARGEBACK),
        direction=pl.lit("short"),
        settlement_row_id="row_id",
    )


def breaks_of_adjustments(lines: pl.DataFrame) -> pl.DataFrame:
    """What each adjustment is, should nothing explain it; `signed_minor` and `refs` say what it could explain.

    lines: `keyed` lines. A credit leaves the merchant with money that nobody accounts for (long), a debit without.
    """
    return lines.filter(pl.col("record_type") == ADJUSTMENT).select(
        *SHOWN,
        "rrn",
        "order_no",
        "business_date",
        amount_minor=pl.col("amount_minor").abs(),
        signed_minor="amount_minor",
        refs=pl.concat_list("own_rrn", "order_no", "original_rrn", "rrn").list.drop_nulls(),
        type=pl.lit("ADJUSTMENT_UNEXPLAINED"),
        direction=direction(pl.col("amount_minor")),
        settlement_row_id="row_id",
    )
