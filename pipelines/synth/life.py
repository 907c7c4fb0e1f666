"""The whole clean life: every journal row of every day and the settlement line, if any, that answers it.

One row per event, all days in one frame: what the terminal recorded and what the acquirer will show. Faults
are put into this frame afterwards; only then are the files written. Columns beside those of `day.new_sales`:

time (terminal's clock), batch, stan · in_journal (does the journal show it) · a_type, settles, gross, a_time,
blank (record type, settlement date, signed fen, acquirer's clock, RRN left out; null: never settled) · fault,
variant (null: none), spoilt (the cell that cannot be read), copy (1: the line sent a second time).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.synth.day import Clock, evening, first_id, follow_ups, new_sales
from pipelines.synth.dice import Dice
from pipelines.synth.kinds import ALWAYS, FOLLOW_UPS, KINDS, SHOWN, clean_mix
from pipelines.synth.world import World

_SETTLED = {rule.name: rule.settled for rule in (*KINDS, *FOLLOW_UPS)}
# One line in fifty comes without its RRN, only where batch and STAN can say which sale it is.
_BLANK_ONE_IN = 50
_CLOCK = Clock()


def live(
    dice: Dice,
    world: World,
    days: Sequence[date],
    rows_per_day: int,
    *,
    mix: Callable[[int], Mapping[str, int]] = clean_mix,
    clock: Clock = _CLOCK,
    serial: int = 0,
) -> pl.DataFrame:
    """Make all events of the days, about rows_per_day journal rows each, without faults (columns: module).

    What follows after the last day is left out. `serial` numbers the first sale of each day.
    """
    told: list[pl.DataFrame] = []
    tail = evening(_nothing(dice, world, days[0]))
    pending = follow_ups(dice, _nothing(dice, world, days[0]), days[0])
    for day in days:
        due = pending.filter(pl.col("day") == day)
        new = mix(max(0, rows_per_day - due.height))
        sales = new_sales(dice, world, day, new, serial=serial, tail=tail, clock=clock)
        after = follow_ups(dice, sales, day)
        tail = evening(sales)
        told.append(_one_day(dice, day, serial, sales, pl.concat([after.filter(pl.col("day") == day), due])))
        pending = pl.concat([pending, after]).filter(pl.col("day") > day)
    return _answered(pl.concat(told))


def undo_poor_payouts(events: pl.DataFrame, last: date) -> pl.DataFrame:
    """Take back refunds and hide cancelled pairs where a payout's lines would not leave a positive sum.

    A refund taken back never happened: neither side shows it.
    """
    payout = ["acquirer", "settles", "group"]
    sums = pl.col("gross").sum().over(payout)
    # a hundredth covers any fee, and one fen any rounding
    poor = (pl.col("settles") <= last) & (sums * 100 <= pl.col("gross").abs().sum().over(payout) + 100)
    events = events.with_columns(poor.fill_null(False).alias("poor"))
    shown = [name for name, settled in _SETTLED.items() if settled == SHOWN]
    hidden = pl.col("poor") & pl.col("kind").is_in(shown)
    blanked = [pl.when(~hidden).then(pl.col(c)).alias(c) for c in ("a_type", "settles", "gross")]
    return events.filter(~(pl.col("poor") & (pl.col("txn_type") == "REFUND"))).with_columns(blanked).drop("poor")


def _nothing(dice: Dice, world: World, day: date) -> pl.DataFrame:
    empty = pl.DataFrame(schema={"merchant_id": pl.String, "card": pl.Int64, "amount": pl.Int64, "second": pl.Int64})
    return new_sales(dice, world, day, {"sale": 1}, serial=0, tail=empty, clock=_CLOCK).clear()


def _one_day(dice: Dice, day: date, serial: int, sales: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    others = others.with_columns(id=first_id(day) + serial + sales.height + pl.int_range(pl.len()))
    rows = pl.concat([sales, others.select(sales.columns)]).sort("second", "id")
    n = rows.height
    return rows.with_columns(
        (pl.lit(day).cast(pl.Datetime("us")) + pl.duration(seconds=pl.col("second"))).alias("time"),
        pl.lit(day.toordinal() % 10**6).alias("batch"),
        (pl.int_range(pl.len()).over("terminal_id") % 999_999 + 1).alias("stan"),
        dice.below(f"{day:%Y%m%d}-{serial}-skew", n, 5).alias("skew"),
        dice.below(f"{day:%Y%m%d}-{serial}-blank", n, _BLANK_ONE_IN).alias("blank"),
        dice.pick(f"{day:%Y%m%d}-{serial}-delay", n, (0, 1, 2), (8, 1, 1)).alias("delay"),
    )


def _answered(rows: pl.DataFrame) -> pl.DataFrame:
    settled = pl.col("kind").replace_strict(_SETTLED, return_dtype=pl.String)
    expected = (settled == ALWAYS) | ((settled == SHOWN) & pl.col("shown"))
    refund = pl.col("txn_type") == "REFUND"
    negative = pl.col("txn_type").is_in(["REFUND", "VOID", "REVERSAL"])
    wait = 1 + pl.col("delay") * refund.cast(pl.Int64)
    record = pl.when(pl.col("txn_type") == "PREAUTH_COMPLETION").then(pl.lit("SALE")).otherwise(pl.col("txn_type"))
    by_stan = (pl.col("channel") == "CARD") & pl.col("kind").is_in(["sale", "twin"])
    return rows.with_columns(
        pl.when(expected).then(record).alias("a_type"),
        pl.when(expected).then(pl.col("day") + pl.duration(days=wait)).alias("settles"),
        pl.when(expected).then(pl.when(negative).then(-pl.col("amount")).otherwise(pl.col("amount"))).alias("gross"),
        (pl.col("time") + pl.duration(seconds=pl.col("skew"))).alias("a_time"),
        (by_stan & (pl.col("blank") == 0)).alias("blank"),
        pl.lit(True).alias("in_journal"),
        pl.lit(None, pl.String).alias("fault"),
        pl.lit(None, pl.String).alias("variant"),
        pl.lit(None, pl.String).alias("spoilt"),
        pl.lit(0).alias("copy"),
    ).drop("skew", "delay", "refundable", strict=False)
