"""Signals: days of a terminal, merchant or cashier that are far from their own usual. Pure; the numbers are counts.

A count is told where it would come by chance less than once in so many days, if the day were like those before it: the
tail of a Poisson distribution around the usual rate, one event added to what was seen. Of the days before, the tenth
with the highest rates counts no more than the highest of the others, and days that were told themselves not at all;
where days vary more than chance, so much more is tolerated. docs/signals.md says it for people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from types import MappingProxyType

import polars as pl

from pipelines.signal_settings import Signals

PATTERN, HEALTH = "UNUSUAL_PATTERN", "TERMINAL_HEALTH"


@dataclass(frozen=True)
class Kind:
    """One signal: its exception type; what is counted, out of what (blank: per day), columns of a day's counts."""

    name: str
    type: str
    counted: str = ""
    out_of: str = ""


KINDS = (
    Kind("small_payments", PATTERN, "small", "sales"),
    Kind("below_limit", PATTERN, "below", "sales"),
    Kind("declines", PATTERN, "declined", "row_count"),
    Kind("odd_hours", PATTERN),
    Kind("same_card", PATTERN),
    Kind("refunds", PATTERN, "refunds"),
    Kind("voids", PATTERN, "voids"),
    Kind("timeouts", HEALTH, "timeouts", "row_count"),
    Kind("reversals", HEALTH, "reversals", "row_count"),
    Kind("trace_gaps", HEALTH, "missing", "row_count"),
    Kind("open_batch", HEALTH),
    Kind("clock", HEALTH),
    Kind("silence", HEALTH),
)
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
OF_TERMINALS = tuple(kind for kind in KINDS if kind.out_of)
OF_CASHIERS = tuple(kind for kind in KINDS if kind.counted and not kind.out_of)

SUBJECT = ("unit", "merchant_id", "terminal_id", "operator_id", "card_no")
TERMINAL = ("unit", "terminal_id")
CASHIER = ("merchant_id", "operator_id", "terminal_id")
LONG = {
    **dict.fromkeys(("kind", *SUBJECT, "shop"), pl.String),
    "day": pl.Date,
    "found": pl.Int64,
    "of": pl.Int64,
}
"""One count of one day, of a terminal or a merchant's cashier; `of` is 1 where it is per day. shop: a terminal's
merchant, which may change from day to day and is no part of what it is about."""

KEY = ["kind", *SUBJECT]

NUMBERED_ANEW = 1000
"""More missing trace numbers than that are no gap: the terminal began to count anew."""

EVERYWHERE, AT_LEAST = 4, 3
"""Where one in so many terminals, and at least so many, are hit by the same on one day, it is none of them."""


@dataclass(frozen=True)
class Hit:
    """A day that is told. found: the count, of: out of how many; usual, most: of the days before, in all `days`."""

    kind: str
    day: date
    found: int
    of: int
    usual: int
    most: int
    days: int
    unit: str = ""
    merchant_id: str | None = None
    terminal_id: str | None = None
    operator_id: str | None = None
    card_no: str | None = None
    hours: tuple[int, ...] = ()
    terminals: int = 1

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is about; a terminal's merchant may change with its busiest hour and is no part of it."""
        merchant = None if self.terminal_id and not self.operator_id and self.kind not in GIVEN else self.merchant_id
        return tuple(part or "" for part in (self.unit, merchant, self.terminal_id, self.operator_id, self.card_no))


GIVEN = tuple(kind.name for kind in OF_CASHIERS)
SHARED = (*(kind.name for kind in OF_TERMINALS), "clock")
"""Signals that may hit many terminals at once for one reason."""


_NOBODY = {name: pl.lit(None, pl.String) for name in ("merchant_id", "operator_id", "card_no")}


def counts_of_terminals(days: pl.DataFrame, off: Iterable[str]) -> pl.DataFrame:
    """The counts (LONG) of terminals' days: columns of `summaries.terminal_days`, and `missing` trace numbers."""
    missing = pl.lit(0) if "trace_gaps" in off else _missing(days)
    own = days.with_columns(missing=missing, shop="merchant_id", **_NOBODY)
    told = [
        own.select(
            *SUBJECT, "shop", "day", kind=pl.lit(kind.name), found=pl.col(kind.counted).cast(pl.Int64),
            of=pl.col(kind.out_of).cast(pl.Int64),
        ).select(*LONG)
        for kind in OF_TERMINALS
        if kind.name not in off
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=LONG), *told])


