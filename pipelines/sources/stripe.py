"""Stripe: the itemised payout reconciliation report, and the export of balance transactions.

Source: formats/SPEC-stripe.md. Both list balance transactions with signed amounts in major units and net = gross - fee;
they differ in their columns and in the words for what a line is. Payouts stand in the balance export with the sign of
the balance they leave, and are turned here: a PAYOUT line holds what is paid out. The reconciliation report leaves them
out; there they are formed: the lines that bear the id of a payout add up to it. Neither states control totals.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from pipelines.sources.amounts import with_plain_decimals
from pipelines.sources.base import NO_PAYOUTS, Context
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Field
from pipelines.sources.report import Reading, Report, Survey, Told, own
from pipelines.sources.report_words import (
    by_word,
    counted,
    optional,
    unknown_words,
    with_honest_types,
    words_of,
)

BY_SIGN = "RESERVE"
"""Words for money held back, let go or lent, by the sign of the amount."""

DISPUTE = "DISPUTE"
"""Words of the older export that a dispute may hide behind; the line's source tells."""

RETURNED = "RETURNED"
"""Words for a payout that came back: its own line, or, where a later payout holds the money, an adjustment of that."""

TYPES = {
    **dict.fromkeys(("charge", "payment"), "SALE"),
    **dict.fromkeys(("refund", "payment_refund"), "REFUND"),
    **dict.fromkeys(("charge_failure", "payment_failure_refund", "payment_reversal"), "REVERSAL"),
    "dispute": "CHARGEBACK",
    "dispute_reversal": "REPRESENTMENT",
    "adjustment": DISPUTE,
    **dict.fromkeys(("fee", "stripe_fee", "stripe_fx_fee", "network_cost", "tax", "tax_fee", "application_fee"), "FEE"),
    **dict.fromkeys(("contribution", "platform_earning_refund", "application_fee_refund", "fee_credit_funding"), "FEE"),
    "payout": "PAYOUT",
    **dict.fromkeys(("payout_reversal", "payout_failure", "payout_cancel"), RETURNED),
    **dict.fromkeys(("risk_reserved_funds", "reserved_funds", "reserve_transaction", "reserve_hold"), BY_SIGN),
    **dict.fromkeys(("reserve_release", "connect_reserved_funds", "minimum_balance_hold"), BY_SIGN),
    **dict.fromkeys(("payout_minimum_balance_hold", "payout_minimum_balance_release"), BY_SIGN),
    **dict.fromkeys(("payment_network_reserve_hold", "payment_network_reserve_release"), BY_SIGN),
    **dict.fromkeys(("advance", "advance_funding", "anticipation_repayment", "obligation"), BY_SIGN),
    **dict.fromkeys(("financing_payout", "financing_payout_reversal", "financing_paydown"), BY_SIGN),
    **dict.fromkeys(("financing_paydown_reversal", "issuing_authorization_hold"), BY_SIGN),
    **dict.fromkeys(("issuing_authorization_release", "topup", "topup_reversal"), BY_SIGN),
    **dict.fromkeys(("refund_failure", "partial_capture_reversal", "other_adjustment", "transfer"), "ADJUSTMENT"),
    **dict.fromkeys(("transfer_reversal", "transfer_refund", "transfer_failure", "platform_earning"), "ADJUSTMENT"),
    **dict.fromkeys(("connect_collection_transfer", "unreconciled_customer_funds"), "ADJUSTMENT"),
    **dict.fromkeys(("payment_unreconciled", "issuing_transaction", "issuing_dispute"), "ADJUSTMENT"),
}
"""Our record types by reporting categories and by types of balance transactions."""

DISPUTED = r"^(dp|du)_"
OF_AN_ORIGINAL = ("REFUND", "CHARGEBACK", "REPRESENTMENT", "REVERSAL", "ADJUSTMENT")
ACCOUNTS = ("connected_account_id", "connected_account", "account_id", "account", "gateway_account")
ORDER = re.compile(r"^(\w*metadata\[)?(order_?(id|no|number|reference)|merchant_?reference|external_identifier)\b")
"""Columns in which shops leave their order number."""

FIELDS = {
    **own("payout_id", "record_type", "merchant_id", "card_type", "original_rrn", "order_no", "reason_code"),
    **own("acquirer_ref"),
    **own("gross", "fee", "net", kind="amount"),
    "currency": Field("code", ("currency",)),
    "settlement_date": Field("date", ("settlement_date",), None, ISO_DATES),
    "txn_time": Field("datetime", ("txn_time",), None, ISO_TIMES),
}

