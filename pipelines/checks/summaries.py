"""A terminal's day in one row, made when its journal is loaded, so that no later night reads the journal again for it.

Pure: frames of journal rows in, small frames out. What is counted here is judged in `patterns.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import polars as pl

from pipelines.columns import hash_of
from pipelines.money import exponent
from pipelines.signal_settings import Signals

WHOLE_WORLD = 8
"""Terminal numbers as long as field 41 of ISO 8583 are an acquirer's own; shorter ones are numbers within a shop."""

STANS = 1_000_000
"""A trace number has six digits and then begins again (ISO 8583 field 11)."""

FEWEST_USES = 4
"""So often a card must have come on one day to be remembered."""

SALES = ("SALE", "PREAUTH_COMPLETION")
GIVEN = ("REFUND", "VOID")

COUNTS = ("row_count", "sales", "declined", "timeouts", "reversals", "small", "below")
LOWEST = ("first_at", "stan_low", "half_low", "batch_low")
HIGHEST = ("last_at", "stan_high", "half_high", "batch_high")


def small(settings: Signals, currency: str) -> int:
    """Up to how much a payment is small, minor units."""
    return _minor(settings.small_amount, currency)


def just_below(settings: Signals, currency: str) -> list[tuple[int, int]]:
    """From where to below where an amount is just below each limit, minor units."""
    whole = [_minor(limit, currency) for limit in settings.limits]
    return [(limit - limit * settings.below_limit_percent // 100, limit) for limit in whole]


def _minor(amount: Decimal, currency: str) -> int:
    """A threshold in minor units; what is finer than these is left out."""
    return int(amount.scaleb(exponent(currency)))


def unit() -> pl.Expr:
    """What a terminal's number is unique within: nothing, or the merchant."""
    whole = pl.col("terminal_id").str.len_chars() >= WHOLE_WORLD
    return pl.when(whole).then(pl.lit("")).otherwise(pl.col("merchant_id"))


def by_hour(rows: pl.DataFrame, settings: Signals) -> pl.DataFrame:
    """Accepted journal rows added up by merchant, terminal (null: none), business date and hour.

    The columns of `terminal_days` and `merchant_days`; `small` and `below` by the thresholds.
    """
    approved = pl.col("status") == "APPROVED"
    sale = approved & pl.any_horizontal(pl.col("txn_type") == kind for kind in SALES)
    stan = pl.col("stan").str.to_integer(strict=False)
    half = (stan + STANS // 2) % STANS
    batch = pl.col("batch_no").str.to_integer(strict=False)
    currencies = sorted(rows["currency"].unique())
    slim = rows.lazy().select(
        "merchant_id", "terminal_id", day="business_date", hour=_hour(pl.col("txn_time")), at="txn_time",
        sale=sale, declined=pl.col("status") == "DECLINED", timeout=pl.col("status") == "TIMEOUT",
        reversal=approved & (pl.col("txn_type") == "REVERSAL"), small=sale & is_small(currencies, settings),
        below=sale & is_below(currencies, settings),
        stan=stan, half=half, batch=batch,
    )  # fmt: skip
    hourly = slim.group_by("merchant_id", "terminal_id", "day", "hour").agg(
        pl.col("sale").sum().alias("sales"), pl.col("declined").sum(), pl.col("timeout").sum().alias("timeouts"),
        pl.col("reversal").sum().alias("reversals"), pl.col("small").sum(), pl.col("below").sum(),
        row_count=pl.len(), stans=pl.col("stan").count(),
        **_ends({"at": ("first_at", "last_at"), "stan": ("stan_low", "stan_high"),
                 "half": ("half_low", "half_high"), "batch": ("batch_low", "batch_high")}),
    )  # fmt: skip
    return hourly.with_columns(unit=unit()).collect()


def _hour(moment: pl.Expr) -> pl.Expr:
    """The hour of a day, by a division: the calendar need not be asked for it."""
    return (moment.dt.epoch("us") // _HOUR % 24).cast(pl.Int8)


_HOUR = 3_600_000_000
"""Microseconds."""


def _ends(columns: Mapping[str, tuple[str, str]]) -> dict[str, pl.Expr]:
    """The least and the greatest of each column, under these names."""
    told: dict[str, pl.Expr] = {}
    for column, (low, high) in columns.items():
        told |= {low: pl.col(column).min(), high: pl.col(column).max()}
    return told


def merchant_days(hourly: pl.DataFrame) -> pl.DataFrame:
    """One row per merchant and business date: `day`, `merchant_id`, `row_count`."""
    by = ["day", "merchant_id"]
    return hourly.group_by(by).agg(pl.col("row_count").sum().cast(pl.Int32)).sort(by)


def terminal_days(hourly: pl.DataFrame) -> pl.DataFrame:
    """One row per terminal and business date.

    `unit`, `merchant_id` (that of its busiest hour), `terminal_id`, `day`; `row_count`, `sales` (approved), `declined`,
    `timeouts`, `reversals` (approved), `small`, `below` (approved sales); `first_at`, `last_at`; `hours`
    and `hour_sales`: approved sales by hour, `hour_bits`: these hours as bits; `stans`, and lowest and highest trace
    number, as they are and as seen from the other half of the circle; lowest and highest batch number.
    """
    selling = pl.col("sales") > 0
    return (
        hourly.filter(pl.col("terminal_id").is_not_null())
        .sort("unit", "terminal_id", "day", "hour", "merchant_id")
        .group_by("unit", "terminal_id", "day", maintain_order=True)
        .agg(
            pl.col(*COUNTS, "stans").sum().cast(pl.Int32),
            *(pl.col(low).min() for low in LOWEST),
            *(pl.col(high).max() for high in HIGHEST),
            merchant_id=pl.col("merchant_id").sort_by("row_count", descending=True, maintain_order=True).first(),
            hours=pl.col("hour").filter(selling),
            hour_sales=pl.col("sales").filter(selling).cast(pl.Int32),
            hour_bits=pl.lit(2, pl.Int32).pow(pl.col("hour")).filter(selling).cast(pl.Int32).bitwise_or().fill_null(0),
        )
    )


def given_days(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per business date, merchant and cashier (of rows without one, terminal) with a refund or a void.

    `day`, `merchant_id`, `operator_id`, `terminal_id` (null where there is a cashier), `refunds`, `voids`. What gives
    back parts of the same sale counts once: one customer's case, not several.
    """
    given = rows.filter((pl.col("status") == "APPROVED") & pl.col("txn_type").is_in(GIVEN))
    nobody = pl.col("operator_id").is_null()
    case = pl.coalesce("original_rrn", pl.format("row {}", "row_id"))
    keys = {"day": "business_date", "merchant_id": "merchant_id", "operator_id": "operator_id"}
    found = given.select(**keys, terminal_id=pl.when(nobody).then("terminal_id"), txn_type="txn_type", case=case)
    by = ["day", "merchant_id", "operator_id", "terminal_id"]
    refund = pl.col("txn_type") == "REFUND"
    counts = {"refunds": refund.sum().cast(pl.Int32), "voids": (~refund).sum().cast(pl.Int32)}
    return found.unique().group_by(by).agg(**counts).sort(by)


def card_marks(rows: pl.DataFrame) -> pl.DataFrame:
    """`row_id` and `mark` of rows that show a card: a number by which those of one card at one merchant are alike."""
    mark = (hash_of([pl.col("merchant_id"), pl.col("card_no")], seed=0) % 2**32).cast(pl.UInt32)
    return rows.filter(pl.col("card_no").is_not_null()).select("row_id", mark=mark)


def often_marked(marks: pl.DataFrame) -> pl.Series:
    """Ids of rows whose mark stands `FEWEST_USES` times or more."""
    ordered = marks["mark"].sort()
    often = ordered.filter(ordered == ordered.shift(FEWEST_USES - 1)).unique()
    return marks.filter(pl.col("mark").is_in(often.implode()))["row_id"]


def card_days(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per business date, merchant and card that came often: `uses`, `refused` among them."""
    by = ["day", "merchant_id", "card_no"]
    return (
        rows.group_by(day="business_date", merchant_id="merchant_id", card_no="card_no")
        .agg(uses=pl.len().cast(pl.Int32), refused=(pl.col("status") == "DECLINED").sum().cast(pl.Int32))
        .filter(pl.col("uses") >= FEWEST_USES)
        .sort(by)
    )


def clock_days(pairs: pl.DataFrame, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """One row per file, terminal and business date: `pairs`, and `ahead_seconds` of the acquirer's clock, the median.

    pairs: `journal_row_id`, `settlement_row_id`; journal, settlement: the same with `journal_at`, `settlement_at`, and
    of the journal `file_id`, `merchant_id`, `terminal_id`, `day`.
    """
    both = pairs.join(journal, on="journal_row_id").join(settlement, on="settlement_row_id")
    both = both.drop_nulls(["terminal_id", "settlement_at"])
    ahead = (pl.col("journal_at") - pl.col("settlement_at")).dt.total_seconds()
    by = ["file_id", "day", "unit", "terminal_id"]
    grouped = both.with_columns(unit=unit()).group_by(by)
    return grouped.agg(
        merchant_id=pl.col("merchant_id").max(),
        pairs=pl.len().cast(pl.Int32),
        ahead_seconds=ahead.median().round().cast(pl.Int32),
    ).sort(by)


def is_small(currencies: Iterable[str], settings: Signals) -> pl.Expr:
    """Whether an amount is a small one."""
    amount = pl.col("amount_minor")
    return _any_of((pl.col("currency") == code) & (amount <= small(settings, code)) for code in currencies)


def is_below(currencies: Iterable[str], settings: Signals) -> pl.Expr:
    """Whether an amount lies just below a limit."""
    amount = pl.col("amount_minor")
    return _any_of(
        (pl.col("currency") == code) & (amount >= first) & (amount < limit)
        for code in currencies
        for first, limit in just_below(settings, code)
    )


def _any_of(conditions: Iterable[pl.Expr]) -> pl.Expr:
    found = pl.lit(value=False)
    for condition in conditions:
        found = found | condition
    return found
