"""What people decided, as matching takes it: pairs that come before all rules, and pairs that no rule may make."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

MANUAL = "manual"
"""Rule name of a pair that a person made."""

PAIR = ["journal_row_id", "settlement_row_id"]


def none_barred() -> pl.DataFrame:
    """No decision at all."""
    return pl.DataFrame(schema=dict.fromkeys(PAIR, pl.Int64))


@dataclass(frozen=True)
class Decided:
    """pairs: to be made tonight. barred: never made by a rule. Both: `journal_row_id`, `settlement_row_id`."""

    pairs: pl.DataFrame = field(default_factory=none_barred)
    barred: pl.DataFrame = field(default_factory=none_barred)


def made_by_hand(pairs: pl.DataFrame, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """The decided pairs whose rows are both open, as the engine gives its own (`engine.PAIRS`)."""
    mine = journal.select(journal_row_id="row_id", journal_place="place")
    theirs = settlement.select(settlement_row_id="row_id", settlement_place="place")
    both = pairs.join(mine, on="journal_row_id", how="inner").join(theirs, on="settlement_row_id", how="inner")
    return both.sort(PAIR).with_columns(rule=pl.lit(MANUAL))


def possible(candidates: pl.DataFrame, barred: pl.DataFrame) -> pl.DataFrame:
    """Candidates of undecided lines (`engine.tied`) without those that a person ruled out, `found` without them too."""
    if barred.is_empty():
        return candidates
    line = "settlement_row_id"
    out = candidates.join(barred, on=PAIR, how="semi").group_by(line).agg(out=pl.len())
    left = candidates.join(barred, on=PAIR, how="anti", maintain_order="left")
    left = left.join(out, on=line, how="left", maintain_order="left")
    found = pl.col("found") - pl.col("out").fill_null(0).cast(pl.UInt32)
    return left.with_columns(found=found).drop("out")


def near(barred: pl.DataFrame, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """The barred pairs of which both rows are among these."""
    if barred.is_empty():
        return barred
    mine = barred.join(journal, left_on="journal_row_id", right_on="row_id", how="semi")
    return mine.join(settlement, left_on="settlement_row_id", right_on="row_id", how="semi")