RECONCILIATION = {
    "automatic_payout_effective_at_utc": "effective",
    "automatic_payout_effective_at": "effective",
    "automatic_payout_id": "payout",
    "reporting_category": "word",
    "source_id": "source",
    "balance_transaction_id": "id",
    "effective_at": "effective",
    "payout_id": "payout",
    "card_funding": "funding",
}
"""Our names for columns of the reports."""

BALANCE = {
    "created (utc)": "created_utc",
    "available on (utc)": "available_on_utc",
    "available on": "available_on",
    "transfer date (utc)": "effective",
    "transfer date": "effective",
    "transfer": "payout",
    "type": "word",
    "amount": "gross",
}
"""Our names for columns of the balance export."""


def _texts(cells: pl.DataFrame, context: Context) -> pl.DataFrame:
    cells = with_plain_decimals(cells, ("gross", "fee", "net"))
    cells = cells.with_columns(_kind=by_word(cells["word"], _kind))
    cells = cells.with_columns(_kind=_by_source(cells), _original=_order(cells))
    payout = pl.col("_kind") == "PAYOUT"
    return cells.select(
        "line",
        record_type="_kind",
        reason_code="word",
        merchant_id=optional(cells, *ACCOUNTS).fill_null(pl.lit(context.account or context.acquirer)),
        card_type=by_word(words_of(cells, "funding"), _card_type),
        payout_id=pl.coalesce(optional(cells, "payout"), pl.when(payout).then(optional(cells, "source"))),
        acquirer_ref=optional(cells, "source", "charge_id", "id"),
        order_no=_order_no(cells),
        original_rrn=pl.when(pl.col("_kind").is_in(OF_AN_ORIGINAL)).then("_original"),
        currency="currency",
        gross=pl.when(payout).then("net").otherwise("gross"),
        fee=pl.when(payout).then(pl.lit("0")).otherwise(pl.col("fee").fill_null("0")),
        net="net",
        settlement_date=_day(cells, "effective", "available_on", "available_on_utc", "created", "created_utc"),
        txn_time=optional(cells, "created_utc", "created", "effective"),
        _trace=optional(cells, "trace_id"),
        _zone=pl.when(optional(cells, "created_utc").is_not_null()).then(pl.lit("UTC")),
    )


def _kind(word: str) -> str:
    return TYPES.get(_key(word), "ADJUSTMENT")


def _key(word: str) -> str:
    return word.lower().replace(" ", "_")


def _by_source(cells: pl.DataFrame) -> pl.Expr:
    """The type where sign or source have a say in it."""
    taken = pl.col("net").str.starts_with("-")
    disputed = optional(cells, "source").str.contains(DISPUTED).fill_null(value=False)
    paid_again = (optional(cells, "payout") != optional(cells, "source")).fill_null(value=False)
    chargeback = pl.when(taken).then(pl.lit("CHARGEBACK")).otherwise(pl.lit("REPRESENTMENT"))
    return (
        pl.when(pl.col("_kind") == BY_SIGN)
        .then(pl.when(taken).then(pl.lit("RESERVE_HOLD")).otherwise(pl.lit("RESERVE_RELEASE")))
        .when(pl.col("_kind") == DISPUTE)
        .then(pl.when(disputed).then(chargeback).otherwise(pl.lit("ADJUSTMENT")))
        .when(pl.col("_kind") == RETURNED)
        .then(pl.when(paid_again).then(pl.lit("ADJUSTMENT")).otherwise(pl.lit("PAYOUT")))
        .otherwise("_kind")
    )


def _card_type(funding: str) -> str | None:
    return funding.upper() if funding.upper() in ("DEBIT", "CREDIT") else None


def _order(cells: pl.DataFrame) -> pl.Expr:
    """The shop's number of the sale that a line is about, or Stripe's where the report has none.

    That of a payout that came back is the payout's own.
    """
    names = [name for name in cells.columns if ORDER.search(name)]
    returned = pl.when(pl.col("_kind") == RETURNED).then(optional(cells, "source"))
    return pl.coalesce(returned, optional(cells, *names, "payment_intent_id", "charge_id"))


def _order_no(cells: pl.DataFrame) -> pl.Expr:
    """The number of the line's own transaction: a refund has one of its own, a payout none."""
    own_number = optional(cells, "source", "id")
    kind = pl.col("_kind")
    sale = pl.when(kind == "SALE").then(pl.coalesce("_original", own_number)).when(kind != "PAYOUT").then("_original")
    return pl.when(kind == "REFUND").then(own_number).otherwise(sale)


