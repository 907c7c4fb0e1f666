"""Numbers that a terminal gives its transactions one after the other, and what is missing between them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.sources.base import NO_TRACES

BEGINS_ANEW = 1000
"""Missing numbers that are no gap, if they are also more than half of the highest: the terminal began again at 1."""

MOST_TOLD = 5
_KEYS = ["merchant_id", "terminal_id", "batch_no"]


def runs_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Trace numbers of journal rows as stretches without a gap, in the columns of NO_TRACES.

    rows: `merchant_id`, `terminal_id`, `batch_no`, `stan`, `business_date`; a row without terminal or number says
    nothing.
    """
    number = pl.when(pl.col("stan").str.contains("^[0-9]{1,12}$")).then(pl.col("stan").cast(pl.Int64, strict=False))
    numbers = rows.select(*_KEYS, day="business_date", first_no=number).drop_nulls(["terminal_id", "first_no"])
    return _joined(numbers.with_columns(last_no="first_no"))


def _joined(runs: pl.DataFrame) -> pl.DataFrame:
    """Stretches that touch or overlap as one."""
    ordered = runs.sort(*_KEYS, "first_no", "last_no")
    reach = pl.col("last_no").cum_max().shift(1).over(_KEYS)
    begins = (pl.col("first_no") > reach + 1).fill_null(value=True)
    numbered = ordered.with_columns(run=begins.cum_sum())
    found = numbered.group_by("run", *_KEYS, maintain_order=True).agg(
        pl.col("day").min(), pl.col("first_no").min(), pl.col("last_no").max()
    )
    return found.select(NO_TRACES.columns)


def gaps(runs: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What is missing between the stretches of a terminal and batch: the keys, `after_no`, `before_no`, `missing`."""
    joined = _joined(pl.concat([NO_TRACES, *runs]))
    found = joined.with_columns(
        after_no=pl.col("last_no").shift(1).over(_KEYS), highest=pl.col("last_no").max().over(_KEYS)
    ).select(*_KEYS, "after_no", "highest", before_no="first_no", missing=pl.col("first_no") - pl.col("after_no") - 1)
    anew = (pl.col("missing") > BEGINS_ANEW) & (2 * pl.col("missing") > pl.col("highest"))
    return found.filter((pl.col("missing") > 0) & ~anew).drop("highest")


def gaps_told(found: pl.DataFrame) -> list[str]:
    """One sentence for each of the first gaps, and one for the rest."""
    told = [
        f"trace numbers missing at terminal {terminal}{f', batch {batch}' if batch else ''}: {missing:,} "
        f"between {after} and {before}"
        for _, terminal, batch, after, before, missing in found.head(MOST_TOLD).iter_rows()
    ]
    rest = found.slice(MOST_TOLD)
    more = f"trace numbers missing in {rest.height:,} more places: {rest['missing'].sum():,}"
    return [*told, more] if rest.height else told
