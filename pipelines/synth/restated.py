"""Settlement files that come a second time: what their first version had wrong, line for line in the same places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from pipelines.synth.arrivals import Restated, Schedule, file_name
from pipelines.synth.dice import Dice
from pipelines.synth.faults import PLAIN
from pipelines.synth.layouts import Layout
from pipelines.synth.settle import lines, order_text, payouts
from pipelines.synth.truth import Row, Truth, journals_run, on_line
from pipelines.synth.world import ACQUIRERS, CURRENCY

_MISTAKES = ("more", "less", "unknown")
_NOBODY_S = 80_000_000


def write_first_versions(
    out: Path,
    dice: Dice,
    schedule: Schedule,
    events: pl.DataFrame,
    declared: pl.DataFrame,
    layouts: Mapping[str, Layout],
) -> Iterator[Truth]:
    """Write the first version of each restated file and judge what it had wrong, until the corrected one comes."""
    for again in schedule.restated:
        (acquirer,) = (a for a in ACQUIRERS if a.source == again.source)
        mine = events.filter((pl.col("acquirer") == acquirer.name) & (pl.col("settles") == again.day))
        first = lines(_mistaken(dice, again, mine), schedule.last, {n: its.terms for n, its in layouts.items()})
        sums = (
            payouts(first).drop("off").join(declared.select("payout_id", "off"), on="payout_id", maintain_order="left")
        )
        sums = sums.with_columns(pl.col("net") + pl.col("off"))
        with layouts[acquirer.name].file(out / file_name(again.source, again.day)) as file:
            told = file.add(first, sums, newest_first=acquirer.newest_first)
            file.end()
        wrong = told.filter(pl.col("variant").is_in([f"first version: {word}" for word in _MISTAKES]))
        for row in wrong.with_columns(order_text().alias("order_no")).iter_rows(named=True):
            yield from _judge(schedule, again, row)


def _mistaken(dice: Dice, again: Restated, mine: pl.DataFrame) -> pl.DataFrame:
    """Let up to three plain lines be wrong: too much, too little, a number that nobody has."""
    plain = mine.filter(PLAIN & pl.col("variant").is_null() & (pl.col("amount") >= 200))
    luck = dice.bits(f"restated-{again.source}-{again.day:%Y%m%d}", plain.height)
    chosen = plain.with_columns(luck.alias("luck")).sort("luck")["id"].head(len(_MISTAKES))
    mistake = pl.col("id").replace_strict(chosen, _MISTAKES[: len(chosen)], default=None, return_dtype=pl.String)
    mine = mine.with_columns(mistake.alias("mistake"))
    wrong, unknown = pl.col("mistake").is_not_null(), pl.col("mistake") == "unknown"
    off = pl.when(pl.col("mistake") == "more").then(777).when(pl.col("mistake") == "less").then(-101).otherwise(0)
    return mine.with_columns(
        pl.when(wrong).then("first version: " + pl.col("mistake")).otherwise(pl.col("variant")).alias("variant"),
        pl.when(wrong).then(pl.lit("RESTATED")).otherwise(pl.col("fault")).alias("fault"),
        (pl.col("gross") + off).alias("gross"),
        *(
            pl.when(unknown).then(pl.col(name) + _NOBODY_S).otherwise(pl.col(name)).alias(name)
            for name in ("a_rrn", "order_id")
        ),
    ).drop("mistake")


def _judge(schedule: Schedule, again: Restated, row: Row) -> Iterator[Truth]:
    """Tell of a wrong line if a night knows of it before the corrected file comes."""
    difference = int(row["gross"]) - int(row["amount"])
    unknown = difference == 0
    journal = schedule.run_of("pos", row["day"])
    seen = max(again.day, journals_run(schedule, row["a_time"]) if unknown else journal)
    kind = "NOT_IN_JOURNAL" if unknown else "AMOUNT_OVER" if difference > 0 else "AMOUNT_UNDER"
    where = on_line(schedule, row, again.source, again.day)
    where |= {"rrn": f"{row['a_rrn']:012d}"} if row["channel"] == "CARD" else {}
    way = "short" if difference < 0 else "long"
    amount = int(row["gross"]) if unknown else abs(difference)
    if seen < again.arrives:
        yield Truth(kind, seen, again.arrives, amount, CURRENCY, way, "journal-settlement", **where)
