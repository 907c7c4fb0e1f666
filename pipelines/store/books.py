"""What a night reads from the books and writes back: open rows, matches, states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.cases.policies import Policies
from pipelines.matching.narrow import COLUMNS as NARROW
from pipelines.matching.narrow import narrowed
from pipelines.matching.references import squashed_sql
from pipelines.matching.states import OUT_OF_SCOPE
from pipelines.row_ids import LINES_PER_FILE, files_of
from pipelines.store import amounts, by_id, carried, key_files, parts
from pipelines.store.connection import Store
from pipelines.store.partitions import SIDES, Partitions

CODES = {"row_id": pl.Int64, "auth_code": pl.String, "card_no": pl.String}

MOST_AT_ONCE = 500_000
"""States that are written in one go."""

Fresh = dict[int, pl.DataFrame]
"""Bank entries of files loaded in this run, lean, by file_id: what would otherwise be read back from the store."""


def last_finished(store: Store) -> tuple[int, date | None, date | None]:
    """Number and date of the newest run that finished, and the date of the newest before that date."""
    finished = "verdict IN ('OK', 'INCOMPLETE')"
    rows = store.execute(f"SELECT run_no, business_date FROM book.runs WHERE {finished} ORDER BY run_no DESC LIMIT 1")
    if not rows:
        return 0, None, None
    number, newest = rows[0]
    before = store.execute(f"SELECT max(business_date) FROM book.runs WHERE {finished} AND business_date < ?", [newest])
    return number, newest, before[0][0]


def lean(entries: pl.DataFrame) -> pl.DataFrame:
    """Bank entries in the columns that matching needs."""
    return entries.select(by_id.BANK.split(", "))


def loaded_since(store: Store, side: str, after_run: int) -> list[int]:
    """Files of a side that were loaded after a run and are still in use, by file_id."""
    query = "SELECT file_id FROM book.files WHERE run_no > ? AND side = ? AND state = 'loaded' ORDER BY file_id"
    return [file_id for (file_id,) in store.execute(query, [after_run, side])]


def add_open(store: Store, after_run: int, fresh: Partitions) -> None:
    """Add to rows of tonight all others of journal and settlement that have no final state.

    These are open from earlier nights, or of files that were loaded since `after_run` and are not in `fresh` yet. Of
    history only the files of open rows are read, part by part.
    """
    for side in SIDES:
        mine = loaded_since(store, side, after_run)
        for rows in _open(store, side, set(mine) - fresh.files, NARROW[side]):
            fresh.add(side, narrowed(side, rows))
    fresh.unused |= fresh.files - {number for side in SIDES for number in loaded_since(store, side, after_run)}


def open_entries(store: Store, after_run: int, fresh: Fresh) -> pl.DataFrame:
    """Bank entries that have no final state: open from earlier nights, and those loaded since `after_run`.

    fresh: entries of files that were loaded a moment ago and need not be read back, by file_id.
    """
    mine = loaded_since(store, "bank", after_run)
    known = [fresh[file_id] for file_id in mine if file_id in fresh]
    return pl.concat([*_open(store, "bank", set(mine) - fresh.keys(), by_id.BANK.split(", ")), *known])


def _open(store: Store, side: str, files: set[int], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """All rows of these files, and those of others that are open, some at a time."""
    waiting = store.frame("SELECT row_id FROM book.open_rows WHERE side = ?", [side])
    kept = carried.rows(store, side, waiting["row_id"], columns)
    waiting = waiting.join(kept, on="row_id", how="anti")
    yield kept
    for rows in parts.held(store, side, files | files_of(waiting["row_id"]), columns):
        yield _of_these(rows, files, waiting)


def _of_these(rows: pl.DataFrame, files: set[int], row_ids: pl.DataFrame) -> pl.DataFrame:
    """Rows of these files, and of others those with these ids."""
    if rows.is_empty() or rows["row_id"][0] // LINES_PER_FILE in files:
        return rows
    return rows.join(row_ids, on="row_id", how="semi", maintain_order="left")


def codes_of(store: Store, ids: Mapping[str, pl.Series]) -> pl.DataFrame:
    """`row_id`, `auth_code`, `card_no` of journal rows and settlement lines, ids by side."""
    found = [by_id.rows_of(store, side, rows, list(CODES)) for side, rows in sorted(ids.items()) if rows.len()]
    return pl.concat([pl.DataFrame(schema=CODES), *found])


def entries_out_of_scope(store: Store, since: date) -> pl.DataFrame:
    """Bank entries that were no acquirer's, booked since a date: a payout that comes late may still name them."""
    return store.frame(
        f"""
        SELECT {by_id.BANK} FROM book.bank WHERE booking_date >= ?
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
        ids AS (SELECT acquirer, payout_id, currency, settlement_date, row_id, declared_count,
                       {squashed_sql("regexp_replace(payout_id, '-[a-p]{{12}}$', '')")} AS id
                FROM book.payout_nets WHERE declared_count > 0)
        SELECT acquirer, payout_id, currency, settlement_date, row_id, declared_count FROM ids
        WHERE id <> '' AND EXISTS (FROM texts t WHERE contains(t.text, ids.id))
        """,
        known=texts,
    )
    if (known["declared_count"] == 1).all():
        lines = by_id.rows_of(store, "settlement", known["row_id"]).filter(pl.col("record_type") == "PAYOUT")
        if lines.height == known.height:  # as a rule it is the line that payout_nets knows the payout by
            return lines
    return store.frame(
        f"""
        SELECT {by_id.SETTLEMENT} FROM book.settlement s SEMI JOIN hits h USING (acquirer, payout_id, currency)
        WHERE s.record_type = 'PAYOUT' AND s.settlement_date BETWEEN ? AND ?
        """,
        [known["settlement_date"].min(), known["settlement_date"].max()],
        hits=known,
    )


