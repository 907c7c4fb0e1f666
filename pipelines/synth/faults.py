"""Put row-level faults into the clean life; no transaction suffers two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import polars as pl

from pipelines.synth.afterwards import ADJUST_AFTER, BOOK_AFTER, adjust, adjust_nothing
from pipelines.synth.arrivals import JOURNAL, Schedule
from pipelines.synth.dice import Dice
from pipelines.synth.world import BY_NAME, FOREIGN

_MIDNIGHT_SECONDS = 10 * 60
_DAY_SECONDS = 86400
_HIT = pl.col("turn").is_not_null()


@dataclass(frozen=True)
class RowFault:
    """Who may suffer a fault, on which days (up to `margin` before the last run), and what it does.

    `strike` gets the events with `turn` (0, 1, 2 … for the chosen, else null) and gives them back changed. `free`:
    what may still be struck, as a rule what nothing else has.
    """

    name: str
    who: pl.Expr
    margin: int
    strike: Callable[[pl.DataFrame, Schedule], pl.DataFrame]
    free: pl.Expr = pl.col("variant").is_null() & (pl.col("copy") == 0)


def inject(events: pl.DataFrame, dice: Dice, schedule: Schedule, wanted: frozenset[str], per_type: int) -> pl.DataFrame:
    """Strike `per_type` events with each wanted row fault; marks them in fault, variant, spoilt and copy."""
    for rule in ROW_FAULTS:
        if rule.name in wanted:
            chosen = _choose(events, dice, schedule, rule, per_type)
            turns = pl.col("id").replace_strict(chosen, range(len(chosen)), default=None, return_dtype=pl.Int64)
            turn = pl.when(rule.free).then(turns).alias("turn")
            events = rule.strike(events.with_columns(turn), schedule).drop("turn")
    return events


def _choose(events: pl.DataFrame, dice: Dice, schedule: Schedule, rule: RowFault, count: int) -> pl.Series:
    """Choose evenly over the days, at random within each."""
    in_time = pl.col("day") <= schedule.last - timedelta(days=rule.margin)
    who = events.filter(rule.free & in_time & rule.who & _judgeable(schedule)).select("id", "day")
    luck = dice.bits(f"fault-{rule.name}-{events['id'][0]}", who.height)
    ranked = who.with_columns(luck.alias("luck")).with_columns(pl.col("luck").rank("ordinal").over("day").alias("r"))
    return ranked.sort("r", "luck", "id")["id"].head(count)


def _judgeable(schedule: Schedule) -> pl.Expr:
    """Spare what no run could judge: the first minutes of all, and times on the edge of the ten minutes."""
    second = (pl.col("a_time") - pl.col("a_time").dt.truncate("1d")).dt.total_seconds()
    edges = ((_MIDNIGHT_SECONDS - second).abs() > 5) & ((_DAY_SECONDS - _MIDNIGHT_SECONDS - second).abs() > 5)
    began = datetime.combine(schedule.first, time()) + timedelta(seconds=_MIDNIGHT_SECONDS)
    return edges & (pl.col("a_time") > began)


def _set(values: dict[str, pl.Expr]) -> list[pl.Expr]:
    return [pl.when(_HIT).then(value).otherwise(pl.col(name)).alias(name) for name, value in values.items()]


def _turn(*options: pl.Expr) -> pl.Expr:
    """Take the options in turn, so that a few faults already show every variant."""
    chain = options[-1]
    for number, option in enumerate(options[:-1]):
        chain = pl.when(pl.col("turn") % len(options) == number).then(option).otherwise(chain)
    return chain


def _words(*options: str) -> pl.Expr:
    return _turn(*(pl.lit(option) for option in options))


def _not_settled(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    after = [pl.lit(None, pl.Date), pl.col("day") + timedelta(days=4), pl.col("day") + timedelta(days=2)]
    values = {
        "settles": _turn(*after),
        "fault": _turn(pl.lit("NOT_SETTLED"), pl.lit("NOT_SETTLED"), pl.lit(None, pl.String)),
        "variant": _words("never settled", "settled in the file of D+4", "settled late while waiting"),
    }
    return events.with_columns(_set(values))


def _not_in_journal(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    values = {
        "in_journal": pl.lit(False),
        "fault": pl.lit("NOT_IN_JOURNAL"),
        "variant": pl.lit("journal row dropped"),
    }
    return events.with_columns(_set(values))


def _failed_but_settled(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    values = {
        "a_type": pl.lit("SALE"),
        "settles": pl.col("day") + timedelta(days=1),
        "gross": pl.col("amount"),
        "fault": pl.lit("FAILED_BUT_SETTLED"),
        "variant": pl.col("status").str.to_lowercase() + " at the terminal",
    }
    return events.with_columns(_set(values))


def _amount_over(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    amount = pl.col("amount")
    values = {
        "gross": _turn(amount * 10, amount + 1, amount + 500 + amount % 4500),
        "fault": pl.lit("AMOUNT_OVER"),
        "variant": _words("ten times the amount", "one fen more", "some yuan more"),
    }
    return events.with_columns(_set(values))


def _amount_under(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    amount = pl.col("amount")
    values = {
        "gross": _turn(amount // 10, amount - 1, amount - amount // 3),
        "fault": pl.lit("AMOUNT_UNDER"),
        "variant": _words("a tenth of the amount", "one fen less", "a third less"),
    }
    return events.with_columns(_set(values))


def _type_mismatch(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    values = {
        "a_type": pl.lit("REFUND"),
        "gross": -pl.col("amount"),
        "fault": pl.lit("TYPE_MISMATCH"),
        "variant": pl.lit("a sale settled as a refund"),
    }
    return events.with_columns(_set(values))


def _currency_mismatch(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    amount = pl.col("amount")
    values = {
        "a_currency": pl.lit(FOREIGN),
        "gross": _turn(amount, amount * 10 // 71),
        "fault": pl.lit("CURRENCY_MISMATCH"),
        "variant": _words("the same number in another currency", "converted"),
    }
    return events.with_columns(_set(values))


def _duplicate_settlement(events: pl.DataFrame, schedule: Schedule) -> pl.DataFrame:
    # which of two lines is the later one is plain only if their files arrive in order
    next_file = (pl.col("turn") % 2 == 1) & (pl.col("settles") < schedule.last) & _files_in_order(schedule)
    again = pl.col("settles") + pl.duration(days=next_file.cast(pl.Int64))
    same = pl.lit("sent twice in one file")
    copies = events.filter(_HIT).with_columns(
        again.alias("settles"),
        pl.when(next_file).then(pl.lit("sent again in the next file")).otherwise(same).alias("variant"),
        pl.lit("DUPLICATE_SETTLEMENT").alias("fault"),
        pl.lit(False).alias("in_journal"),
        pl.lit(1, pl.Int32).alias("copy"),
    )
    return pl.concat([events.with_columns(_set({"variant": pl.lit("the first of two lines")})), copies])


def _files_in_order(schedule: Schedule) -> pl.Expr:
    clear = pl.lit(True)
    for fault in schedule.faults:
        near = pl.col("settles").is_in([fault.day, fault.day - timedelta(days=1)])
        mine = pl.col("acquirer").is_in([a.name for a in BY_NAME.values() if a.source == fault.source])
        clear = clear & ~(near & mine)
    return clear


_UNREADABLE = {
    "j_amount": "journal amount unreadable",
    "a_time": "impossible date in a settlement line",
    "j_time": "impossible date in a journal row",
    "a_gross": "settlement gross unreadable",
}


def _row_rejected(events: pl.DataFrame, schedule: Schedule) -> pl.DataFrame:
    """Spoil a cell; not an amount where the file's trailer is wrong, which nobody could tell then."""
    cell = _words(*_UNREADABLE)
    for amount, date in (("j_amount", "j_time"), ("a_gross", "a_time")):
        cell = pl.when((cell == amount) & _in_invalid_file(schedule)).then(pl.lit(date)).otherwise(cell)
    values = {
        "spoilt": cell,
        "fault": pl.lit("ROW_REJECTED"),
        "variant": cell.replace_strict(_UNREADABLE, return_dtype=pl.String),
    }
    return events.with_columns(_set(values))


