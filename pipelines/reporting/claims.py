"""The lines of open fee variances, put into claims: one per acquirer, fee of the contract, cause and currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from pipelines.checks.working import fee_of, working
from pipelines.reporting.listing import Books
from pipelines.store import StoreError
from pipelines.store.connection import SQL
from reports.claims import Claim, ClaimBook, ClaimLine, Ungoverned


@dataclass(frozen=True)
class Asked:
    """Which claims: those known by the run of `known_by`, or of settlement dates `first` to `last`; of one acquirer."""

    title: str
    known_by: date | None = None
    first: date | None = None
    last: date | None = None
    acquirer: str | None = None


def claim_book(books: Books, asked: Asked) -> ClaimBook:
    """What is still open of it, line by line; StoreError where no run of the date or period has finished."""
    ran = _ran(books, asked)
    lines = books.frame(_sql("fee_lines"), [asked.known_by, asked.first, asked.last, asked.acquirer])
    none = books.frame(_sql("fee_ungoverned"), [asked.first, asked.last or asked.known_by, asked.acquirer])
    return ClaimBook(
        title=asked.title,
        acquirer=asked.acquirer or "",
        made=ran,
        claims=tuple(_claims(lines.iter_rows(named=True))),
        ungoverned=tuple(Ungoverned(*row) for row in none.iter_rows()),
    )


def _sql(name: str) -> str:
    return (SQL / "report" / f"{name}.sql").read_text(encoding="utf-8").rstrip().removesuffix(";")


def _ran(books: Books, asked: Asked) -> datetime:
    """When the newest run ended: what the claims stand for."""
    first, last = (asked.known_by, asked.known_by) if asked.known_by else (asked.first, asked.last)
    (of_it,), (newest,) = (
        books.frame(f"SELECT {what} FROM book.runs WHERE verdict IS NOT NULL {where}", values).row(0)
        for what, where, values in (
            ("count(*)", "AND business_date BETWEEN ? AND ?", [first, last]),
            ("max(coalesce(finished_at, started_at))", "", []),
        )
    )
    if not of_it:
        raise StoreError(f"no run of {asked.title} has finished; `recon run --date …` makes one")
    assert isinstance(newest, datetime)  # noqa: S101 - a timestamp column
    return newest


def _claims(rows: Iterator[dict[str, Any]]) -> Iterator[Claim]:
    def key(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
        return row["acquirer"], row["contract"], row["cause"], row["currency"]

    for number, (of, some) in enumerate(groupby(rows, key=key), start=1):
        yield Claim(number, *of, lines=tuple(_line(row) for row in some))


def _line(row: Mapping[str, Any]) -> ClaimLine:
    fee = fee_of(row["told"]) if row["told"] else None
    named = {name: row[name] for name in ClaimLine.FROM_BOOKS}
    if fee is None:
        return ClaimLine(**named)
    refund = row["record_type"] == "REFUND"
    steps = working(fee, row["currency"], row["gross_minor"], row["expected_minor"], refund=refund)
    terms = {name: getattr(fee, name) for name in ("fixed", "minimum", "cap", "rounding", "refund")}
    return ClaimLine(**named, rate_bp=steps.rate_bp, working=steps.en, working_zh=steps.zh, **terms)
