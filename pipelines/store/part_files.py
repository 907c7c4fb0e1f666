"""How a part is written to disk: as what its columns are, and of which the least and greatest values are told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from pipelines.store import durable

_DISTINCT = frozenset(
    {
        *("stan", "rrn", "auth_code", "card_no", "order_no", "original_rrn", "acquirer_ref", "remittance"),
        *("bank_ref", "end_to_end_id"),
    }
)
"""Texts that hardly repeat: a dictionary of them is work for nothing."""

_SIDE_BY_SIDE = frozenset({"auth_code"})
"""Texts of one length without any order: their signs beside each other, and not each behind its length."""

_ASKED_BY_RANGE = frozenset(
    {
        *("row_id", "journal_row_id", "settlement_row_id"),
        *("business_date", "settlement_date", "booking_date", "txn_time"),
    }
)
"""Columns by whose least and greatest values a reader may pass over rows."""


def write(path: Path, rows: pl.DataFrame) -> None:
    """Write and flush a part."""
    with durable.writing(path):
        pq.write_table(
            rows.to_arrow(compat_level=pl.CompatLevel.newest()),
            path,
            compression="zstd",
            compression_level=1,
            use_dictionary=[n for n, kind in rows.schema.items() if kind == pl.String and n not in _DISTINCT],
            column_encoding={n: how for n, kind in rows.schema.items() if (how := _encoding(n, kind))},
            write_statistics=[name for name in rows.columns if name in _ASKED_BY_RANGE],
            store_schema=False,
        )


def row_range(path: Path) -> tuple[int, int] | None:
    """The least and the greatest `row_id` of a part; None where it does not tell them."""
    told = pq.read_metadata(path)
    place = told.schema.names.index("row_id")
    known = [told.row_group(group).column(place).statistics for group in range(told.num_row_groups)]
    if not known or any(each is None or not each.has_min_max for each in known):
        return None
    return min(each.min for each in known), max(each.max for each in known)


def _encoding(name: str, kind: pl.DataType) -> str | None:
    """How a column is written that is not written plainly.

    Ids, lines, times and amounts as differences: fewer bytes, in half of the time, and read in a quarter of it.
    """
    if name in _SIDE_BY_SIDE:
        return "DELTA_LENGTH_BYTE_ARRAY"
    return "DELTA_BINARY_PACKED" if kind in (pl.Int64, pl.Int32, pl.Date, pl.Datetime) else None
