"""A night's report kept with its run, so that it can be written again later, word for word.

The exceptions are not kept twice: the register's events are never changed, and say what stood after each night.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from pydantic import TypeAdapter

from pipelines.reporting import listing
from pipelines.reporting.listing import Books
from pipelines.store import Store, StoreError
from reports import grouping
from reports.model import Report


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)


def keep(store: Store, report: Report, run_no: int) -> None:
    """Write down what a night's report says beside its exceptions."""
    bare = replace(report, top=(), new=(), cleared=(), carried=(), ageing=(), rejects=())
    ((last_event,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    store.execute("DELETE FROM book.reports WHERE run_no = ?", [run_no])
    store.execute(
        "INSERT INTO book.reports VALUES (?, ?, ?)", [run_no, last_event, _adapter().dump_json(bare).decode()]
    )


def again(books: Books, day: date) -> Report:
    """The report of the newest run of a date; StoreError where there is none."""
    found = books.frame(
        """
        SELECT r.run_no, k.last_event, CAST(k.content AS VARCHAR) AS content
        FROM book.runs r LEFT JOIN book.reports k USING (run_no)
        WHERE r.verdict IS NOT NULL AND r.business_date = ? ORDER BY r.run_no DESC LIMIT 1
        """,
        [day],
    )
    if found.is_empty():
        raise StoreError(f"no run of {day} has finished; `recon run --date {day}` makes its report")
    run_no, last_event, content = found.row(0)
    if content is None:
        raise StoreError(f"the run of {day} was made by an older version, which kept no report; see its files")
    report = replace(_adapter().validate_json(content), rejects=listing.rejects(books, run_no))
    standing = listing.open_after(books, last_event, day)
    return grouping.filled(report, standing, listing.cleared_after(books, last_event, day))
