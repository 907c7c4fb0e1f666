"""The words and optional columns of a report of an acquirer abroad."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from schemas.validation import shown

MOST_TOLD = 5
"""Unknown words that are named in warnings."""

TAKES_A_SIGN = {"SALE": 1, "REFUND": -1}


def optional(cells: pl.DataFrame, *names: str) -> pl.Expr:
    """The first filled one of some columns, those that the report does not have left aside."""
    there = [pl.col(name) for name in names if name in cells.columns]
    return pl.coalesce(there) if there else pl.lit(None, pl.String)


def by_word(words: pl.Series, code: Callable[[str], str | None]) -> pl.Series:
    """What a function says of each word, asked once for each that is there; blank stays blank."""
    there = words.drop_nulls().unique().to_list()
    said = dict(zip(there, map(code, there), strict=True))
    return words.replace_strict(said, default=None, return_dtype=pl.String) if said else words


def words_of(cells: pl.DataFrame, *names: str) -> pl.Series:
    """`optional` as a column, for `by_word`."""
    return cells.with_columns(_words=optional(cells, *names))["_words"]


def with_honest_types(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn a sale that takes money, or a refund that brings it, into an adjustment; its reason code tells which."""
    kind, gross = pl.col("record_type"), pl.col("gross_minor")
    turned = pl.any_horizontal((kind == name) & (gross * sign < 0) for name, sign in TAKES_A_SIGN.items())
    return rows.with_columns(record_type=pl.when(turned).then(pl.lit("ADJUSTMENT")).otherwise(kind))


def counted(words: pl.Series) -> pl.DataFrame:
    """`word`, `n`: how often each word of a column stands in it."""
    return words.drop_nulls().alias("word").to_frame().group_by("word", maintain_order=True).agg(n=pl.len())


def unknown_words(words: pl.DataFrame, known: Callable[[str], bool]) -> tuple[str, ...]:
    """Warnings for words as `counted` that no mapping knows, most frequent first; their lines are adjustments."""
    all_of = words.group_by("word", maintain_order=True).agg(pl.col("n").sum()).sort("n", descending=True)
    unknown = [(word, n) for word, n in all_of.iter_rows() if not known(word)]
    told = [f"type {shown(w)!r} is unknown: {n} line(s) are taken as adjustments" for w, n in unknown[:MOST_TOLD]]
    more = len(unknown) - len(told)
    return (*told, *([f"{more} more types are unknown"] if more else []))
