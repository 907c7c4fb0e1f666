"""Payouts against their lines: does what is declared add up, or is it carried on (contract.md, NET_BREAK)?

A day whose lines add up to less than nothing pays nothing: what is missing is taken from the next payout of the same
merchant. Such a payout agrees with its own lines and what was carried; every other difference is a NET_BREAK.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import polars as pl

KEY = ["acquirer", "payout_id", "currency"]
OWNER = ["acquirer", "merchant_id", "currency"]
AGREES, BREAK, CARRIED = "agrees", "NET_BREAK", "carried"
NOT_DECLARED, WITHDRAWAL, UNREAD, ELSEWHERE = "not declared", "withdrawal", "unreadable", "declared elsewhere"
"""Verdicts: it ties; it does not; it is carried on; no PAYOUT line declares it, and the format promises none; money
drawn from a balance, whose lines name no payout; its PAYOUT line was rejected; lines in another currency than the one
their payout is declared in: a CURRENCY_MISMATCH tells of them, and the payout may count them as they stand."""

OUTCOME = ("carried_in_minor", "carried_out_minor", "verdict")


def added(before: pl.DataFrame, more: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Payouts with what new lines bring to them.

    before: payouts as they were known; more: sums of new lines; rejected: KEY, `rejected_count`, `rejected_minor`,
    `unread_payouts` of new rejected lines. Returns one row per payout, not yet judged.
    """
    lines = more.join(rejected, on=KEY, how="full", coalesce=True)
    both = pl.concat([before.drop(OUTCOME, strict=False), lines], how="diagonal")
    first = ["merchant_id", "settlement_date", "row_id", "one_for_each"]
    sums = [c for c in both.columns if c not in (*KEY, *first)]
    declared = pl.col("declared_count").fill_null(0) > 0
    summed = (
        both.sort(declared.not_(), "row_id", nulls_last=True)
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.col("merchant_id").drop_nulls().first(),
            pl.col("settlement_date").max(),
            pl.col("row_id").drop_nulls().first(),
            pl.col("one_for_each").any(),
            *(pl.col(name).fill_null(0).sum() for name in sums),
        )
    )
    return summed.filter(pl.col("row_id").is_not_null())


def judged(payouts: pl.DataFrame, also: pl.DataFrame, siblings: pl.DataFrame) -> pl.DataFrame:
    """Payouts with `carried_in_minor`, `carried_out_minor` and `verdict`.

    payouts: as `added` gives them. also: other payouts of the same merchants, judged before, which a late one may
    change; the earliest of them says what was carried when it began. siblings: all that is known of payouts of these
    ids, in whatever currency.
    """
    others = also.join(payouts.select(KEY), on=KEY, how="anti")
    both = pl.concat([payouts, others], how="diagonal")
    rows = _with_elsewhere(both, siblings).sort(*OWNER, "settlement_date", "row_id", nulls_last=True)
    outcome: list[dict[str, Any]] = []
    for _, mine in groupby(rows.iter_rows(named=True), key=lambda row: [row[name] for name in OWNER]):
        carry = None
        for row in mine:
            carry = (row.get("carried_in_minor") or 0) if carry is None else carry
            outcome.append(_outcome(row, carry))
            carry = outcome[-1]["carried_out_minor"]
    kinds = {"carried_in_minor": pl.Int64, "carried_out_minor": pl.Int64, "verdict": pl.String}
    return rows.drop(*OUTCOME, *_APART, strict=False).hstack(pl.DataFrame(outcome, schema=kinds))


_APART = ("apart_minor", "declared_apart")


def _with_elsewhere(payouts: pl.DataFrame, siblings: pl.DataFrame) -> pl.DataFrame:
    """Add what a payout holds in other currencies: `apart_minor`, lines that none declares, and `declared_apart`."""
    payout, own = ["acquirer", "payout_id"], pl.col("lines_minor") + pl.col("rejected_minor")
    loose = pl.when(pl.col("declared_count") == 0).then(own).otherwise(0)
    told = [*KEY, "lines_minor", "rejected_minor", "declared_count"]
    others = siblings.select(told).join(payouts, on=KEY, how="anti")
    all_of_it = pl.concat([payouts.select(told), others]).group_by(payout)
    sums = all_of_it.agg(loose=loose.sum(), declared=pl.col("declared_count").sum())
    return payouts.join(sums, on=payout, how="left", nulls_equal=True, maintain_order="left").select(
        *payouts.columns,
        apart_minor=pl.col("loose") - loose,
        declared_apart=pl.col("declared") > pl.col("declared_count"),
    )


def _outcome(row: dict[str, Any], carry: int) -> dict[str, Any]:
    own, declared = row["lines_minor"] + row["rejected_minor"], row["declared_minor"]
    with_carried = own + carry
    if row["unread_payouts"] and not row["declared_count"]:
        return _told(UNREAD, carry, carry)
    if not row["declared_count"] and row["declared_apart"]:
        return _told(ELSEWHERE, carry, carry)
    if (declared == own and not own) or (row["declared_count"] and declared in (own, own + row["apart_minor"])):
        return _told(AGREES, carry, carry)
    if not declared and with_carried < 0:
        return _told(CARRIED, carry, with_carried)
    if carry and declared == with_carried:
        return _told(AGREES, carry, 0)
    return _told(_broken(row), carry, carry)


def _broken(row: dict[str, Any]) -> str:
    """What it means that sums differ: nothing where the format does not promise both lines and a PAYOUT."""
    if row["one_for_each"]:
        return BREAK
    if not row["declared_count"]:
        return NOT_DECLARED
    return BREAK if row["line_count"] or row["rejected_count"] else WITHDRAWAL


def _told(verdict: str, before: int, after: int) -> dict[str, Any]:
    return {"carried_in_minor": before, "carried_out_minor": after, "verdict": verdict}


def breaks(payouts: pl.DataFrame) -> pl.DataFrame:
    """NET_BREAK exceptions of payouts that do not add up, each with its bridge and key = payout id."""
    lines = pl.col("lines_minor") + pl.col("rejected_minor")
    difference = pl.col("declared_minor") - lines
    return payouts.filter(pl.col("verdict") == BREAK).with_columns(
        lines_minor=lines,
        amount_minor=difference.abs(),
        direction=pl.when(difference > 0).then(pl.lit("long")).otherwise(pl.lit("short")),
        type=pl.lit(BREAK),
        business_date="settlement_date",
        settlement_row_id="row_id",
    )
