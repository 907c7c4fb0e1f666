"""Control totals of delimited files: what the trailer declares against what the lines add up to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import polars as pl

from pipelines.money import EXPONENTS
from pipelines.sources.amounts import plain_number
from pipelines.sources.base import Side, SourceError, Totals
from pipelines.sources.layout import Amounts, Layout

SUMS: dict[Side, dict[str, str]] = {
    "journal": {"amount": "amount_minor"},
    "settlement": {"gross": "gross_minor", "fee": "fee_minor", "net": "net_minor"},
    "bank": {"closing": "amount_minor"},
}


_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_TURNED = ("amount", "gross", "net")


def declared_totals(trailer: re.Match[str], digits: int, amounts: Amounts) -> dict[str, int]:
    """Named groups of a trailer as counts and as integers of 10**-digits, written as the file writes its amounts.

    SourceError, without line, where one is no number or finer than the currency.
    """
    found: dict[str, int] = {}
    for name, text in trailer.groupdict().items():
        if text is None:
            continue
        counts = name == "rows" or amounts.unit == "minor"
        plain = plain_number(text, amounts)
        if not _DECIMAL.fullmatch(plain):
            raise SourceError(f"the trailer's {name} {text!r} is not a number")
        scaled = Decimal(plain) if counts else Decimal(plain).scaleb(digits)
        if scaled != int(scaled):
            raise SourceError(f"the trailer's {name} {text!r} has too many decimals")
        found[name] = -int(scaled) if amounts.sign == "negate" and name in _TURNED else int(scaled)
    return found


def common_digits(rows: pl.DataFrame) -> int:
    """Decimals in which sums over all currencies of a file are whole numbers."""
    return max((EXPONENTS.get(c, 2) for c in rows["currency"].drop_nulls().unique()), default=2)


def _sums(rows: pl.DataFrame, columns: Sequence[str], digits: int, amounts: Amounts) -> list[int]:
    """Sums of the columns over all currencies; in 128 bits, for a garbled file may hold huge numbers."""
    found = [0] * len(columns)
    parts = [rows] if rows["currency"].n_unique() <= 1 else rows.partition_by("currency")
    for part in parts:
        lift = 1 if amounts.unit == "minor" or part.is_empty() else _lift(part["currency"][0], digits)
        sums = part.select(pl.col(columns).cast(pl.Int128).sum()).row(0)
        found = [total + (value or 0) * lift for total, value in zip(found, sums, strict=True)]
    return found


def _lift(currency: str | None, digits: int) -> int:
    return int(10 ** (digits - EXPONENTS.get(currency or "", digits)))


def totals_of(rows: pl.DataFrame, refused: int, layout: Layout, declared: dict[str, int], digits: int) -> Totals:
    """Compare declared totals with the lines, rejected ones included where their amount can be read.

    rows: canonical rows before validation; refused: lines that are no rows. PAYOUT lines count in rows and not in
    the sums (contract.md). A sum is not compared where a cell it needs is unreadable.
    """
    side, sums = layout.side, SUMS[layout.side]
    counted = rows
    if side == "settlement":
        needed = rows.select("currency", "record_type", *sums.values())
        counted = needed.filter(pl.col("record_type").fill_null("") != "PAYOUT")
    computed = {"rows": rows.height + refused}
    computed |= zip(sums, _sums(counted, [*sums.values()], digits, layout.amounts), strict=True)
    if side == "bank":
        if "opening" in declared:
            computed["opening"] = declared["opening"]
            computed["closing"] += declared["opening"]
        else:
            del computed["closing"]
    unread = {name for name, column in sums.items() if refused or counted[column].null_count()}
    broken = _broken_chain(rows, declared, digits) if side == "bank" and not unread else None
    return Totals(declared, computed, broken, frozenset(unread & declared.keys()), digits)


def file_totals(
    rows: pl.DataFrame, refused: int, layout: Layout, data: bytes, trailer: tuple[re.Match[str] | None, int]
) -> Totals:
    """Control totals of a file by its trailer and the offset of it; none where the layout has no trailer."""
    found, at = trailer
    if found is None:
        return Totals()
    digits = common_digits(rows)
    try:
        declared = declared_totals(found, digits, layout.amounts)
    except SourceError as error:
        error.line = 1 + data.count(b"\n", 0, at)
        raise
    return totals_of(rows, refused, layout, declared, digits)


def _broken_chain(rows: pl.DataFrame, declared: dict[str, int], digits: int) -> str | None:
    """First line whose balance is not the balance before it plus its amount, in an account's own order.

    Banks list the oldest entry first or the newest; a chain that holds either way holds.
    """
    one_account = rows["account"].n_unique() <= 1 and rows["currency"].n_unique() <= 1
    if rows.is_empty() or rows["balance_minor"].null_count() or not one_account:
        return None
    opening = declared["opening"] // _lift(rows["currency"][0], digits) if "opening" in declared else None
    off = _off(rows, opening)
    if off is None or _off(rows.reverse(), opening) is None:
        return None
    return f"line {off}: the balance is not the balance before it plus the amount"


def _off(rows: pl.DataFrame, opening: int | None) -> int | None:
    before = pl.col("balance_minor").shift(1, fill_value=opening)
    off = rows.filter(before.is_not_null() & (before + pl.col("amount_minor") != pl.col("balance_minor")))
    return None if off.is_empty() else int(off["line"][0])
