"""Payments that fit what a customer knows: journal rows with their lines, and lines without a journal row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.cases.claims import Candidate, Known
from pipelines.cases.register import Evidence
from pipelines.money import money_text
from pipelines.row_ids import LINES_PER_FILE, line_of
from pipelines.store.connection import Store

MOST = 50
"""Payments that are listed; who knows so little that more fit must ask the customer again."""

_FITS = """
    ($last4 IS NULL OR right(card_no, 4) = $last4)
    AND ($order_no IS NULL OR order_no = $order_no) AND ($rrn IS NULL OR rrn = $rrn)
    AND ($merchant_id IS NULL OR merchant_id = $merchant_id) AND ($terminal_id IS NULL OR terminal_id = $terminal_id)
    AND currency = $currency AND ($named OR abs({amount}) = $amount)
"""


def currencies(store: Store) -> list[str]:
    """Currencies of the books."""
    return [c for (c,) in store.execute("SELECT DISTINCT currency FROM book.file_totals ORDER BY 1")]


def candidates(store: Store, known: Known) -> list[Candidate]:
    """What fits, equal amounts first, then the nearest in time. A wrong amount fits where card, order or RRN does."""
    mine = _rows(store, "journal", known, "amount_minor", "txn_type AS kind, status", "txn_time")
    pairs = _partners(store, "journal", mine["row_id"])
    theirs = _rows(store, "settlement", known, "gross_minor", "record_type AS kind, acquirer AS status", "txn_time")
    theirs = theirs.filter(~pl.col("row_id").is_in(pairs["settlement_row_id"].implode()))
    partners = _settlement(store, pairs["settlement_row_id"])
    back = _partners(store, "settlement", theirs["row_id"])
    theirs = theirs.filter(
        ~pl.col("row_id").is_in(back["settlement_row_id"].implode()) | pl.col("kind").eq("CHARGEBACK")
    )
    names = dict(store.execute("SELECT file_id, name FROM book.files"))
    line_by_row = dict(pairs.iter_rows())
    by_id = {row["row_id"]: row for row in partners.iter_rows(named=True)}
    found = [
        _candidate(known, "journal", row, by_id.get(line_by_row.get(row["row_id"], -1)), names)
        for row in mine.iter_rows(named=True)
    ]
    found += [_candidate(known, "settlement", row, row, names) for row in theirs.iter_rows(named=True)]
    return sorted(found, key=lambda c: _nearness(known, c))[:MOST]


def _nearness(known: Known, found: Candidate) -> tuple[bool, timedelta, str]:
    away = abs(found.moment - known.about) if found.moment else timedelta.max
    return not found.exact, away, found.text


def _rows(store: Store, side: str, known: Known, amount: str, words: str, moment: str) -> pl.DataFrame:
    """Rows of a side that fit, by id."""
    span = timedelta(hours=known.hours)
    values: dict[str, Any] = {
        **{name: getattr(known, name) for name in ("last4", "order_no", "rrn", "merchant_id", "terminal_id")},
        "currency": known.currency,
        "named": any((known.last4, known.order_no, known.rrn)),
        "amount": known.amount_minor,
    }
    where, parameters = _bound(_FITS.format(amount=amount), values)
    day = "business_date" if side == "journal" else "coalesce(business_date, settlement_date)"
    acquirer = "NULL AS acquirer, NULL AS payout_id" if side == "journal" else "acquirer, payout_id"
    return store.frame(
        f"""
        SELECT row_id, {amount} AS amount_minor, currency, {words}, {moment} AS moment, {day} AS business_date,
               merchant_id, terminal_id, rrn, order_no, card_no, {acquirer}
        FROM book.{side} WHERE {day} BETWEEN ? AND ?
        AND coalesce({moment}, CAST({day} AS TIMESTAMP)) BETWEEN ? AND ? AND {where} ORDER BY row_id LIMIT 1000
        """,
        [
            *((known.about - span).date() - timedelta(days=1), (known.about + span).date() + timedelta(days=1)),
            *(_first(known.about - span, side), known.about + span, *parameters),
        ],
    )


def _first(moment: datetime, side: str) -> datetime:
    """A line without a time stands for its whole day."""
    return moment if side == "journal" else moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _bound(sql: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Put a parameter in the place of every `$name`."""
    parts, parameters = sql.split("$"), []
    told = parts[0]
    for part in parts[1:]:
        name = next(n for n in sorted(values, key=len, reverse=True) if part.startswith(n))
        parameters.append(values[name])
        told += "?" + part[len(name) :]
    return told, parameters


def _partners(store: Store, side: str, row_ids: pl.Series) -> pl.DataFrame:
    """`journal_row_id` and `settlement_row_id` of the pairs that hold one of the rows of a side."""
    return store.frame(
        f"""
        SELECT journal_row_id, settlement_row_id FROM book.matches m
        SEMI JOIN known k ON k.row_id = m.{side}_row_id
        """,
        known=row_ids.alias("row_id").to_frame(),
    )


def _settlement(store: Store, row_ids: pl.Series) -> pl.DataFrame:
    return store.frame(
        "SELECT row_id, acquirer, payout_id FROM book.settlement SEMI JOIN known USING (row_id)",
        known=row_ids.alias("row_id").to_frame(),
    )


def _candidate(
    known: Known, side: str, row: Mapping[str, Any], line: Mapping[str, Any] | None, names: Mapping[int, str]
) -> Candidate:
    places = [(side, row["row_id"])]
    if side == "journal" and line is not None:
        places.append(("settlement", line["row_id"]))
    return Candidate(
        text=_told(row),
        exact=abs(row["amount_minor"]) == known.amount_minor,
        amount_minor=row["amount_minor"],
        moment=row["moment"],
        business_date=row["business_date"],
        acquirer=(line or row)["acquirer"],
        merchant_id=row["merchant_id"],
        terminal_id=row["terminal_id"],
        rrn=row["rrn"],
        order_no=row["order_no"],
        payout_id=(line or row)["payout_id"],
        evidence=tuple(_places(places, names)),
    )


def _places(places: Iterable[tuple[str, int]], names: Mapping[int, str]) -> Iterable[Evidence]:
    for side, row_id in places:
        yield Evidence(side, names[row_id // LINES_PER_FILE], line_of(row_id))


def _told(row: Mapping[str, Any]) -> str:
    refs = [
        f"{label} {row[key]}" for key, label in (("card_no", "card"), ("rrn", "RRN"), ("order_no", "order")) if row[key]
    ]
    when = f"{row['moment']:%Y-%m-%d %H:%M:%S}" if row["moment"] else str(row["business_date"])
    terminal = [f"terminal {row['terminal_id']}"] if row["terminal_id"] else []
    return ", ".join(
        [f"{row['kind']} {money_text(row['amount_minor'], row['currency'])}", when, row["status"], *refs, *terminal]
    )
