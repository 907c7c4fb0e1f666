"""What the books hold of fees: lines to judge, what they should have cost, and the register of those that differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.columns import grouped_by
from pipelines.store import parts
from pipelines.store.connection import SQL, Store, numbers

FEE_VARIANCE = "FEE_VARIANCE"
CHECKED = ["row_id", "term", "expected_minor", "cause", "detail"]

_AMOUNTS = (
    *("gross_minor", "fee_minor", "fee_micro", "commission_minor", "markup_minor"),
    *("scheme_fee_minor", "interchange_minor"),
)
_TEXTS = ("acquirer", "merchant_id", "currency", "record_type", "rrn", "order_no", "card_no", "card_type")
_STORED: dict[str, pl.DataType] = {
    "row_id": pl.Int64(),
    **dict.fromkeys(_TEXTS, pl.String()),
    **dict.fromkeys(("business_date", "settlement_date"), pl.Date()),
    **dict.fromkeys(_AMOUNTS, pl.Int64()),
}

MOST_AT_ONCE = 500_000
"""Judgements that are written in one part."""


@dataclass(frozen=True)
class Judgement:
    """What some lines of a file should have cost. lines: CHECKED; sums: those judged alike, added up (`summed`).

    terms: fees in words, each with its numbers as JSON; `term` is a place in them.
    """

    lines: pl.DataFrame
    sums: pl.DataFrame
    terms: Mapping[str, str]


def settlement_files(store: Store, after_run: int) -> list[int]:
    """Settlement files in use that were loaded after a run, by file_id."""
    query = "SELECT file_id FROM book.files WHERE run_no > ? AND side = 'settlement' AND state = 'loaded' ORDER BY 1"
    return [file_id for (file_id,) in store.execute(query, [after_run])]


def unread(store: Store, file_id: int) -> Iterator[parts.Unread]:
    """The lines of a file, some at a time, for `chargeable`, which needs no database."""
    return parts.unread(store, "settlement", [file_id], _STORED)


def chargeable(lines: parts.Unread, acquirers: Collection[str]) -> pl.DataFrame:
    """SALE and REFUND lines of these acquirers, as `checks.fees.judge` wants them. lines: as `unread` gives them.

    channel: CARD, or null for a wallet: a line that is known by its order number alone; day: business date, else
    settlement date.
    """
    charged = pl.col("record_type").is_in(["SALE", "REFUND"]) & pl.col("acquirer").is_in(list(acquirers))
    named, card = pl.col("card_type").is_null() & pl.col("order_no").is_not_null(), ["rrn", "card_no"]
    rows = lines([name for name in _STORED if name not in card])
    wallet = pl.lit(value=False)
    if rows.select(named.any()).item():
        rows = rows.hstack(lines(card))
        wallet = named & pl.all_horizontal(pl.col(card).is_null())
    return rows.filter(charged).select(
        *("row_id", "acquirer", "merchant_id", "card_type", "currency", *_AMOUNTS),
        channel=pl.when(~wallet).then(pl.lit("CARD")),
        day=pl.coalesce("business_date", "settlement_date"),
        refund=pl.col("record_type") == "REFUND",
    )


def wallet_channels(store: Store, row_ids: pl.Series) -> pl.DataFrame:
    """`row_id`, `channel` of settlement lines that are paired, as the journal says it."""
    return store.frame(
        """
        SELECT m.settlement_row_id AS row_id, j.channel FROM book.matches m
        SEMI JOIN known k ON k.row_id = m.settlement_row_id
        JOIN book.journal j ON j.row_id = m.journal_row_id
        """,
        known=row_ids.alias("row_id").to_frame(),
    )


def sold_by_day(store: Store, first: date, last: date) -> pl.DataFrame:
    """Sales of each merchant by day: `acquirer`, `merchant_id`, `currency`, `day`, `gross_minor`."""
    return store.frame(
        """
        SELECT acquirer, merchant_id, currency, coalesce(business_date, settlement_date) AS day,
               CAST(sum(gross_minor) AS BIGINT) AS gross_minor
        FROM book.settlement
        WHERE record_type = 'SALE' AND coalesce(business_date, settlement_date) BETWEEN ? AND ? GROUP BY ALL
        """,
        [first, last],
    )


def judged_by(store: Store) -> str | None:
    """The contracts by which the lines of the books were judged last."""
    rows = store.execute("SELECT contracts FROM book.fee_basis ORDER BY run_no DESC LIMIT 1")
    return rows[0][0] if rows else None


def forget(store: Store, run_no: int, contracts: str) -> None:
    """Drop every judgement: the contracts are others now."""
    parts.drop_all(store, "fee_checks")
    store.execute("DELETE FROM book.fee_sums")
    store.execute("DELETE FROM book.fee_basis WHERE run_no = ?", [run_no])
    store.execute("INSERT INTO book.fee_basis VALUES (?, ?)", [run_no, contracts])


def write_checks(store: Store, file_id: int, run_no: int, judged: Iterable[Judgement]) -> None:
    """Keep what the lines of a file should have cost, and their sums. judged: some lines at a time."""
    known = dict(store.execute("SELECT words, term FROM book.fee_terms"))
    told, waiting = list[pl.DataFrame](), list[pl.DataFrame]()
    for some in judged:
        _number(store, known, some.terms)
        numbers = pl.Series("numbers", [known[words] for words in some.terms], dtype=pl.Int32)
        told.append(some.sums.with_columns(term=numbers.gather(some.sums["term"])))
        waiting.append(some.lines.with_columns(term=numbers.gather(some.lines["term"])))
        if sum(lines.height for lines in waiting) >= MOST_AT_ONCE:
            parts.append(store, "fee_checks", pl.concat(waiting), run_no, file_id)
            waiting.clear()
    if told:
        if waiting:
            parts.append(store, "fee_checks", pl.concat(waiting), run_no, file_id)
        parts.show(store, store.parts, ["fee_checks"])
        sums = pl.concat(told).group_by("acquirer", "currency", "term", "cause", "why").agg(pl.all().sum())
        store.append("fee_sums", sums.with_columns(file_id=pl.lit(file_id, pl.Int32)))


def _number(store: Store, known: dict[str, int], terms: Mapping[str, str]) -> None:
    """Give numbers to terms that have none, and keep them."""
    new = [words for words in terms if words not in known]
    known |= {words: number for number, words in enumerate(new, start=len(known) + 1)}
    rows = [(known[words], words, terms[words]) for words in new]
    schema = {"term": pl.Int32, "words": pl.String, "told": pl.String}
    store.append("fee_terms", pl.DataFrame(rows, schema=schema, orient="row"))


def summed(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that were judged alike, added up, in numbers that no sum of 64-bit amounts can be too large for.

    lines: CHECKED, `acquirer`, `currency`, `gross_minor`, `fee_minor`.
    """
    amounts = {name: pl.col(name).cast(pl.Int128).sum() for name in ("gross_minor", "fee_minor", "expected_minor")}
    by = ["acquirer", "currency", "term", "cause", "why"]
    known = lines.with_columns(why=pl.when(pl.col("term").is_null()).then("detail"))
    found = grouped_by(known, by, line_count=pl.len().cast(pl.Int64), **amounts)
    return found.select(*by, "line_count", pl.col(list(amounts)).cast(pl.Decimal(38, 0)))


