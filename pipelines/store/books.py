"""What a night reads from the books and writes back: open rows, history by key, matches, states, the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from pipelines.cases.register import Break, Entry, Event, Evidence
from pipelines.cases.taxonomy import POLICY
from pipelines.matching.frames import EXPECTED
from pipelines.matching.narrow import COLUMNS as NARROW
from pipelines.matching.narrow import narrowed
from pipelines.matching.references import squashed_sql
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import parts
from pipelines.store.connection import Store

JOURNAL = (
    "row_id, merchant_id, terminal_id, batch_no, stan, rrn, txn_type, channel, amount_minor, currency, txn_time, "
    "business_date, status, original_rrn, order_no, card_no"
)
SETTLEMENT = (
    "row_id, file_id, acquirer, settlement_date, payout_id, record_type, merchant_id, terminal_id, batch_no, stan, "
    "rrn, txn_time, business_date, gross_minor, net_minor, currency, original_rrn, order_no, reason_code"
)
BANK = "row_id, account, booking_date, amount_minor, currency, bank_ref, end_to_end_id, remittance, counterparty"
COLUMNS = {"journal": JOURNAL, "settlement": SETTLEMENT, "bank": BANK}

CODES = {"row_id": pl.Int64, "auth_code": pl.String, "card_no": pl.String}

Fresh = dict[int, pl.DataFrame]
"""Rows of files loaded in this run, lean, by file_id: what matching would otherwise read back from the store."""

KEYS = ("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref", "currency")


def last_finished(store: Store) -> tuple[int, date | None, date | None]:
    """Number and date of the newest run that finished, and the date of the newest before that date."""
    finished = "verdict IN ('OK', 'INCOMPLETE')"
    rows = store.execute(f"SELECT run_no, business_date FROM book.runs WHERE {finished} ORDER BY run_no DESC LIMIT 1")
    if not rows:
        return 0, None, None
    number, newest = rows[0]
    before = store.execute(f"SELECT max(business_date) FROM book.runs WHERE {finished} AND business_date < ?", [newest])
    return number, newest, before[0][0]


def lean(side: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Stored rows as the night works on them: transactions narrow, bank entries in the columns matching needs."""
    return rows.select(BANK.split(", ")) if side == "bank" else narrowed(side, rows)


def loaded_since(store: Store, side: str, after_run: int) -> list[int]:
    """Files of a side that were loaded after a run and are still in use, by file_id."""
    query = "SELECT file_id FROM book.files WHERE run_no > ? AND side = ? AND state = 'loaded' ORDER BY file_id"
    return [file_id for (file_id,) in store.execute(query, [after_run, side])]


def open_rows(store: Store, side: str, after_run: int, fresh: Fresh) -> pl.DataFrame:
    """Rows of a side that have no final state, lean: open from earlier nights, and those loaded since `after_run`.

    fresh: rows of files that were loaded a moment ago and need not be read back, by file_id; what is taken of it is
    taken out, for two copies of a night are more than memory should hold. Of history only the files of open rows are
    read, part by part.
    """
    mine = loaded_since(store, side, after_run)
    known = [fresh.pop(file_id) for file_id in mine if file_id in fresh]
    unread = set(mine) - {file_id for frame in known for file_id in _files_of(frame["row_id"])}
    waiting = store.frame("SELECT row_id FROM book.open_rows WHERE side = ?", [side])
    columns = BANK.split(", ") if side == "bank" else NARROW[side]
    found = [
        lean(side, _of_these(rows, unread, waiting))
        for rows in parts.held(store, side, unread | _files_of(waiting["row_id"]), columns)
    ]
    return pl.concat([*found, *known], rechunk=False)


def _of_these(rows: pl.DataFrame, files: set[int], row_ids: pl.DataFrame) -> pl.DataFrame:
    """Rows of these files, and of others those with these ids."""
    if rows.is_empty() or rows["row_id"][0] // LINES_PER_FILE in files:
        return rows
    return rows.join(row_ids, on="row_id", how="semi", maintain_order="left")


