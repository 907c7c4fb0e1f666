"""What the books hold of bank statements: their balances, and which entries are told by several of them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from pipelines.store import amounts
from pipelines.store.connection import Store

REASON = "told again by another statement"
"""Why an entry does not count; the view `bank` names the statement."""

Decide = Callable[[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame], pl.DataFrame]

_DAYS = """
    SELECT file_id, unnest(if(len(covers) > 0, covers, [expected_date])) AS day, coalesce(standing, 'final') AS standing
    FROM book.files WHERE state = 'loaded' AND side = 'bank'
"""

_SPANS = """
    SELECT file_id, state, run_no > ? OR coalesce(retracted_run, 0) > ? AS changed,
        least(list_min(covers), first_date, expected_date) AS first,
        greatest(list_max(covers), last_date, expected_date) AS last
    FROM book.files WHERE side = 'bank' AND state IN ('loaded', 'retracted')
"""


def balances(store: Store) -> pl.DataFrame:
    """First opening and last closing balance of every statement and currency, in the columns that `gaps` asks for.

    Reports within a day and notices are no statements, nor are those that were corrected. A balance without a date
    has the days of its file.
    """
    return store.frame(
        """
        SELECT b.account, b.currency, b.file_id, f.name AS file, b.line, b.statement,
            min(b.balance_date) FILTER (b.kind = 'opening') AS opened,
            max(b.balance_date) FILTER (b.kind = 'closing') AS closed,
            coalesce(closed, max(f.last_date), max(f.expected_date), opened) AS last_day,
            least(coalesce(opened, min(f.first_date), last_day), last_day) AS first_day,
            any_value(b.amount_minor) FILTER (b.kind = 'opening') AS opening,
            any_value(b.amount_minor) FILTER (b.kind = 'closing') AS closing
        FROM book.balances_told b JOIN book.files f USING (file_id)
        WHERE f.state = 'loaded' AND f.side = 'bank' AND coalesce(f.standing, 'final') = 'final'
        AND (b.file_id, b.account) NOT IN (SELECT file_id, account FROM book.corrected)
        GROUP BY b.account, b.currency, b.file_id, f.name, b.line, b.statement
        HAVING last_day IS NOT NULL
        """
    ).drop("opened", "closed")


def came(store: Store) -> pl.DataFrame:
    """Rows of all files that were ever loaded, taken back or not: `side`, `currency`, `row_count`, `amount_minor`."""
    return store.frame(
        """
        SELECT side, currency, CAST(sum(rows_in) AS BIGINT) AS row_count,
               CAST(sum(amount_in_minor) AS BIGINT) AS amount_minor
        FROM book.file_totals GROUP BY side, currency
        """
    )


def repeated(store: Store) -> pl.DataFrame:
    """Bank entries that do not count because another file tells them, in the same columns."""
    return store.frame(
        """
        SELECT 'bank' AS side, currency, count(*) AS row_count, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
        FROM book.bank SEMI JOIN book.told_again USING (row_id) GROUP BY currency
        """
    )


def write_rolled(store: Store, sums: pl.DataFrame, run_no: int) -> None:
    """Keep the night's sums: `side`, `currency`, `what`, `row_count`, `amount_minor`."""
    store.append("roll_forward", sums.with_columns(run_no=pl.lit(run_no, pl.Int32)))


def settle_repeats(store: Store, last: int, decide: Decide) -> None:
    """Decide anew which entries count, of the days that files loaded or taken back since a run speak for.

    decide: `repeats.told_again`. What no longer counts leaves its deposit group, whose other members are open again;
    what counts again is open again. Nothing is read where no two files speak for a day.
    """
    near = _near(store, last)
    if near.height < 2:
        return
    spans = store.frame(f"SELECT first, last FROM ({_SPANS}) WHERE changed", [last, last])
    entries = store.frame(
        """
        SELECT row_id, file_id, account, currency, booking_date, amount_minor, bank_ref, end_to_end_id, remittance,
            counterparty
        FROM book.bank b SEMI JOIN near USING (file_id)
        WHERE EXISTS (FROM spans WHERE b.booking_date BETWEEN spans.first AND spans.last)
        OR (b.file_id, b.account) IN (SELECT file_id, account FROM book.corrected)
        """,
        near=near,
        spans=spans,
    )
    files = store.frame(
        f"""
        WITH whose AS (
            SELECT DISTINCT file_id, account FROM book.bank SEMI JOIN near USING (file_id)
            UNION SELECT DISTINCT file_id, account FROM book.balances_told SEMI JOIN near USING (file_id)
        )
        SELECT file_id, account, standing, day FROM whose JOIN ({_DAYS}) USING (file_id)
        """,
        near=near,
    )
    ends = store.frame(
        """
        SELECT file_id, account, currency, arg_min(amount_minor, line) FILTER (kind = 'opening') AS opening,
            arg_max(amount_minor, line) FILTER (kind = 'closing') AS closing
        FROM book.balances_told SEMI JOIN near USING (file_id) GROUP BY file_id, account, currency
        """,
        near=near,
    )
    corrected = store.frame(
        "SELECT file_id, account, by_file_id FROM book.corrected SEMI JOIN near USING (file_id)", near=near
    )
    _write(store, entries, decide(entries, files, ends, corrected))


