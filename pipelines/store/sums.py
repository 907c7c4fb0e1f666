"""The sums of each part, added up when it is written; a part never changes.

Proof, bridge and rounding add up these few rows instead of all of history.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.columns import differing

if TYPE_CHECKING:
    from pipelines.store.connection import Store

REMAINDER = 1_000_000_007
"""Fingerprints are sums of row ids by this: they may be added up, and are too short to be taken for card numbers."""

SIDES = ("journal", "settlement", "bank")
SUMMED = (*SIDES, "matches")
"""Tables whose parts are added up."""

_BY = {
    "journal": {"currency": pl.col("currency")},
    "settlement": {
        "acquirer": pl.col("acquirer"),
        "currency": pl.col("currency"),
        "kind": pl.col("record_type"),
        "unpaid": pl.col("payout_id").is_null(),
    },
    "bank": {"currency": pl.col("currency")},
    "matches": {name: pl.col(name) for name in ("acquirer", "currency", "settlement_currency", "verdict", "rule")},
}


def _total(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.Int128).sum()


def _fingerprint(column: str) -> pl.Expr:
    return (pl.col(column) % REMAINDER).sum() % REMAINDER


_PLAIN = {"row_count": pl.len(), "amount_minor": _total(pl.col("amount_minor")), "fingerprint": _fingerprint("row_id")}
_EXACT = pl.col("fee_micro").is_not_null()
_SUMS: dict[str, dict[str, pl.Expr]] = {
    "journal": _PLAIN,
    "settlement": {
        "row_count": pl.len(),
        "amount_minor": _total(pl.col("gross_minor")),
        "fee_minor": _total(pl.col("fee_minor")),
        "net_minor": _total(pl.col("net_minor")),
        "exact_count": _EXACT.sum(),
        "exact_micro": _total(pl.col("fee_micro")),
        "exact_minor": _total(pl.col("fee_minor").filter(_EXACT)),
        "fingerprint": _fingerprint("row_id"),
    },
    "bank": _PLAIN,
    "matches": {
        "row_count": pl.len(),
        "journal_minor": _total(pl.col("journal_amount_minor")),
        "journal_size_minor": _total(pl.col("journal_amount_minor").abs()),
        "settlement_minor": _total(pl.col("settlement_amount_minor")),
        "journal_fingerprint": _fingerprint("journal_row_id"),
        "settlement_fingerprint": _fingerprint("settlement_row_id"),
    },
}


def add(store: Store, table: str, part: str, rows: pl.DataFrame) -> None:
    """Add up the rows of a part, inside the caller's transaction."""
    for sums in _added(table, rows):
        store.later.row(_into(table), {"part": part, **sums})


def _added(table: str, rows: pl.DataFrame) -> Iterable[dict[str, Any]]:
    if table == "settlement" and "fee_micro" not in rows.columns:
        rows = rows.with_columns(fee_micro=pl.lit(None, pl.Int64))
    keys = rows.select(**_BY[table])
    by, first = differing(keys, keys.columns), keys.row(0, named=True)
    sums = _SUMS[table]
    if by:
        grouped = rows.group_by(_BY[table][name].alias(name) for name in by).agg(**sums).sort(by, nulls_last=True)
    else:
        grouped = rows.select(**sums)
    side = {"side": table, "file_id": rows["file_id"][0]} if table in SIDES else {}
    same = {name: value for name, value in first.items() if name not in by}
    return ({**side, **same, **row} for row in grouped.iter_rows(named=True))


def lacking(store: Store) -> list[tuple[str, str]]:
    """Table and name of the parts in use that no one has added up: written before there were sums."""
    known = "SELECT part FROM book.row_sums UNION SELECT part FROM book.pair_sums"
    return [
        (table, name)
        for table, name in store.execute(
            f"SELECT of_table, name FROM book.parts WHERE dropped_at IS NULL AND list_contains(?, of_table) "
            f"AND name NOT IN ({known}) ORDER BY name",
            [list(SUMMED)],
        )
    ]


_BESIDE = {
    side: f"""
    SELECT '' AS part, '{side}' AS side, file_id, currency, count(*) AS row_count,
        CAST(sum(amount_minor) AS HUGEINT) AS amount_minor, CAST(sum(row_id) % {REMAINDER} AS BIGINT) AS fingerprint
    FROM book.{side}_base GROUP BY file_id, currency
    """
    for side in ("journal", "bank")
} | {
    "settlement": f"""
    SELECT '' AS part, 'settlement' AS side, file_id, acquirer, currency, record_type AS kind,
        payout_id IS NULL AS unpaid, count(*) AS row_count, CAST(sum(gross_minor) AS HUGEINT) AS amount_minor,
        CAST(sum(fee_minor) AS HUGEINT) AS fee_minor, CAST(sum(net_minor) AS HUGEINT) AS net_minor,
        count(fee_micro) AS exact_count, CAST(sum(fee_micro) AS HUGEINT) AS exact_micro,
        CAST(sum(fee_minor) FILTER (fee_micro IS NOT NULL) AS HUGEINT) AS exact_minor,
        CAST(sum(row_id) % {REMAINDER} AS BIGINT) AS fingerprint
    FROM book.settlement_base GROUP BY ALL
    """,
    "matches": f"""
    SELECT '' AS part, acquirer, currency, settlement_currency, verdict, rule, count(*) AS row_count,
        CAST(sum(journal_amount_minor) AS HUGEINT) AS journal_minor,
        CAST(sum(abs(journal_amount_minor)) AS HUGEINT) AS journal_size_minor,
        CAST(sum(settlement_amount_minor) AS HUGEINT) AS settlement_minor,
        CAST(sum(journal_row_id) % {REMAINDER} AS BIGINT) AS journal_fingerprint,
        CAST(sum(settlement_row_id) % {REMAINDER} AS BIGINT) AS settlement_fingerprint
    FROM book.matches_base GROUP BY ALL
    """,
}
"""The same of rows outside parts: those of stores that are older than parts."""


def show(store: Store) -> None:
    """The sums of all that is in use as `book.row_totals` and `book.pair_totals`, rows outside parts included."""
    in_use = "SEMI JOIN (SELECT name AS part FROM book.parts WHERE dropped_at IS NULL) USING (part)"
    for view, tables in (("row_totals", SIDES), ("pair_totals", ("matches",))):
        told = [f"FROM book.{_into(tables[0])} {in_use}", *(_BESIDE[table] for table in tables)]
        store.execute(f"CREATE OR REPLACE VIEW book.{view} AS {' UNION ALL BY NAME '.join(told)}")


def _into(table: str) -> str:
    return "pair_sums" if table == "matches" else "row_sums"