def _missing(days: pl.DataFrame) -> pl.Expr:
    """Trace numbers between a day's first and last that no row bears; `told`: numbers of what was no payment."""
    span = pl.min_horizontal(pl.col("stan_high") - pl.col("stan_low"), pl.col("half_high") - pl.col("half_low")) + 1
    told = pl.col("told") if "told" in days.columns else pl.lit(0)
    missing = span - pl.col("row_count") - told
    one_batch = (pl.col("batch_low") == pl.col("batch_high")).fill_null(value=True)
    fits = one_batch & missing.is_between(1, NUMBERED_ANEW)
    return pl.when(fits).then(missing).otherwise(0)


def counts_of_cashiers(given: pl.DataFrame, off: Iterable[str]) -> pl.DataFrame:
    """The counts (LONG) of `summaries.given_days`: refunds and voids of a day."""
    own = given.with_columns(unit=pl.lit(""), card_no=pl.lit(None, pl.String), shop="merchant_id")
    told = [
        own.select(
            *SUBJECT, "shop", "day", kind=pl.lit(k.name), found=pl.col(k.counted).cast(pl.Int64), of=pl.lit(1, pl.Int64)
        ).select(*LONG)
        for k in OF_CASHIERS
        if k.name not in off
    ]
    return pl.concat([pl.DataFrame(schema=LONG), *told])


def worth_a_look(counts: pl.DataFrame, settings: Signals) -> pl.DataFrame:
    """Counts that are large enough to be told at all: only of these the days before are looked up."""
    return counts.filter(pl.col("found") >= settings.fewest)


def far_from_usual(counts: pl.DataFrame, before: pl.DataFrame, quiet: pl.DataFrame, settings: Signals) -> list[Hit]:
    """Which counts (LONG) are told. before: counts of the same subjects on days before, in the same columns.

    quiet: `merchant_id`, `days`: on how many days before a merchant worked; on those that are not in `before` its
    cashiers gave nothing back.
    """
    counts = _perhaps_far(counts, before)
    own = before.join(counts, on=KEY, how="semi", nulls_equal=True).partition_by(KEY, as_dict=True, include_key=False)
    worked = dict(quiet.select("merchant_id", "days").iter_rows())
    found = (
        _judged(row, own.get(_key(row)), worked.get(row["merchant_id"]), settings)
        for row in counts.iter_rows(named=True)
    )
    return [hit for hit in found if hit is not None]


