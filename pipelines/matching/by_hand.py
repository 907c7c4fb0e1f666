"""What people decided, as matching takes it: pairs that come before all rules, and pairs that no rule may make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from pipelines.matching.rules import VERSION

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
    told = {"rule": pl.lit(MANUAL), "rules_version": pl.lit(VERSION, pl.Int32), "tolerance_minor": pl.lit(0, pl.Int32)}
    return both.sort(PAIR).with_columns(**told)


def held_out(
    decided: Decided, journal: pl.DataFrame, settlement: pl.DataFrame, keys: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open rows of either side without those that people spoke of and all that share a key with one of them.

    keys: columns by which a quick look would pair rows; what is held out is left to the rules over whole rows.
    """
    pairs = pl.concat([decided.pairs, decided.barred])
    if pairs.is_empty():
        return journal, settlement
    named = [
        journal.join(pairs, left_on="row_id", right_on="journal_row_id", how="semi"),
        settlement.join(pairs, left_on="row_id", right_on="settlement_row_id", how="semi"),
    ]
    return _apart(journal, named, keys), _apart(settlement, named, keys)


def _apart(side: pl.DataFrame, named: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """The rows of a side without the named ones and those of the same key."""
    for some in named:
        side = side.join(some, on="row_id", how="anti", maintain_order="left")
        for key in keys:
            side = side.join(some, on=key, how="anti", maintain_order="left")
    return side


def possible(candidates: pl.DataFrame, barred: pl.DataFrame) -> pl.DataFrame:
    """Candidates of undecided lines (`engine.Tied`) without those that a person ruled out, `found` without them too."""
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
