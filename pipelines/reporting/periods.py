"""A week or a month in one report: its nights, what it opened and cleared, and how its last night left things."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pipelines.reporting import listing
from pipelines.reporting.frozen import again
from pipelines.reporting.listing import Books
from pipelines.store import StoreError
from reports import grouping
from reports.listed import Listed
from reports.model import BreakSource, NightLine, Report

MOST_SOURCES = 10


@dataclass(frozen=True)
class Period:
    """Calendar days under a name: an ISO week (2026-W10) or a month (2026-03)."""

    name: str
    first: date
    last: date

    @staticmethod
    def week(text: str) -> Period:
        """Monday to Sunday of an ISO week; ValueError says what one looks like."""
        try:
            year, number = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", text).groups()  # type: ignore[union-attr]
            first = date.fromisocalendar(int(year), int(number), 1)
        except (AttributeError, ValueError):
            raise ValueError(f"{text!r} is no week; write it as 2026-W10") from None
        return Period(text, first, first + timedelta(days=6))

    @staticmethod
    def month(text: str) -> Period:
        """First to last day of a month; ValueError says what one looks like."""
        found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
        if not found:
            raise ValueError(f"{text!r} is no month; write it as 2026-03")
        year, number = int(found[1]), int(found[2])
        return Period(text, date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))


def summary(books: Books, period: Period) -> Report:
    """The report of a week or month; StoreError where no run of it has finished."""
    nights = _nights(books, period)
    ran = [night.day for night in nights if night.verdict]
    if not ran:
        raise StoreError(f"no run of {period.name} has finished; `recon run --date …` makes one")
    base = replace(again(books, ran[-1]), period=period.name, nights=nights, outputs={})
    carried = Listed.together((*base.new, *base.carried))
    trend = tuple(point for point in base.trend if period.first <= point.day <= period.last)
    base = replace(base, trend=trend, break_sources=_sources(books, period))
    return grouping.filled(base, carried, _cleared(books, ran, base.business_date))


def _cleared(books: Books, ran: list[date], last: date) -> Listed:
    """What the nights of the period cleared and its end still finds cleared."""
    ((last_event,),) = books.frame(
        """
        SELECT max(k.last_event) FROM book.reports k JOIN book.runs r USING (run_no) WHERE r.business_date = ?
        """,
        [last],
    ).rows()
    return listing.cleared_between(books, last_event, ran[0], last)


def _nights(books: Books, period: Period) -> tuple[NightLine, ...]:
    """Every day up to the newest run, with the verdict of its last run; a day without a run has none."""
    found = books.frame(
        """
        WITH ran AS (
            SELECT business_date AS day, arg_max(verdict, run_no) AS verdict FROM book.runs
            WHERE verdict IS NOT NULL AND business_date BETWEEN ? AND ? GROUP BY business_date
        ),
        changed AS (
            SELECT run_date AS day, count(*) FILTER (event = 'opened') AS opened,
                   count(*) FILTER (event = 'cleared') AS cleared
            FROM book.exception_events WHERE run_date BETWEEN ? AND ? GROUP BY run_date
        ),
        decided AS (
            SELECT r.business_date AS day, CAST(sum(m.rows_matched) AS BIGINT) AS matched,
                   CAST(sum(m.rows_total) AS BIGINT) AS total
            FROM book.match_rates m JOIN book.runs r USING (run_no)
            WHERE m.leg = 'journal-settlement' AND r.business_date BETWEEN ? AND ? GROUP BY r.business_date
        )
        SELECT ran.day, ran.verdict, coalesce(opened, 0), coalesce(cleared, 0), coalesce(matched, 0), coalesce(total, 0)
        FROM ran LEFT JOIN changed USING (day) LEFT JOIN decided USING (day)
        """,
        [period.first, period.last] * 3,
    )
    known = {row[0]: NightLine(*row) for row in found.iter_rows()}
    days = (max(known) - period.first).days + 1 if known else 0
    every = (period.first + timedelta(days=n) for n in range(days))
    return tuple(known.get(day, NightLine(day, "")) for day in every)


def _sources(books: Books, period: Period) -> tuple[BreakSource, ...]:
    """Terminals and shops with most exceptions opened in the period; files and incidents are nobody's terminal."""
    found = books.frame(
        """
        SELECT coalesce(acquirer, ''), merchant_id, coalesce(terminal_id, ''), currency, count(*),
               CAST(sum(amount_minor) AS BIGINT)
        FROM book.exception_events
        WHERE event = 'opened' AND run_date BETWEEN ? AND ? AND merchant_id IS NOT NULL AND currency IS NOT NULL
        AND type <> 'CHANNEL_INCIDENT'
        GROUP BY ALL ORDER BY count(*) DESC, sum(amount_minor) DESC, 1, 2, 3, 4 LIMIT ?
        """,
        [period.first, period.last, MOST_SOURCES],
    )
    return tuple(BreakSource(*row) for row in found.iter_rows())
