"""Open rows of files of which little is open still, kept apart from them: old files need not be gone through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipelines.row_ids import files_of
from pipelines.store import parts

if TYPE_CHECKING:
    from pipelines.store.connection import Store

SIDES = ("journal", "settlement", "bank")
_THIN = 8
"""A file is thin where less than one row in so many is open; of others the file itself is read."""


def keep(store: Store) -> None:
    """Take in what is open of files that have become thin, let go what is open no more. Needs tonight's open rows.

    Files of tonight are read for the next night anyway, and mostly are not thin before.
    """
    for side in SIDES:
        is_open = f"SELECT row_id FROM book.open_rows WHERE side = '{side}'"
        store.execute(f"DELETE FROM book.carried_{side} WHERE row_id NOT IN ({is_open})")
        new = store.frame(
            f"""
            WITH still AS (SELECT row_id, row_id >> 32 AS file_id FROM ({is_open})),
            sizes AS (
                SELECT file_id, sum(row_count) AS size FROM book.parts
                WHERE of_table = '{side}' AND dropped_at IS NULL AND run_no < (SELECT max(run_no) FROM book.runs)
                GROUP BY file_id
            )
            SELECT row_id FROM still ANTI JOIN book.carried_{side} USING (row_id)
            WHERE file_id IN (SELECT file_id FROM still JOIN sizes USING (file_id)
                              GROUP BY file_id, size HAVING count(*) * {_THIN} < size)
            """
        )
        if new.height:
            source = parts.of_files(store, side, files_of(new["row_id"]))
            with store.registered(new=new):
                store.execute(
                    f"INSERT INTO book.carried_{side} BY NAME SELECT {', '.join(_columns(store, side))} FROM {source} "
                    "SEMI JOIN new USING (row_id)"
                )


def rows(store: Store, side: str, row_ids: pl.Series, columns: Sequence[str]) -> pl.DataFrame:
    """Those of the rows that are kept here, by row id."""
    return store.frame(
        f"SELECT {', '.join(columns)} FROM book.carried_{side} SEMI JOIN asked USING (row_id) ORDER BY row_id",
        asked=row_ids.alias("row_id").to_frame(),
    )


def _columns(store: Store, side: str) -> list[str]:
    return [name for (name, *_) in store.execute(f"DESCRIBE book.carried_{side}")]
