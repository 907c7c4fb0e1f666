"""What differs between two records of one sale though nothing is wrong: blank cells, clocks, counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.synth.dice import Dice
from pipelines.synth.kinds import Hides

LATE_EVENING = 23 * 3600
"""From this second on some terminals' sales belong to the acquirer's next clearing day."""
_LAST_STAN = 999_999


@dataclass(frozen=True)
class Blank:
    """Cells that some plain card sales lack on a side, and how many of a thousand."""

    hides: Hides
    permille: int


BLANKS = (
    Blank(Hides(acquirer="r"), 20),
    Blank(Hides(acquirer="rb"), 6),
    Blank(Hides(acquirer="s"), 6),
    Blank(Hides(acquirer="b"), 6),
    Blank(Hides(acquirer="bs"), 4),
    Blank(Hides(journal="b"), 6),
    Blank(Hides(journal="s"), 4),
    Blank(Hides(journal="r"), 4),
    Blank(Hides(journal="b", acquirer="r"), 4),
    Blank(Hides(journal="r", acquirer="b"), 4),
)
"""What STAN, batch and date still decide, the plainest first."""

WEAK_BLANKS = (
    Blank(Hides(acquirer="rs"), 6),
    Blank(Hides(acquirer="rbs"), 6),
    Blank(Hides(acquirer="rbsa"), 6),
    Blank(Hides(acquirer="rbsa6"), 4),
)
"""What only authorisation code, last four digits, amount and minute decide."""


def blanks(dice: Dice, label: str, n: int, some: Sequence[Blank]) -> tuple[pl.Series, pl.Series]:
    """Draw for n sales what the journal and what the acquirer leave out."""
    whole = 1000 - sum(blank.permille for blank in some)
    turn = dice.pick(label, n, range(len(some) + 1), [*(blank.permille for blank in some), whole])
    journal = pl.Series([*(blank.hides.journal for blank in some), ""])
    acquirer = pl.Series([*(blank.hides.acquirer for blank in some), ""])
    return journal.gather(turn).alias("j_hides"), acquirer.gather(turn).alias("a_hides")


def stan() -> pl.Expr:
    """Count each terminal's journal rows on from day to day; every third terminal soon begins again at 1."""
    terminal = pl.col("terminal_id").cast(pl.Int64)
    start = pl.when(terminal % 3 == 0).then(_LAST_STAN - 40).otherwise(terminal * 7919 % (_LAST_STAN // 2))
    return (start + pl.col("in_journal").cast(pl.Int64).cum_sum().over("terminal_id")) % _LAST_STAN + 1


def clock_error() -> pl.Expr:
    """How far the acquirer's clock is ahead of each terminal's, in seconds."""
    return pl.col("terminal_id").cast(pl.Int64) * 37 % 150 - 60


def after_cut_off() -> pl.Expr:
    """Whether a card sale's clearing day is the next one: the acquirer closes the day of some terminals early."""
    early = pl.col("terminal_id").cast(pl.Int64) % 2 == 0
    return (pl.col("channel") == "CARD") & early & (pl.col("second") >= LATE_EVENING)


def counter(column: str, width: int, one_in: int) -> pl.Expr:
    """Write a counter with its leading zeros, or without them in one of so many rows."""
    text = pl.col(column).cast(pl.String)
    return pl.when(pl.col("id") % one_in == 0).then(text).otherwise(text.str.zfill(width))
