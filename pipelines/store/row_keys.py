"""How a row is named so that it is found again when its file comes again, corrected: by content, not by number."""

from __future__ import annotations

from dataclasses import asdict

import polars as pl

from pipelines.cases.decisions import Act, RowKey
from pipelines.money import money_text
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store.connection import Store

CONTENT = {
    "journal": (
        *("merchant_id", "terminal_id", "batch_no", "stan", "rrn", "auth_code", "txn_type", "channel", "card_no"),
        *("amount_minor", "currency", "txn_time", "status", "original_rrn", "order_no"),
    ),
    "settlement": (
        *("acquirer", "record_type", "merchant_id", "terminal_id", "batch_no", "stan", "rrn", "auth_code", "card_no"),
        *("gross_minor", "currency", "txn_time", "original_rrn", "order_no"),
    ),
}
"""What makes a row the same transaction in another file; its fee, payout and settlement date may be corrected."""

TOLD = {
    "journal": "txn_type AS kind, status, amount_minor, CAST(txn_time AS VARCHAR) AS moment",
    "settlement": "record_type AS kind, acquirer AS status, gross_minor AS amount_minor, "
    "CAST(coalesce(CAST(txn_time AS VARCHAR), CAST(settlement_date AS VARCHAR)) AS VARCHAR) AS moment",
}


def digest(columns: tuple[str, ...]) -> str:
    """SQL of 128 bits that stand for these columns of a row; blank differs from empty."""
    cells = ", ".join(f"coalesce(CAST({column} AS VARCHAR), chr(30))" for column in columns)
    return f"md5(concat_ws(chr(31), {cells}))"


def key_of(store: Store, side: str, row_id: int) -> RowKey:
    """The name of a stored row of the journal or of a settlement file."""
    file_id = row_id // LINES_PER_FILE
    ((key, told),) = store.execute(
        f"""
        WITH alike AS (
            SELECT row_id, line, currency, terminal_id, rrn, order_no, {TOLD[side]},
                {digest(CONTENT[side])} AS content FROM book.{side} WHERE file_id = ?
        )
        SELECT {{source: f.source, expected_date: f.expected_date, file: f.name, sha256: f.sha256, line: a.line,
            content: a.content,
            turn: (SELECT count(*) FROM alike b WHERE b.content = a.content AND b.row_id <= a.row_id)}},
            {{kind: a.kind, status: a.status, amount_minor: a.amount_minor, currency: a.currency, moment: a.moment,
            rrn: a.rrn, order_no: a.order_no, terminal_id: a.terminal_id}}
        FROM alike a, book.files f WHERE a.row_id = ? AND f.file_id = ?
        """,
        [file_id, row_id, file_id],
    )
    return RowKey(**key, place=row_id % LINES_PER_FILE, told=_told(told))


def _told(row: dict[str, object]) -> str:
    """One row in words that stay when the row is gone."""
    money = money_text(int(str(row["amount_minor"])), str(row["currency"]))
    refs = [f"{label} {row[key]}" for key, label in (("rrn", "RRN"), ("order_no", "order")) if row[key]]
    where = f"terminal {row['terminal_id']}" if row["terminal_id"] else ""
    parts = [f"{row['kind']} {money}", str(row["moment"]), str(row["status"]), *(refs or ["no reference"]), where]
    return ", ".join(filter(None, parts))


def found_again(store: Store, acts: list[Act]) -> dict[tuple[int, str], int]:
    """Row ids, in files that are in use, of the rows that acts name: by number of the act and side."""
    keys = [
        {"event_no": act.event_no, "side": side, **asdict(key)}
        for act in acts
        for side, key in (("journal", act.journal), ("settlement", act.settlement))
        if key is not None
    ]
    if not keys:
        return {}
    named = pl.DataFrame(keys, schema=_SCHEMA)
    exact = _by_place(store, named)
    left = named.join(exact, on=["event_no", "side"], how="anti")
    found = [exact, *(_by_content(store, side, left.filter(pl.col("side") == side)) for side in CONTENT)]
    return {(number, side): row_id for number, side, row_id in pl.concat(found).iter_rows()}


_SCHEMA = {
    "event_no": pl.Int64,
    "side": pl.String,
    "source": pl.String,
    "expected_date": pl.Date,
    "file": pl.String,
    "sha256": pl.String,
    "place": pl.Int64,
    "line": pl.Int32,
    "content": pl.String,
    "turn": pl.Int32,
    "told": pl.String,
}


def _by_place(store: Store, named: pl.DataFrame) -> pl.DataFrame:
    """The file itself is in use: the row stands where it stood."""
    return store.frame(
        f"""
        SELECT n.event_no, n.side, max(f.file_id) * {LINES_PER_FILE} + n.place AS row_id
        FROM named n JOIN book.files f ON f.state = 'loaded' AND f.sha256 = n.sha256
            AND f.source IS NOT DISTINCT FROM n.source AND f.expected_date IS NOT DISTINCT FROM n.expected_date
        GROUP BY n.event_no, n.side, n.place
        """,
        named=named,
    )


def _by_content(store: Store, side: str, named: pl.DataFrame) -> pl.DataFrame:
    """Another file took its place: the row is the one with the same content."""
    if named.is_empty():
        return pl.DataFrame(schema={"event_no": pl.Int64, "side": pl.String, "row_id": pl.Int64})
    return store.frame(
        f"""
        WITH files AS (
            SELECT DISTINCT n.event_no, n.content, n.turn, f.file_id
            FROM named n JOIN book.files f ON f.state = 'loaded' AND f.source IS NOT DISTINCT FROM n.source
                AND (f.expected_date = n.expected_date OR f.name = n.file)
        ),
        held AS (
            SELECT row_id, file_id, content, row_number() OVER (PARTITION BY file_id, content ORDER BY row_id) AS turn
            FROM (SELECT row_id, file_id, {digest(CONTENT[side])} AS content FROM book.{side}
                  WHERE file_id IN (SELECT file_id FROM files))
        )
        SELECT event_no, '{side}' AS side, min(row_id) AS row_id FROM held JOIN files USING (file_id, content, turn)
        GROUP BY event_no
        """,
        named=named,
    )
