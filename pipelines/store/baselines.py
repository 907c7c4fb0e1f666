"""What signals are judged by: the days before, as `daybook` keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

import polars as pl

from pipelines.checks import summaries
from pipelines.checks.patterns import BY_NAME, CASHIER, TERMINAL
from pipelines.store.connection import Store
from pipelines.store.daybook import DAYS, of_day

_NUMBERS = ("row_count", *(f"{what}_{end}" for what in ("stan", "half", "batch") for end in ("low", "high")))


def days_of(store: Store, files: Collection[int]) -> list[date]:
    """The business dates that journals speak of, in order."""
    if not files:
        return []
    found = store.execute(
        "SELECT DISTINCT day FROM book.merchant_days WHERE list_contains(?, file_id) ORDER BY day", [sorted(files)]
    )
    return [day for (day,) in found]


def known_days(store: Store, first: date, last: date) -> int:
    """On how many days between two the journal holds anything."""
    asked = "SELECT count(DISTINCT day) FROM book.merchant_days WHERE day BETWEEN ? AND ?"
    return int(store.execute(asked, [first, last])[0][0])


def terminals_on(store: Store, days: Sequence[date], files: Collection[int] | None = None) -> pl.DataFrame:
    """Terminals' days, all files of a day added up, with `told`; files: only terminals that one of these speaks of."""
    mine = "" if files is None else "SEMI JOIN mine USING (unit, terminal_id, day)"
    asked = store.frame(
        "SELECT DISTINCT unit, terminal_id, day FROM book.terminal_days WHERE list_contains(?, file_id)",
        [sorted(files or ())],
    )
    found = store.frame(
        f"{DAYS} FROM book.terminal_days {mine} WHERE list_contains(?, day) GROUP BY unit, terminal_id, day "
        "ORDER BY unit, terminal_id, day",
        [list(days)],
        mine=asked,
    )
    return _with_told(store, found)


