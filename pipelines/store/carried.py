"""Open rows of files of which little is open still, and rows of them that a night asked for, kept apart from them.

What a night asks for because of something that stays open the next night asks for again: so old files need not be gone
through for either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipelines.row_ids import LINES_PER_FILE, files_of
from pipelines.store import parts

if TYPE_CHECKING:
    from pipelines.store.connection import Store

SIDES = ("journal", "settlement", "bank")
MOST_KEPT = 200_000
"""Rows of a side that are held in memory; of more the store is asked each time."""

_THIN = 8
"""A file is thin where less than one row in so many is open; of others the file itself is read."""


def note(store: Store, side: str, row_ids: pl.Series) -> None:
    """Remember what was asked for of the files of earlier runs, until `keep`."""
    if store.last_old_file is None:
        ((newest,),) = store.execute(
            "SELECT coalesce(max(file_id), 0) FROM book.files WHERE run_no < (SELECT max(run_no) FROM book.runs)"
        )
        store.last_old_file = int(newest)
    old = row_ids.filter(row_ids // LINES_PER_FILE <= store.last_old_file)
    if old.len():
        store.asked.setdefault(side, []).append(old.cast(pl.Int64))


def keep(store: Store) -> None:
    """Take in what is open, or was asked for, of files that have become thin; let go what is neither.

    Needs tonight's open rows. Files of tonight are read for the next night anyway, and mostly are not thin before.
    """
    for side in SIDES:
        asked = pl.concat([pl.Series([], dtype=pl.Int64), *store.asked.pop(side, [])]).unique()
        with store.registered(asked=asked.alias("row_id").to_frame()):
            _keep(store, side)
    store.forget()


def _keep(store: Store, side: str) -> None:
    wanted = f"SELECT row_id FROM book.open_rows WHERE side = '{side}' UNION SELECT row_id FROM asked"
    store.execute(f"DELETE FROM book.carried_{side} WHERE row_id NOT IN ({wanted})")
    new = store.frame(
        f"""
        WITH still AS (SELECT row_id, row_id >> 32 AS file_id FROM ({wanted})),
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
    """Those of the rows that are kept here, by row id; a night asks for them again and again, and reads them once."""
    if side not in store.kept:
        ((count,),) = store.execute(f"SELECT count(*) FROM book.carried_{side}")
        few = count <= MOST_KEPT
        store.kept[side] = store.frame(f"SELECT * FROM book.carried_{side} ORDER BY row_id") if few else None
    kept = store.kept[side]
    if kept is not None:
        return kept.filter(pl.col("row_id").is_in(row_ids.implode())).select(columns)
    return store.frame(
        f"SELECT {', '.join(columns)} FROM book.carried_{side} SEMI JOIN asked USING (row_id) ORDER BY row_id",
        asked=row_ids.alias("row_id").to_frame(),
    )


def _columns(store: Store, side: str) -> list[str]:
    return [name for (name, *_) in store.execute(f"DESCRIBE book.carried_{side}")]
