"""Signals against habits: hours in which a terminal never sells, a card that comes more often than any. Pure."""

from __future__ import annotations

import polars as pl

from pipelines.checks.patterns import TERMINAL, Hit
from pipelines.signal_settings import Signals


def odd_hours(today: pl.DataFrame, known: pl.DataFrame, settings: Signals) -> list[Hit]:
    """Approved sales of terminals in hours in which they never sold before, nor in the hour beside.

    today: `unit`, `terminal_id`, `merchant_id`, `day`, `hour`, `sales`, one row per hour with sales; known: `unit`,
    `terminal_id`, `days` on which it worked before, `usual`: the hours in which it sold.
    """
    usual = known.select(*TERMINAL, pl.col("usual").cast(pl.List(pl.Int8))).explode("usual").drop_nulls()
    beside = pl.concat([usual.with_columns((pl.col("usual") + step) % 24) for step in (23, 0, 1)])
    beside = beside.select(*TERMINAL, hour="usual").unique()
    enough = known.filter(pl.col("days") >= settings.min_history_days).select(*TERMINAL, "days")
    odd = today.join(enough, on=TERMINAL).join(beside, on=[*TERMINAL, "hour"], how="anti")
    by_day = odd.group_by(*TERMINAL, "merchant_id", "day", "days").agg(
        found=pl.col("sales").sum(), hours=pl.col("hour").sort()
    )
    of = today.group_by(*TERMINAL, "day").agg(of=pl.col("sales").sum())
    told = by_day.filter(pl.col("found") >= settings.fewest).join(of, on=[*TERMINAL, "day"])
    names = ("unit", "terminal_id", "merchant_id", "day", "days", "found", "of")
    return [
        Hit("odd_hours", usual=0, most=0, hours=tuple(row["hours"]), **{name: row[name] for name in names})
        for row in told.sort("terminal_id", "unit", "day").iter_rows(named=True)
    ]


def same_card(today: pl.DataFrame, before: pl.DataFrame, worked: pl.DataFrame, settings: Signals) -> list[Hit]:
    """Cards that came so often to one merchant on one day, and twice as often as any card before.

    today: `summaries.card_days`; before: `merchant_id`, `most`; worked: `merchant_id`, `days` on which it did.
    """
    often = today.filter(pl.col("uses") >= settings.same_card_uses)
    told = often.join(before, on="merchant_id", how="left").join(worked, on="merchant_id")
    told = told.with_columns(pl.col("most").fill_null(0))
    told = told.filter((pl.col("uses") >= 2 * pl.col("most")) & (pl.col("days") >= settings.min_history_days))
    return [
        Hit("same_card", found=row["uses"], of=row["uses"], usual=0, **{
            name: row[name] for name in ("day", "merchant_id", "card_no", "most", "days")
        })
        for row in told.sort("merchant_id", "card_no", "day").iter_rows(named=True)
    ]  # fmt: skip