def counts_before(store: Store, subjects: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """What some counts of terminals (LONG) rest on between two days: as `counts_of_terminals` asks."""
    kinds = [BY_NAME[kind] for kind in subjects["kind"].unique().sort()]
    gaps = any(kind.counted == "missing" for kind in kinds)
    named = {name for kind in kinds for name in (kind.counted, kind.out_of) if name != "missing"}
    names = sorted(named | (set(_NUMBERS) if gaps else set()))
    found = store.frame(
        f"SELECT unit, terminal_id, day, NULL::VARCHAR AS merchant_id, {of_day(names)} FROM book.terminal_days "
        "SEMI JOIN asked USING (unit, terminal_id) WHERE day BETWEEN ? AND ? GROUP BY unit, terminal_id, day",
        [first, last],
        asked=subjects.select(*TERMINAL).unique(),
    ).sort(*TERMINAL, "day")
    return _with_told(store, found) if gaps else found


def days_since(store: Store, unit: str, terminal_id: str, since: date) -> pl.DataFrame:
    """The same of one terminal (blank: of all) since a day."""
    found = store.frame(
        f"{DAYS} FROM book.terminal_days WHERE day >= ? AND (? = '' OR (unit = ? AND terminal_id = ?)) "
        "GROUP BY unit, terminal_id, day ORDER BY unit, terminal_id, day",
        [since, terminal_id, unit, terminal_id],
    )
    return _with_told(store, found)


def _with_told(store: Store, days: pl.DataFrame) -> pl.DataFrame:
    """Add `told`: trace numbers of a terminal's day that stand for no payment."""
    traces = store.frame(
        "SELECT merchant_id AS of, terminal_id, day, CAST(sum(last_no - first_no + 1) AS BIGINT) AS told "
        "FROM book.traces WHERE day BETWEEN ? AND ? AND terminal_id IS NOT NULL GROUP BY ALL",
        [days["day"].min(), days["day"].max()],
    )
    if traces.is_empty():
        return days.with_columns(told=pl.lit(0, pl.Int64))
    merged = traces.with_columns(merchant_id="of").with_columns(unit=summaries.unit())
    merged = merged.group_by("unit", "terminal_id", "day").agg(pl.col("told").sum())
    joined = days.join(merged, on=[*TERMINAL, "day"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("told").fill_null(0))


def given_on(store: Store, days: Sequence[date], files: Collection[int]) -> pl.DataFrame:
    """Refunds and voids of days by cashier, of cashiers that one of the files speaks of."""
    return store.frame(
        """
        WITH mine AS (
            SELECT DISTINCT merchant_id, operator_id, terminal_id, day FROM book.given_days
            WHERE list_contains(?, file_id))
        SELECT g.day, g.merchant_id, g.operator_id, g.terminal_id, sum(refunds)::BIGINT AS refunds,
            sum(voids)::BIGINT AS voids
        FROM book.given_days g SEMI JOIN mine m ON m.merchant_id = g.merchant_id AND m.day = g.day
            AND m.operator_id IS NOT DISTINCT FROM g.operator_id AND m.terminal_id IS NOT DISTINCT FROM g.terminal_id
        WHERE list_contains(?, g.day) GROUP BY ALL ORDER BY ALL
        """,
        [sorted(files), list(days)],
    )


def given_before(store: Store, subjects: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The same of some cashiers (`merchant_id`, `operator_id`, `terminal_id`) between two days."""
    return store.frame(
        """
        SELECT g.day, g.merchant_id, g.operator_id, g.terminal_id, sum(refunds)::BIGINT AS refunds,
            sum(voids)::BIGINT AS voids
        FROM book.given_days g SEMI JOIN asked m ON m.merchant_id = g.merchant_id
            AND m.operator_id IS NOT DISTINCT FROM g.operator_id AND m.terminal_id IS NOT DISTINCT FROM g.terminal_id
        WHERE g.day BETWEEN ? AND ? GROUP BY ALL ORDER BY ALL
        """,
        [first, last],
        asked=subjects.select(*CASHIER).unique(),
    )


def merchants_worked(store: Store, merchants: Iterable[str], first: date, last: date) -> pl.DataFrame:
    """`merchant_id`, `days`: on how many days between two a merchant worked."""
    return store.frame(
        "SELECT merchant_id, count(DISTINCT day) AS days FROM book.merchant_days "
        "WHERE list_contains(?, merchant_id) AND day BETWEEN ? AND ? GROUP BY 1 ORDER BY 1",
        [sorted(set(merchants)), first, last],
    )


def cards_on(store: Store, days: Sequence[date], files: Collection[int], uses: int) -> pl.DataFrame:
    """Cards that came so often on a day, in files of which one is among these: `summaries.card_days`."""
    return store.frame(
        """
        SELECT day, merchant_id, card_no, CAST(sum(uses) AS BIGINT) AS uses, CAST(sum(refused) AS BIGINT) AS refused
        FROM book.card_days WHERE list_contains(?, day) GROUP BY day, merchant_id, card_no
        HAVING sum(uses) >= ? AND bool_or(list_contains(?, file_id)) ORDER BY ALL
        """,
        [list(days), uses, sorted(files)],
    )


def cards_before(store: Store, merchants: Iterable[str], first: date, last: date) -> pl.DataFrame:
    """`merchant_id`, `most`: how often one card came at most on a day between two."""
    return store.frame(
        """
        SELECT merchant_id, CAST(max(uses) AS BIGINT) AS most FROM (
            SELECT merchant_id, card_no, day, sum(uses) AS uses FROM book.card_days
            WHERE list_contains(?, merchant_id) AND day BETWEEN ? AND ? GROUP BY ALL)
        GROUP BY merchant_id ORDER BY merchant_id
        """,
        [sorted(set(merchants)), first, last],
    )


def new_hours(store: Store, day: date, files: Collection[int], first: date, last: date) -> pl.DataFrame:
    """Terminals (`unit`, `terminal_id`) that sold in an hour in which, and beside which, they never did before."""
    return store.frame(
        """
        WITH today AS (
            SELECT unit, terminal_id, bit_or(hour_bits)::BIGINT AS bits FROM book.terminal_days
            WHERE day = $day GROUP BY ALL HAVING bool_or(list_contains($files, file_id))),
        known AS (
            SELECT unit, terminal_id, bit_or(hour_bits)::BIGINT AS bits FROM book.terminal_days
            WHERE day BETWEEN $first AND $last GROUP BY ALL)
        SELECT unit, terminal_id FROM today t JOIN known k USING (unit, terminal_id)
        -- an hour is beside another: 23:00 is beside 00:00, too
        WHERE t.bits & (16777215 - ((k.bits | k.bits << 1 | k.bits >> 1 | k.bits << 23 | k.bits >> 23) & 16777215)) <> 0
        ORDER BY ALL
        """,
        {"day": day, "files": sorted(files), "first": first, "last": last},
    )


def hours_on(store: Store, day: date, subjects: pl.DataFrame) -> pl.DataFrame:
    """Approved sales of some terminals by hour: `unit`, `terminal_id`, `merchant_id`, `day`, `hour`, `sales`."""
    return store.frame(
        """
        SELECT unit, terminal_id, max(merchant_id) AS merchant_id, day, hour, CAST(sum(sales) AS BIGINT) AS sales FROM (
            SELECT unit, terminal_id, merchant_id, day, unnest(hours) AS hour, unnest(hour_sales) AS sales
            FROM book.terminal_days SEMI JOIN asked USING (unit, terminal_id) WHERE day = ?)
        GROUP BY unit, terminal_id, day, hour ORDER BY ALL
        """,
        [day],
        asked=subjects.select(*TERMINAL).unique(),
    )


def hours_before(store: Store, subjects: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """`unit`, `terminal_id`, `days` on which some terminals worked between two, `usual`: hours in which they sold."""
    return store.frame(
        "SELECT unit, terminal_id, count(DISTINCT day) AS days, "
        "list_sort(list_distinct(flatten(list(hours)))) AS usual FROM book.terminal_days "
        "SEMI JOIN asked USING (unit, terminal_id) WHERE day BETWEEN ? AND ? "
        "GROUP BY unit, terminal_id ORDER BY ALL",
        [first, last],
        asked=subjects.select(*TERMINAL).unique(),
    )


def batches(store: Store, today: date, days: int, first: date, others: int) -> pl.DataFrame:
    """Days of terminals whose batch of today was open that many days ago already: for `health.open_batches`.

    others: on so many days since the first they must have had other batches.
    """
    return store.frame(
        """
        WITH newest AS (
            SELECT unit, terminal_id, max(batch_high) AS batch FROM book.terminal_days
            WHERE day = ? AND batch_high IS NOT NULL GROUP BY ALL),
        same AS (  -- most terminals closed the batch of yesterday: these alone are counted
            SELECT unit, terminal_id FROM book.terminal_days JOIN newest USING (unit, terminal_id)
            WHERE day BETWEEN ? AND ? AND batch_high = batch GROUP BY ALL HAVING count(DISTINCT day) >= ?),
        open AS (
            SELECT unit, terminal_id FROM book.terminal_days JOIN newest USING (unit, terminal_id)
            SEMI JOIN same USING (unit, terminal_id)
            WHERE day BETWEEN ? AND ? AND batch_high <> batch GROUP BY ALL HAVING count(DISTINCT day) >= ?)
        SELECT unit, terminal_id, max(merchant_id) AS merchant_id, day, max(batch_high) AS batch
        FROM book.terminal_days SEMI JOIN open USING (unit, terminal_id) WHERE day BETWEEN ? AND ?
        GROUP BY unit, terminal_id, day ORDER BY ALL
        """,
        [today, first, today, days, first, today, others, first, today],
    )


def missing_terminals(store: Store, day: date, first: date, last_seen: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Terminals with rows since `last_seen` and none on a day, whose shop worked: their days and those of their shops.

    The frames are those of `health.silent`.
    """
    gone = """
        WITH recent AS (
            SELECT unit, terminal_id, max(merchant_id) AS merchant_id, max(day) AS last_day FROM book.terminal_days
            WHERE day BETWEEN ? AND ? GROUP BY unit, terminal_id),
        gone AS (
            SELECT r.* FROM recent r WHERE last_day < ?
            AND r.merchant_id IN (SELECT merchant_id FROM book.merchant_days WHERE day = ?))
    """
    asked = [last_seen, day, day, day]
    own = store.frame(
        f"""{gone}
        SELECT t.unit, t.terminal_id, max(g.merchant_id) AS merchant_id, t.day,
            CAST(sum(t.row_count) AS BIGINT) AS row_count
        FROM book.terminal_days t JOIN gone g USING (unit, terminal_id) WHERE t.day BETWEEN ? AND ?
        GROUP BY t.unit, t.terminal_id, t.day ORDER BY ALL
        """,
        [*asked, first, day],
    )
    if own.is_empty():
        return own, own.select("merchant_id", "day")
    shops = store.frame(
        "SELECT DISTINCT merchant_id, day FROM book.merchant_days SEMI JOIN own USING (merchant_id) "
        "WHERE day BETWEEN ? AND ? ORDER BY ALL",
        [first, day],
        own=own.select("merchant_id").unique(),
    )
    return own, shops
