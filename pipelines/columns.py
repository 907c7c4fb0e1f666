"""What columns of a frame say together: which of them say anything, sums by them, and numbers that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import polars as pl


def distinct(column: pl.Series) -> pl.Series:
    """Its values, blank among them, each once; many a column holds one, which is told at a glance."""
    return column.head(1) if is_one(column) else column.unique()


def is_one(column: pl.Series) -> bool:
    """Whether it holds one value in all rows, which is not blank; that most do not is told by their ends."""
    if column.is_empty() or column.null_count() or column[0] != column[-1]:
        return False
    return bool((column == column[0]).all())


def as_text(words: pl.Series) -> pl.Series:
    """A column of categories as plain text; many a column holds one, which is written out at once."""
    if is_one(words.to_physical()):
        return pl.Series(words.name, [words[0]], pl.String).new_from_index(0, words.len())
    return words.cast(pl.String)


def differing(rows: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of the columns that do not hold one value in all rows, or one blank.

    Rows are grouped by these alone: to group by texts that are all the same takes several times as long.
    """
    if rows.is_empty():
        return list(names)
    first, last = (rows.row(at, named=True) for at in (0, -1))
    alike = [name for name in names if first[name] == last[name]]
    one = rows.select(pl.col(alike).eq_missing(pl.col(alike).first()).all()).row(0, named=True) if alike else {}
    return [name for name in names if not one.get(name, False)]


def grouped_by(rows: pl.DataFrame, names: Sequence[str], **sums: pl.Expr) -> pl.DataFrame:
    """Rows added up by some columns: these, then the sums; of no rows nothing."""
    by = differing(rows, names)
    same = {name: pl.col(name).first() for name in names if name not in by}
    found = rows.group_by(by).agg(**same, **sums) if by else rows.select(**same, **sums)
    return found.select(*names, *sums)


_ODD = (
    *(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5, 0x85EBCA77C2B2AE63),
    *(0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53),
)
"""Multipliers whose bits are spread evenly (those of xxHash and MurmurHash3): each column has its own."""


def hash_of(columns: Sequence[pl.Expr], seed: int) -> pl.Expr:
    """A 64-bit hash of up to seven columns: hashes of each, mixed; those of two seeds are independent. 0 of none.

    As a struct they would first be written together, which takes three times as long.
    """
    mixed = [
        column.hash(seed=seed * len(_ODD) + place) * pl.lit(_ODD[place], pl.UInt64)
        for place, column in enumerate(columns)
    ]
    return reduce(add, mixed) if mixed else pl.lit(0, pl.UInt64)
