"""A clean day of transactions: who bought what where, and what became of it the same day and later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.synth.dice import Dice
from pipelines.synth.kinds import APPROVED, DECLINED, FollowUp
from pipelines.synth.stories import FOLLOW_UPS, KINDS
from pipelines.synth.world import CARD_BINS, NEXT_BIN, NEXT_TERMINAL, World

_HOURS = tuple(range(7, 23))
_HOUR_WEIGHTS = (1, 3, 5, 6, 8, 12, 11, 7, 6, 7, 9, 12, 12, 10, 6, 3)
# A second charge of the same card and amount this soon could be read as DUPLICATE_CHARGE: the contract's
# 10 minutes, and the half hour after which a sale may be charged once more.
_LOOKALIKE_SECONDS = 41 * 60
_PARENT_COLUMNS = ("channel", "acquirer", "group", "merchant_id", "operator", "shown", "story")
_FOLLOWED = [
    "kind", "txn_type", "status", *_PARENT_COLUMNS, "terminal_id", "card", "card_type", "auth",
    "amount", "second", "response_code", "day",
]  # fmt: skip
_UNDOES = ("VOID", "REVERSAL", "REFUND")


@dataclass(frozen=True)
class Clock:
    """When shops sell: permille of sales in the ten minutes before and the quarter hour after midnight."""

    before_midnight: int = 15
    after_midnight: int = 3


def first_id(day: date) -> int:
    """Return the number before a day's first RRN: last digit of the year, day of the year, eight digits."""
    return (day.year % 10) * 10**11 + day.timetuple().tm_yday * 10**8


def new_sales(
    dice: Dice,
    world: World,
    day: date,
    mix: Mapping[str, int],
    *,
    serial: int,
    tail: pl.DataFrame,
    clock: Clock,
) -> pl.DataFrame:
    """Make a day's new transactions, one row each, numbered from serial on.

    Amounts in fen. `tail` holds the previous evening's card sales (columns of `evening`), so that no two look
    alike across midnight.
    """
    label = f"{day:%Y%m%d}-{serial}"
    frame = _kinds(mix).with_row_index("n").with_columns(pl.col("n").cast(pl.Int64))
    frame = _place(dice, label, frame, world)
    frame = _card(dice, label, _amount(dice, label, _time(dice, label, frame, clock)))
    frame = pl.concat([frame, _twins(frame)]).with_columns(n=pl.int_range(pl.len()))
    return _complete(dice, label, _unlike(frame, tail), day, serial)


