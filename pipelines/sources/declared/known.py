"""What a declaration may name: the columns of each side, their kinds, and what each side needs at least."""

from __future__ import annotations

import schemas
from pipelines.money import CURRENCIES
from pipelines.sources.base import Side
from pipelines.sources.layout import Kind
from schemas.journal import CARD_TYPES, CHANNELS, STATUSES, TXN_TYPES
from schemas.settlement import RECORD_TYPES

DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
CODES: dict[str, list[str]] = {
    "txn_type": TXN_TYPES,
    "record_type": RECORD_TYPES,
    "status": STATUSES,
    "channel": CHANNELS,
    "card_type": CARD_TYPES,
    "currency": CURRENCIES,
}
KINDS: dict[str, Kind] = {
    "card_no": "card",
    "txn_time": "datetime",
    "settlement_date": "date",
    "booking_date": "date",
    "value_date": "date",
    **dict.fromkeys(CODES, "code"),
}
AMOUNTS: dict[Side, tuple[str, ...]] = {
    "journal": ("amount",),
    "settlement": ("gross", "fee", "net", "commission", "markup", "scheme_fee", "interchange", "balance"),
    "bank": ("amount", "balance"),
}
SPLIT: dict[Side, str] = {"journal": "amount", "settlement": "gross", "bank": "amount"}
"""The amount that may stand in two columns, one for each direction."""

MUST: dict[Side, tuple[str, ...]] = {
    "journal": ("merchant_id", "txn_type", "channel", "status", "amount", "currency", "txn_time"),
    "settlement": ("settlement_date", "record_type", "gross", "currency"),
    "bank": ("booking_date", "amount", "currency"),
}
NOT_DECLARED = ("line", "unreadable", "business_date", "fee_micro", "reversal", "batch_count")
"""Columns that no single cell of a declared profile gives."""

PERIOD = ("period_from", "period_to")
"""Groups that say which days a statement speaks for."""


def columns_of(side: Side) -> set[str]:
    """Columns of a side that a profile may fill, as configuration names them."""
    short = {column.removesuffix("_minor") for column in schemas.BY_SIDE[side].columns}
    return short - {*NOT_DECLARED}


def kind_of(side: Side, column: str) -> Kind:
    """What a column holds."""
    return "amount" if column in AMOUNTS[side] else KINDS.get(column, "text")
