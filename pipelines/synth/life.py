"""The whole life: every journal row of every day and the settlement line, if any, that answers it.

One row per event, all days in one frame: what the terminal recorded and what the acquirer will show. Row faults
are put into this frame afterwards; only then are the files written. Columns beside those of `day.new_sales`:

time (terminal's clock), batch, stan, parent (the number of the row it names) · in_journal (does the journal show it),
j_hides, a_hides (cells a side leaves blank) · a_type, settles, gross, a_time, a_rrn, order_id (record type, settlement
date, signed fen, acquirer's clock, the RRN it shows, the number in its order number; null a_type: never settled) ·
story (number of the sale it began with), told (whether something is wrong in the story) · fault, variant (null: none),
spoilt (the cell that cannot be read), copy (1: the line sent a second time), fee_off (fen above the contract),
a_currency (the line's, null: the usual one).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.synth import noise
from pipelines.synth.day import Clock, evening, first_id, follow_ups, new_sales
from pipelines.synth.dice import Dice
from pipelines.synth.kinds import AFTERWARDS, ALWAYS, NOTHING, SHOWN, STRANGER, clean_mix
from pipelines.synth.stories import FAULTY, FOLLOW_UPS, KINDS, filled
from pipelines.synth.world import World

_SETTLED = {rule.name: rule.settled for rule in (*KINDS, *FOLLOW_UPS)}
_HIDES = {rule.name: rule.hides for rule in (*KINDS, *FOLLOW_UPS)}
_NAMES = {rule.name: rule.original for rule in FOLLOW_UPS if rule.original}
_ASIDE = [rule.name for rule in FOLLOW_UPS if not rule.in_journal]
_NEGATIVE = ["REFUND", "VOID", "REVERSAL", "CHARGEBACK"]
_CLOCK = Clock()
_NOBODY_S = 90_000_000


def plain_mix(_: int, rows: int) -> dict[str, int]:
    """Share a day's rows among all kinds without faults."""
    return filled(rows, clean_mix(rows))


def live(
    dice: Dice,
    world: World,
    days: Sequence[date],
    rows_per_day: int,
    *,
    mix: Callable[[int, int], Mapping[str, int]] = plain_mix,
    clock: Clock = _CLOCK,
    serial: int = 0,
    blanks: Sequence[noise.Blank] = noise.BLANKS,
) -> pl.DataFrame:
    """Make all events of the days, about rows_per_day journal rows each (columns: module).

    mix: the kinds of the n-th day (from 0) by its number of rows. What follows after the last day is left out.
    `serial` numbers the first sale of each day. blanks: what sides leave out of plain card sales.
    """
    told: list[pl.DataFrame] = []
    tail = evening(_nothing(dice, world, days[0]))
    pending = follow_ups(dice, _nothing(dice, world, days[0]), days[0])
    for number, day in enumerate(days):
        due = pending.filter(pl.col("day") == day)
        mine = due.filter(~pl.col("kind").is_in(_ASIDE)).height
        new = mix(number, max(0, rows_per_day - mine))
        sales = new_sales(dice, world, day, new, serial=serial, tail=tail, clock=clock)
        after = follow_ups(dice, sales, day)
        tail = evening(sales)
        today = pl.concat([after.filter(pl.col("day") == day), due])
        told.append(_one_day(dice, day, serial, sales, today, blanks))
        pending = pl.concat([pending, after]).filter(pl.col("day") > day)
    return _answered(_named(pl.concat(told)))


def undo_poor_payouts(events: pl.DataFrame, last: date) -> pl.DataFrame:
    """Take back refunds and hide cancelled pairs where a payout's lines would not leave a positive sum.

    A refund taken back never happened: neither side shows it. Nor does what the acquirer told of a sale afterwards.
    """
    poor = _poor(last)
    while True:
        if not events.filter(poor & _TAKEN_BACK).height:
            return events
        aside = pl.col("txn_type").is_in(AFTERWARDS)
        refunds = events.filter(poor & (pl.col("txn_type") == "REFUND"))
        stories = events.filter(poor & _TAKEN_BACK)["story"]
        hidden = pl.col("story").is_in(stories.implode()) & pl.col("kind").is_in(_SHOWN)
        blanked = [pl.when(~hidden).then(pl.col(c)).alias(c) for c in ("a_type", "settles", "gross")]
        # a second charge that is not paid back after all was never made
        again = (pl.col("id") != pl.col("story")) & pl.col("id").is_in(refunds["parent"].implode())
        gone = pl.col("id").is_in(refunds["id"].implode()) | again | (aside & pl.col("story").is_in(stories.implode()))
        events = events.with_columns(blanked).filter(~gone)


_SHOWN = [name for name, settled in _SETTLED.items() if settled == SHOWN]
_TAKEN_BACK = pl.col("txn_type").is_in(["REFUND", *AFTERWARDS]) | (
    pl.col("kind").is_in(_SHOWN) & pl.col("a_type").is_not_null()
)


def _poor(last: date) -> pl.Expr:
    """Find payouts whose sum a fee could eat: a hundredth covers any fee, and one fen any rounding."""
    payout = ["acquirer", "settles", "group"]
    gross = pl.col("gross")
    poor = gross.sum().over(payout) * 100 <= gross.abs().sum().over(payout) + 100
    return ((pl.col("settles") <= last) & poor).fill_null(value=False)


