"""Troubles of a terminal, a cashier or a channel that no single row shows: what there is to be signalled.

They are put in by name only, after enough plain days, each at a shop of its own; signals.csv says where.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.synth import noise
from pipelines.synth.day import first_id
from pipelines.synth.dice import Dice
from pipelines.synth.faults import PLAIN
from pipelines.synth.kinds import DECLINED, TIMEOUT
from pipelines.synth.world import NEXT_TERMINAL

PLAIN_DAYS = 16
"""So many days without trouble come first."""

_NEW_NUMBERS = 60_000_000
_MADE, _LOST = "made for a trouble", "lost on the way"
_OPEN_FOR = timedelta(days=6)


@dataclass(frozen=True)
class Planted:
    """A trouble as signals.csv has it: its name, exception type and kinds of signal, where and from when to when."""

    trouble: str
    type: str
    kinds: str
    first_day: date
    last_day: date
    acquirer: str = ""
    merchant_id: str = ""
    terminal_id: str = ""
    operator_id: str = ""


@dataclass(frozen=True)
class Site:
    """Where a trouble strikes: a terminal, from a day to the last; number: of the trouble, for numbers of its rows."""

    terminal_id: str
    day: date
    last: date
    number: int


@dataclass(frozen=True)
class Trouble:
    """One trouble: what a night should tell of it, how many days after the plain ones it begins, what it does."""

    name: str
    type: str
    kinds: str
    begins: int
    strike: Callable[[pl.DataFrame, Site], tuple[pl.DataFrame, Planted]]


def _at(site: Site) -> pl.Expr:
    return pl.col("terminal_id") == site.terminal_id


def _from(site: Site) -> pl.Expr:
    return _at(site) & (pl.col("day") >= site.day)


def _told(name: str, site: Site, *, lasting: bool = False, **where: str) -> Planted:
    trouble = BY_NAME[name]
    last = site.last if lasting else site.day
    where = where or {"terminal_id": site.terminal_id}
    return Planted(name, trouble.type, trouble.kinds, site.day, last, **where)


def _set(events: pl.DataFrame, who: pl.Expr, **values: pl.Expr) -> pl.DataFrame:
    return events.with_columns(
        pl.when(who).then(value).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )


_UNSETTLED = {
    "a_type": pl.lit(None, pl.String),
    "settles": pl.lit(None, pl.Date),
    "gross": pl.lit(None, pl.Int64),
}


def _made(like: pl.DataFrame, site: Site, seconds: Sequence[int], amounts: Sequence[int]) -> pl.DataFrame:
    """New approved card sales like one of the terminal's, at these seconds of the day, for these amounts."""
    number = first_id(site.day) + _NEW_NUMBERS + site.number * 1000
    n = pl.int_range(pl.len(), dtype=pl.Int64)
    rows = pl.concat([like.head(1)] * len(seconds))
    time = pl.lit(site.day).cast(pl.Datetime("us")) + pl.duration(seconds=pl.col("second"))
    rows = rows.with_columns(second=pl.Series(seconds, dtype=pl.Int64), amount=pl.Series(amounts, dtype=pl.Int64))
    return rows.with_columns(
        day=pl.lit(site.day),
        settles=pl.lit(site.day + timedelta(days=1)),
        gross="amount",
        time=time,
        a_time=time + pl.duration(seconds=noise.clock_error() + 2),
        variant=pl.lit(_MADE),
        auth=(pl.col("auth") + n * 37) % 1_000_000,
        **dict.fromkeys(("id", "story", "a_rrn", "order_id"), number + n),
    )


def _like(events: pl.DataFrame, site: Site) -> pl.DataFrame:
    return events.filter(_at(site) & PLAIN & (pl.col("channel") == "CARD") & (pl.col("day") == site.day))


