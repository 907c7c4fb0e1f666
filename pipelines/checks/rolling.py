"""The books from night to night: what is open, what came, what was settled, and the bank's own balances."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.checks.proof import Line

ROLLED = {
    "side": pl.String,
    "currency": pl.String,
    "what": pl.String,
    "row_count": pl.Int64,
    "amount_minor": pl.Int64,
}
OPEN = ("waiting", "excepted")


def rolled(
    proof: Iterable[Line], came: pl.DataFrame, statements: pl.DataFrame, told_again: pl.DataFrame
) -> pl.DataFrame:
    """Sums of a night by `side`, `currency` and `what`: in, open, settled, came; of banks also their balances.

    proof: the night's; came: `side`, `currency`, `row_count`, `amount_minor` of all files that ever came; statements:
    the columns of `balances.Statement` with `file_id`; told_again: the same of bank entries that another file tells.
    """
    found = []
    for line in proof:
        key = (line.side, line.currency)
        found.append((*key, "in", line.rows_in, line.amount_in_minor))
        for what, states in (("open", OPEN), ("settled", ("matched", "out_of_scope"))):
            parts = [part for part in line.parts if part.state in states]
            found.append((*key, what, sum(p.rows for p in parts), sum(p.amount_minor for p in parts)))
    sums = pl.DataFrame(found, schema=ROLLED, orient="row")
    more = [came.with_columns(what=pl.lit("came")), told_again.with_columns(what=pl.lit("told again"))]
    return pl.concat([sums, _balances(statements), *(frame.select(list(ROLLED)) for frame in more)])


def _balances(statements: pl.DataFrame) -> pl.DataFrame:
    """The first opening and the last closing balance of the accounts of each currency."""
    whole = statements.filter(pl.col("opening").is_not_null() & pl.col("closing").is_not_null())
    ordered = whole.sort("last_day", "first_day", "file_id", "line")
    accounts = ordered.group_by("account", "currency").agg(pl.col("opening").first(), pl.col("closing").last())
    both = accounts.unpivot(["opening", "closing"], index="currency", variable_name="end", value_name="amount_minor")
    summed = both.group_by("currency", "end").agg(
        row_count=pl.len().cast(pl.Int64), amount_minor=pl.col("amount_minor").sum()
    )
    told = summed.with_columns(side=pl.lit("bank"), what=pl.concat_str(pl.lit("bank "), "end"))
    return told.select(list(ROLLED)).sort("currency", "what")
