"""Which columns of a frame say anything: most files and partitions are of one acquirer, currency and kind."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def distinct(column: pl.Series) -> pl.Series:
    """Its values, blank among them, each once; many a column holds one, which is told at a glance."""
    if column.len() and not column.null_count() and (column == column[0]).all():
        return column.head(1)
    return column.unique()


def differing(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of the columns that do not hold one value in all rows, or one blank.

    Rows are grouped by these alone: to group by texts that are all the same takes several times as long.
    """
    if rows.is_empty():
        return list(names)
    one = rows.select(pl.col(names).eq_missing(pl.col(names).first()).all()).row(0, named=True)
    return [name for name in names if not one[name]]


def grouped_by(rows: pl.DataFrame, names: Sequence[str], **sums: pl.Expr) -> pl.DataFrame:
    """Rows added up by some columns: these, then the sums; of no rows nothing."""
    by = differing(rows, names)
    same = {name: pl.col(name).first() for name in names if name not in by}
    found = rows.group_by(by).agg(**same, **sums) if by else rows.select(**same, **sums)
    return found.select(*names, *sums)