def _day(cells: pl.DataFrame, *names: str) -> pl.Expr:
    return optional(cells, *names).str.head(10)


def _survey(reading: Reading) -> Survey:
    return {"payouts": _payouts(reading), "words": counted(reading.rows["reason_code"])}


def _payouts(reading: Reading) -> pl.DataFrame:
    """One row per payout and currency that lines name: what they add up to, and whether the payout itself is there."""
    payout = pl.col("record_type") == "PAYOUT"
    known = reading.rows.hstack(reading.extras.select("_trace")).filter(pl.col("payout_id").is_not_null())
    return known.group_by("payout_id", "currency", maintain_order=True).agg(
        pl.col("acquirer", "merchant_id").drop_nulls().first(),
        pl.col("settlement_date").max(),
        pl.col("line").max(),
        trace=pl.col("_trace").drop_nulls().first(),
        lines=pl.col("net_minor").filter(~payout).sum(),
        stated=payout.any(),
    )


def _joined(payouts: pl.DataFrame) -> pl.DataFrame:
    """Payouts whose lines stand in several parts of a report as one each."""
    return payouts.group_by("payout_id", "currency", maintain_order=True).agg(
        pl.col("acquirer", "merchant_id", "trace").drop_nulls().first(),
        pl.col("settlement_date", "line").max(),
        pl.col("lines").sum(),
        pl.col("stated").any(),
    )


def _finish(reading: Reading, survey: Survey) -> pl.DataFrame:
    return with_honest_types(_paid_out(reading.rows, _joined(survey["payouts"])))


def _told(survey: Survey, refused: bool) -> Told:  # noqa: ARG001 - the shape that Report asks for
    return Told(warnings=unknown_words(survey["words"], lambda word: _key(word) in TYPES))


def _told_with_payouts(survey: Survey, refused: bool) -> Told:
    told, formed = _told(survey, refused), _formed(_joined(survey["payouts"]))
    note = f"payouts that the report leaves out are formed of their lines: {formed.height}"
    return replace(told, formed=formed, warnings=(*told.warnings, *([note] if formed.height else [])))


def _formed(payouts: pl.DataFrame) -> pl.DataFrame:
    """The payouts that the lines of a report add up to; none where the report lists payouts among its lines."""
    if payouts["stated"].any():
        return NO_PAYOUTS.clone()
    paid = payouts.filter((pl.col("lines") != 0) & pl.col("settlement_date").is_not_null())
    return paid.filter(pl.col("currency").is_not_null()).select(
        "line",
        "acquirer",
        "settlement_date",
        "payout_id",
        pl.lit("PAYOUT").alias("record_type"),
        "merchant_id",
        gross_minor="lines",
        fee_minor=pl.lit(0, pl.Int64),
        net_minor="lines",
        currency="currency",
        acquirer_ref="trace",
    )


def _paid_out(rows: pl.DataFrame, payouts: pl.DataFrame) -> pl.DataFrame:
    """Payout lines as what is paid out: turned, unless the lines of that payout add up to what it says."""
    payout, net = pl.col("record_type") == "PAYOUT", pl.col("net_minor")
    sums = payouts.select("payout_id", "currency", _lines="lines")
    known = rows.join(sums, on=["payout_id", "currency"], how="left", maintain_order="left")
    paid = pl.when(payout & (pl.col("_lines") != net).fill_null(value=True)).then(-net).otherwise(net)
    turned = known.with_columns(net_minor=paid).drop("_lines")
    return turned.with_columns(gross_minor=pl.when(payout).then("net_minor").otherwise("gross_minor"))


STRIPE_PAYOUT_RECONCILIATION = Report(
    name="stripe_payout_reconciliation",
    acquirer="STRIPE",
    needs=frozenset({"id", "currency", "gross", "fee", "net", "word"}),
    fields=FIELDS,
    texts=_texts,
    survey=_survey,
    finish=_finish,
    told=_told_with_payouts,
    aliases=RECONCILIATION,
    zone="UTC",
)

STRIPE_BALANCE = replace(
    STRIPE_PAYOUT_RECONCILIATION,
    name="stripe_balance",
    needs=frozenset({"id", "word", "source", "gross", "fee", "net", "currency"}),
    told=_told,
    aliases=BALANCE,
)
