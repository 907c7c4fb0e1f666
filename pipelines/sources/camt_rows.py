"""The entries of a camt message as texts, all at once to the canonical columns of the bank side."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.money import CURRENCIES, minor_units
from pipelines.sources.base import NO_BALANCES
from pipelines.sources.camt_entries import RAW_COLUMNS, Row
from pipelines.sources.camt_statement import CLOSING, OPENING, Balance, Statement, iso_day
from pipelines.sources.pan import mask_text_series
from schemas import BANK, canonical

ROWS_AT_ONCE = 1 << 12
"""What is made of the texts on the way takes many times their room: part by part it stays small."""

BESIDE = ("place", "debit", "assumed_date")
"""Columns of `canonical_rows` that are no bank columns."""

OPTIONAL = ("statement", "reversal", "batch_count")


def raw_rows(rows: list[Row]) -> pl.DataFrame:
    """Entries as texts, in the columns of RAW_COLUMNS."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(RAW_COLUMNS)
    return pl.DataFrame(dict(zip(RAW_COLUMNS, columns, strict=True)), schema=RAW_COLUMNS)


def canonical_rows(
    raw: pl.DataFrame, statements: Sequence[tuple[str | None, str | None, str | None]], first: int = 0
) -> pl.DataFrame:
    """All entries with the canonical bank columns, and beside them `place`, `debit`, `assumed_date`.

    raw: entries as texts, as `raw_rows` gives them; statements: account number, last day and name of each from the
    `first` one on, which is the one of this `place`. A cell that cannot be read is null and told in `unreadable`.
    """
    told = pl.DataFrame(statements, schema=dict.fromkeys(("account", "day", "statement"), pl.String), orient="row")
    parts = raw.iter_slices(ROWS_AT_ONCE) if raw.height else [raw]
    return pl.concat([_canonical(part, told, first) for part in parts], rechunk=True)


def _canonical(raw: pl.DataFrame, statements: pl.DataFrame, first: int) -> pl.DataFrame:
    of_statement = statements[raw["place"] - first] if raw.height else statements.clear()
    plain = pl.col("amount").str.contains(r"^[0-9.]+$")
    unsigned = raw.with_columns(pl.when(plain).then(pl.col("amount").str.replace("^0+([0-9])", "$1")))
    read = raw.hstack(of_statement).with_columns(
        _minor(unsigned),
        mask_text_series(raw["remittance"]),
        mask_text_series(raw["counterparty"]),
        pl.lit(None, pl.Int64).alias("balance_minor"),
    )
    return read.select(
        pl.col("place"),
        pl.col("booked").is_null().alias("assumed_date"),
        pl.when("debit").then(-pl.col("minor")).otherwise("minor").alias("amount_minor"),
        _day("booked").fill_null(_day("day", pl.col("booked").is_null())).alias("booking_date"),
        _day("valued").alias("value_date"),
        _unreadable().alias("unreadable"),
        pl.exclude("place", "minor", "booked", "valued", "amount", "fault", "offset", "day"),
    ).select(*BESIDE, *canonical(BANK, OPTIONAL))


def balance_rows(statements: list[Statement], lines: list[int], account: str | None) -> pl.DataFrame:
    """First opening and last closing balance of each statement and currency, in the columns of NO_BALANCES.

    lines: of each statement; account: of those that name none. Left out where the account is unknown or the balance
    cannot be read.
    """
    rows = [
        (line, number, statement.name, kind, iso_day(balance.day), balance.minor, currency)
        for statement, line in zip(statements, lines, strict=True)
        for kind, found in _ends(statement)
        for currency, (balance, *_) in found.items()
        if (number := statement.account or account) is not None and balance.minor is not None
    ]
    return pl.DataFrame(rows, schema=NO_BALANCES.schema, orient="row")


def _ends(statement: Statement) -> tuple[tuple[str, dict[str, list[Balance]]], ...]:
    opening, closing = statement.ends(OPENING, last=False), statement.ends(CLOSING, last=True)
    return ("opening", opening), ("closing", closing)


def _minor(unsigned: pl.DataFrame) -> pl.Series:
    """Minor units of `amount`, null where it is none (`minor_units` relies on one known currency)."""
    if not unsigned["currency"].is_in(CURRENCIES).any():
        return pl.Series("minor", [None] * unsigned.height, dtype=pl.Int64)
    return minor_units(unsigned, "amount", "currency").alias("minor")


def _day(column: str, where: pl.Expr | None = None) -> pl.Expr:
    """The date as printed, of a date or a time of day with any offset."""
    text = pl.col(column)
    printed = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([TZ +-]|$)")
    shown = printed if where is None else printed & where
    return pl.when(shown).then(text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False))


def _unreadable() -> pl.Expr:
    """Which cells of the entry could not be read; null where all could."""
    amount, currency = pl.col("amount"), pl.col("currency")
    cell = pl.format("Amt {} {}", amount.str.slice(0, 40).fill_null("(none)"), currency.fill_null("(no Ccy)"))
    is_number = amount.str.contains(r"^([0-9]+\.?[0-9]*|\.[0-9]+)$").fill_null(value=False)
    known = currency.is_in(CURRENCIES).fill_null(value=False)
    why = (
        pl.when(is_number & known)
        .then(pl.lit(" is finer than the minor unit, or too long"))
        .when(is_number)
        .then(pl.lit(" has no ISO 4217 currency"))
        .otherwise(pl.lit(" is no unsigned amount"))
    )
    no_amount = pl.col("fault").is_null() & pl.col("minor").is_null()
    no_day = pl.col("booked").is_null() & _day("day").is_null()
    reasons = pl.concat_str(
        pl.col("fault"),
        pl.when(no_amount).then(pl.concat_str(cell, why)),
        pl.when(_day("booked").is_null()).then(pl.format("BookgDt {} is no date", pl.col("booked").str.slice(0, 40))),
        pl.when(_day("valued").is_null()).then(pl.format("ValDt {} is no date", pl.col("valued").str.slice(0, 40))),
        pl.when(no_day).then(pl.lit("BookgDt is missing, and neither closing balance nor CreDtTm dates it")),
        separator="; ",
        ignore_nulls=True,
    )
    return pl.when(reasons != "").then(reasons)
