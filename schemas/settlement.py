"""Settlement lines: what an acquirer cleared, charged and pays out. Grain: one line of a settlement file."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas import fields
from schemas.journal import CARD_TYPES

TRANSACTIONS = ["SALE", "REFUND", "VOID", "REVERSAL"]
AFTERWARDS = ["CHARGEBACK", "REPRESENTMENT", "ADJUSTMENT", "FEE", "RESERVE_HOLD", "RESERVE_RELEASE"]
LEDGER = "LEDGER"
"""An entry of a wallet account that repeats what a trade bill says: kept for its balance, never matched."""

STATED_TYPES = [*TRANSACTIONS, *AFTERWARDS, "PAYOUT"]
RECORD_TYPES = [*STATED_TYPES, LEDGER]

_needs_merchant = pl.col("merchant_id").is_not_null() | ~pl.col("record_type").is_in(TRANSACTIONS)
_net_ties = pl.col("net_minor") == pl.col("gross_minor") - pl.col("fee_minor")
_signs = ~(
    ((pl.col("record_type") == "SALE") & (pl.col("gross_minor") < 0))
    | ((pl.col("record_type") == "REFUND") & (pl.col("gross_minor") > 0))
)
_payout_named = pl.col("payout_id").is_not_null() | (pl.col("record_type") != "PAYOUT")


def _rule(holds: pl.Expr, error: str) -> pa.Check:
    """A check over the whole row, whose braces name columns; a null verdict is left to the column that is null."""
    return pa.Check(lambda data: data.lazyframe.select(holds.fill_null(value=True)), error=error)


SETTLEMENT = pa.DataFrameSchema(
    {
        "line": fields.line(),
        "acquirer": fields.text("Acquirer as configuration names it", required=True),
        "settlement_date": fields.day("Date on which the acquirer cleared the line", required=True),
        "payout_id": fields.text("Transfer to the merchant that contains the line"),
        "record_type": fields.code("What the line is", RECORD_TYPES),
        "merchant_id": fields.text("Merchant number at the acquirer"),
        "terminal_id": fields.text("Terminal number where the acquirer states it"),
        "batch_no": fields.text("Terminal batch where the acquirer states it"),
        "stan": fields.text("System trace audit number (ISO 8583 field 11)"),
        "rrn": fields.text("Retrieval reference number; blank on wallet lines"),
        "auth_code": fields.text("Authorisation code (ISO 8583 field 38)"),
        "card_no": fields.text("Card number, masked to first six and last four"),
        "card_type": fields.code("Debit or credit; blank where unknown", CARD_TYPES, required=False),
        "txn_time": fields.moment("Time of the transaction as the acquirer saw it, local time of the books"),
        "business_date": fields.day("Date of txn_time after the source's cut-off"),
        "gross_minor": fields.minor("Gross, sale + and refund -, minor units"),
        "fee_minor": fields.minor("Fee, + when charged, minor units"),
        "net_minor": fields.minor("gross - fee, minor units"),
        "currency": fields.currency(),
        "original_rrn": fields.text("RRN (or order number) of the transaction that is undone or paid back"),
        "order_no": fields.text("Merchant's order number; a refund has its own"),
        "reason_code": fields.text("Reason of a chargeback or adjustment"),
        "acquirer_ref": fields.optional(fields.text("The acquirer's own number of the transaction")),
        "fee_micro": fields.optional(
            fields.minor("Fee as stated, millionths of a major unit, where finer than the minor unit", required=False)
        ),
        "commission_minor": fields.optional(fields.minor("Part of the fee: commission", required=False)),
        "markup_minor": fields.optional(fields.minor("Part of the fee: the acquirer's markup", required=False)),
        "scheme_fee_minor": fields.optional(fields.minor("Part of the fee: the card scheme's", required=False)),
        "interchange_minor": fields.optional(fields.minor("Part of the fee: the issuer's interchange", required=False)),
        "balance_minor": fields.optional(
            fields.minor("Balance of the wallet account after the entry, minor units", required=False)
        ),
        "unreadable": fields.unreadable(),
    },
    checks=[
        _rule(_needs_merchant, "merchant_id is blank on a transaction line"),
        _rule(_net_ties, "net {net} is not gross {gross} less fee {fee}"),
        _rule(_signs, "gross {gross} has the wrong sign for a {record_type} (a sale is +, a refund is -)"),
        _rule(_payout_named, "payout_id is blank on a PAYOUT line"),
    ],
    name="settlement",
)