def _near(store: Store, last: int) -> pl.DataFrame:
    """Loaded files that share days with another, one of which came or went since a run: `file_id`."""
    return store.frame(
        f"""
        WITH spans AS ({_SPANS})
        SELECT DISTINCT f.file_id FROM spans f
        JOIN spans o ON (f.changed OR o.changed) AND f.first <= o.last AND f.last >= o.first AND o.file_id <> f.file_id
        WHERE f.state = 'loaded'
        """,
        [last, last],
    )


def _write(store: Store, entries: pl.DataFrame, told: pl.DataFrame) -> None:
    """Bring what is on record of these entries to what was decided."""
    stored = store.frame(
        "SELECT row_id, by_file_id, by_row_id FROM book.told_again SEMI JOIN entries USING (row_id)",
        entries=entries.select("row_id"),
    )
    keys = ["row_id", "by_file_id", "by_row_id"]
    fresh = told.join(stored, on=keys, how="anti", nulls_equal=True)
    stale = stored.join(told, on=keys, how="anti", nulls_equal=True).select("row_id")
    if fresh.is_empty() and stale.is_empty():
        return
    release(store, fresh.select("row_id"))
    explained = fresh.select(row_id="by_row_id").drop_nulls()  # the entry that counts may be known by their texts now
    counting = pl.concat([stale, explained]).unique()
    with store.registered(stale=stale, counting=counting):
        store.execute("DELETE FROM book.told_again WHERE row_id IN (FROM stale)")
        store.execute(
            """
            INSERT INTO book.open_rows (side, row_id, state, reason)
            SELECT 'bank', row_id, 'waiting', 'TIMING' FROM book.out_of_scope
            WHERE side = 'bank' AND row_id IN (FROM counting)
            """
        )
        store.execute("DELETE FROM book.out_of_scope WHERE side = 'bank' AND row_id IN (FROM counting)")
    store.append("told_again", fresh)
    with store.registered(fresh=fresh.select("row_id")):
        store.execute("DELETE FROM book.open_rows WHERE side = 'bank' AND row_id IN (FROM fresh)")
        store.execute("DELETE FROM book.out_of_scope WHERE side = 'bank' AND row_id IN (FROM fresh)")
    why = fresh.select(pl.lit("bank").alias("side"), "row_id", pl.lit(REASON).alias("reason"))
    store.append("out_of_scope", amounts.valued(store, why))


def release(store: Store, rows: pl.DataFrame) -> None:
    """Dissolve the deposit groups that hold one of these bank rows (`row_id`); their members are open again."""
    with store.registered(released=rows):
        groups = (
            "SELECT group_no FROM book.deposit_members WHERE side = 'bank' AND row_id IN (SELECT row_id FROM released)"
        )
        store.execute(
            "INSERT INTO book.open_rows (side, row_id, state, reason) "
            f"SELECT side, row_id, 'waiting', 'TIMING' FROM book.deposit_members WHERE group_no IN ({groups})"
        )
        store.execute(f"DELETE FROM book.deposit_groups WHERE group_no IN ({groups})")
        store.execute(f"DELETE FROM book.deposit_members WHERE group_no IN ({groups})")


def explained(store: Store, entries: pl.DataFrame) -> pl.DataFrame:
    """The entries with the texts that other files give of them added to `remittance`: a notice may name the payout."""
    texts = store.frame(
        """
        SELECT t.by_row_id AS row_id, string_agg(concat_ws(' ', b.remittance, b.end_to_end_id, b.bank_ref), ' ') AS more
        FROM book.told_again t JOIN book.bank b USING (row_id)
        WHERE t.by_row_id IN (SELECT row_id FROM entries)
        AND (b.file_id, b.account) NOT IN (SELECT file_id, account FROM book.corrected)
        GROUP BY t.by_row_id
        """,
        entries=entries.select("row_id"),
    )
    if texts.is_empty():
        return entries
    both = pl.concat_str("remittance", "more", separator=" ", ignore_nulls=True)
    told = entries.join(texts, on="row_id", how="left", maintain_order="left")
    more = pl.when(pl.col("more").is_null()).then("remittance").otherwise(both)
    return told.with_columns(more.alias("remittance")).drop("more")


def told_before(store: Store, entries: pl.Series) -> dict[int, list[int]]:
    """Entries that do not count because one of these (row ids) counts in their place, in the order they came."""
    found: dict[int, list[int]] = {}
    told = (
        "SELECT by_row_id, row_id FROM book.told_again SEMI JOIN entries ON by_row_id = entries.row_id ORDER BY row_id"
    )
    with store.registered(entries=entries.alias("row_id").to_frame()):
        for by_row_id, row_id in store.execute(told):
            found.setdefault(by_row_id, []).append(row_id)
    return found


def in_their_place(store: Store, rows: pl.Series) -> pl.Series:
    """Entries (row ids) that count in the place of these."""
    return store.frame(
        "SELECT by_row_id FROM book.told_again SEMI JOIN told USING (row_id) WHERE by_row_id IS NOT NULL",
        told=rows.alias("row_id").to_frame(),
    )["by_row_id"]


def counting(store: Store, entries: pl.DataFrame) -> pl.DataFrame:
    """The entries without those that another file tells again."""
    told = store.frame(
        "SELECT row_id FROM book.told_again SEMI JOIN entries USING (row_id)", entries=entries.select("row_id")
    )
    return entries.join(told, on="row_id", how="anti", maintain_order="left")
