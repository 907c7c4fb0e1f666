"""The small rows that are kept of each journal: written when it is loaded, gone when it is taken back or too old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from pipelines.checks import summaries
from pipelines.signal_settings import Signals
from pipelines.store import parts
from pipelines.store.connection import Store

OF_FILES = ("terminal_days", "merchant_days", "given_days", "card_days", "clock_days")
"""Tables whose rows leave with their file."""

ADDED = (*summaries.COUNTS, "stans")


def of_day(names: Iterable[str]) -> str:
    """Columns of a terminal's day, all its rows put together."""
    told = {
        **{name: f"CAST(sum({name}) AS BIGINT)" for name in ADDED},
        **{name: f"min({name})" for name in summaries.LOWEST},
        **{name: f"max({name})" for name in summaries.HIGHEST},
    }
    return ", ".join(f"{told[name]} AS {name}" for name in names)


_WHOLE = of_day((*ADDED, *summaries.LOWEST, *summaries.HIGHEST))
DAYS = f"SELECT unit, terminal_id, day, max_by(merchant_id, (row_count, merchant_id)) AS merchant_id, {_WHOLE}"
_NAMES = ", ".join((*ADDED, *summaries.LOWEST, *summaries.HIGHEST))


def keep(store: Store, file_id: int, rows: pl.DataFrame, settings: Signals) -> None:
    """The small rows of a journal's part, inside the caller's transaction. rows: as they are stored."""
    hourly = summaries.by_hour(rows, settings)
    number = pl.lit(file_id, pl.Int32)
    for table, told in (
        ("terminal_days", summaries.terminal_days(hourly)),
        ("merchant_days", summaries.merchant_days(hourly)),
        ("given_days", summaries.given_days(rows)),
    ):
        store.later.add(store, table, told.with_columns(file_id=number))


MOST_PARTED = 2
"""So many rows of a terminal's day may stand in the books."""

_LISTS = ", ".join(f"flatten(list({name} ORDER BY first_at, hours))" for name in ("hours", "hour_sales"))
_TOGETHER = (
    (
        "terminal_days",
        f"unit, terminal_id, day, merchant_id, {_NAMES}, hours, hour_sales, hour_bits, file_id",
        f"{DAYS}, {_LISTS}, bit_or(hour_bits), file_id",
        "unit, terminal_id, day, file_id",
    ),
    (
        "merchant_days",
        "day, merchant_id, row_count, file_id",
        "SELECT day, merchant_id, sum(row_count), file_id",
        "day, merchant_id, file_id",
    ),
    (
        "given_days",
        "day, merchant_id, operator_id, terminal_id, refunds, voids, file_id",
        "SELECT day, merchant_id, operator_id, terminal_id, sum(refunds), sum(voids), file_id",
        "day, merchant_id, operator_id, terminal_id, file_id",
    ),
)
"""Table, columns, how they are put together, and what stays one row each."""


def put_together(store: Store, file_id: int) -> None:
    """One row for each day's terminal, merchant or cashier of a file that came in parts: nights ask for few rows.

    A file that is told terminal by terminal is left as it is: hardly any of them stands in two parts.
    """
    store.later.put(store)
    counted = "SELECT count(*), count(DISTINCT (unit, terminal_id, day)) FROM book.terminal_days WHERE file_id = ?"
    ((rows, whole),) = store.execute(counted, [file_id])
    if rows < MOST_PARTED * whole:
        return
    for table, columns, summed, keys in _TOGETHER:
        together = f"{summed} FROM book.{table} WHERE file_id = ? GROUP BY {keys}"
        store.execute(f"CREATE OR REPLACE TEMP TABLE whole AS {together}", [file_id])
        store.execute(f"DELETE FROM book.{table} WHERE file_id = ?", [file_id])
        store.execute(f"INSERT INTO book.{table} ({columns}) FROM whole")
    store.execute("DROP TABLE whole")


def keep_cards(store: Store, file_id: int, often: pl.Series) -> None:
    """The cards that came often in a journal. often: ids of rows that may be theirs."""
    if often.is_empty():
        return
    source = parts.of_files(store, "journal", {file_id})
    rows = store.frame(
        f"SELECT merchant_id, card_no, business_date, status FROM {source} SEMI JOIN known USING (row_id)",
        known=often.alias("row_id").to_frame(),
    )
    store.append("card_days", summaries.card_days(rows).with_columns(file_id=pl.lit(file_id, pl.Int32)))


def forget(store: Store, file_id: int) -> None:
    """A file was taken back."""
    for table in OF_FILES:
        store.execute(f"DELETE FROM book.{table} WHERE file_id = ?", [file_id])


def prune(store: Store, before: date) -> None:
    """Days before a date go, inside the caller's transaction: no later day is judged by them. Incidents stay."""
    for table in OF_FILES:
        store.execute(f"DELETE FROM book.{table} WHERE day < ?", [before])
    children = "SELECT exception_id FROM book.incident_children"
    store.execute(f"DELETE FROM book.break_rows WHERE day < ? AND exception_id NOT IN ({children})", [before])