def _other_cards(rows: pl.DataFrame) -> pl.DataFrame:
    last4 = (pl.col("card") + pl.int_range(pl.len()) * 131 + 7) % 10_000
    return rows.with_columns(card=pl.col("card") // 10_000 * 10_000 + last4)


def _card_testing(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """Within an hour 24 cards are tried with small amounts; every fourth goes through."""
    seconds = [14 * 3600 + 120 * n for n in range(24)]
    rows = _other_cards(_made(_like(events, site), site, seconds, [100 + 17 * n for n in range(24)]))
    refused = pl.int_range(pl.len()) % 4 != 3
    rows = _set(rows, refused, status=pl.lit(DECLINED), response_code=pl.lit("05"), **_UNSETTLED)
    return pl.concat([events, rows]), _told("CARD_TESTING", site)


def _one_card(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """One card pays nine times, an hour apart."""
    like = _like(events, site)
    rows = _made(like, site, [10 * 3600 + 3500 * n for n in range(9)], [4100 + 370 * n for n in range(9)])
    return pl.concat([events, rows]), _told("ONE_CARD", site, merchant_id=str(like["merchant_id"][0]))


def _at_night(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """Seven sales between three and four in the morning."""
    rows = _made(_like(events, site), site, [3 * 3600 + 400 * n for n in range(7)], [5200 + 930 * n for n in range(7)])
    return pl.concat([events, _other_cards(rows)]), _told("AT_NIGHT", site)


def _below_limit(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """Nine sales a little below 1,000.00."""
    rows = _made(
        _like(events, site), site, [11 * 3600 + 900 * n for n in range(9)], [98_000 + 190 * n for n in range(9)]
    )
    return pl.concat([events, _other_cards(rows)]), _told("BELOW_LIMIT", site)


def _refund_fraud(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """A cashier refunds nine small card sales of the days before within an afternoon."""
    merchant = str(_like(events, site)["merchant_id"][0])
    before = (pl.col("day") < site.day) & (pl.col("day") >= site.day - _OPEN_FOR)
    sales = events.filter(PLAIN & before & (pl.col("merchant_id") == merchant) & pl.col("variant").is_null())
    chosen = sales.sort("amount", "id").head(9)
    n = chosen.height
    rows = _made(chosen, site, [15 * 3600 + 700 * k for k in range(n)], chosen["amount"].to_list()).with_columns(
        chosen.select(parent="id", card="card", card_type="card_type", terminal_id="terminal_id", auth="auth"),
        operator=pl.lit(5, pl.Int64), txn_type=pl.lit("REFUND"), a_type=pl.lit("REFUND"), gross=-pl.col("amount"),
        kind=pl.lit("refund"),
    )  # fmt: skip
    events = _set(events, pl.col("id").is_in(chosen["id"].implode()), variant=pl.lit("a refund names it"))
    return pl.concat([events, rows]), _told("REFUND_FRAUD", site, merchant_id=merchant, operator_id="05")


def _drifting_clock(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """The terminal's clock goes ahead by 25 seconds more each day."""
    days = (pl.col("day") - pl.lit(site.day)).dt.total_days() + 1
    end = pl.col("day").cast(pl.Datetime("us")) + pl.duration(seconds=86_399)
    ahead = pl.min_horizontal(pl.col("time") + pl.duration(seconds=days * 25), end)
    return _set(events, _from(site), time=ahead), _told("DRIFTING_CLOCK", site, lasting=True)


def _dying_network(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """From a day on every third sale gets no answer, and every seventh transaction leaves no record at all."""
    n = pl.int_range(pl.len()).over("terminal_id", "day")
    mine = _from(site) & PLAIN & pl.col("variant").is_null()
    lost, silent = mine & (n % 7 == 2), mine & (n % 3 == 0)
    events = _set(events, lost, variant=pl.lit(_LOST), **_UNSETTLED)
    silent = silent & (pl.col("variant") != _LOST).fill_null(value=True)
    values = {"status": pl.lit(TIMEOUT), "response_code": pl.lit("98"), "variant": pl.lit("no answer")}
    return _set(events, silent, **values, **_UNSETTLED), _told("DYING_NETWORK", site, lasting=True)


def _silent(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """From a day on customers pay at the till beside it."""
    beside = NEXT_TERMINAL[site.terminal_id]
    error = noise.clock_error()
    events = events.with_columns(a_time=pl.col("a_time") - pl.duration(seconds=error))
    events = _set(events, _from(site), terminal_id=pl.lit(beside))
    events = events.with_columns(a_time=pl.col("a_time") + pl.duration(seconds=error))
    return events, _told("SILENT", site, lasting=True)


def _open_batch(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """From a day on the terminal closes no batch."""
    batch = pl.lit(site.day.toordinal() % 10**4, pl.Int32)
    return _set(events, _from(site), batch=batch), _told("OPEN_BATCH", site, lasting=True)


def _outage(events: pl.DataFrame, site: Site) -> tuple[pl.DataFrame, Planted]:
    """For 40 minutes of an evening WeChat answers nothing: two of three are debited all the same, one is lost."""
    begins = 18 * 3600 + 1200
    within = (pl.col("day") == site.day) & pl.col("second").is_between(begins, begins + 2400 - 1)
    hit = within & (pl.col("channel") == "WECHAT") & PLAIN & pl.col("variant").is_null()
    n = hit.cast(pl.Int64).cum_sum()
    failed, lost = hit & (n % 3 != 0), hit & (n % 3 == 0)
    events = _set(
        events, failed, status=pl.lit(TIMEOUT), response_code=pl.lit("98"), auth=pl.lit(None, pl.Int64),
        fault=pl.lit("FAILED_BUT_SETTLED"), variant=pl.lit("an outage"),
    )  # fmt: skip
    lost = lost & (pl.col("variant") != "an outage").fill_null(value=True)
    events = _set(
        events, lost, settles=pl.lit(None, pl.Date), fault=pl.lit("NOT_SETTLED"), variant=pl.lit("never settled")
    )
    return events, _told("OUTAGE", site, acquirer="WECHAT")


_PATTERN, _HEALTH = "UNUSUAL_PATTERN", "TERMINAL_HEALTH"
TROUBLES = (
    Trouble("OUTAGE", "CHANNEL_INCIDENT", "incident", 3, _outage),
    Trouble("DRIFTING_CLOCK", _HEALTH, "clock", 0, _drifting_clock),
    Trouble("DYING_NETWORK", _HEALTH, "timeouts trace_gaps", 0, _dying_network),
    Trouble("REFUND_FRAUD", _PATTERN, "refunds", 2, _refund_fraud),
    Trouble("CARD_TESTING", _PATTERN, "small_payments declines", 1, _card_testing),
    Trouble("ONE_CARD", _PATTERN, "same_card", 2, _one_card),
    Trouble("AT_NIGHT", _PATTERN, "odd_hours", 4, _at_night),
    Trouble("BELOW_LIMIT", _PATTERN, "below_limit", 3, _below_limit),
    Trouble("SILENT", _HEALTH, "silence", 1, _silent),
    Trouble("OPEN_BATCH", _HEALTH, "open_batch", 1, _open_batch),
)
BY_NAME = {trouble.name: trouble for trouble in TROUBLES}
NEEDED_DAYS = PLAIN_DAYS + 8
"""So many days show every trouble and what becomes of it."""


def plant(
    events: pl.DataFrame, dice: Dice, days: Sequence[date], wanted: Iterable[str]
) -> tuple[pl.DataFrame, list[Planted]]:
    """Put the wanted troubles in, each at a shop of its own as far as there are; ValueError for too few days."""
    chosen = [trouble for trouble in TROUBLES if trouble.name in wanted]
    if not chosen:
        return events, []
    if len(days) < NEEDED_DAYS:
        raise ValueError(f"{chosen[0].name} shows after {PLAIN_DAYS} plain days: ask for {NEEDED_DAYS} days or more")
    told = []
    for trouble, terminal in zip(chosen, _terminals(events, dice), strict=False):
        site = Site(terminal, days[PLAIN_DAYS + trouble.begins], days[-1], TROUBLES.index(trouble))
        events, planted = trouble.strike(events, site)
        told.append(replace(planted))
    events = events.sort("day", "second", "id").with_columns(stan=noise.stan())
    lost = (pl.col("variant") == _LOST).fill_null(value=False)
    return events.with_columns(in_journal=pl.col("in_journal") & ~lost), told


def _terminals(events: pl.DataFrame, dice: Dice) -> list[str]:
    """The first terminals of all shops from a random one on, then their second ones."""
    known = sorted(events["terminal_id"].unique())
    shops = sorted({terminal[:-2] for terminal in known})
    turn = dice.one("troubled-shop", range(len(shops)))
    ordered = [shops[(turn + n) % len(shops)] for n in range(len(shops))]
    by_shop = [[terminal for terminal in known if terminal[:-2] == shop] for shop in ordered]
    return [own[n] for n in range(max(map(len, by_shop))) for own in by_shop if n < len(own)]


COLUMNS = ("trouble", "type", "kinds", "first_day", "last_day", "acquirer", "merchant_id", "terminal_id", "operator_id")


def write_signals(path: Path, planted: Iterable[Planted]) -> None:
    """Write signals.csv."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows([getattr(each, name) for name in COLUMNS] for each in planted)