def _perhaps_far(counts: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The same counts without those of terminals that are surely not far: most of them, judged all at once.

    First by what holding down the highest days could take away at most, which needs no order; then as `is_far` does.
    """
    cashiers = pl.col("kind").is_in(GIVEN)
    mine, keys = counts.filter(~cashiers).with_row_index("at"), ["kind", *TERMINAL]
    days = before.join(mine.select(*keys, "at"), on=keys).select("at", "found", "of")
    k, n, left_out = pl.col("found"), pl.col("of"), (pl.len() / 10).ceil().cast(pl.Int64)
    least = days.group_by("at").agg(rate=((k.sum() - left_out * k.max()).clip(0) + 1) / n.sum().clip(1), spread=1.0)
    mine = _above(mine, least)
    ordered = days.join(mine.select("at"), on="at", how="semi").sort(
        "at", pl.col("found") / pl.col("of").clip(1), "found", "of"
    )
    highest = (k / n.clip(1)).head(pl.len() - left_out).last()
    held = ordered.with_columns(k=pl.min_horizontal(k.cast(pl.Float64), n * highest).over("at"))
    k = pl.col("k")
    rate = k.sum() / n.sum().clip(1)
    usual = held.group_by("at").agg(
        rate=(k.sum() + 1) / n.sum().clip(1),
        spread=((k - n * rate) ** 2 / (n * rate).clip(0.1)).sum() / (pl.len().cast(pl.Int64) - 1).clip(1),
    )
    return pl.concat([_above(mine, usual).select(counts.columns), counts.filter(cashiers)])


def _above(counts: pl.DataFrame, usual: pl.DataFrame) -> pl.DataFrame:
    """Counts at least so far above their `rate` and `spread`, by `at`, that they may come by chance rarely enough."""
    expected, spread = pl.col("of") * pl.col("rate"), pl.col("spread").fill_nan(1).clip(1)
    told = counts.join(usual, on="at", maintain_order="left")
    told = told.filter(pl.col("found") > expected + LEAST_SIGMA * (expected * spread).sqrt())
    return told.drop("rate", "spread")


LEAST_SIGMA = 2.5
"""What comes by chance less than once in a thousand days is at least so far from what is expected."""


def _key(row: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in KEY)


def _judged(
    row: Mapping[str, object], before: pl.DataFrame | None, worked: int | None, settings: Signals
) -> Hit | None:
    days = [] if before is None else list(zip(before["found"], before["of"], strict=True))
    days += [(0, 1)] * ((worked or len(days)) - len(days))
    if len(days) < settings.min_history_days or not is_far(int(str(row["found"])), int(str(row["of"])), days, settings):
        return None
    counts = [found for found, _ in days]
    return Hit(
        **{name: row[name] for name in ("kind", *SUBJECT, "day", "found", "of")} | {"merchant_id": row["shop"]},  # type: ignore[arg-type]
        usual=int(median(counts)),
        most=max(counts),
        days=len(days),
    )


def is_far(found: int, of: int, days: Sequence[tuple[int, int]], settings: Signals) -> bool:
    """Whether a count out of so many is more than chance makes of the days before (count, out of)."""
    held = _held_down(days)
    rate = (sum(k for k, _ in held) + 1) / max(1, sum(n for _, n in held))
    expected, spread = of * rate, _spread(held)
    return found > expected and tail(math.floor(found / spread), expected / spread) * settings.by_chance_once_in <= 1


def _held_down(days: Sequence[tuple[int, int]]) -> list[tuple[float, int]]:
    """The days; the tenth of them with the highest rates count as if they had the highest rate of the others."""
    ordered = sorted(days, key=lambda day: (day[0] / max(1, day[1]), day))
    others = ordered[: len(ordered) - math.ceil(len(ordered) / 10)]
    highest = others[-1][0] / max(1, others[-1][1]) if others else 0
    return [(min(k, n * highest), n) for k, n in ordered]


def _spread(days: Sequence[tuple[float, int]]) -> float:
    """How many times more the days vary than chance alone would make them; at least 1."""
    rate = sum(k for k, _ in days) / max(1, sum(n for _, n in days))
    if not rate:
        return 1.0
    return max(1.0, sum((k - n * rate) ** 2 / max(n * rate, 0.1) for k, n in days) / max(1, len(days) - 1))


def tail(found: int, expected: float) -> float:
    """How probable it is that a Poisson count of that expectation reaches `found`."""
    if found <= 0:
        return 1.0
    if found <= expected:
        return 1.0
    term = math.exp(found * math.log(expected) - expected - math.lgamma(found + 1))
    total, n = 0.0, found
    while term > total * 1e-12:
        total += term
        n += 1
        term *= expected / n
    return min(1.0, total)


def everywhere(hits: Sequence[Hit], terminals: Mapping[date, int]) -> list[Hit]:
    """Hits of terminals, those that many share on one day as one. terminals: how many worked on a day."""
    shared: dict[tuple[str, date], list[Hit]] = {}
    for hit in hits:
        shared.setdefault((hit.kind, hit.day), []).append(hit)
    kept: list[Hit] = []
    for (kind, day), several in sorted(shared.items()):
        few = len(several) < max(AT_LEAST, terminals.get(day, 0) / EVERYWHERE)
        kept += several if few or kind not in SHARED else [_as_one(several)]
    return kept


def _as_one(several: Sequence[Hit]) -> Hit:
    """Counts are added up, of clocks the middle is taken."""
    middle = several[0].kind == "clock"
    columns = ([getattr(hit, name) for hit in several] for name in ("found", "of", "usual", "most"))
    found, of, usual, most = (int(median(column)) if middle else sum(column) for column in columns)
    days = min(hit.days for hit in several)
    return Hit(several[0].kind, several[0].day, found, of, usual, most, days, terminals=len(several))
