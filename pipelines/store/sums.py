"""The sums of each part, added up from the part as it lies on disk when it is written; a part never changes.

Proof, bridge and rounding add up these few rows instead of all of history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.store.connection import Store

FINGERPRINT = "CAST(sum({}) % 1000000007 AS BIGINT)"
"""Which rows they are: a remainder may be added up, and is too short to be taken for a card number."""

_PLAIN = f"""
    '{{side}}' AS side, row_id >> 32 AS file_id, CAST(NULL AS VARCHAR) AS acquirer, currency,
    CAST(NULL AS VARCHAR) AS kind, CAST(NULL AS BOOLEAN) AS unpaid, count(*) AS row_count,
    sum(amount_minor) AS amount_minor, 0 AS fee_minor, 0 AS net_minor, 0 AS exact_count, 0 AS exact_micro,
    0 AS exact_minor, {FINGERPRINT.format("row_id")} AS fingerprint
"""
_OF_ROWS = {
    "journal": _PLAIN.format(side="journal"),
    "settlement": f"""
    'settlement' AS side, row_id >> 32 AS file_id, acquirer, currency, record_type AS kind,
    payout_id IS NULL AS unpaid, count(*) AS row_count, sum(gross_minor) AS amount_minor, sum(fee_minor) AS fee_minor,
    sum(net_minor) AS net_minor, count(fee_micro) AS exact_count, sum(fee_micro) AS exact_micro,
    sum(fee_minor) FILTER (fee_micro IS NOT NULL) AS exact_minor, {FINGERPRINT.format("row_id")} AS fingerprint
    """,
    "bank": _PLAIN.format(side="bank"),
}
_OF_PAIRS = f"""
    acquirer, currency, settlement_currency, verdict, rule, count(*) AS row_count,
    sum(journal_amount_minor) AS journal_minor, sum(abs(journal_amount_minor)) AS journal_size_minor,
    sum(settlement_amount_minor) AS settlement_minor, {FINGERPRINT.format("journal_row_id")} AS journal_fingerprint,
    {FINGERPRINT.format("settlement_row_id")} AS settlement_fingerprint
"""
SUMMED = (*_OF_ROWS, "matches")
"""Tables whose parts are added up."""


def add(store: Store, table: str, part: str, rows: str) -> None:
    """Add up a part, inside the caller's transaction. rows: what to select from for its rows."""
    into, sums = _told(table)
    store.execute(f"INSERT INTO book.{into} BY NAME SELECT ? AS part, {sums} FROM {rows} GROUP BY ALL", [part])


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


def show(store: Store) -> None:
    """The sums of all that is in use as `book.row_totals` and `book.pair_totals`, rows outside parts included."""
    in_use = "SEMI JOIN (SELECT name AS part FROM book.parts WHERE dropped_at IS NULL) USING (part)"
    for view, tables in (("row_totals", tuple(_OF_ROWS)), ("pair_totals", ("matches",))):
        into, _ = _told(tables[0])
        beside = [f"SELECT '' AS part, {_told(table)[1]} FROM book.{table}_base GROUP BY ALL" for table in tables]
        told = " UNION ALL BY NAME ".join([f"FROM book.{into} {in_use}", *beside])
        store.execute(f"CREATE OR REPLACE VIEW book.{view} AS {told}")


def _told(table: str) -> tuple[str, str]:
    return ("pair_sums", _OF_PAIRS) if table == "matches" else ("row_sums", _OF_ROWS[table])