def evening(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a day's last card sales: merchant_id, card, amount, second (< 0: before the next midnight)."""
    late = frame.filter((pl.col("second") >= 86400 - _LOOKALIKE_SECONDS) & pl.col("card").is_not_null())
    return late.select("merchant_id", "card", "amount", pl.col("second") - 86400)


def follow_ups(dice: Dice, sales: pl.DataFrame, day: date) -> pl.DataFrame:
    """Make what follows a day's sales, with its day: voids, retries, completions, refunds and what follows those.

    Rows have no number yet (`id` is given on the day they happen); `story` is the number of the sale.
    """
    told = {"": sales.select(_FOLLOWED)}
    for rule in FOLLOW_UPS:
        parents = told.get(rule.parent, told[""].filter(pl.col("kind") == rule.parent))
        told[rule.name] = _follow(dice, parents, day, rule).select(_FOLLOWED)
    del told[""]
    return pl.concat(told.values())


def _kinds(mix: Mapping[str, int]) -> pl.DataFrame:
    columns = {
        "kind": [k.name for k in KINDS],
        "txn_type": [k.txn_type for k in KINDS],
        "status": [k.status for k in KINDS],
        "card_only": [k.card_only for k in KINDS],
        "refundable": [k.refundable for k in KINDS],
        "count": [mix.get(k.name, 0) for k in KINDS],
    }
    frame = pl.DataFrame(columns).filter(pl.col("count") > 0)
    return frame.select(pl.exclude("count").repeat_by("count").explode())


def _place(dice: Dice, label: str, frame: pl.DataFrame, world: World) -> pl.DataFrame:
    n = frame.height
    channel = dice.pick(f"{label}-channel", n, world.channels, world.weights)
    frame = frame.with_columns(
        dice.below(f"{label}-term", n, world.terminals).alias("term"),
        pl.when("card_only").then(pl.lit("CARD")).otherwise(channel).alias("channel"),
    )
    return frame.join(world.table, on=["term", "channel"], how="left", maintain_order="left").drop("term", "card_only")


def _time(dice: Dice, label: str, frame: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    n = frame.height
    hour = dice.pick(f"{label}-hour", n, _HOURS, _HOUR_WEIGHTS)
    fine = dice.below(f"{label}-second", n, 3600)
    odd = dice.below(f"{label}-odd", n, 1000)
    second = (
        pl.when(odd < clock.before_midnight)
        .then(85800 + fine % 600)
        .when(odd >= 1000 - clock.after_midnight)
        .then(fine % 900)
        .otherwise(hour * 3600 + fine)
    )
    return frame.with_columns(second.alias("second"))


def _amount(dice: Dice, label: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Draw amounts in fen: small change, shopping, large tickets, and some where the debit cap bites."""
    n = frame.height
    size = dice.below(f"{label}-size", n, 100)
    draw = dice.below(f"{label}-amount", n, 10**9)
    ending = pl.Series([0, 50, 80, 90]).gather(draw % 4)
    amount = (
        pl.when(size < 35)
        .then((8 + (draw // 4) % 52) * 100 + ending)
        .when(size < 82)
        .then(2000 + draw % 48000)
        .when(size < 97)
        .then(50000 + draw % 300000)
        .otherwise(380000 + draw % 500000)
    )
    return frame.with_columns((amount + 1000 * pl.col("refundable").cast(pl.Int64)).alias("amount")).drop("refundable")


def _card(dice: Dice, label: str, frame: pl.DataFrame) -> pl.DataFrame:
    n = frame.height
    types = dict(CARD_BINS)
    six = dice.pick(f"{label}-bin", n, tuple(types), (1,) * len(types))
    is_card = pl.col("channel") == "CARD"
    card = six * 10000 + dice.below(f"{label}-last4", n, 10000)
    return frame.with_columns(
        pl.when(is_card).then(card).alias("card"),
        pl.when(is_card)
        .then(six.replace_strict(types, return_dtype=pl.String))
        .otherwise(pl.lit(""))
        .alias("card_type"),
    )


def _twins(frame: pl.DataFrame) -> pl.DataFrame:
    """Copy the twins: same terminal, amount and minute, but another customer's card or wallet."""
    last4 = pl.col("card") % 10000
    other = pl.col("card") - last4 + (last4 + 1) % 10000
    minute = pl.col("second") - pl.col("second") % 60
    return frame.filter(pl.col("kind") == "twin").with_columns(other.alias("card"), second=minute + 59)


def _unlike(frame: pl.DataFrame, tail: pl.DataFrame) -> pl.DataFrame:
    """Raise amounts by a fen until no two card sales look like one charged twice."""
    while True:
        same = _lookalikes(frame, tail)
        if same.is_empty():
            return frame
        frame = frame.with_columns(amount=pl.col("amount") + pl.col("n").is_in(same.implode()).cast(pl.Int64))


def _lookalikes(frame: pl.DataFrame, tail: pl.DataFrame) -> pl.Series:
    key = ["merchant_id", "card", "amount"]
    cards = frame.filter(pl.col("card").is_not_null()).select(*key, "second", "n")
    before = tail.select(*key, "second", pl.lit(None, pl.Int64).alias("n"))
    rows = pl.concat([cards, before]).sort(*key, "second", "n", nulls_last=False)
    repeats = pl.all_horizontal(pl.col(c) == pl.col(c).shift(1) for c in key)
    soon = pl.col("second") - pl.col("second").shift(1) <= _LOOKALIKE_SECONDS
    return rows.filter(repeats & soon)["n"].drop_nulls()


def _complete(dice: Dice, label: str, frame: pl.DataFrame, day: date, serial: int) -> pl.DataFrame:
    n = frame.height
    approved = pl.col("status") == APPROVED
    declined_code = dice.pick(f"{label}-code", n, ("51", "05", "55", "61"), (6, 2, 2, 1))
    declined = pl.when(pl.col("status") == DECLINED).then(declined_code).otherwise(pl.lit("98"))
    response = pl.when(approved).then(pl.lit("00")).otherwise(declined)
    return frame.with_columns(
        response.alias("response_code"),
        pl.when(pl.col("card").is_not_null()).then(dice.below(f"{label}-auth", n, 10**6)).alias("auth"),
        dice.between(f"{label}-operator", n, 1, 6).alias("operator"),
        ((pl.col("channel") == "CARD") & (dice.below(f"{label}-shown", n, 10) < 6)).alias("shown"),
        pl.lit(day).alias("day"),
        (first_id(day) + serial + pl.col("n")).alias("id"),
        (first_id(day) + serial + pl.col("n")).alias("story"),
    ).drop("n")


def _follow(dice: Dice, parents: pl.DataFrame, day: date, rule: FollowUp) -> pl.DataFrame:
    n = parents.height
    label = f"{day:%Y%m%d}-{rule.name}-{parents['story'][0] if n else 0}"
    later = dice.between(f"{label}-days", n, *rule.days)
    share = dice.between(f"{label}-share", n, *rule.permille)
    gap = dice.between(f"{label}-gap", n, *rule.seconds)
    fresh = dice.between(f"{label}-at", n, 8 * 3600, 22 * 3600)
    soon = pl.col("second") + gap
    # what undoes a sale at once does so before the day is over; a sale may be charged again after midnight
    soon = pl.min_horizontal(soon, pl.lit(86399, pl.Int64)) if rule.txn_type in _UNDOES else soon
    second = soon if rule.days == (0, 0) else fresh
    return parents.select(
        pl.lit(rule.name).alias("kind"),
        pl.lit(rule.txn_type).alias("txn_type"),
        pl.lit(APPROVED).alias("status"),
        *_PARENT_COLUMNS,
        *_same_or_other(rule),
        (pl.col("amount") * share // 1000 + rule.extra).alias("amount"),
        (second % 86400).alias("second"),
        pl.lit("00").alias("response_code"),
        (pl.col("day") + pl.duration(days=pl.lit(later) + second // 86400)).alias("day"),
    )


def _same_or_other(rule: FollowUp) -> list[pl.Expr]:
    """Take over terminal and card, or another of each that could be confused with it."""
    next_one = {"terminal_id": rule.elsewhere, "card": rule.other_card}
    kept = [pl.col(name) for name, other in next_one.items() if not other]
    found = [*kept, pl.col("card_type"), pl.col("auth")]
    if rule.elsewhere:
        found.append(pl.col("terminal_id").replace_strict(NEXT_TERMINAL, default=pl.col("terminal_id")))
    if rule.other_card:
        found.append(pl.col("card") % 10000 + 10000 * (pl.col("card") // 10000).replace_strict(NEXT_BIN))
    return found
