"""What rested on a file's rows without being paired with them: it is open, or looked at, again."""

from __future__ import annotations

import polars as pl

from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import by_id, parts
from pipelines.store.connection import Store, numbers

_OPEN = "INSERT INTO book.open_rows (side, row_id, state, reason) SELECT side, row_id, 'waiting', 'TIMING'"

_BACK = "('CHARGEBACK', 'REPRESENTMENT')"


def reopen_originals(store: Store, inside: str) -> None:
    """Rows that a void or reversal of the file undid: closed ones, and failed payments that it excused."""
    named = " UNION ".join(
        f"""
        SELECT j.row_id FROM book.journal j SEMI JOIN (
            SELECT merchant_id, original_rrn FROM book.journal
            WHERE row_id {inside} AND txn_type IN ('VOID', 'REVERSAL') AND status = 'APPROVED'
        ) v ON j.merchant_id = v.merchant_id AND j.{reference} = v.original_rrn WHERE NOT j.row_id {inside}
        """
        for reference in ("rrn", "order_no")
    )
    closed = f"SELECT side, row_id FROM book.out_of_scope WHERE side = 'journal' AND row_id IN ({named})"
    _open_closed(store, closed)
    ids = ", ".join(
        str(row_id)
        for (row_id,) in store.execute(
            f"SELECT row_id FROM book.journal WHERE status <> 'APPROVED' AND row_id IN ({named}) AND row_id IN ("
            "SELECT journal_row_id FROM book.matches)"
        )
    )
    if ids:
        pairs = f"SELECT journal_row_id, settlement_row_id FROM book.matches WHERE journal_row_id IN ({ids})"
        both = f"SELECT 'journal' AS side, journal_row_id AS row_id FROM ({pairs}) UNION ALL SELECT 'settlement', "
        store.execute(f"{_OPEN} FROM ({both} settlement_row_id FROM ({pairs}))")
        parts.drop_matches(store, f"journal_row_id IN ({ids})")


def watch_again(store: Store, inside: str) -> None:
    """Journal rows of other files that name rows of the file, or that its rows name: their story is another now."""
    mine = "SELECT merchant_id, {} AS ref FROM book.{} WHERE row_id " + inside
    refs = " UNION ".join(mine.format(name, side) for side in ("journal", "settlement") for name in ("rrn", "order_no"))
    naming = f"""
        SELECT DISTINCT if(j.txn_type = 'REFUND', 'refund', 'completion') AS kind, j.row_id FROM book.journal j
        SEMI JOIN ({refs}) k ON j.merchant_id = k.merchant_id AND j.original_rrn = k.ref
        WHERE j.txn_type IN ('REFUND', 'PREAUTH_COMPLETION')
    """
    originals = mine.format("original_rrn", "journal")
    named = " UNION ".join(
        f"""
        SELECT DISTINCT if(j.txn_type = 'PREAUTH', 'preauth', 'charge') AS kind, j.row_id FROM book.journal j
        SEMI JOIN ({originals}) k ON j.merchant_id = k.merchant_id AND j.{name} = k.ref
        WHERE j.txn_type IN ('PREAUTH', 'SALE')
        """
        for name in ("rrn", "order_no")
    )
    store.execute(
        f"INSERT INTO book.watched SELECT kind, row_id FROM ({naming} UNION {named}) n WHERE NOT row_id {inside} "
        "AND NOT EXISTS (FROM book.watched w WHERE w.kind = n.kind AND w.row_id = n.row_id)"
    )


def reopen_chargebacks(store: Store, file_ids: list[int]) -> None:
    """Closed chargebacks and representments of the sales and amounts that these files speak of, to be counted anew.

    A chargeback may come after its representment: late, or again in a corrected file.
    """
    if not file_ids:
        return
    here = f"SELECT row_id FROM {parts.of_files(store, 'settlement', file_ids)} WHERE file_id IN ({numbers(file_ids)})"
    theirs = _back(store, f"{here} AND record_type IN {_BACK}")
    if theirs.is_empty():
        return
    closed = _back(store, f"SELECT row_id FROM book.out_of_scope WHERE side = 'settlement' AND kind IN {_BACK}")
    others = closed.filter(~(pl.col("row_id") // LINES_PER_FILE).is_in(file_ids) & pl.col("sale").is_not_null())
    alike = others.join(theirs, on=["acquirer", "merchant_id", "sale", "size"], how="semi", nulls_equal=True)
    if alike.height:
        with store.registered(alike=alike.select("row_id")):
            _open_closed(
                store,
                "SELECT side, row_id FROM book.out_of_scope WHERE side = 'settlement' AND row_id IN (FROM alike)",
            )


def _back(store: Store, query: str) -> pl.DataFrame:
    """Chargebacks and representments by a query of `row_id`: `sale` they speak of (`aftermath.keyed`) and `size`."""
    named = ("row_id", "acquirer", "merchant_id", "rrn", "order_no", "original_rrn", "gross_minor", "net_minor")
    lines = by_id.rows_of(store, "settlement", store.frame(query)["row_id"], named)
    wallet = pl.col("rrn").is_null() & pl.col("order_no").is_not_null()
    return lines.select(
        *("row_id", "acquirer", "merchant_id"),
        sale=pl.coalesce("original_rrn", pl.when(wallet).then("order_no").otherwise("rrn")),
        size=pl.when(pl.col("gross_minor") == 0).then("net_minor").otherwise("gross_minor").abs(),
    )


def reopen_adjustments(store: Store, file_id: int, inside: str) -> None:
    """Adjustments of other files that settled an exception which rested on the file: they explain nothing now."""
    resting = f"""
        SELECT by_row_id, side, row_id FROM book.adjusted a
        WHERE NOT by_row_id {inside} AND (coalesce(row_id {inside}, false) OR EXISTS (
            FROM book.exception_events e, book.files f WHERE f.file_id = {int(file_id)}
            AND e.exception_id = a.exception_id AND list_contains([r.file FOR r IN e.evidence], f.name)))
    """
    rows = store.execute(resting)
    if not rows:
        return
    lines = ", ".join(str(row_id) for row_id, _, _ in rows)
    closed = " OR ".join(f"(side = '{side}' AND row_id = {row_id})" for _, side, row_id in rows if side)
    closed = f"(side = 'settlement' AND row_id IN ({lines})) OR {closed or 'false'}"
    _open_closed(store, f"SELECT side, row_id FROM book.out_of_scope WHERE ({closed}) AND NOT row_id {inside}")
    store.execute(f"DELETE FROM book.adjusted WHERE by_row_id IN ({lines})")


def _open_closed(store: Store, closed: str) -> None:
    """Rows out of scope, as a query of `side` and `row_id`, are open again."""
    store.execute(f"{_OPEN} FROM ({closed})")
    store.execute(f"DELETE FROM book.out_of_scope WHERE (side, row_id) IN ({closed})")
