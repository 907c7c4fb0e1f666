"""What a corrected file changes, put on record while the rows of the old one are still there."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pipelines.matching.restated import AMOUNT, restated
from pipelines.store import parts
from pipelines.store.connection import Store
from pipelines.store.row_keys import digest

COLUMNS = {
    "journal": (
        *("merchant_id", "terminal_id", "batch_no", "stan", "rrn", "auth_code", "txn_type", "channel", "card_no"),
        *("card_type", "amount_minor", "currency", "txn_time", "business_date", "response_code", "status"),
        *("original_rrn", "order_no", "operator_id"),
    ),
    "settlement": (
        *("acquirer", "settlement_date", "payout_id", "record_type", "merchant_id", "terminal_id", "batch_no", "stan"),
        *("rrn", "auth_code", "card_no", "card_type", "txn_time", "business_date", "gross_minor", "fee_minor"),
        *("net_minor", "currency", "original_rrn", "order_no", "reason_code", "acquirer_ref", "fee_micro"),
    ),
    "bank": (
        *("account", "booking_date", "value_date", "amount_minor", "currency", "bank_ref", "end_to_end_id"),
        *("remittance", "counterparty"),
    ),
}
"""What is compared. The balance after a bank entry is not: one entry more changes it in all that follow."""


def record(store: Store, side: str, file_id: int, replaced: list[int], run_no: int) -> None:
    """Write sums of both and every row in which a file differs from those it replaces, before their rows go."""
    sums = _sums(store, side, file_id, replaced)
    row = sums.with_columns(
        file_id=pl.lit(file_id, pl.Int32),
        replaced=pl.lit(replaced, pl.List(pl.Int32)),
        run_no=pl.lit(run_no, pl.Int32),
    )
    store.append("restatements", row)
    old, new = (
        _differing(store, side, mine, theirs) for mine, theirs in ((replaced, [file_id]), ([file_id], replaced))
    )
    store.append("restated_rows", restated(side, old, new).with_columns(file_id=pl.lit(file_id, pl.Int32)))


def taken_back_before(store: Store, source: str | None, day: date | None) -> list[int]:
    """Files of a source and day that people took back, and that no file has been compared with yet."""
    return [
        file_id
        for (file_id,) in store.execute(
            f"""
            SELECT file_id FROM book.files f
            WHERE state = 'retracted' AND source = ? AND expected_date IS NOT DISTINCT FROM ?
            AND file_id IN ({parts.BY_HAND})
            AND NOT EXISTS (FROM book.restatements r WHERE list_contains(r.replaced, f.file_id)) ORDER BY file_id
            """,
            [source, day],
        )
    ]


def _sums(store: Store, side: str, file_id: int, replaced: list[int]) -> pl.DataFrame:
    """Rows and sums of both by currency; one line without currency where neither holds a row."""
    told = "record_type <> 'PAYOUT'" if side == "settlement" else "true"
    sums = store.frame(
        f"""
        SELECT currency, count(*) FILTER (file_id <> ?) AS old_rows, count(*) FILTER (file_id = ?) AS new_rows,
            coalesce(CAST(sum({AMOUNT[side]}) FILTER (file_id <> ? AND {told}) AS BIGINT), 0) AS old_amount_minor,
            coalesce(CAST(sum({AMOUNT[side]}) FILTER (file_id = ? AND {told}) AS BIGINT), 0) AS new_amount_minor
        FROM {parts.ever_of_files(store, side, [file_id, *replaced])}
        WHERE list_contains(?, file_id) GROUP BY currency ORDER BY currency
        """,
        [file_id, file_id, file_id, file_id, [file_id, *replaced]],
    )
    nothing = {"currency": None, "old_rows": 0, "new_rows": 0, "old_amount_minor": 0, "new_amount_minor": 0}
    return sums if sums.height else pl.DataFrame([nothing], schema=sums.schema)


def _differing(store: Store, side: str, mine: list[int], theirs: list[int]) -> pl.DataFrame:
    """Rows of some files without those that stand in the others as they are, the n-th time as the n-th."""
    source = parts.ever_of_files(store, side, [*mine, *theirs])
    rows = f"""
        SELECT row_id, content, row_number() OVER (PARTITION BY content ORDER BY row_id) AS turn
        FROM (SELECT row_id, {digest(COLUMNS[side])} AS content FROM {source} WHERE list_contains(?, file_id))
    """
    return store.frame(
        f"""
        SELECT row_id, file_id, line, {", ".join(COLUMNS[side])} FROM {source}
        WHERE list_contains(?, file_id) AND row_id IN (
            SELECT row_id FROM ({rows}) m ANTI JOIN ({rows}) t USING (content, turn))
        """,
        [mine, mine, theirs],
    )


def of_day(store: Store, day: date) -> list[dict[str, Any]]:
    """Corrected files that the runs of a date loaded, as the view `restatements` tells them."""
    return store.frame("SELECT * FROM restatements WHERE run_date = ? ORDER BY file_id, currency", [day]).to_dicts()


def taken_back_on(store: Store, day: date) -> list[dict[str, Any]]:
    """Files that people took back in runs of a date: `name`, `source`, `reason`, `retracted_by`."""
    return store.frame(
        """
        SELECT f.name, f.source, f.error AS reason, f.retracted_by FROM files f
        JOIN book.files b USING (file_id) JOIN book.runs r ON r.run_no = b.retracted_run
        WHERE f.retracted_by IS NOT NULL AND r.business_date = ? ORDER BY f.file_id
        """,
        [day],
    ).to_dicts()


def rows_of_day(store: Store, day: date, most: int) -> list[dict[str, Any]]:
    """Rows that corrected files changed, the largest first, so many of each file at most.

    `meaning`: what the same run made of them in the register. An exception belongs to a row if it has the same
    merchant and one of its references.
    """
    return store.frame(
        """
        WITH shown AS (
            SELECT *, row_number() OVER (
                PARTITION BY file_id
                ORDER BY abs(coalesce(new_amount_minor, 0) - coalesce(old_amount_minor, 0)) DESC,
                    coalesce(new_line, old_line)) AS place
            FROM restated_rows WHERE run_date = ? QUALIFY place <= ?
        ),
        meant AS (
            SELECT s.file_id, s.place,
                list(DISTINCT e.type || ' ' || e.event ORDER BY e.type || ' ' || e.event) AS meaning
            FROM shown s JOIN book.exception_events e ON e.run_no = s.run_no AND (
                (e.merchant_id IS NOT DISTINCT FROM s.merchant_id AND (e.rrn = s.rrn OR e.order_no = s.order_no))
                OR (s.rrn IS NULL AND s.order_no IS NULL AND e.payout_id = s.payout_id) OR e.bank_ref = s.bank_ref)
            GROUP BY s.file_id, s.place
        )
        SELECT s.*, coalesce(m.meaning, []) AS meaning FROM shown s LEFT JOIN meant m USING (file_id, place)
        ORDER BY s.file_id, s.place
        """,
        [day, most],
    ).to_dicts()
