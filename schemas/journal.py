"""Journal rows: what the terminals believe they sold, refunded, voided. Grain: one line of a journal file."""

from __future__ import annotations

import pandera.polars as pa

from schemas import fields

TXN_TYPES = ["SALE", "REFUND", "VOID", "REVERSAL", "PREAUTH", "PREAUTH_COMPLETION", "PREAUTH_CANCEL"]
CHANNELS = ["CARD", "ALIPAY", "WECHAT", "UNIONPAY_QR"]
STATUSES = ["APPROVED", "DECLINED", "TIMEOUT"]
CARD_TYPES = ["DEBIT", "CREDIT"]

NOT_NEGATIVE = pa.Check.ge(0, error="is negative; a journal states amounts without sign")

JOURNAL = pa.DataFrameSchema(
    {
        "line": fields.line(),
        "merchant_id": fields.text("Merchant number at the acquirer", required=True),
        "terminal_id": fields.text("Terminal number; blank for wallets paid without a terminal"),
        "batch_no": fields.text("Terminal batch, closed by its settlement"),
        "stan": fields.text("System trace audit number (ISO 8583 field 11), per terminal and batch; wraps"),
        "rrn": fields.text("Retrieval reference number (ISO 8583 field 37)"),
        "auth_code": fields.text("Authorisation code (ISO 8583 field 38)"),
        "txn_type": fields.code("What the terminal did", TXN_TYPES),
        "channel": fields.code("How the customer paid", CHANNELS),
        "card_no": fields.text("Card number, masked to first six and last four"),
        "card_type": fields.code("Debit or credit; blank where unknown or a wallet", CARD_TYPES, required=False),
        "amount_minor": fields.minor("Amount without sign, minor units", NOT_NEGATIVE),
        "currency": fields.currency(),
        "txn_time": fields.moment("Time of the transaction, local time of the books", required=True),
        "business_date": fields.day("Date of txn_time after the source's cut-off", required=True),
        "response_code": fields.text("Response code (ISO 8583 field 39)"),
        "status": fields.code("How the terminal saw it end", STATUSES),
        "original_rrn": fields.text("RRN of the transaction that is voided, reversed, refunded or completed"),
        "order_no": fields.text("Merchant's order number; a refund has its own"),
        "operator_id": fields.text("Cashier"),
        "unreadable": fields.unreadable(),
    },
    name="journal",
)
