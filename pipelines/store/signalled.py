"""Signals and incidents on record, and the rows behind them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.checks import summaries
from pipelines.checks.incidents import ROWS, TIMES, Known
from pipelines.row_ids import files_of
from pipelines.store import parts
from pipelines.store.connection import Store

JOURNAL = (
    "row_id, merchant_id, terminal_id, batch_no, stan, rrn, txn_type, channel, card_no, amount_minor, currency, "
    "txn_time, business_date, status, response_code, original_rrn, order_no, operator_id"
)

MOST_PAIRS = 50_000
"""Pairs of a night by whose times clocks are told; of more pairs every n-th, by row: a median needs no more."""


def compare_clocks(store: Store, pairs: pl.DataFrame, run_no: int) -> None:
    """Keep by how much each terminal's clock is ahead of the acquirer's, from the night's pairs."""
    if pairs.is_empty():
        return
    step = -(-pairs.height // MOST_PAIRS)
    some = pairs.filter(pl.col("journal_row_id") % step == 0).select("journal_row_id", "settlement_row_id")
    sides = {side: _timed(store, side, some[f"{side}_row_id"]) for side in ("journal", "settlement")}
    store.append("clock_days", summaries.clock_days(some, **sides).with_columns(run_no=pl.lit(run_no, pl.Int32)))


def _timed(store: Store, side: str, row_ids: pl.Series) -> pl.DataFrame:
    source = parts.of_files(store, side, files_of(row_ids))
    own = ", file_id, merchant_id, terminal_id, business_date AS day" if side == "journal" else ""
    return store.frame(
        f"SELECT row_id AS {side}_row_id, txn_time AS {side}_at{own} FROM {source} SEMI JOIN known USING (row_id)",
        known=row_ids.alias("row_id").to_frame(),
    )


def clocks(store: Store, run_no: int, first: date, far_seconds: int) -> pl.DataFrame:
    """Clocks that a run found so far from where they stood before, with the days before: for `health.drifting_clocks`.

    Days that were told are left out, but for those that this run compared.
    """
    return store.frame(
        """
        WITH told AS (SELECT DISTINCT unit, terminal_id, day FROM book.signals WHERE kind = 'clock'),
        days AS (
            SELECT c.unit, c.terminal_id, max(c.merchant_id) AS merchant_id, c.day, bool_or(c.run_no = ?) AS mine,
                CAST(sum(c.pairs) AS BIGINT) AS pairs,
                CAST(list(c.ahead_seconds ORDER BY c.pairs DESC, c.run_no, c.file_id)[1] AS BIGINT) AS ahead_seconds
            FROM book.clock_days c ANTI JOIN told x ON x.unit = c.unit AND x.terminal_id = c.terminal_id
                AND x.day = c.day AND c.run_no <> ?
            WHERE c.day >= ? GROUP BY c.unit, c.terminal_id, c.day),
        far AS (
            SELECT unit, terminal_id FROM days GROUP BY ALL
            HAVING max(ahead_seconds) FILTER (mine) - median(ahead_seconds) FILTER (NOT mine) >= ?
                OR median(ahead_seconds) FILTER (NOT mine) - min(ahead_seconds) FILTER (mine) >= ?)
        SELECT * EXCLUDE (mine) FROM days SEMI JOIN far USING (unit, terminal_id) ORDER BY unit, terminal_id, day
        """,
        [run_no, run_no, first, far_seconds, far_seconds],
    )


def compared(store: Store, run_no: int) -> dict[date, int]:
    """How many terminals' clocks a run compared, by business date of the journal rows."""
    terminals = "SELECT day, count(DISTINCT (unit, terminal_id)) FROM book.clock_days"
    return dict(store.execute(f"{terminals} WHERE run_no = ? GROUP BY day ORDER BY day", [run_no]))


def told_before(store: Store, first: date) -> pl.DataFrame:
    """Signals on record since a day: all columns of `book.signals`."""
    return store.frame("SELECT * FROM book.signals WHERE day >= ? ORDER BY day, exception_id, run_no", [first])


def of_exceptions(store: Store, ids: Collection[str]) -> pl.DataFrame:
    """Signals on record of some exceptions."""
    return store.frame(
        "SELECT * FROM book.signals WHERE list_contains(?, exception_id) ORDER BY exception_id, day, run_no",
        [sorted(ids)],
    )


def clock_since(store: Store, unit: str, terminal_id: str, since: date) -> list[int]:
    """By how many seconds a terminal's clock (blank: the middle of all) was ahead, day by day since one."""
    told = store.execute(
        "SELECT day, CAST(round(median(ahead_seconds)) AS BIGINT) FROM book.clock_days "
        "WHERE day >= ? AND (? = '' OR (unit = ? AND terminal_id = ?)) GROUP BY day ORDER BY day",
        [since, terminal_id, unit, terminal_id],
    )
    return [ahead for _, ahead in told]


def rows_behind(store: Store, days: Sequence[date], merchants: Iterable[str], terminals: Iterable[str]) -> pl.DataFrame:
    """Journal rows of some days that bear one of the terminal numbers, or are of one of the merchants."""
    found = store.execute("SELECT DISTINCT file_id FROM book.merchant_days WHERE list_contains(?, day)", [list(days)])
    source = parts.of_files(store, "journal", {file_id for (file_id,) in found})
    return store.frame(
        f"SELECT {JOURNAL} FROM {source} WHERE list_contains(?, business_date) "
        "AND (list_contains(?, terminal_id) OR list_contains(?, merchant_id)) ORDER BY txn_time, row_id",
        [list(days), sorted(set(terminals)), sorted(set(merchants))],
    )


def remember(store: Store, told: Sequence[Mapping[str, object]], run_no: int) -> None:
    """Append the days that were told."""
    if told:
        store.append("signals", pl.DataFrame(list(told), infer_schema_length=None).with_columns(run_no=pl.lit(run_no)))


# incidents


def write_breaks(store: Store, types: Collection[str], run_no: int) -> list[date]:
    """Append breaks of some types that a run opened and did not settle at once; returns their business dates."""
    store.execute(
        """
        INSERT INTO book.break_rows (run_no, exception_id, type, acquirer, merchant_id, day, amount_minor, currency,
            side, file_id, line)
        WITH loaded AS (
            SELECT name, side, max(file_id) AS file_id FROM book.files WHERE state = 'loaded' GROUP BY ALL)
        SELECT e.run_no, e.exception_id, e.type, e.acquirer, e.merchant_id, e.business_date, e.amount_minor, e.currency,
            f.side, f.file_id, e.evidence[1].line
        FROM book.exception_events e JOIN loaded f ON f.name = e.evidence[1].file AND f.side = e.evidence[1].side
        WHERE e.run_no = ? AND e.event IN ('opened', 'reopened') AND list_contains(?, e.type)
        AND e.business_date IS NOT NULL AND NOT EXISTS (
            FROM book.exception_events c
            WHERE c.run_no = e.run_no AND c.exception_id = e.exception_id AND c.event = 'cleared')
        ORDER BY e.exception_id
        """,
        [run_no, sorted(types)],
    )
    days = store.execute("SELECT DISTINCT day FROM book.break_rows WHERE run_no = ? ORDER BY day", [run_no])
    return [day for (day,) in days]


def free_breaks(store: Store, days: Collection[date]) -> pl.DataFrame:
    """Breaks (ROWS) of some business dates that belong to no incident."""
    return store.frame(
        f"""
        SELECT DISTINCT ON (exception_id) {", ".join(ROWS)} FROM book.break_rows
        WHERE list_contains(?, day) AND exception_id NOT IN (SELECT exception_id FROM book.incident_children)
        ORDER BY exception_id, run_no DESC
        """,
        [sorted(days)],
    )


def timed(store: Store, breaks: pl.DataFrame) -> pl.DataFrame:
    """Breaks (ROWS) as TIMES; those whose row states no time, or has left the books, are left out."""
    found = []
    for (side,), own in sorted(breaks.partition_by("side", as_dict=True).items()):
        channel = "any_value(r.channel)" if side == "journal" else "NULL::VARCHAR"
        source = parts.of_files(store, str(side), set(own["file_id"]))
        found.append(
            store.frame(
                f"SELECT b.*, min(r.txn_time) AS happened_at, {channel} AS channel FROM own b JOIN {source} r "
                "ON r.file_id = b.file_id AND r.line = b.line WHERE r.txn_time IS NOT NULL GROUP BY ALL",
                own=own,
            ).select(*TIMES)
        )
    return pl.concat([pl.DataFrame(schema=TIMES), *found]).sort("happened_at", "exception_id")


def run_days(store: Store, first: date, last: date) -> int:
    """On how many business dates between two the books were run."""
    finished = "SELECT count(DISTINCT business_date) FROM book.runs WHERE verdict IS NOT NULL"
    return int(store.execute(f"{finished} AND business_date BETWEEN ? AND ?", [first, last])[0][0])


def breaks_before(store: Store, scope: str, values: Collection[str], first: date, last: date) -> dict[str, list[int]]:
    """Breaks of scopes on each business date between two on which the books were run, in no order.

    A line of a settlement names no channel, so of a channel all breaks count: more than its own, never fewer.
    """
    days = run_days(store, first, last)
    column = {"acquirer": "acquirer", "merchant_id": "merchant_id"}.get(scope)
    told = store.execute(
        f"""
        SELECT {column or "NULL"} AS value, day, count(DISTINCT exception_id) FROM book.break_rows
        WHERE day BETWEEN ? AND ? AND {f"list_contains(?, {column})" if column else "? IS NOT NULL"}
        AND exception_id NOT IN (SELECT exception_id FROM book.incident_children) GROUP BY ALL ORDER BY ALL
        """,
        [first, last, sorted(values)],
    )
    counts: dict[str, list[int]] = {value: [] for value in values}
    for value, _, count in told:
        for one in [value] if column else values:
            counts[one].append(count)
    return {value: own + [0] * max(0, days - len(own)) for value, own in counts.items()}


def breaks_of_day(store: Store, scope: str, value: str, day: date) -> int:
    """How many breaks of a scope there were on a business date, in an incident or not; of a channel 0: nobody knows."""
    if scope == "channel":
        return 0
    column = {"acquirer": "acquirer", "merchant_id": "merchant_id"}[scope]
    asked = f"SELECT count(DISTINCT exception_id) FROM book.break_rows WHERE {column} = ? AND day = ?"
    return int(store.execute(asked, [value, day])[0][0])


def incidents_since(store: Store, first: date) -> list[Known]:
    """Incidents on record that lasted beyond a date."""
    return [
        Known(*row)
        for row in store.execute(
            """
            SELECT incident_id, any_value(i.scope), any_value(i.scope_value), min(c.happened_at), max(c.happened_at),
                any_value(i.began_at), any_value(i.usual), any_value(i.most), any_value(i.days)
            FROM book.incidents i JOIN book.incident_children c USING (incident_id)
            GROUP BY incident_id HAVING max(c.happened_at) >= ? ORDER BY incident_id
            """,
            [first],
        )
    ]


def write_incidents(store: Store, known: Sequence[Known], run_no: int) -> None:
    """Append incidents as they were first told."""
    rows = [(run_no, k.incident_id, k.scope, k.value, k.began, k.usual, k.most, k.days) for k in known]
    names = ("run_no", "incident_id", "scope", "scope_value", "began_at", "usual", "most", "days")
    store.append("incidents", pl.DataFrame(rows, schema=list(names), orient="row"))


def attach(store: Store, children: pl.DataFrame, run_no: int) -> None:
    """Append children: `incident_id`, `exception_id`, `channel`, `happened_at`."""
    told = children.select("incident_id", "exception_id", "channel", "happened_at")
    store.append("incident_children", told.with_columns(run_no=pl.lit(run_no, pl.Int32)))


def children_of(store: Store, ids: Collection[str]) -> pl.DataFrame:
    """`incident_id` and TIMES of the children of incidents, in order of time."""
    return store.frame(
        f"""
        SELECT DISTINCT ON (c.incident_id, c.exception_id) c.incident_id, c.channel, c.happened_at,
            {", ".join(f"b.{name}" for name in ROWS)}
        FROM book.incident_children c JOIN book.break_rows b USING (exception_id)
        WHERE list_contains(?, c.incident_id) ORDER BY c.incident_id, c.exception_id, b.run_no
        """,
        [sorted(ids)],
    ).sort("incident_id", "happened_at", "exception_id")


def open_children(store: Store) -> dict[str, list[str] | None]:
    """The open children of each incident; None where all are cleared, or resolved by people."""
    return dict(
        store.execute(
            """
            WITH known AS (SELECT DISTINCT incident_id, exception_id FROM book.incident_children),
            newest AS (
                SELECT exception_id, status FROM book.exception_events SEMI JOIN known USING (exception_id)
                QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1),
            worked AS (
                SELECT exception_id, state FROM book.case_events SEMI JOIN known USING (exception_id)
                WHERE state IS NOT NULL
                QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1)
            SELECT k.incident_id, list(k.exception_id ORDER BY k.exception_id)
                FILTER (n.status <> 'cleared' AND coalesce(w.state, '') <> 'resolved')
            FROM known k JOIN newest n USING (exception_id) LEFT JOIN worked w USING (exception_id)
            GROUP BY 1 ORDER BY 1
            """
        )
    )
