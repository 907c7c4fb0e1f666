"""Signals of a terminal that no count tells: a batch that stays open, a clock that drifts, silence. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from statistics import median
from typing import Any

import polars as pl

from pipelines.checks.patterns import TERMINAL, Hit
from pipelines.signal_settings import Signals

MAD = 1.4826
"""By so much the median deviation of a normal distribution is smaller than its standard deviation."""

FAR = 6
"""So many standard deviations from the median are far."""


def open_batches(days: pl.DataFrame, today: Sequence[date], settings: Signals) -> list[Hit]:
    """Terminals whose batch is open since so many of their working days, twice as many as any before it.

    days: `unit`, `terminal_id`, `merchant_id`, `day`, `batch` (the highest number of the day) up to the last of today.
    """
    found = []
    for (unit, terminal), own in _by_terminal(days):
        rows = [row for row in own if row["batch"] is not None]
        spells = [list(spell) for _, spell in groupby(rows, key=lambda row: row["batch"])]
        for at, spell in enumerate(spells):
            earlier = [len(one) for one in spells[:at]]
            if sum(earlier) < settings.min_history_days:
                continue
            least = max(settings.open_batch_days, 2 * max(earlier))
            told = [(n, row) for n, row in enumerate(spell, start=1) if n >= least and row["day"] in today]
            found += [
                Hit("open_batch", row["day"], n, n, int(median(earlier)), max(earlier), sum(earlier), unit,
                    row["merchant_id"], terminal)
                for n, row in told
            ]  # fmt: skip
    return found


def drifting_clocks(days: pl.DataFrame, today: Sequence[date], settings: Signals) -> list[Hit]:
    """Terminals whose clock stands elsewhere against the acquirer's than it used to.

    days: `unit`, `terminal_id`, `merchant_id`, `day`, `pairs`, `ahead_seconds`, days that were told left out but for
    those of today. A hit's `found` is by how many seconds it is ahead (behind: negative), `usual` what it used to be.
    """
    found = []
    for (unit, terminal), own in _by_terminal(days.filter(pl.col("pairs") >= settings.fewest)):
        for row in (row for row in own if row["day"] in today):
            before = [one["ahead_seconds"] for one in own if one["day"] < row["day"]][-settings.history_days :]
            if len(before) < settings.min_history_days:
                continue
            usual = median(before)
            spread = MAD * median(abs(one - usual) for one in before)
            if abs(row["ahead_seconds"] - usual) >= max(settings.clock_seconds, FAR * spread):
                most = max(before, key=lambda one: abs(one - usual))
                found.append(
                    Hit("clock", row["day"], row["ahead_seconds"], row["pairs"], int(usual), most, len(before), unit,
                        row["merchant_id"], terminal)
                )  # fmt: skip
    return found


def silent(days: pl.DataFrame, shop_days: pl.DataFrame, today: date, settings: Signals) -> list[Hit]:
    """Terminals that say nothing while another one of their shop works, for longer than ever before.

    days: `unit`, `terminal_id`, `merchant_id`, `day`, `row_count` of terminals up to today; shop_days: `merchant_id`,
    `day` on which it worked. A hit's day is the first silent one, `found` how many there are.
    """
    worked: dict[str, list[date]] = {}
    for merchant, day in shop_days.select("merchant_id", "day").sort("day").iter_rows():
        worked.setdefault(merchant, []).append(day)
    found = []
    for (unit, terminal), own in _by_terminal(days):
        merchant, counts = own[-1]["merchant_id"], {row["day"]: row["row_count"] for row in own}
        shop = [day for day in worked.get(merchant, []) if min(counts) <= day <= today]
        spells = [(key, list(spell)) for key, spell in groupby(shop, key=lambda day: day in counts)]
        if not spells or spells[-1][0] or len(counts) < settings.min_history_days:
            continue
        quiet = spells[-1][1]
        longest = max((len(spell) for here, spell in spells[:-1] if not here), default=0)
        usual = median(counts.get(day, 0) for day in shop[: -len(quiet)])
        by_chance = math.exp(-usual / 2 * len(quiet))  # half of the usual: days differ by more than chance
        if len(quiet) > 2 * longest and by_chance * settings.by_chance_once_in <= 1:
            found.append(
                Hit("silence", quiet[0], len(quiet), len(quiet), int(usual), longest, len(counts), unit, merchant,
                    terminal)
            )  # fmt: skip
    return found


def _by_terminal(days: pl.DataFrame) -> list[tuple[tuple[str, str], list[dict[str, Any]]]]:
    ordered = days.sort(*TERMINAL, "day").iter_rows(named=True)
    return [(key, list(rows)) for key, rows in groupby(ordered, key=lambda row: (row["unit"], row["terminal_id"]))]
