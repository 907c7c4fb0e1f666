"""Running balances of a ledger or statement: does each follow from the one before it?"""

from __future__ import annotations

import polars as pl

OFF_CHAIN = "the balance is not the balance before it plus the amount"


def break_in_chain(rows: pl.DataFrame, flow: str) -> int | None:
    """Line of a ledger at which its running balances do not follow; None where they do, or cannot be compared.

    flow: column of the signed amounts, whose balance after is `balance_minor`, all of one account and currency.
    Either end of time may come first, and entries of one second stand in any order: balances hold as long as all
    but one of those before an entry are balances after another.
    """
    after, amount = pl.col("balance_minor"), pl.col(flow)
    if rows.is_empty() or rows.select((after.is_null() | amount.is_null()).any()).item():
        return None
    ends = [_breaks(rows, amount), _breaks(rows.reverse(), amount)]
    if not all(ends):
        return None
    befores = rows.select(balance=after - amount, step=pl.lit(1))
    afters = rows.select(balance=after, step=pl.lit(-1))
    steps = pl.concat([befores, afters]).group_by("balance").agg(pl.col("step").sum())
    if steps.select(pl.col("step").abs().sum()).item() <= 2:
        return None
    return min(ends, key=len)[0]


def _breaks(rows: pl.DataFrame, amount: pl.Expr) -> list[int]:
    before = pl.col("balance_minor").shift(1)
    off = rows.filter(before.is_not_null() & (before + amount != pl.col("balance_minor")))
    return off["line"].to_list()
