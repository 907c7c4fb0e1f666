"""What else is on record of a break: the other lines that its evidence must show (exceptions.md, evidence to keep)."""

from __future__ import annotations

import polars as pl

from pipelines.store import by_id, parts
from pipelines.store.connection import Store
from pipelines.store.keys import REFERENCES

UNDOING = ("VOID_NOT_SETTLED", "REVERSAL_NOT_SETTLED")
AGAIN = "DUPLICATE_SETTLEMENT"
BY = REFERENCES["settlement"]
PAIR = ("journal_row_id", "settlement_row_id")


def with_traces(store: Store, breaks: pl.DataFrame) -> pl.DataFrame:
    """Breaks with `sale_rows` and `settled_rows`: journal rows and settlement lines that belong to them.

    Of a void or reversal that is not settled both traces: the sale (`sale_rows`, given) and the lines that settled it.
    Of a line that came again the line that came first, and the journal row which that one settled.
    """
    twice = _paired_alike(store, breaks.filter(pl.col("type") == AGAIN))
    sales = (
        breaks.filter(pl.col("type").is_in(UNDOING)).select("type", "journal_row_id", "sale_rows").explode("sale_rows")
    )
    settled = _pairs(store, sales["sale_rows"].drop_nulls(), "journal_row_id")
    undone = sales.join(settled, left_on="sale_rows", right_on="journal_row_id", how="inner")
    undone = undone.group_by("type", "journal_row_id").agg(settled_rows=pl.col("settlement_row_id").sort())
    told = breaks.join(undone, on=["type", "journal_row_id"], how="left", maintain_order="left")
    told = told.join(twice, on=["type", "settlement_row_id"], how="left", suffix="_twice", maintain_order="left")
    both = {name: pl.coalesce(name, f"{name}_twice") for name in ("sale_rows", "settled_rows")}
    return told.with_columns(**both).drop("sale_rows_twice", "settled_rows_twice")


def _paired_alike(store: Store, again: pl.DataFrame) -> pl.DataFrame:
    """Pairs of the identity of lines that came again: `type`, `settlement_row_id`, `sale_rows`, `settled_rows`."""
    named = ["merchant_id", "terminal_id", "type"]
    asked = pl.concat([again.select("settlement_row_id", *named, ref=name) for name in BY]).drop_nulls("ref")
    alike = asked.join(_bearing(store, asked.select("merchant_id", "ref").unique()), on=["merchant_id", "ref"])
    mine = (
        alike.filter(pl.col("line") == pl.col("settlement_row_id")).select("settlement_row_id", "record_type").unique()
    )
    here = (pl.col("terminal_id") == pl.col("their_terminal")).fill_null(value=True)
    alike = alike.filter(here).join(mine, on=["settlement_row_id", "record_type"], how="semi")
    pairs = _pairs(store, alike["line"], "settlement_row_id")
    found = alike.join(pairs, left_on="line", right_on="settlement_row_id", how="inner")
    return found.group_by("type", "settlement_row_id").agg(
        sale_rows=pl.col("journal_row_id").unique().sort(), settled_rows=pl.col("line").unique().sort()
    )


def _bearing(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """Lines that bear a reference: `merchant_id`, `ref`, `line`, `record_type`, `their_terminal`."""
    known = parts.with_references(store, "settlement", dict.fromkeys(BY, keys))
    lines = by_id.rows_of(store, "settlement", known, ("row_id", "merchant_id", "terminal_id", "record_type", *BY))
    more = {"line": "row_id", "their_terminal": "terminal_id"}
    return pl.concat([lines.select("merchant_id", "record_type", **more, ref=name) for name in BY])


def _pairs(store: Store, rows: pl.Series, side: str) -> pl.DataFrame:
    """Pairs that hold one of the rows on a side of PAIR."""
    asked = rows.alias(side).cast(pl.Int64).to_frame().unique()
    if asked.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(PAIR, pl.Int64))
    return store.frame(f"SELECT {', '.join(PAIR)} FROM book.matches SEMI JOIN asked USING ({side})", asked=asked)
