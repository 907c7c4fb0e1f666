"""What a pair of rows says once it is paired, and what a row says that stays alone (exceptions.md)."""

from __future__ import annotations

import polars as pl

from pipelines.matching.frames import CANCELS, expected_gross
from pipelines.matching.states import EXCEPTED

SHOWN = ("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "currency", "business_date")

MATCHED = "MATCHED"


def judge(pairs: pl.DataFrame, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """Compare each pair: type, then status, then currency, then amount; the first difference is the verdict.

    Amounts that differ by no more than the rule allows are equal.

    pairs: as the engine gives them, their places those in journal and settlement, and `reversed` (the journal undid
    the row). Returns these without the places, and `verdict` (MATCHED or an exception type), `currency` and
    `settlement_currency`, `journal_amount_minor` (as the acquirer should show it), `settlement_amount_minor` (gross),
    `difference_minor` (settlement − journal).
    """
    mine = journal.select(
        journal_kind="kind",
        status="status",
        currency="currency",
        journal_amount_minor=expected_gross(),
    )
    theirs = settlement.select(
        settlement_kind="kind",
        settlement_currency="currency",
        settlement_amount_minor="gross_minor",
        acquirer="acquirer",
    )
    both = pl.concat([pairs, mine[pairs["journal_place"]], theirs[pairs["settlement_place"]]], how="horizontal")
    undoing = pl.col("journal_kind").is_in(CANCELS) & (pl.col("settlement_amount_minor") > 0)
    mine_signed = pl.when(undoing).then(-pl.col("journal_amount_minor")).otherwise(pl.col("journal_amount_minor"))
    both = both.with_columns(journal_amount_minor=mine_signed).with_columns(
        difference_minor=pl.col("settlement_amount_minor") - pl.col("journal_amount_minor")
    )
    more = pl.col("settlement_amount_minor").abs() > pl.col("journal_amount_minor").abs()
    verdict = (
        pl.when(pl.col("journal_kind") != pl.col("settlement_kind"))
        .then(pl.lit("TYPE_MISMATCH"))
        .when((pl.col("status") != "APPROVED") & ~pl.col("reversed"))
        .then(pl.lit("FAILED_BUT_SETTLED"))
        .when(pl.col("currency") != pl.col("settlement_currency"))
        .then(pl.lit("CURRENCY_MISMATCH"))
        .when(pl.col("difference_minor").abs() <= pl.col("tolerance_minor"))
        .then(pl.lit(MATCHED))
        .when(more)
        .then(pl.lit("AMOUNT_OVER"))
        .otherwise(pl.lit("AMOUNT_UNDER"))
    )
    return both.with_columns(verdict=verdict).drop(
        "journal_kind", "settlement_kind", "status", "journal_place", "settlement_place", "tolerance_minor"
    )


def breaks_of_pairs(judged: pl.DataFrame, journal: pl.DataFrame, settlement: pl.DataFrame) -> pl.DataFrame:
    """Exceptions of judged pairs: one row each, valued and directed from the merchant's books.

    What the line leaves blank of its keys is known by the journal row.
    """
    broken = judged.filter(pl.col("verdict") != MATCHED).drop("acquirer").rename({"currency": "journal_currency"})
    keys = settlement.select("row_id", *SHOWN).rename({"row_id": "settlement_row_id"})
    rows = broken.join(keys, on="settlement_row_id", how="inner")
    known = ("terminal_id", "rrn", "order_no")
    mine = journal.select(pl.col("row_id", *known).name.prefix("journal_"))
    rows = rows.join(mine, on="journal_row_id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.coalesce(name, f"journal_{name}") for name in known)
    by_difference = pl.col("verdict").is_in(["AMOUNT_OVER", "AMOUNT_UNDER"])
    effect = pl.when(by_difference).then(pl.col("difference_minor")).otherwise(pl.col("settlement_amount_minor"))
    undirected = pl.col("verdict").is_in(["TYPE_MISMATCH", "CURRENCY_MISMATCH"])
    return rows.with_columns(
        type=pl.col("verdict"),
        amount_minor=effect.abs(),
        direction=pl.when(undirected).then(pl.lit("none")).otherwise(direction(effect)),
    )


def direction(effect: pl.Expr) -> pl.Expr:
    """long where the merchant holds too much, short where it is owed, none for nothing."""
    return pl.when(effect > 0).then(pl.lit("long")).when(effect < 0).then(pl.lit("short")).otherwise(pl.lit("none"))


def breaks_of_journal(
    rows: pl.DataFrame, states: pl.DataFrame, undone: pl.DataFrame, known: pl.DataFrame, meant: pl.DataFrame
) -> pl.DataFrame:
    """Exceptions of journal rows the acquirer does not show; a void or reversal is keyed by its sale's RRN.

    meant: `journal_row_id`, `settlement_row_id` of lines that may be theirs.
    """
    alone = rows.join(
        states.filter(pl.col("state") == EXCEPTED).select("row_id", "reason"),
        on="row_id",
        how="inner",
        maintain_order="left",
    )
    originals = undone.join(known.select("row_id", sale_rrn="rrn", sale_order="order_no"), on="row_id", how="inner")
    sale = originals.group_by("cancel_row_id").agg(
        pl.col("sale_rrn", "sale_order").min(), sale_rows=pl.col("row_id").sort()
    )
    alone = alone.join(sale, left_on="row_id", right_on="cancel_row_id", how="left", maintain_order="left")
    perhaps = meant.group_by(row_id="journal_row_id").agg(meant=pl.col("settlement_row_id").sort())
    alone = alone.join(perhaps, on="row_id", how="left", maintain_order="left")
    owed = pl.col("kind") == "SALE"
    return alone.select(
        "acquirer",
        "merchant_id",
        "terminal_id",
        "currency",
        "business_date",
        "amount_minor",
        "meant",
        "sale_rows",
        type="reason",
        journal_row_id="row_id",
        order_no=pl.coalesce("sale_order", "order_no"),
        rrn=pl.coalesce("sale_rrn", "rrn"),
        direction=pl.when(owed).then(pl.lit("short")).otherwise(pl.lit("long")),
    )


def breaks_of_lines(
    lines: pl.DataFrame, states: pl.DataFrame, candidates: pl.DataFrame, meant: pl.DataFrame
) -> pl.DataFrame:
    """Exceptions of settlement lines that no journal row explains, with all candidates where several would.

    candidates, meant: `settlement_row_id`, `journal_row_id`, `found`; meant only suggests.
    """
    alone = lines.join(
        states.filter(pl.col("state") == EXCEPTED).select("row_id", "reason"),
        on="row_id",
        how="inner",
        maintain_order="left",
    )
    listed = candidates.group_by("settlement_row_id").agg(
        candidates=pl.col("journal_row_id"), found=pl.col("found").first()
    )
    alone = alone.join(listed, left_on="row_id", right_on="settlement_row_id", how="left", maintain_order="left")
    perhaps = meant.group_by(row_id="settlement_row_id").agg(meant=pl.col("journal_row_id"))
    alone = alone.join(perhaps, on="row_id", how="left", maintain_order="left")
    undirected = pl.col("reason") == "AMBIGUOUS_MATCH"
    return alone.select(
        "acquirer",
        "merchant_id",
        "terminal_id",
        "rrn",
        "order_no",
        "payout_id",
        "currency",
        "business_date",
        "candidates",
        "found",
        "meant",
        type="reason",
        settlement_row_id="row_id",
        amount_minor=pl.col("gross_minor").abs(),
        direction=pl.when(undirected).then(pl.lit("none")).otherwise(direction(pl.col("gross_minor"))),
    )
