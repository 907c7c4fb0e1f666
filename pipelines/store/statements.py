"""What the books hold of bank statements: their balances, and which entries are told by several of them."""

from __future__ import annotations

import polars as pl

from pipelines.store.connection import Store


def balances(store: Store) -> pl.DataFrame:
    """First opening and last closing balance of every statement and currency, in the columns that `gaps` asks for.

    Reports within a day and notices are no statements. A balance without a date has the days of its file.
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
        FROM book.balances b JOIN book.files f USING (file_id)
        WHERE f.state = 'loaded' AND f.side = 'bank' AND coalesce(f.standing, 'final') = 'final'
        GROUP BY b.account, b.currency, b.file_id, f.name, b.line, b.statement
        HAVING last_day IS NOT NULL
        """
    ).drop("opened", "closed")
