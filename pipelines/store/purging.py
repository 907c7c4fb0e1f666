"""What is older than it must be kept: rows and archived files that may go, and putting on record that they went.

What is open, or rests on something open, is never among them. Sums, pairs and history stay: the proof still counts
every row that ever came.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import polars as pl

from pipelines.store import carried
from pipelines.store.connection import Store

_ENDED = "SELECT DISTINCT file_id FROM book.purged WHERE what = 'rows'"

_DATED = """
    SELECT f.file_id, f.name, f.sha256, f.archived, f.state, f.side, coalesce(f.row_count, 0) AS row_count,
           greatest(r.business_date, f.expected_date, f.last_date) AS day
    FROM book.files f JOIN book.runs r USING (run_no)
"""
"""Every file with the last day that it speaks of or was worked on. greatest() passes over what is null."""

_NEWEST = """
    SELECT exception_id, evidence FROM (
        SELECT exception_id, evidence, status FROM book.exception_events
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
    ) WHERE status NOT IN ('cleared', 'resolved')
"""

_BUSY = f"""
    SELECT row_id >> 32 AS file_id FROM book.open_rows
    UNION SELECT row_id >> 32 FROM book.watched
    UNION SELECT d.row_id >> 32 FROM book.deposit_members d JOIN book.deposit_groups g USING (group_no)
        WHERE g.verdict <> 'MATCHED'
    UNION SELECT row_id >> 32 FROM book.told_again UNION SELECT by_file_id FROM book.told_again
    UNION SELECT file_id FROM book.corrected UNION SELECT by_file_id FROM book.corrected
    UNION SELECT unnest([journal_row_id, settlement_row_id]) >> 32 FROM book.decided
    UNION SELECT f.file_id FROM (SELECT DISTINCT unnest(evidence).file AS name FROM ({_NEWEST})) e
        JOIN book.files f USING (name)
    UNION SELECT file_id FROM book.files f WHERE state = 'rejected' AND EXISTS (
        FROM book.exception_events e WHERE e.type = 'FILE_INVALID' AND e.business_date = f.expected_date
        AND e.exception_id IN (SELECT exception_id FROM ({_NEWEST})))
    UNION SELECT file_id FROM book.journal_base UNION SELECT file_id FROM book.settlement_base
    UNION SELECT file_id FROM book.bank_base
"""
"""Files on whose rows something open rests (rows, groups, decisions, evidence), and those of stores before parts."""

_BOUND = """
    SELECT journal_row_id >> 32 AS one, settlement_row_id >> 32 AS other FROM book.matches
    UNION SELECT a.row_id >> 32, b.row_id >> 32
    FROM book.deposit_members a JOIN book.deposit_members b USING (group_no)
"""
"""Files whose rows are paired, or in one deposit."""


_NO_ATTACHMENT = """parse_filename(archived) NOT IN (
    SELECT attachment_sha256 FROM book.case_events WHERE attachment_sha256 IS NOT NULL)"""
"""Evidence of cases lies in the archive by its content, too: what a person attached stays, whoever else sent it."""


def rows_due(store: Store, before: date) -> pl.DataFrame:
    """Files whose rows may go: `file_id`, `name`, `sha256`, `row_count`, `day`; all of their days lie before a date.

    A file that is paired with one of a later day stays, for that one may still be corrected.
    """
    return store.frame(
        f"""
        WITH dated AS MATERIALIZED ({_DATED}),
        young AS (SELECT file_id FROM dated WHERE day >= $before),
        bound AS (
            SELECT one AS file_id FROM ({_BOUND}) WHERE other IN (FROM young)
            UNION SELECT other FROM ({_BOUND}) WHERE one IN (FROM young)
        )
        SELECT file_id, name, sha256, row_count, day FROM dated
        WHERE day < $before AND side IS NOT NULL AND state <> 'rejected' AND file_id NOT IN ({_ENDED})
        AND file_id NOT IN (SELECT file_id FROM ({_BUSY}) WHERE file_id IS NOT NULL)
        AND file_id NOT IN (SELECT file_id FROM bound) ORDER BY file_id
        """,
        {"before": before},
    )


def raw_due(store: Store, before: date) -> pl.DataFrame:
    """Archived copies that may go: `file_id`, `name`, `sha256`, `row_count`, `day`, `archived`; one may be of many."""
    return store.frame(
        f"""
        WITH dated AS MATERIALIZED ({_DATED}),
        busy AS (SELECT file_id FROM ({_BUSY})),
        kept AS (SELECT archived FROM dated WHERE day >= $before OR file_id IN (FROM busy))
        SELECT file_id, name, sha256, row_count, day, archived FROM dated
        WHERE archived IS NOT NULL AND archived NOT IN (FROM kept) AND {_NO_ATTACHMENT}
        AND file_id NOT IN (SELECT file_id FROM book.purged WHERE what = 'raw') ORDER BY file_id
        """,
        {"before": before},
    )


def record(store: Store, what: str, before: date, due: pl.DataFrame) -> None:
    """Put on record what goes (rows or raw), inside the caller's transaction; the record itself takes parts out.

    Rows that were carried apart from their parts go with them.
    """
    if what == "rows":
        for side in carried.SIDES:
            with store.registered(due=due.select("file_id")):
                store.execute(f"DELETE FROM book.carried_{side} WHERE file_id IN (FROM due)")
                store.forget(side)
    told = due.select(
        "file_id",
        "name",
        "sha256",
        pl.col("row_count").cast(pl.Int32),
        purged_at=pl.lit(datetime.now(UTC).replace(tzinfo=None, microsecond=0)),
        what=pl.lit(what),
        through=pl.lit(before),
    )
    store.append("purged", told)
    store.in_use = None


def archived_gone(store: Store) -> Iterable[str]:
    """Where the archived copies lay that are on record as purged, and of which no other file is the same."""
    gone = "SELECT file_id FROM book.purged WHERE what = 'raw'"
    return [
        place
        for (place,) in store.execute(
            f"SELECT DISTINCT archived FROM book.files WHERE file_id IN ({gone}) AND archived NOT IN ("
            f"SELECT archived FROM book.files WHERE file_id NOT IN ({gone}) AND archived IS NOT NULL) "
            f"AND {_NO_ATTACHMENT} ORDER BY archived"
        )
    ]


def gone_before(store: Store) -> date | None:
    """Rows of days before this one may have been purged; None where none ever was."""
    ((day,),) = store.execute("SELECT max(through) FROM book.purged WHERE what = 'rows'")
    found: date | None = day
    return found
