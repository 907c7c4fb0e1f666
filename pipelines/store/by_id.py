"""Stored rows by id, as matching works on them; what a night has read whole is not read again.

Several questions of a night name the same rows, and each reading goes through all parts of their files, however few
rows are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipelines.store import carried, parts

if TYPE_CHECKING:
    from pipelines.store.connection import Store

JOURNAL = (
    "row_id, merchant_id, terminal_id, batch_no, stan, rrn, txn_type, channel, amount_minor, currency, txn_time, "
    "business_date, status, original_rrn, order_no, card_no"
)
SETTLEMENT = (
    "row_id, file_id, acquirer, settlement_date, payout_id, record_type, merchant_id, terminal_id, batch_no, stan, "
    "rrn, txn_time, business_date, gross_minor, net_minor, currency, original_rrn, order_no, reason_code"
)
BANK = "row_id, account, booking_date, amount_minor, currency, bank_ref, end_to_end_id, remittance, counterparty"
COLUMNS = {"journal": JOURNAL, "settlement": SETTLEMENT, "bank": BANK}

MOST_READ = 500_000
"""Rows of a side that are held in memory until the night has written what is open; of more each question reads its
own."""


def rows_of(
    store: Store, side: str, row_ids: pl.Series, columns: Sequence[str] | None = None, *, again: bool = True
) -> pl.DataFrame:
    """Stored rows by id, in these columns, else in those matching works on, in the order of their ids.

    again: whether the next night may ask for them, too (`carried`).
    """
    whole = COLUMNS[side].split(", ")
    told = whole if columns is None else columns
    kept = carried.rows(store, side, row_ids, told)
    if again:
        carried.note(store, side, row_ids)
    left = row_ids.alias("row_id").to_frame().join(kept, on="row_id", how="anti")
    if left.is_empty():
        return kept
    found = [kept]
    if set(told) <= set(whole):
        for read in store.read.get(side, ()):
            found.append(read.join(left, on="row_id", how="semi").select(told))
            left = left.join(found[-1], on="row_id", how="anti")
    if left.height:
        source = parts.of_rows(store, side, left["row_id"])
        rows = store.frame(f"SELECT {', '.join(told)} FROM {source} SEMI JOIN left_out USING (row_id)", left_out=left)
        if columns is None and _has_room(store, side, rows.height):
            store.read.setdefault(side, []).append(rows)
        found.append(rows)
    return pl.concat(found).sort("row_id")


def read_ahead(store: Store, side: str, row_ids: pl.Series) -> None:
    """Read rows at once that will be asked for in several questions, where they are not too many to be held."""
    wanted = row_ids.unique()
    if _has_room(store, side, wanted.len()):
        rows_of(store, side, wanted)


def _has_room(store: Store, side: str, more: int) -> bool:
    return more + sum(read.height for read in store.read.get(side, ())) <= MOST_READ