def _in_invalid_file(schedule: Schedule) -> pl.Expr:
    """Whether the row stands, on either side, in a file that comes with a wrong trailer."""
    found = pl.lit(value=False)
    for fault in (fault for fault in schedule.faults if fault.invalid):
        theirs = pl.col("acquirer").is_in([a.name for a in BY_NAME.values() if a.source == fault.source])
        in_journal = pl.lit(fault.source == JOURNAL) & (pl.col("day") == fault.day)
        found = found | in_journal | (theirs & (pl.col("settles") == fault.day)).fill_null(value=False)
    return found


def _fee_variance(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
    debit = pl.col("card_type") == "DEBIT"
    uncapped = (pl.col("amount") * 50 + 5000) // 10000
    right = pl.when(debit).then(pl.min_horizontal(uncapped, pl.lit(2000, pl.Int64))).otherwise(pl.col("amount") // 200)
    as_credit = (pl.col("amount") * 60 + 5000) // 10000 - right
    # the two mistakes that only a debit card can show are a fen more on others, and where they make no difference
    other_type = pl.when(debit & (as_credit != 0)).then(as_credit).otherwise(1)
    no_cap = pl.when(debit & (uncapped > right)).then(uncapped - right).otherwise(1)
    values = {
        "fee_off": _turn(
            pl.lit(1, pl.Int64), pl.lit(-1, pl.Int64), 1 + pl.col("amount") // 200, other_type, no_cap
        ),
        "fault": pl.lit("FEE_VARIANCE"),
        "variant": _words(
            "a fen more than the contract", "a fen less", "half a percent more", "the rate of credit cards",
            "the cap ignored",
        ),
    }  # fmt: skip
    return events.with_columns(_set(values))


def _lost(fault: str, late: int) -> Callable[[pl.DataFrame, Schedule], pl.DataFrame]:
    """Never shown, or every third time in the file so many days later."""

    def strike(events: pl.DataFrame, _: Schedule) -> pl.DataFrame:
        values = {
            "settles": _turn(pl.lit(None, pl.Date), pl.col("day") + timedelta(days=late), pl.lit(None, pl.Date)),
            "fault": pl.lit(fault),
            "variant": _words("never shown", f"shown in the file of D+{late}", "never shown"),
        }
        return events.with_columns(_set(values))

    return strike


_FULL = (pl.col("j_hides") == "") & (pl.col("a_hides") == "")
_NEXT_DAY = pl.col("settles") == pl.col("day") + timedelta(days=1)
_OPEN = ["NOT_IN_JOURNAL", "FAILED_BUT_SETTLED", "AMOUNT_OVER", "AMOUNT_UNDER", "DUPLICATE_SETTLEMENT"]
_ADJUSTABLE = pl.col("fault").is_in(_OPEN) | (pl.col("variant") == "never settled").fill_null(value=False)
_SMALL_PART = pl.col("amount") * 4 < pl.col("gross").sum().over("acquirer", "settles", "group")
PLAIN = (pl.col("kind") == "sale") & _FULL & (pl.col("a_type") == "SALE") & _NEXT_DAY
_SHOWN = pl.col("settles").is_not_null()
_FAILED = pl.col("kind").is_in(["declined", "timeout"])

# margins: NOT_SETTLED is known three days after the sale, the others when the next day's file comes
ROW_FAULTS = (
    RowFault("NOT_SETTLED", PLAIN, 3, _not_settled),
    RowFault("NOT_IN_JOURNAL", PLAIN, 1, _not_in_journal),
    RowFault("FAILED_BUT_SETTLED", _FAILED, 1, _failed_but_settled),
    RowFault("VOID_NOT_SETTLED", _SHOWN & (pl.col("kind") == "void"), 3, _lost("VOID_NOT_SETTLED", 4)),
    RowFault("REVERSAL_NOT_SETTLED", _SHOWN & (pl.col("kind") == "reversal"), 3, _lost("REVERSAL_NOT_SETTLED", 4)),
    RowFault(
        "REFUND_NOT_SETTLED",
        _SHOWN & (pl.col("txn_type") == "REFUND") & ~pl.col("told"),
        6,
        _lost("REFUND_NOT_SETTLED", 7),
    ),
    RowFault("AMOUNT_OVER", PLAIN, 1, _amount_over),
    RowFault("AMOUNT_UNDER", PLAIN & (pl.col("amount") >= 200), 1, _amount_under),
    RowFault("TYPE_MISMATCH", PLAIN & _SMALL_PART, 1, _type_mismatch),
    RowFault("CURRENCY_MISMATCH", PLAIN & _SMALL_PART & (pl.col("amount") >= 1000), 1, _currency_mismatch),
    RowFault("DUPLICATE_SETTLEMENT", PLAIN, 1, _duplicate_settlement),
    RowFault("ROW_REJECTED", PLAIN, 1, _row_rejected),
    RowFault("FEE_VARIANCE", PLAIN & (pl.col("amount") >= 1000), 1, _fee_variance),
    RowFault("ADJUSTMENT_UNEXPLAINED", PLAIN & (pl.col("amount") >= 1000), BOOK_AFTER, adjust_nothing),
    RowFault("ADJUSTMENT", _ADJUSTABLE, ADJUST_AFTER, adjust, _ADJUSTABLE),
)