def _files_of(row_ids: pl.Series) -> set[int]:
    return {*(row_ids // LINES_PER_FILE).unique()}


def journal_history(
    store: Store, wanted: Mapping[str, pl.DataFrame], fresh: list[int], paired: pl.Series
) -> pl.DataFrame:
    """Journal rows of the wanted keys, any date, with `consumed`: paired in an earlier run.

    wanted: `rrn` (merchant_id, rrn), `order_no` (merchant_id, order_no), `stan` (merchant_id, terminal_id, stan_key,
    business dates first to last, blank: no RRN in the line, else only rows without one answer), `cancels` (merchant_id,
    rrn of the original). Rows that expect a settlement and are open, or of the files `fresh`, are left out: the caller
    has them, but for those that it has `paired` already: these are consumed.
    """
    return _not_open(store, {by: (keys, _HITS[by]) for by, keys in wanted.items()}, fresh, paired)


def journal_near(store: Store, wanted: pl.DataFrame, width: int, fresh: list[int], paired: pl.Series) -> pl.DataFrame:
    """Journal rows as `journal_history` gives them, by merchant_id, bucket (amount // width), dates and blank."""
    near = f"j.amount_minor // {int(width)} = k.bucket AND {_WITHIN}"
    return _not_open(store, {"near": (wanted, near)}, fresh, paired)


_WITHIN = "j.business_date BETWEEN k.first AND k.last AND (k.blank OR j.rrn IS NULL OR j.channel <> 'CARD')"
_HITS = {
    "rrn": "j.rrn = k.rrn",
    "order_no": "j.order_no = k.order_no",
    "stan": f"j.terminal_id = k.terminal_id AND ltrim(j.stan, '0') = ltrim(k.stan_key, '0') AND {_WITHIN}",
    "cancels": "j.original_rrn = k.rrn AND j.txn_type IN ('VOID', 'REVERSAL')",
}


def _not_open(
    store: Store, wanted: Mapping[str, tuple[pl.DataFrame, str]], fresh: list[int], paired: pl.Series
) -> pl.DataFrame:
    asked = {f"by_{name}": (keys, condition) for name, (keys, condition) in wanted.items() if keys.height}
    if not asked:
        return store.frame(f"SELECT {JOURNAL}, false AS consumed FROM book.journal LIMIT 0")
    found = "\nUNION ".join(_hit(by, keys, condition) for by, (keys, condition) in asked.items())
    return store.frame(
        f"""
        WITH hits AS MATERIALIZED ({found}),
        tonight AS MATERIALIZED (FROM paired SEMI JOIN hits USING (row_id)),
        taken AS (
            FROM tonight
            UNION ALL SELECT journal_row_id FROM book.matches WHERE journal_row_id IN (SELECT row_id FROM hits)
        )
        SELECT {JOURNAL}, row_id IN (SELECT row_id FROM taken) AS consumed
        FROM book.journal WHERE row_id IN (SELECT row_id FROM hits)
        AND (row_id IN (FROM tonight) OR NOT (status = 'APPROVED' AND list_contains(?, txn_type) AND (
            list_contains(?, file_id) OR row_id IN (SELECT row_id FROM book.open_rows WHERE side = 'journal'))))
        """,
        [list(EXPECTED), fresh],
        paired=paired.alias("row_id").to_frame(),
        **{by: keys for by, (keys, _) in asked.items()},
    )


def _hit(by: str, keys: pl.DataFrame, condition: str) -> str:
    """Which rows answer the keys; those asked by date are looked for between the first and the last date only."""
    told = f"SELECT j.row_id FROM book.journal j SEMI JOIN {by} k ON j.merchant_id = k.merchant_id AND {condition}"
    if "first" not in keys.columns:
        return told
    first, last = keys["first"].min(), keys["last"].max()
    return f"{told} WHERE j.business_date BETWEEN DATE '{first!s}' AND DATE '{last!s}'"


def codes_of(store: Store, ids: Mapping[str, pl.Series]) -> pl.DataFrame:
    """`row_id`, `auth_code`, `card_no` of journal rows and settlement lines, ids by side."""
    found = [
        store.frame(
            f"SELECT row_id, auth_code, card_no FROM book.{side} SEMI JOIN known USING (row_id)",
            known=rows.alias("row_id").to_frame(),
        )
        for side, rows in sorted(ids.items())
        if rows.len()
    ]
    return pl.concat([pl.DataFrame(schema=CODES), *found])


def entries_out_of_scope(store: Store, since: date) -> pl.DataFrame:
    """Bank entries that were no acquirer's, booked since a date: a payout that comes late may still name them."""
    return store.frame(
        f"""
        SELECT {BANK} FROM book.bank WHERE booking_date >= ?
        AND row_id IN (SELECT row_id FROM book.out_of_scope WHERE side = 'bank')
        """,
        [since],
    )


def payouts_named(store: Store, texts: pl.DataFrame) -> pl.DataFrame:
    """PAYOUT lines whose id may stand somewhere in one of the texts (`text`), banked or not.

    Signs and spaces between letters and digits are left out on both sides; who really names whom is told later.
    """
    known = store.frame(
        f"""
        WITH texts AS (SELECT {squashed_sql("text")} AS text FROM known WHERE text IS NOT NULL),
        ids AS (SELECT acquirer, payout_id, currency, settlement_date,
                       {squashed_sql("regexp_replace(payout_id, '-[a-p]{{12}}$', '')")} AS id
                FROM book.payout_nets WHERE declared_count > 0)
        SELECT acquirer, payout_id, currency, settlement_date FROM ids
        WHERE id <> '' AND EXISTS (FROM texts t WHERE contains(t.text, ids.id))
        """,
        known=texts,
    )
    if known.is_empty():
        return store.frame(f"SELECT {SETTLEMENT} FROM book.settlement LIMIT 0")
    return store.frame(
        f"""
        SELECT {SETTLEMENT} FROM book.settlement s SEMI JOIN hits h USING (acquirer, payout_id, currency)
        WHERE s.record_type = 'PAYOUT' AND s.settlement_date BETWEEN ? AND ?
        """,
        [known["settlement_date"].min(), known["settlement_date"].max()],
        hits=known,
    )


def references_of(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """By what a bank may name these payouts: `payout_row`, `ref`: their ids, the acquirers' transfer numbers."""
    numbers = store.frame(
        """
        SELECT s.row_id AS payout_row, s.acquirer_ref AS ref FROM book.settlement s SEMI JOIN known USING (row_id)
        WHERE s.record_type = 'PAYOUT' AND s.acquirer_ref IS NOT NULL
        """,
        known=payouts.select("row_id"),
    )
    return pl.concat([payouts.select(payout_row="row_id", ref="payout_id").drop_nulls(), numbers])


def groups_of(store: Store, row_ids: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deposit groups that do not tie, or that hold one of the rows (`side`, `row_id`), and all their members.

    Groups: `group_no`, `payout_minor`, `bank_minor`, `verdict`; members: `group_no`, `side`, `row_id`.
    """
    groups = store.frame(
        """
        SELECT group_no, payout_minor, bank_minor, verdict FROM book.deposit_groups WHERE verdict <> 'MATCHED'
        OR group_no IN (SELECT group_no FROM book.deposit_members m SEMI JOIN known USING (side, row_id))
        """,
        known=row_ids,
    )
    members = store.frame(
        "SELECT group_no, side, row_id FROM book.deposit_members SEMI JOIN known USING (group_no)",
        known=groups.select("group_no"),
    )
    return groups, members


def retracted_since(store: Store, last: int) -> list[tuple[str, str]]:
    """Side and name of the files that were taken back after a run."""
    return [
        (side, name)
        for side, name in store.execute("SELECT side, name FROM book.files WHERE retracted_run > ?", [last])
    ]


def rows_with_reason(store: Store, reason: str) -> pl.Series:
    """Ids of the rows that are open for a reason since an earlier night."""
    return store.frame("SELECT row_id FROM book.open_rows WHERE reason = ?", [reason])["row_id"]


def rows_of(store: Store, side: str, row_ids: pl.Series) -> pl.DataFrame:
    """Stored rows by id, in the columns matching works on."""
    source = parts.of_files(store, side, _files_of(row_ids))
    return store.frame(
        f"SELECT {COLUMNS[side]} FROM {source} SEMI JOIN known USING (row_id) ORDER BY row_id",
        known=row_ids.alias("row_id").to_frame(),
    )


def write_matches(store: Store, pairs: pl.DataFrame, run_no: int) -> None:
    """Append the night's pairs; rows that were out of scope until now no longer are."""
    columns = ["journal_row_id", "settlement_row_id", "rule", "verdict", "currency", "settlement_currency", "acquirer"]
    amounts = ["journal_amount_minor", "settlement_amount_minor", "rules_version"]
    rows = pairs.select(*columns, *amounts).with_columns(run_no=pl.lit(run_no, pl.Int32))
    parts.add(store, "matches", rows, run_no)


def rule_versions(store: Store, plain: tuple[int, str], changed: Iterable[str]) -> dict[str, int]:
    """The number of each rule set by its text, all of them on record; sets that recon.toml changed are numbered on.

    plain: version and text of the rules as they are built in; changed sets begin at a thousand times that version.
    """
    known = {text: version for version, text in store.execute("SELECT version, definition FROM book.rule_sets")}
    numbers = {plain[1]: plain[0]}
    for text in sorted(set(changed)):
        numbers[text] = known.get(text) or max([1000 * plain[0], *known.values(), *numbers.values()]) + 1
    for text, version in numbers.items():
        if text not in known:
            store.execute("INSERT OR REPLACE INTO book.rule_sets VALUES (?, ?)", [version, text])
    return numbers


def write_deposits(store: Store, groups: pl.DataFrame, members: pl.DataFrame, run_no: int, rules_version: int) -> None:
    """Write tonight's groups in place of those that held one of their members."""
    with store.registered(touched=members.select("side", "row_id")):
        stale = "SELECT group_no FROM book.deposit_members m SEMI JOIN touched USING (side, row_id)"
        store.execute(f"DELETE FROM book.deposit_groups WHERE group_no IN ({stale})")
        store.execute(f"DELETE FROM book.deposit_members WHERE group_no IN ({stale})")
    numbered = groups.with_columns(run_no=pl.lit(run_no, pl.Int32), rules_version=pl.lit(rules_version, pl.Int32))
    store.append("deposit_groups", numbered)
    store.append("deposit_members", members)


def write_states(store: Store, states: pl.DataFrame, out_of_scope: pl.DataFrame) -> None:
    """Replace the open rows by tonight's, and the reasons of rows from which nothing is expected.

    states: `side`, `row_id`, `state`, `reason` of all open rows; out_of_scope: `side`, `row_id`, `reason` to add.
    """
    store.execute("DELETE FROM book.open_rows")
    store.append("open_rows", states)
    spoken_for = """
        SELECT 'journal' AS side, journal_row_id AS row_id FROM book.matches
        WHERE run_no = (SELECT max(run_no) FROM book.runs)
        UNION ALL SELECT side, row_id FROM book.open_rows WHERE side = 'journal'
        UNION ALL SELECT side, row_id FROM book.deposit_members
        UNION ALL SELECT side, row_id FROM again
    """
    with store.registered(again=out_of_scope.select("side", "row_id")):
        store.execute(
            f"DELETE FROM book.out_of_scope o WHERE EXISTS (FROM ({spoken_for}) n "
            "WHERE n.side = o.side AND n.row_id = o.row_id)"
        )
    store.append("out_of_scope", out_of_scope)


def adjusted_ids(store: Store) -> set[str]:
    """Exceptions that an adjustment settled and that are therefore not derived again."""
    return {key for (key,) in store.execute("SELECT exception_id FROM book.adjusted")}


def write_adjusted(store: Store, settles: Mapping[int, str], rows: Mapping[str, tuple[str, int]], run_no: int) -> None:
    """Append which line settled which exception, and the row that is open no more, where it rested on one."""
    told = [(key, line, *rows.get(key, (None, None)), run_no) for line, key in sorted(settles.items())]
    schema = {
        "exception_id": pl.String,
        "by_row_id": pl.Int64,
        "side": pl.String,
        "row_id": pl.Int64,
        "run_no": pl.Int32,
    }
    store.append("adjusted", pl.DataFrame(told, schema=schema, orient="row"))


def write_policy(store: Store) -> None:
    """Replace the policy table that the views read by the one of this program."""
    rows = [
        (p.code, p.title_en, p.term_zh, p.action_en, p.action_zh, p.contact_en, p.contact_zh, p.evidence_en)
        for p in POLICY.values()
    ]
    columns = ("type", "title_en", "term_zh", "next_action", "next_action_zh", "contact", "contact_zh", "evidence")
    store.execute("DELETE FROM book.policy")
    store.append("policy", pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))


def held_entries(store: Store, derived_ids: list[str]) -> dict[str, Entry]:
    """Newest entry of every exception that is open, and of the ids given; fees are kept apart, being many."""
    ids = pl.DataFrame({"exception_id": derived_ids}, schema={"exception_id": pl.String})
    newest = store.frame(
        """
        SELECT * FROM book.exception_events
        WHERE type <> 'FEE_VARIANCE' OR exception_id IN (SELECT exception_id FROM ids)
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1
        AND (status <> 'cleared' OR exception_id IN (SELECT exception_id FROM ids))
        """,
        ids=ids,
    )
    return {row["exception_id"]: _entry(row) for row in newest.iter_rows(named=True)}


def held_fees(store: Store, named: pl.DataFrame) -> dict[str, Entry]:
    """Newest entry of every open FEE_VARIANCE whose line bears one of the references: `merchant_id`, `ref`."""
    if named.is_empty():
        return {}
    newest = store.frame(
        """
        SELECT * FROM book.exception_events e
        WHERE type = 'FEE_VARIANCE' AND EXISTS (
            FROM named n
            WHERE n.merchant_id IS NOT DISTINCT FROM e.merchant_id AND (n.ref = e.rrn OR n.ref = e.order_no))
        QUALIFY row_number() OVER (PARTITION BY exception_id ORDER BY event_no DESC) = 1 AND status <> 'cleared'
        """,
        named=named,
    )
    return {row["exception_id"]: _entry(row) for row in newest.iter_rows(named=True)}


def _entry(row: Mapping[str, object]) -> Entry:
    found = Break(
        basis=(),
        evidence=tuple(Evidence(**item) for item in row["evidence"]),  # type: ignore[attr-defined]
        **{  # type: ignore[arg-type]
            name: row[name]
            for name in ("type", "amount_minor", "direction", "explanation", "explanation_zh", "business_date", *KEYS)
        },
    )
    return Entry(str(row["exception_id"]), found, str(row["status"]), row["first_seen"])  # type: ignore[arg-type]


def write_events(
    store: Store, events: list[Event], due: Mapping[str, date | None], run_no: int, run_date: date
) -> None:
    """Append what changed in the register. due: date by which each id must be dealt with."""
    ((newest,),) = store.execute("SELECT coalesce(max(event_no), 0) FROM book.exception_events")
    for first in range(0, len(events), EVENTS_AT_ONCE):
        rows = [
            {"event_no": number, "run_no": run_no, "run_date": run_date, **_event(event, due)}
            for number, event in enumerate(events[first : first + EVENTS_AT_ONCE], start=int(newest) + first + 1)
        ]
        store.append("exception_events", pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"))


EVENTS_AT_ONCE = 20_000
"""Events are written in slices: as rows of Python they take ten times what they take in the books."""


def _event(event: Event, due: Mapping[str, date | None]) -> dict[str, object]:
    entry, found = event.entry, event.entry.break_
    policy = POLICY[found.type]
    return {
        "event": event.event,
        "exception_id": entry.exception_id,
        "type": found.type,
        "status": entry.status,
        "severity": policy.severity,
        "leg": policy.leg,
        "business_date": found.business_date,
        "first_seen": entry.first_seen,
        "due_date": due.get(entry.exception_id),
        "amount_minor": found.amount_minor,
        "direction": found.direction,
        **{key: getattr(found, key) for key in KEYS},
        "explanation": found.explanation,
        "explanation_zh": found.explanation_zh,
        "evidence": [{"side": e.side, "file": e.file, "line": e.line} for e in found.evidence],
    }


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
    "evidence": pl.List(pl.Struct({"side": pl.String, "file": pl.String, "line": pl.Int32})),
}
