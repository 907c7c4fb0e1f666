"""Questions to the books of all days, asked by key: the story of a transaction, what is still watched."""

from __future__ import annotations

import polars as pl

from pipelines.store.books import JOURNAL
from pipelines.store.connection import Store

SALES = {
    "merchant_id": pl.String,
    "terminal_id": pl.String,
    "rrn": pl.String,
    "order_no": pl.String,
    "gross_minor": pl.Int64,
}


def watched_rows(store: Store) -> pl.DataFrame:
    """Journal rows that the last night left to be looked at again, with `kind`: why."""
    return store.frame(f"SELECT {JOURNAL}, w.kind FROM book.journal JOIN book.watched w USING (row_id) ORDER BY row_id")


def write_watched(store: Store, watched: pl.DataFrame) -> None:
    """Replace the watched rows: `kind`, `row_id`."""
    store.execute("DELETE FROM book.watched")
    store.append("watched", watched)


def journal_between(store: Store, spans: pl.DataFrame) -> pl.DataFrame:
    """Journal rows of other files whose time lies within a span of a file: `file_id`, `first`, `last` (local times)."""
    if spans.is_empty():
        return store.frame(f"SELECT {JOURNAL} FROM book.journal LIMIT 0")
    first, last = spans["first"].min(), spans["last"].max()
    return store.frame(
        f"""
        SELECT {JOURNAL} FROM book.journal j
        WHERE txn_time BETWEEN ? AND ? AND file_id NOT IN (SELECT file_id FROM spans)
        AND EXISTS (FROM spans s WHERE j.txn_time BETWEEN s.first AND s.last)
        """,
        [first, last],
        spans=spans,
    )


def journal_story(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """Journal rows that carry one of the references of a merchant, or that name it: `merchant_id`, `ref`."""
    if keys.is_empty():
        return store.frame(f"SELECT {JOURNAL} FROM book.journal LIMIT 0")
    return store.frame(
        f"""
        WITH hits AS (
            SELECT j.row_id FROM book.journal j
            SEMI JOIN keys k ON j.merchant_id = k.merchant_id AND j.rrn = k.ref
            UNION
            SELECT j.row_id FROM book.journal j
            SEMI JOIN keys k ON j.merchant_id = k.merchant_id AND j.order_no = k.ref
            UNION
            SELECT j.row_id FROM book.journal j
            SEMI JOIN keys k ON j.merchant_id = k.merchant_id AND j.original_rrn = k.ref
        )
        SELECT {JOURNAL} FROM book.journal WHERE row_id IN (SELECT row_id FROM hits)
        """,
        keys=keys,
    )


def no_sales() -> pl.DataFrame:
    """No settled sale at all."""
    return pl.DataFrame(schema=SALES)


def settled_sales(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """SALE lines of settlement that carry one of the references (`merchant_id`, `ref`), in the columns of SALES."""
    hits = "\nUNION ".join(
        "SELECT s.row_id FROM book.settlement s "
        f"SEMI JOIN keys k ON k.merchant_id = s.merchant_id AND k.ref = s.{key} WHERE record_type = 'SALE'"
        for key in ("rrn", "order_no")
    )
    return store.frame(f"SELECT {', '.join(SALES)} FROM book.settlement WHERE row_id IN ({hits})", keys=keys)
