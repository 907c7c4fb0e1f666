"""The chain over all events: each batch is sealed when it is written, and anybody can tell later what was changed.

A seal's digest is SHA-256 of the seal before it and of its own events; its number and digest are also written to a text
file beside the store, so that even the newest events cannot be taken away unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from pipelines.store.connection import Store

_ROW = ("source", "file", "sha256", "content", "told")
_KEY = {
    side: f"CASE WHEN e.{side} IS NOT NULL THEN concat_ws(chr(30), "
    + ", ".join(f"coalesce(e.{side}.{name}, '')" for name in _ROW)
    + "".join(
        f", coalesce(CAST(e.{side}.{name} AS VARCHAR), '')" for name in ("line", "turn", "expected_date", "place")
    )
    + ") END"
    for side in ("journal", "settlement")
}
STREAMS: Mapping[str, tuple[str, ...]] = {
    "exception_events": (
        *("event_no", "run_no", "run_date", "event", "exception_id", "type", "status", "severity", "leg"),
        *("business_date", "first_seen", "due_date", "amount_minor", "direction", "currency", "acquirer"),
        *("merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "explanation"),
        *("explanation_zh", "evidence", "fee_cause", "fee_term"),
    ),
    "case_events": (
        *("event_no", "acted_at", "actor", "act", "reason", "exception_id", "file_id", "journal", "settlement"),
        *("after_run", "state", "assignee", "due_date", "remedy", "proposed_minor", "proposed_by", "approved_by"),
        *("recovered_minor", "currency", "cause", "facts", "item", "attachment_name", "attachment_sha256"),
        *("attachment_bytes", "claim", "period"),
    ),
}
"""Columns that a seal vouches for. New columns are added at the end: empty cells are left out of the digest."""

_SPECIAL = {
    "evidence": "list_aggregate(list_transform(e.evidence, "
    "lambda p: concat_ws(chr(30), p.side, p.file, CAST(p.line AS VARCHAR))), 'string_agg', chr(29))",
    **_KEY,
}
FIRST = "0" * 64
"""What the first seal follows."""

SEALS = {
    "seal_no": pl.Int64,
    "stream": pl.String,
    "first_event": pl.Int64,
    "last_event": pl.Int64,
    "event_count": pl.Int64,
    "events_digest": pl.String,
    "digest": pl.String,
}


class Books(Protocol):
    """The store, or a copy that is only read."""

    def frame(self, sql: str, parameters: Any = None) -> pl.DataFrame:
        """Run one query."""


@dataclass(frozen=True)
class Broken:
    """One thing that is not as it was sealed. event_no: of the stream; None where no single event can be named."""

    stream: str
    event_no: int | None
    what: str


def digest_of(stream: str) -> str:
    """SQL of the SHA-256 of one event `e`: name, length and text of every cell that is not empty."""
    cells = []
    for column in STREAMS[stream]:
        text = _SPECIAL.get(column, f"CAST(e.{column} AS VARCHAR)")
        cells.append(f"chr(31) || '{column}=' || strlen({text}) || ':' || {text}")
    return f"sha256(concat({', '.join(cells)}))"


def seal(store: Store) -> dict[str, pl.DataFrame]:
    """Seal what is not sealed yet, within the caller's transaction; returns what was appended, by table."""
    before = store.frame("SELECT seal_no, digest FROM book.seals ORDER BY seal_no DESC LIMIT 1").rows()
    number, last = before[0] if before else (0, FIRST)
    known = dict(store.execute("SELECT stream, max(last_event) FROM book.seals GROUP BY stream"))
    made, digests = [], []
    for stream in STREAMS:
        fresh = _digests(store, stream, f"e.event_no > {int(known.get(stream, 0))}")
        if fresh.is_empty():
            continue
        number += 1
        row = _sealed(number, last, stream, fresh)
        last = row["digest"]
        made.append(row)
        digests.append(fresh.select(pl.lit(stream).alias("stream"), "event_no", _short()))
    if not made:
        return {}
    told = {"seals": pl.DataFrame(made, schema=SEALS), "event_digests": pl.concat(digests)}
    for table, rows in told.items():
        store.append(table, rows)
    return told


def _digests(books: Books, stream: str, where: str = "true") -> pl.DataFrame:
    """`event_no` and `digest` of events, in order."""
    return books.frame(
        f"SELECT e.event_no, {digest_of(stream)} AS digest FROM book.{stream} e WHERE {where} ORDER BY 1"
    )


def _short() -> pl.Expr:
    """Ten hexadecimal digits of a digest as a number: it names an event, and is too short for a card number."""
    return pl.col("digest").str.head(10).str.to_integer(base=16, dtype=pl.Int64).alias("digest")