def checked(store: Store) -> pl.DataFrame:
    """What became of all SALE and REFUND lines in use: `acquirer`, `currency`, `contract`, `verdict`, `cause`, `why`,
    `line_count`, `gross_minor`, `fee_minor`, `expected_minor`; lines that no fee governs included.
    """
    return store.frame((SQL / "report" / "fee_checks.sql").read_text(encoding="utf-8"))


def variances(store: Store, file_ids: Iterable[int]) -> pl.DataFrame:
    """Lines of these files that cost something else than the contract says, with all that tells about them."""
    files = list(file_ids)
    checks, lines = (parts.of_files(store, table, files) for table in ("fee_checks", "settlement"))
    return store.frame(
        f"""
        SELECT s.row_id, s.file_id, s.line, s.acquirer, s.merchant_id, s.terminal_id, s.rrn, s.order_no, s.payout_id,
               s.currency, coalesce(s.business_date, s.settlement_date) AS business_date, s.gross_minor, s.fee_minor,
               c.expected_minor, c.cause, c.detail, c.term
        FROM {checks} c JOIN {lines} s USING (row_id)
        WHERE c.cause IS NOT NULL AND s.file_id IN ({numbers(files)}) ORDER BY s.row_id
        """
    )


def held(store: Store, ids: pl.Series | None = None) -> pl.DataFrame:
    """Newest event of each FEE_VARIANCE of these ids, of all that are open without: columns of `exception_events`."""
    wanted = "" if ids is None else "AND exception_id IN (SELECT exception_id FROM wanted)"
    still_open = "AND status <> 'cleared'" if ids is None else ""
    return store.frame(
        f"""
        SELECT * FROM book.exception_events WHERE type = '{FEE_VARIANCE}' {wanted}
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1 {still_open}
        ORDER BY exception_id
        """,
        wanted=(ids if ids is not None else pl.Series([], dtype=pl.String)).alias("exception_id").to_frame(),
    )


def write_events(store: Store, events: pl.DataFrame) -> None:
    """Append events of many exceptions at once; numbers follow those that are there."""
    ((newest,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    numbered = events.with_columns(event_no=pl.int_range(pl.len(), dtype=pl.Int64) + int(newest) + 1)
    store.append("exception_events", numbered)
