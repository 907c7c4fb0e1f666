"""What rows that stand apart from the pairs are worth, looked up once: open, out of scope, or in a deposit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.store import by_id, parts

if TYPE_CHECKING:
    from pipelines.store.connection import Store

APART = ("open_rows", "out_of_scope", "deposit_members")
WORTH = {
    "acquirer": pl.String,
    "currency": pl.String,
    "kind": pl.String,
    "amount_minor": pl.Int64,
    "net_minor": pl.Int64,
}
"""kind: transaction or record type; amount: of a settlement line its gross; acquirer and net: of settlement lines."""

_COLUMNS = {
    "journal": {"currency": "currency", "kind": "txn_type", "amount_minor": "amount_minor"},
    "settlement": {
        "acquirer": "acquirer",
        "currency": "currency",
        "kind": "record_type",
        "amount_minor": "gross_minor",
        "net_minor": "net_minor",
    },
    "bank": {"currency": "currency", "amount_minor": "amount_minor"},
}
"""Where WORTH stands in the rows of a side."""


def set_aside(store: Store) -> str:
    """What is open, and what it is worth, under a name for `valued`: tonight's rows may take its place."""
    told = f"SELECT side, row_id, {', '.join(WORTH)} FROM book.open_rows"
    store.execute(f"CREATE OR REPLACE TEMP TABLE was_open AS {told}")
    return "was_open"


def valued(store: Store, rows: pl.DataFrame, known: str = "book.open_rows") -> pl.DataFrame:
    """Rows (`side`, `row_id`) with WORTH; an acquirer that is told already stays. known: who knows it of open rows."""
    found = _known(store, rows, known)
    told = pl.concat([found, _looked_up(store, rows.join(found, on=["side", "row_id"], how="anti"))])
    joined = rows.join(told, on=["side", "row_id"], how="left", suffix="_there", maintain_order="left")
    if "acquirer_there" in joined.columns:
        joined = joined.with_columns(acquirer=pl.coalesce("acquirer", "acquirer_there")).drop("acquirer_there")
    return joined


def fill(store: Store) -> None:
    """Value the rows of a store that was written before their worth was kept."""
    for table in APART:
        rows = store.frame(f"SELECT side, row_id FROM book.{table} WHERE currency IS NULL")
        worth = _looked_up(store, rows)
        if worth.height:
            with store.registered(worth=worth):
                store.execute(
                    f"UPDATE book.{table} t SET acquirer = coalesce(t.acquirer, w.acquirer), currency = w.currency, "
                    "kind = w.kind, amount_minor = w.amount_minor, net_minor = w.net_minor "
                    "FROM worth w WHERE t.side = w.side AND t.row_id = w.row_id"
                )


def _known(store: Store, rows: pl.DataFrame, known: str) -> pl.DataFrame:
    """What was open before tonight is known."""
    return store.frame(
        f"SELECT side, row_id, {', '.join(WORTH)} FROM {known} SEMI JOIN asked USING (side, row_id) "
        "WHERE currency IS NOT NULL",
        asked=rows.select("side", "row_id"),
    )


def _looked_up(store: Store, rows: pl.DataFrame) -> pl.DataFrame:
    schema = {"side": pl.String, "row_id": pl.Int64, **WORTH}
    found = [pl.DataFrame(schema=schema)]
    for side, columns in _COLUMNS.items():
        mine = rows.filter(pl.col("side") == side)["row_id"]
        if mine.len():
            held = by_id.rows_of(store, side, mine, ["row_id", *columns.values()], again=False)
            told = {name: pl.col(columns[name]) if name in columns else None for name in WORTH}
            found.append(held.select("row_id", side=pl.lit(side), **told).cast(schema).select(*schema))  # type: ignore[arg-type]
    return pl.concat(found)


_WAITING = {
    "journal": ("business_date", "amount_minor"),
    "settlement": ("coalesce(business_date, settlement_date)", "abs(net_minor)"),
    "bank": ("booking_date", "abs(amount_minor)"),
}


def waiting_sums(store: Store) -> list[tuple[Any, ...]]:
    """What waits, added up: acquirer, day, currency, count, amount, the latest expected date, side; in this order.

    As the view `waiting_rows` tells it row by row; of history only the files of waiting rows are read.
    """
    told = []
    for side, (day, amount) in _WAITING.items():
        waits = f"SELECT row_id, acquirer, expected_by FROM book.open_rows WHERE state = 'waiting' AND side = '{side}'"
        ids = store.frame(
            f"SELECT DISTINCT row_id >> 32 AS file_id FROM ({waits}) ANTI JOIN book.carried_{side} USING (row_id)"
        )
        worth = f"row_id, {day} AS day, currency, {amount} AS amount"
        told.append(
            f"SELECT w.acquirer, r.day, r.currency, r.amount, w.expected_by, '{side}' AS side FROM ({waits}) w JOIN ("
            f"SELECT {worth} FROM {parts.of_files(store, side, ids['file_id'].to_list())} "
            f"ANTI JOIN book.carried_{side} USING (row_id) UNION ALL SELECT {worth} FROM book.carried_{side}"
            ") r USING (row_id)"
        )
    return store.execute(
        "SELECT coalesce(acquirer, ''), day, currency, count(*), CAST(sum(amount) AS BIGINT), max(expected_by), side "
        f"FROM ({' UNION ALL '.join(told)}) GROUP BY ALL ORDER BY ALL"
    )