def _nothing(dice: Dice, world: World, day: date) -> pl.DataFrame:
    empty = pl.DataFrame(schema={"merchant_id": pl.String, "card": pl.Int64, "amount": pl.Int64, "second": pl.Int64})
    return new_sales(dice, world, day, {"sale": 1}, serial=0, tail=empty, clock=_CLOCK).clear()


def _one_day(
    dice: Dice, day: date, serial: int, sales: pl.DataFrame, others: pl.DataFrame, some: Sequence[noise.Blank]
) -> pl.DataFrame:
    others = others.with_columns(id=first_id(day) + serial + sales.height + pl.int_range(pl.len()))
    rows = pl.concat([sales.drop("refundable", strict=False), others], how="diagonal").sort("second", "id")
    n, label = rows.height, f"{day:%Y%m%d}-{serial}"
    return rows.with_columns(
        (pl.lit(day).cast(pl.Datetime("us")) + pl.duration(seconds=pl.col("second"))).alias("time"),
        pl.lit(day.toordinal() % 10**4).alias("batch"),
        dice.below(f"{label}-skew", n, 5).alias("skew"),
        dice.pick(f"{label}-delay", n, (0, 1, 2), (8, 1, 1)).alias("delay"),
        *noise.blanks(dice, f"{label}-blank", n, some),
    )


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `parent`: the number of the row of its story that each row names, or of nobody, or of another merchant."""
    named = pl.col("kind").replace_strict(_NAMES, default=None, return_dtype=pl.String)
    known = rows.select("story", pl.col("kind").alias("names"), pl.col("id").alias("parent"))
    rows = rows.with_columns(named.alias("names"))
    rows = rows.join(known, on=["story", "names"], how="left", maintain_order="left", nulls_equal=False)
    first = rows.group_by("merchant_id").agg(pl.col("story").min()).sort("merchant_id")
    # the first merchant's stranger is nobody, so that a single merchant has one too
    others = [first["story"][0] + _NOBODY_S, *first["story"][:-1]]
    stranger = pl.col("merchant_id").replace_strict(first["merchant_id"], others, return_dtype=pl.Int64)
    parent = (
        pl.when(pl.col("names") == NOTHING)
        .then(pl.col("story") + _NOBODY_S)
        .when(pl.col("names") == STRANGER)
        .then(stranger)
        .otherwise(pl.col("parent"))
    )
    return rows.with_columns(parent.alias("parent")).drop("names")


def _answered(rows: pl.DataFrame) -> pl.DataFrame:
    settled = pl.col("kind").replace_strict(_SETTLED, return_dtype=pl.String)
    expected = (settled == ALWAYS) | ((settled == SHOWN) & pl.col("shown"))
    refund = pl.col("txn_type") == "REFUND"
    wait = 1 + pl.col("delay") * refund.cast(pl.Int64) + (noise.after_cut_off() & ~refund).cast(pl.Int64)
    record = pl.when(pl.col("txn_type") == "PREAUTH_COMPLETION").then(pl.lit("SALE")).otherwise(pl.col("txn_type"))
    signed = pl.when(pl.col("txn_type").is_in(_NEGATIVE)).then(-pl.col("amount")).otherwise(pl.col("amount"))
    rows = rows.with_columns(in_journal=~pl.col("kind").is_in(_ASIDE))
    faulty = rows.filter(pl.col("kind").is_in([kind.name for kind in FAULTY]))["story"]
    skew = pl.col("skew") + noise.clock_error()
    return rows.with_columns(
        *_hidden(),
        noise.stan().alias("stan"),
        pl.when(expected).then(record).alias("a_type"),
        pl.when(expected).then(pl.col("day") + pl.duration(days=wait)).alias("settles"),
        pl.when(expected).then(signed).alias("gross"),
        (pl.col("time") + pl.duration(seconds=skew)).alias("a_time"),
        pl.col("story").is_in(faulty.implode()).alias("told"),
        pl.lit(None, pl.String).alias("fault"),
        pl.lit(None, pl.String).alias("variant"),
        pl.lit(None, pl.String).alias("spoilt"),
        pl.lit(None, pl.String).alias("a_currency"),
        pl.lit(0).alias("copy"),
        pl.lit(0, pl.Int64).alias("fee_off"),
    ).drop("skew", "delay")


def _hidden() -> list[pl.Expr]:
    """What each side leaves blank, and by which number the acquirer tells what it says afterwards."""
    own = {side: {n: getattr(h, side) for n, h in _HIDES.items()} for side in ("journal", "acquirer")}
    drawn = (pl.col("channel") == "CARD") & pl.col("kind").is_in(["sale", "twin"])
    aside, turn = ~pl.col("in_journal"), pl.col("id") % 3
    mine, theirs = (pl.col("kind").replace_strict(own[side], return_dtype=pl.String) for side in own)
    no_rrn = pl.when(aside & (turn == 1)).then(pl.lit("r")).otherwise(pl.lit(""))
    return [
        pl.when(drawn).then(pl.col("j_hides")).otherwise(mine).alias("j_hides"),
        pl.when(drawn).then(pl.col("a_hides")).otherwise(theirs + no_rrn).alias("a_hides"),
        pl.when(aside & (turn == 2)).then(pl.col("parent")).otherwise(pl.col("id")).alias("a_rrn"),
        pl.when(aside).then(pl.col("parent")).otherwise(pl.col("id")).alias("order_id"),
    ]
