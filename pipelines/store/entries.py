"""The register as it is kept: an event for each change of an exception, appended and never changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from itertools import islice

import polars as pl

from pipelines.cases.policies import Policies
from pipelines.cases.register import Break, Entry, Event, Evidence
from pipelines.store.connection import Store

KEYS = ("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "currency")
TOLD = (
    *("exception_id", "type", "amount_minor", "direction", "explanation", "explanation_zh", "business_date"),
    *KEYS,
)

NEWEST = "QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1"


def newest(store: Store, ids: pl.Series) -> dict[str, Entry]:
    """Newest entry of each of these exceptions that the register ever held."""
    if ids.is_empty():
        return {}
    last = "SELECT max(event_no) FROM book.exception_events SEMI JOIN ids USING (exception_id) GROUP BY exception_id"
    query = f"SELECT * FROM book.exception_events WHERE event_no IN ({last})"
    return _entries(store.frame(query, ids=ids.alias("exception_id").to_frame()))


def told_alike(store: Store, told: pl.DataFrame) -> pl.Series:
    """Ids of open exceptions that are told the same tonight: `exception_id`, `telling` as the last night left them."""
    return store.frame(
        """
        SELECT t.exception_id FROM told n JOIN book.told t USING (exception_id, telling) JOIN (
            SELECT exception_id, max(event_no) AS event_no, arg_max(status, event_no) AS status
            FROM book.exception_events GROUP BY exception_id
        ) e USING (exception_id, event_no)
        WHERE e.status <> 'cleared'
        """,
        told=told.select("exception_id", "telling"),
    )["exception_id"]


def write_told(store: Store, told: pl.DataFrame) -> None:
    """Replace what the night told: `exception_id`, `telling`, beside the newest event of each."""
    store.execute("DELETE FROM book.told")
    with store.registered(told=told.select("exception_id", "telling")):
        store.execute(
            "INSERT INTO book.told SELECT exception_id, max(e.event_no), any_value(n.telling) "
            "FROM told n JOIN book.exception_events e USING (exception_id) GROUP BY exception_id ORDER BY exception_id"
        )


def not_among(store: Store, ids: pl.Series, left_out: Iterable[str]) -> pl.Series:
    """Open exceptions but these, and but those of some types; fees are kept apart, being many."""
    return store.frame(
        f"""
        SELECT e.exception_id FROM book.exception_events e ANTI JOIN ids USING (exception_id)
        WHERE NOT list_contains(?, e.type) {NEWEST} AND status <> 'cleared'
        """,
        [sorted({"FEE_VARIANCE", *left_out})],
        ids=ids.alias("exception_id").to_frame(),
    )["exception_id"]


def of_events(store: Store, types: Collection[str]) -> pl.Series:
    """Open exceptions of some types; fees are kept apart, being many."""
    return store.frame(
        f"SELECT exception_id FROM book.exception_events WHERE list_contains(?, type) {NEWEST} AND status <> 'cleared'",
        [sorted({*types} - {"FEE_VARIANCE"})],
    )["exception_id"]


def resting_on(store: Store, kind: str, places: Collection[tuple[str, int]]) -> pl.Series:
    """Open exceptions of a type one of whose records of the journal stands in one of these places: file and line."""
    undone = pl.DataFrame(list(places), schema={"file": pl.String, "line": pl.Int32}, orient="row")
    return store.frame(
        f"""
        SELECT exception_id FROM (
            SELECT exception_id, unnest(evidence) AS place FROM (
                SELECT * FROM book.exception_events WHERE type = ? {NEWEST} AND status <> 'cleared'))
        SEMI JOIN undone u ON place.side = 'journal' AND place.file = u.file AND place.line = u.line
        """,
        [kind],
        undone=undone,
    )["exception_id"].unique()


def naming(store: Store, named: pl.DataFrame) -> pl.DataFrame:
    """Open exceptions that bear one of the references (`merchant_id`, `ref`), as their newest events tell them.

    `event_no`, `exception_id`, `type`, `merchant_id`, `rrn`, `order_no`.
    """
    return store.frame(
        f"""
        SELECT e.event_no, e.exception_id, e.type, e.merchant_id, e.rrn, e.order_no FROM book.exception_events e
        WHERE (e.rrn IN (SELECT ref FROM named) OR e.order_no IN (SELECT ref FROM named))
        AND EXISTS (FROM named n
            WHERE n.merchant_id IS NOT DISTINCT FROM e.merchant_id AND (n.ref = e.rrn OR n.ref = e.order_no))
        {NEWEST} AND status <> 'cleared'
        """,
        named=named,
    )


def unsettled(store: Store) -> dict[str, Entry]:
    """Newest entry of exceptions whose adjustment was taken back since the last night; they are forgotten by asking."""
    ids = store.frame("SELECT DISTINCT exception_id FROM book.unsettled ORDER BY 1")["exception_id"]
    if ids.is_empty():
        return {}
    store.execute("DELETE FROM book.unsettled")
    return newest(store, ids)


def _entries(rows: pl.DataFrame) -> dict[str, Entry]:
    told = zip(*(rows[name].to_list() for name in TOLD), strict=True)
    each = zip(told, _records(rows["evidence"]), *(rows[n].to_list() for n in ("status", "first_seen")), strict=True)
    found = (
        Entry(Break(**dict(zip(TOLD, values, strict=True)), evidence=evidence), status, first_seen)
        for values, evidence, status, first_seen in each
    )
    return {entry.exception_id: entry for entry in found}


def _records(evidence: pl.Series) -> list[tuple[Evidence, ...]]:
    """The records of each exception, by way of one flat frame: a fraction of the time that dictionaries take."""
    flat = evidence.explode(empty_as_null=False, keep_nulls=False).struct.unnest()
    each = map(Evidence, *(flat[name].to_list() for name in PLACE))
    return [tuple(islice(each, several)) for several in evidence.list.len().fill_null(0).to_list()]


def of_types(store: Store, types: Collection[str]) -> dict[str, Entry]:
    """Newest entry of every exception of some types, open or not; for types that there are few of."""
    query = f"SELECT * FROM book.exception_events WHERE list_contains(?, type) {NEWEST}"
    return _entries(store.frame(query, [sorted(types)]))


def write(
    store: Store,
    events: list[Event],
    due: Mapping[str, date | None],
    policies: Policies,
    run_no: int,
    run_date: date,
) -> None:
    """Append what changed in the register. due: date by which each id must be dealt with."""
    if not events:
        return
    ((newest,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    handling = [policies(event.entry.break_.type, event.entry.break_.acquirer) for event in events]
    columns: dict[str, object] = {
        "event_no": range(int(newest) + 1, int(newest) + 1 + len(events)),
        "run_no": pl.repeat(run_no, len(events), eager=True),
        "run_date": pl.repeat(run_date, len(events), eager=True),
        "event": [event.event for event in events],
        "status": [event.entry.status for event in events],
        "severity": [policy.severity for policy in handling],
        "leg": [event.entry.break_.leg for event in events],
        "first_seen": [event.entry.first_seen for event in events],
        "due_date": [due.get(event.entry.exception_id) for event in events],
        **{name: [getattr(event.entry.break_, name) for event in events] for name in TOLD},
    }
    rows = pl.DataFrame(columns, schema_overrides={n: t for n, t in EVENT_SCHEMA.items() if n in columns})
    evidence = _lists([event.entry.break_.evidence for event in events])
    told = rows.with_columns(evidence=evidence).select(EVENT_SCHEMA.keys())
    store.append("exception_events", _with_claims(store, told))


def _with_claims(store: Store, events: pl.DataFrame) -> pl.DataFrame:
    """Events of fees go on naming what they are claimed by: `fee_term`, `fee_cause`."""
    fees = events.filter(pl.col("type") == "FEE_VARIANCE").select("exception_id").unique()
    if fees.is_empty():
        return events
    known = store.frame(
        "SELECT exception_id, arg_max(fee_term, event_no) AS fee_term, arg_max(fee_cause, event_no) AS fee_cause "
        "FROM book.exception_events SEMI JOIN fees USING (exception_id) GROUP BY exception_id",
        fees=fees,
    )
    return events.join(known, on="exception_id", how="left", maintain_order="left")


def _lists(told: list[tuple[Evidence, ...]]) -> pl.Series:
    """Evidence of each event as a list of structs, by way of one flat frame: a tenth of what dictionaries take."""
    flat = pl.DataFrame(
        {
            "at": [at for at, several in enumerate(told) for _ in several],
            **{name: [getattr(e, name) for several in told for e in several] for name in ("side", "file", "line")},
        },
        schema={"at": pl.UInt32, **PLACE},
    )
    lists = flat.group_by("at", maintain_order=True).agg(evidence=pl.struct(list(PLACE)))
    every = pl.DataFrame({"at": range(len(told))}, schema={"at": pl.UInt32})
    found = every.join(lists, on="at", how="left", maintain_order="left")["evidence"]
    return found.fill_null(pl.Series([[]], dtype=found.dtype)) if found.null_count() else found


PLACE: dict[str, pl.DataType | type[pl.DataType]] = {"side": pl.String, "file": pl.String, "line": pl.Int32}
EVENT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "event_no": pl.Int64,
    "run_no": pl.Int32,
    "run_date": pl.Date,
    "event": pl.String,
    "exception_id": pl.String,
    "type": pl.String,
    "status": pl.String,
    "severity": pl.String,
    "leg": pl.String,
    "business_date": pl.Date,
    "first_seen": pl.Date,
    "due_date": pl.Date,
    "amount_minor": pl.Int64,
    "direction": pl.String,
    **dict.fromkeys(KEYS, pl.String),
    "explanation": pl.String,
    "explanation_zh": pl.String,
    "evidence": pl.List(pl.Struct(PLACE)),
}
