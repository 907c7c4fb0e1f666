"""Payouts as the books add them up: what their lines and rejected lines bring, what they declare, what is carried."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.store import parts
from pipelines.store.connection import Store, numbers

KEY = ["acquirer", "payout_id", "currency"]

_SUMMED = ("gross", "fee", "net", "commission", "markup", "scheme_fee", "interchange")

_SUMS = """
    sum(lines) FILTER (record_type <> 'PAYOUT') AS line_count,
    sum(gross_minor) FILTER (record_type IN ('SALE', 'VOID', 'REVERSAL')) AS gross_minor,
    -sum(gross_minor) FILTER (record_type = 'REFUND') AS refunds_minor,
    sum(fee_minor) FILTER (record_type <> 'PAYOUT') AS fees_minor,
    -sum(gross_minor) FILTER (record_type IN ('CHARGEBACK', 'REPRESENTMENT')) AS chargebacks_minor,
    sum(gross_minor) FILTER (record_type IN ('ADJUSTMENT', 'FEE', 'RESERVE_HOLD', 'RESERVE_RELEASE'))
        AS adjustments_minor,
    -sum(net_minor) FILTER (record_type = 'FEE') AS separate_fees_minor,
    -sum(net_minor) FILTER (record_type = 'RESERVE_HOLD' AND NOT carried) AS reserve_held_minor,
    sum(net_minor) FILTER (record_type = 'RESERVE_RELEASE' AND NOT carried) AS reserve_released_minor,
    sum(net_minor) FILTER (carried) AS balance_carried_minor,
    sum(commission_minor) AS commission_minor, sum(markup_minor) AS markup_minor,
    sum(scheme_fee_minor) AS scheme_fee_minor, sum(interchange_minor) AS interchange_minor,
    sum(net_minor) FILTER (record_type <> 'PAYOUT') AS lines_minor,
    sum(lines) FILTER (record_type = 'PAYOUT') AS declared_count,
    sum(net_minor) FILTER (record_type = 'PAYOUT') AS declared_minor