def references_of(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """By what a bank may name these payouts: `payout_row`, `ref`: their ids, the acquirers' transfer numbers."""
    lines = by_id.rows_of(store, "settlement", payouts["row_id"], ("row_id", "record_type", "acquirer_ref"))
    numbers = lines.filter(pl.col("record_type") == "PAYOUT").select(payout_row="row_id", ref="acquirer_ref")
    return pl.concat([payouts.select(payout_row="row_id", ref="payout_id").drop_nulls(), numbers.drop_nulls()])


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


def write_matches(store: Store, pairs: pl.DataFrame, run_no: int, *, more: bool = False) -> None:
    """Append pairs of the night; rows that were out of scope until now no longer are. more: others will follow."""
    columns = ["journal_row_id", "settlement_row_id", "rule", "verdict", "currency", "settlement_currency", "acquirer"]
    amounts = ["journal_amount_minor", "settlement_amount_minor", "rules_version"]
    rows = pairs.select(*columns, *amounts).with_columns(run_no=pl.lit(run_no, pl.Int32))
    parts.append(store, "matches", rows, run_no, None)
    if not more:
        parts.show(store, store.parts, ["matches"])


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
    store.append("deposit_members", amounts.valued(store, members))


def write_states(store: Store, states: Iterable[pl.DataFrame], out_of_scope: Iterable[pl.DataFrame]) -> None:
    """Replace the open rows by tonight's, and the reasons of rows from which nothing is expected.

    states: `side`, `row_id`, `state`, `reason` of all rows without partner; out_of_scope: `side`, `row_id`, `reason` of
    others from which nothing is expected. Both some at a time.
    """
    before = amounts.set_aside(store)
    store.execute("DELETE FROM book.open_rows")
    closed, out = list[pl.DataFrame](), pl.col("state") == OUT_OF_SCOPE
    for some in _together(states):
        store.append("open_rows", amounts.valued(store, some.filter(~out), before))
        closed.append(some.filter(out).select("side", "row_id", "reason"))
    ((run_no,),) = store.execute("SELECT coalesce(max(run_no), 0) FROM book.runs")
    _no_more_out_of_scope(
        store,
        f"""
        SELECT 'journal' AS side, journal_row_id AS row_id FROM {parts.of_run(store, "matches", run_no)}
        WHERE run_no = {run_no}
        UNION ALL SELECT side, row_id FROM book.open_rows WHERE side = 'journal'
        UNION ALL SELECT side, row_id FROM book.deposit_members
        """,
    )
    for some in _together([*closed, *out_of_scope]):
        with store.registered(again=some.select("side", "row_id")):
            _no_more_out_of_scope(store, "FROM again")
        store.append("out_of_scope", amounts.valued(store, some, before))
    store.execute("DROP TABLE was_open")
    carried.keep(store)
    key_files.gather(store)


def _together(some: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in as few frames as are not too large: each costs several questions to the database."""
    held = list[pl.DataFrame]()
    for rows in some:
        if held and sum(one.height for one in held) + rows.height > MOST_AT_ONCE:
            yield pl.concat(held, how="diagonal")
            held.clear()
        held.append(rows)
    if held:
        yield pl.concat(held, how="diagonal")


def _no_more_out_of_scope(store: Store, rows: str) -> None:
    store.execute(
        f"DELETE FROM book.out_of_scope o WHERE EXISTS (FROM ({rows}) n WHERE n.side = o.side AND n.row_id = o.row_id)"
    )


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


def write_policy(store: Store, policies: Policies) -> None:
    """Replace the policy table that the views read by the one in force."""
    rows = [
        (
            *(p.code, acquirer, p.title_en, p.term_zh, p.action_en, p.action_zh, p.contact_en, p.contact_zh),
            p.evidence_en,
        )
        for acquirer, p in policies.rows()
    ]
    columns = (
        *("type", "acquirer", "title_en", "term_zh", "next_action", "next_action_zh", "contact", "contact_zh"),
        "evidence",
    )
    store.execute("DELETE FROM book.policies")
    store.append("policies", pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))
