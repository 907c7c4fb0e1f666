"""Control totals of delimited files: what the trailer declares against what the lines add up to."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import polars as pl

from pipelines.money import EXPONENTS
from pipelines.sources.base import Side, SourceError, Totals

SUMS: dict[Side, dict[str, str]] = {
    "journal": {"amount": "amount_minor"},
    "settlement": {"gross": "gross_minor", "fee": "fee_minor", "net": "net_minor"},
    "bank": {"closing": "amount_minor"},
}


def declared_totals(trailer: re.Match[str], line: int, digits: int) -> dict[str, int]:
    """Named groups of a trailer as counts and as integers of 10**-digits; SourceError where one is no number."""
    found: dict[str, int] = {}
    for name, text in trailer.groupdict().items():
        if text is None:
            continue
        try:
            number = Decimal(text.replace(",", ""))
            found[name] = int(text) if name == "rows" else int(number.scaleb(digits).to_integral_exact())
        except (InvalidOperation, ValueError):
            raise SourceError(f"the trailer's {name} {text!r} is not a number", line=line) from None
    return found


def common_digits(rows: pl.DataFrame) -> int:
    """Decimals in which sums over all currencies of a file are whole numbers."""
    return max((EXPONENTS.get(c, 2) for c in rows["currency"].drop_nulls().unique()), default=2)


def _sum(rows: pl.DataFrame, column: str, digits: int) -> int:
    lift = pl.col("currency").replace_strict(
        {c: 10 ** (digits - EXPONENTS.get(c, 2)) for c in rows["currency"].drop_nulls().unique()},
        default=1,
        return_dtype=pl.Int64,
    )
    return int(rows.select((pl.col(column) * lift).sum()).item() or 0)


def totals_of(rows: pl.DataFrame, refused: int, side: Side, declared: dict[str, int], digits: int) -> Totals:
    """Compare declared totals with the lines, rejected ones included where their amount can be read.

    rows: canonical rows before validation; refused: lines that are no rows. PAYOUT lines count in rows and not in
    the sums (contract.md). A sum is not compared where a cell it needs is unreadable.
    """
    counted = rows.filter(pl.col("record_type").fill_null("") != "PAYOUT") if side == "settlement" else rows
    computed = {"rows": rows.height + refused}
    computed |= {name: _sum(counted, column, digits) for name, column in SUMS[side].items()}
    if side == "bank":
        if "opening" in declared:
            computed["opening"] = declared["opening"]
            computed["closing"] += declared["opening"]
        else:
            del computed["closing"]
    unreadable = refused or any(counted[column].null_count() for column in SUMS[side].values())
    unchecked = frozenset(SUMS[side]) if unreadable else frozenset()
    broken = _broken_chain(rows, declared, digits) if side == "bank" and not unreadable else None
    return Totals(declared, computed, contradiction=broken, unchecked=unchecked)


def _broken_chain(rows: pl.DataFrame, declared: dict[str, int], digits: int) -> str | None:
    """First line whose balance is not the balance before it plus its amount, in an account's own order."""
    one_account = rows["account"].n_unique() <= 1 and rows["currency"].n_unique() <= 1
    if rows.is_empty() or rows["balance_minor"].null_count() or not one_account:
        return None
    lift = 10 ** (digits - EXPONENTS.get(rows["currency"][0], 2))
    opening = declared["opening"] // lift if "opening" in declared else None
    before = pl.col("balance_minor").shift(1, fill_value=opening)
    off = rows.filter(before.is_not_null() & (before + pl.col("amount_minor") != pl.col("balance_minor")))
    if off.is_empty():
        return None
    return f"line {off['line'][0]}: the balance is not the balance before it plus the amount"
