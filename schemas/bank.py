"""Bank entries: what arrived. Grain: one booked entry of a statement."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas import fields

BANK = pa.DataFrameSchema(
    {
        "line": fields.line(),
        "account": fields.text("Account number or IBAN", required=True),
        "booking_date": fields.day("Date of booking", required=True),
        "value_date": fields.day("Date of value"),
        "amount_minor": fields.minor("Amount, credit + and debit -, minor units"),
        "currency": fields.currency(),
        "bank_ref": fields.text("The bank's own reference"),
        "end_to_end_id": fields.text("Reference given by the payer"),
        "remittance": fields.text("Remittance text as the bank gives it"),
        "counterparty": fields.text("Name of the other party"),
        "balance_minor": fields.minor("Balance after the entry, minor units", required=False),
        "statement": fields.optional(fields.text("Statement of the file that holds the entry, as the bank names it")),
        "reversal": fields.optional(
            pa.Column(pl.Boolean, nullable=True, description="Whether the bank takes an earlier entry back")
        ),
        "batch_count": fields.optional(
            pa.Column(pl.Int64, pa.Check.ge(0), nullable=True, description="Payments that the entry books as one sum")
        ),
        "unreadable": fields.unreadable(),
    },
    name="bank",
)
