"""What an acquirer books afterwards: adjustments that explain an open exception, or not quite, or nothing."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from pipelines.synth.arrivals import Schedule

ADJUST_AFTER, BOOK_AFTER = 6, 2
"""Days after the sale: when every exception of it is known, however late the files; when there is none."""
_NEW_NUMBERS = 50_000_000
_LATER = ["time", "a_time", "day"]


def adjust(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    """Let the acquirer make good what it did wrong, every third time by a fen more or less than that."""
    hit = pl.col("turn").is_not_null()
    owed = (
        pl.when(pl.col("fault") == "NOT_SETTLED")
        .then(pl.col("amount"))
        .when(pl.col("fault").is_in(["AMOUNT_OVER", "AMOUNT_UNDER"]))
        .then(pl.col("amount") - pl.col("gross"))
        .otherwise(-pl.col("gross"))
    )
    wrong = pl.col("turn") % 3 == 2
    words = pl.when(wrong).then(pl.lit("a fen off what it names")).otherwise(pl.lit("explains what it names"))
    lines = _booked(events.filter(hit), owed + owed.sign() * wrong.cast(pl.Int64), ADJUST_AFTER).with_columns(
        pl.when(wrong).then(pl.lit("ADJUSTMENT_UNEXPLAINED")).alias("fault"), words.alias("variant")
    )
    return pl.concat([events, lines.select(events.columns)])


def adjust_nothing(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    """Let the acquirer book a credit or debit that names a sale in order, or nothing at all."""
    hit, nameless = pl.col("turn").is_not_null(), pl.col("turn") % 3 == 1
    amount = pl.when(pl.col("turn") % 2 == 0).then(pl.col("amount") // 3).otherwise(-(pl.col("amount") // 4))
    lines = _booked(events.filter(hit), amount, BOOK_AFTER).with_columns(
        pl.lit("ADJUSTMENT_UNEXPLAINED").alias("fault"),
        pl.when(nameless).then(pl.lit("names nothing")).otherwise(pl.lit("names a sale in order")).alias("variant"),
        *(pl.when(~nameless).then(pl.col(name)).alias(name) for name in ("parent", "order_id")),
        # the sale's number is what it names, not its own
        pl.when(nameless).then(pl.col("id")).otherwise(pl.col("a_rrn")).alias("a_rrn"),
    )
    marked = pl.when(hit).then(pl.lit("an adjustment names it")).otherwise(pl.col("variant")).alias("variant")
    return pl.concat([events.with_columns(marked), lines.select(events.columns)])


def adjusted(events: pl.DataFrame) -> pl.DataFrame:
    """Add `adjusted`: the settlement date of the adjustment that explains what is wrong with an event."""
    right = events.filter((pl.col("txn_type") == "ADJUSTMENT") & pl.col("fault").is_null())
    when = pl.col("id").replace_strict(right["parent"], right["settles"], default=None, return_dtype=pl.Date)
    return events.with_columns(when.alias("adjusted"))


def _booked(hits: pl.DataFrame, gross: pl.Expr, after: int) -> pl.DataFrame:
    """Make an adjustment line for each event; it names it by original_rrn, its RRN or its order number."""
    own = pl.col("turn") % 2 == 0
    number = pl.col("id") + _NEW_NUMBERS
    return hits.with_columns(
        pl.lit("adjustment").alias("kind"),
        *(pl.lit("ADJUSTMENT").alias(name) for name in ("txn_type", "a_type")),
        pl.lit("APPROVED").alias("status"),
        number.alias("id"),
        *(pl.col("id").alias(name) for name in ("parent", "order_id", "story")),
        pl.when(own).then(number).otherwise(pl.col("id")).alias("a_rrn"),
        pl.lit(value=False).alias("in_journal"),
        pl.lit("bs").alias("a_hides"),
        gross.alias("gross"),
        gross.abs().alias("amount"),
        (pl.col("day") + timedelta(days=after)).alias("settles"),
        *(pl.col(name) + timedelta(days=after - 1) for name in _LATER),
        pl.lit(0).alias("copy"),
        pl.lit(0, pl.Int64).alias("fee_off"),
    )