"""
SUMS = (
    *("line_count", "gross_minor", "refunds_minor", "fees_minor", "chargebacks_minor", "adjustments_minor"),
    *("separate_fees_minor", "reserve_held_minor", "reserve_released_minor", "balance_carried_minor"),
    *("commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor", "lines_minor"),
    *("declared_count", "declared_minor"),
)


def of_files(store: Store, file_ids: Iterable[int]) -> pl.DataFrame:
    """What these files bring to each payout: KEY, `merchant_id`, `settlement_date`, `row_id`, SUMS, `one_for_each`.

    row_id: of the PAYOUT line, else of the first. one_for_each: the format promises a PAYOUT line for each payout, and
    lines for each PAYOUT, or this file holds both for some.
    """
    files = list(file_ids)
    return _summed(store, f"s.file_id IN ({numbers(files)})", source=parts.of_files(store, "settlement", files))


def of_payouts(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """The same of all files for these payouts (KEY)."""
    return _summed(store, "(s.acquirer, s.payout_id, s.currency) IN (FROM known)", known=payouts.select(KEY))


def _summed(
    store: Store, condition: str, known: pl.DataFrame | None = None, source: str = "book.settlement"
) -> pl.DataFrame:
    sums = ", ".join(f"CAST(coalesce({name}, 0) AS BIGINT) AS {name}" for name in SUMS)
    added = ", ".join(f"sum({name}_minor) AS {name}_minor" for name in _SUMMED)
    return store.frame(
        f"""
        WITH lines AS (
            SELECT acquirer, payout_id, currency, record_type, file_id AS file,
                   reason_code IS NOT DISTINCT FROM 'Balancetransfer' AS carried, count(*) AS lines,
                   min(merchant_id) AS merchant_id, max(settlement_date) AS settlement_date, min(row_id) AS row_id,
                   {added}
            FROM {source} s WHERE s.payout_id IS NOT NULL AND s.record_type <> 'LEDGER' AND {condition}
            GROUP BY ALL
        ),
        mixed AS (
            SELECT file FROM lines GROUP BY file
            HAVING bool_or(record_type = 'PAYOUT') AND bool_or(record_type <> 'PAYOUT')
        ),
        summed AS (
            SELECT acquirer, payout_id, currency,
                   coalesce(min(merchant_id) FILTER (record_type = 'PAYOUT'), min(merchant_id)) AS merchant_id,
                   max(settlement_date) AS settlement_date,
                   coalesce(min(row_id) FILTER (record_type = 'PAYOUT'), min(row_id)) AS row_id,
                   bool_or(file IN (SELECT file_id FROM book.files WHERE profile = 'acquirer_csv')) OR
                   bool_and(record_type = 'PAYOUT') AND bool_or(file IN (FROM mixed)) AS one_for_each,
                   {_SUMS}
            FROM lines GROUP BY acquirer, payout_id, currency
        )
        SELECT acquirer, payout_id, currency, merchant_id, settlement_date, row_id, one_for_each, {sums} FROM summed
        """,
        known=pl.DataFrame(schema=dict.fromkeys(KEY, pl.String)) if known is None else known,
    )


def rejected(store: Store, file_ids: Iterable[int] | None = None) -> pl.DataFrame:
    """Rejected lines of these files (all without) that name a payout: KEY, count, readable net, PAYOUTs among them."""
    chosen = "" if file_ids is None else f"AND file_id IN ({numbers(file_ids)})"
    return store.frame(
        f"""
        SELECT acquirer, payout_id, currency, CAST(count(*) AS BIGINT) AS rejected_count,
               CAST(coalesce(sum(net_minor) FILTER (record_type IS DISTINCT FROM 'PAYOUT'), 0) AS BIGINT)
               AS rejected_minor,
               CAST(count(*) FILTER (record_type = 'PAYOUT') AS BIGINT) AS unread_payouts
        FROM book.rejected_rows JOIN book.files USING (file_id)
        WHERE state = 'loaded' AND acquirer IS NOT NULL AND payout_id IS NOT NULL AND currency IS NOT NULL {chosen}
        GROUP BY ALL
        """
    )


def touched(store: Store) -> pl.DataFrame:
    """Payouts that lost a line since the last reconciliation (KEY); they are forgotten by asking."""
    found = store.frame("SELECT DISTINCT acquirer, payout_id, currency FROM book.payouts_touched")
    store.execute("DELETE FROM book.payouts_touched")
    return found


def known(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """What is known of these payouts (KEY)."""
    query = "SELECT n.* FROM book.payout_nets n SEMI JOIN asked USING (acquirer, payout_id, currency)"
    return store.frame(query, asked=payouts)


def around(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """Payouts of the same merchants from the first of these dates on, and the last before it: what may be carried.

    payouts: `acquirer`, `merchant_id`, `currency`, `settlement_date`.
    """
    since = payouts.group_by("acquirer", "merchant_id", "currency").agg(since=pl.col("settlement_date").min())
    return store.frame(
        """
        SELECT n.* FROM book.payout_nets n JOIN since s
        ON n.acquirer = s.acquirer AND n.currency = s.currency AND n.merchant_id IS NOT DISTINCT FROM s.merchant_id
        WHERE n.settlement_date >= s.since
        UNION ALL
        (SELECT n.* FROM book.payout_nets n JOIN since s
         ON n.acquirer = s.acquirer AND n.currency = s.currency AND n.merchant_id IS NOT DISTINCT FROM s.merchant_id
         WHERE n.settlement_date < s.since
         QUALIFY row_number() OVER (PARTITION BY n.acquirer, n.merchant_id, n.currency
                                    ORDER BY n.settlement_date DESC, n.row_id DESC) = 1)
        """,
        since=since,
    )


def siblings(store: Store, payouts: pl.DataFrame) -> pl.DataFrame:
    """What is known of payouts of these ids (`acquirer`, `payout_id`), in every currency."""
    query = "SELECT n.* FROM book.payout_nets n SEMI JOIN asked USING (acquirer, payout_id)"
    return store.frame(query, asked=payouts.select("acquirer", "payout_id"))


def write(store: Store, judged: pl.DataFrame, gone: pl.DataFrame) -> None:
    """Put judged payouts in place of what was known of them; gone (KEY): payouts of which no line is left."""
    with store.registered(stale=pl.concat([judged.select(KEY), gone.select(KEY)])):
        store.execute("DELETE FROM book.payout_nets WHERE (acquirer, payout_id, currency) IN (FROM stale)")
    store.append("payout_nets", judged)


def breaks(store: Store) -> pl.DataFrame:
    """Every payout that does not add up, as of tonight."""
    return store.frame("SELECT * FROM book.payout_nets WHERE verdict = 'NET_BREAK' ORDER BY row_id")
