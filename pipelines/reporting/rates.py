"""How much of what a night decided was matched by itself, and how that went over the last 30 days."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from pipelines.reconcile import Outcome
from pipelines.reporting.listing import Books
from pipelines.store import Store
from reports.model import TrendPoint

TREND_DAYS = 30
UNPAIRED = {
    "journal-settlement": (
        *("NOT_SETTLED", "NOT_IN_JOURNAL", "REVERSAL_NOT_SETTLED", "VOID_NOT_SETTLED", "REFUND_NOT_SETTLED"),
        *("DUPLICATE_SETTLEMENT", "AMBIGUOUS_MATCH"),
    ),
    "settlement-bank": ("DEPOSIT_MISSING", "DEPOSIT_UNIDENTIFIED"),
}
COLUMNS = ("rows_matched", "rows_total", "amount_matched_minor", "amount_total_minor")


def keep(store: Store, outcome: Outcome, run_no: int) -> None:
    """Write down what the run decided, per leg and currency."""
    store.execute("DELETE FROM book.match_rates WHERE run_no = ?", [run_no])
    store.append("match_rates", decided(store, outcome, run_no).with_columns(run_no=pl.lit(run_no, pl.Int32)))


def decided(store: Store, outcome: Outcome, run_no: int) -> pl.DataFrame:
    """`leg`, `currency`, rows and money: matched without a break, and all that was decided."""
    pairs = outcome.paired.select(
        pl.lit("journal-settlement").alias("leg"),
        "currency",
        matched=pl.col("verdict") == "MATCHED",
        amount="journal_minor",
        rows=pl.col("count").cast(pl.Int64),
    )
    groups = outcome.groups.select(
        pl.lit("settlement-bank").alias("leg"),
        "currency",
        matched=pl.col("verdict") == "MATCHED",
        amount=pl.col("payout_minor").abs(),
    )
    single = pl.concat([groups, _alone(store, run_no)]).with_columns(rows=pl.lit(1, pl.Int64))
    return (
        pl.concat([pairs, single])
        .group_by("leg", "currency")
        .agg(
            rows_matched=pl.col("rows").filter("matched").sum(),
            rows_total=pl.col("rows").sum(),
            amount_matched_minor=pl.col("amount").filter("matched").sum(),
            amount_total_minor=pl.col("amount").sum(),
        )
    )


def _alone(store: Store, run_no: int) -> pl.DataFrame:
    """Rows that tonight turned out to have no partner."""
    legs = pl.DataFrame(
        [(leg, kind) for leg, types in UNPAIRED.items() for kind in types], schema=["leg", "type"], orient="row"
    )
    return store.frame(
        """
        SELECT l.leg, coalesce(e.currency, 'XXX') AS currency, false AS matched, e.amount_minor AS amount
        FROM book.exception_events e JOIN legs l USING (type) WHERE e.run_no = ? AND e.event = 'opened'
        """,
        [run_no],
        legs=legs,
    )


def trend(books: Books, day: date, run_no: int) -> tuple[TrendPoint, ...]:
    """The last 30 days up to a date, as known after a run; a day on which nothing was decided has no point."""
    found = books.frame(
        f"""
        SELECT r.business_date, m.leg, m.currency, {", ".join(f"CAST(sum({c}) AS BIGINT)" for c in COLUMNS)}
        FROM book.match_rates m JOIN book.runs r USING (run_no)
        WHERE r.business_date > ? AND r.business_date <= ? AND m.run_no <= ?
        GROUP BY r.business_date, m.leg, m.currency ORDER BY ALL
        """,
        [day - timedelta(days=TREND_DAYS), day, run_no],
    )
    return tuple(TrendPoint(*row) for row in found.iter_rows())