def _sealed(number: int, before: str, stream: str, events: pl.DataFrame) -> dict[str, Any]:
    together = hashlib.sha256("".join(events["digest"].to_list()).encode()).hexdigest()
    row = {
        "seal_no": number,
        "stream": stream,
        "first_event": events["event_no"][0],
        "last_event": events["event_no"][-1],
        "event_count": events.height,
        "events_digest": together,
    }
    return row | {"digest": _chained(before, row)}


def _chained(before: str, row: Mapping[str, Any]) -> str:
    told = [before, *(str(row[name]) for name in SEALS if name != "digest")]
    return hashlib.sha256("|".join(told).encode()).hexdigest()


def told(store: Store) -> tuple[tuple[str, str], ...]:
    """The newest seal, as a report tells it."""
    rows = store.execute("SELECT seal_no, digest FROM book.seals ORDER BY seal_no DESC LIMIT 1")
    return tuple(("seal", f"{number} {digest[:16]}") for number, digest in rows)


def is_there(books: Books, word: str) -> bool:
    """Whether a seal that a report tells, `12 3f5a…`, is still in the chain."""
    number, _, digest = word.strip().partition(" ")
    if not number.isdecimal() or len(digest) < 8:
        return False
    sql = "SELECT 1 FROM book.seals WHERE seal_no = ? AND starts_with(digest, ?)"
    return books.frame(sql, [int(number), digest]).height == 1


def broken(books: Books, anchors: Mapping[int, str]) -> list[Broken]:
    """Everything that is not as it was sealed, each event by its number; none where all is whole.

    anchors: the seals that are named beside the store.
    """
    seals = books.frame(f"SELECT {', '.join(SEALS)} FROM book.seals ORDER BY seal_no")
    found = [*_events(books, seals), *_chain(seals, anchors)]
    return list(dict.fromkeys(found))


def _events(books: Books, seals: pl.DataFrame) -> Iterable[Broken]:
    for stream in STREAMS:
        mine = seals.filter(pl.col("stream") == stream)
        now = _digests(books, stream)
        known = books.frame("SELECT event_no, digest AS sealed FROM book.event_digests WHERE stream = ?", [stream])
        both = now.with_columns(_short()).join(known, on="event_no", how="full", coalesce=True).sort("event_no")
        last = mine["last_event"].max() or 0
        named = list(_named(stream, both, int(str(last))))
        yield from named
        if not named:
            yield from _batches(stream, mine, now)


def _named(stream: str, both: pl.DataFrame, last: int) -> Iterable[Broken]:
    twice = both.filter(pl.col("event_no").is_duplicated())["event_no"].unique()
    for number, digest, sealed in both.iter_rows():
        if digest is None:
            yield Broken(stream, number, "was removed")
        elif sealed is None:
            what = "was put in after its neighbours were sealed" if number <= last else "was never sealed"
            yield Broken(stream, number, what)
        elif digest != sealed:
            yield Broken(stream, number, "was changed since it was sealed")
    yield from (Broken(stream, number, "is there twice") for number in twice.sort())


def _batches(stream: str, seals: pl.DataFrame, now: pl.DataFrame) -> Iterable[Broken]:
    """Seals that do not fit their events, where the events fit their short digests: somebody changed both."""
    numbers, digests = now["event_no"], now["digest"].to_list()
    for row in seals.iter_rows(named=True):
        first, last = numbers.search_sorted(row["first_event"]), numbers.search_sorted(row["last_event"], side="right")
        together = hashlib.sha256("".join(digests[int(first) : int(last)]).encode()).hexdigest()
        if together != row["events_digest"]:
            what = f"between {row['first_event']} and {row['last_event']} something was changed (seal {row['seal_no']})"
            yield Broken(stream, None, what)


def _chain(seals: pl.DataFrame, anchors: Mapping[int, str]) -> Iterable[Broken]:
    before, expected = FIRST, 1
    there: dict[int, str] = {}
    for row in seals.iter_rows(named=True):
        number = row["seal_no"]
        if number != expected:
            yield Broken("seals", number, f"does not follow seal {expected - 1}: what lies between was removed")
        elif _chained(before, row) != row["digest"]:
            yield Broken("seals", number, "was changed, or the one before it was")
        there[number] = before = row["digest"]
        expected = number + 1
    for number in range(1, max(anchors, default=0)):
        if number in there and number not in anchors:
            yield Broken("seals", number, "is not named beside the store any more: a line of that file was removed")
    for number, digest in sorted(anchors.items()):
        if number not in there:
            yield Broken("seals", number, "is named beside the store but gone from it: its events were removed")
        elif there[number] != digest:
            yield Broken("seals", number, "is another one than was named beside the store")
