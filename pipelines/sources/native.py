"""The native CSV profiles of contract.md: pos_journal, acquirer_csv, bank_csv."""

from __future__ import annotations

from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Field, Layout
from schemas.settlement import STATED_TYPES

_NUMBER = r"-?[\d.]+"
SPREADSHEET = "\t;"
"""Excel's "Unicode text" has tabs, and its CSV has semicolons where the comma is the decimal sign."""


def _same(*names: str) -> dict[str, Field]:
    return {name: Field(source=(name,)) for name in names}


def _codes(*names: str) -> dict[str, Field]:
    return {name: Field("code", (name,)) for name in names}


def _money(*names: str) -> dict[str, Field]:
    return {name: Field("amount", (name,)) for name in names}


POS_JOURNAL = Delimited(
    Layout(
        profile="pos_journal",
        side="journal",
        fields=_same("terminal_id", "merchant_id", "batch_no", "stan", "rrn", "auth_code", "response_code")
        | _same("original_rrn", "order_no", "operator_id")
        | _codes("txn_type", "channel", "card_type", "currency", "status")
        | _money("amount")
        | {"card_no": Field("card", ("card_no",)), "txn_time": Field("datetime", ("txn_time",), None, ISO_TIMES)},
        trailer=rf"^#\s*rows=(?P<rows>\d+)\s+amount=(?P<amount>{_NUMBER})$",
        trailer_required=True,
        respaced=SPREADSHEET,
    )
)

ACQUIRER_CSV = Delimited(
    Layout(
        profile="acquirer_csv",
        side="settlement",
        fields=_same("acquirer", "payout_id", "merchant_id", "terminal_id", "batch_no", "stan", "rrn")
        | _same("auth_code", "original_rrn", "order_no", "reason_code")
        | _codes("card_type", "currency")
        | _money("gross", "fee", "net")
        | {
            "record_type": Field("code", ("record_type",), codes={word: word for word in STATED_TYPES}),
            "card_no": Field("card", ("card_no",)),
            "settlement_date": Field("date", ("settlement_date",), None, ISO_DATES),
            "txn_time": Field("datetime", ("txn_time",), None, ISO_TIMES),
        },
        trailer=rf"^#\s*rows=(?P<rows>\d+)\s+gross=(?P<gross>{_NUMBER})\s+fee=(?P<fee>{_NUMBER})"
        rf"\s+net=(?P<net>{_NUMBER})$",
        trailer_required=True,
        respaced=SPREADSHEET,
    )
)

BANK_CSV = Delimited(
    Layout(
        profile="bank_csv",
        side="bank",
        fields=_same("account", "bank_ref", "remittance", "counterparty")
        | _codes("currency")
        | _money("amount", "balance")
        | {
            "booking_date": Field("date", ("booking_date",), None, ISO_DATES),
            "value_date": Field("date", ("value_date",), None, ISO_DATES),
        },
        trailer=rf"^#\s*rows=(?P<rows>\d+)\s+opening=(?P<opening>{_NUMBER})\s+closing=(?P<closing>{_NUMBER})$",
        trailer_required=True,
        respaced=SPREADSHEET,
    )
)
