"""The matching rules, strongest first, as data; the engine runs them and knows nothing of any one of them.

Each row is consumed by the first rule that pairs it. A rule that is `unique` pairs two rows only where neither has
another candidate; the others pair interchangeable rows, the same key n times against m, in time order.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 1
"""Raised whenever a rule changes what it pairs; kept with each match."""


@dataclass(frozen=True)
class Rule:
    """One way to tell that a journal row and a settlement line are the same transaction.

    keys: columns equal and filled on both sides; `kind` is what the row does (SALE, REFUND, VOID, REVERSAL).
    blank: the rule speaks only where this column is blank on a side. window_days: business dates may differ by so
    much. unique: both ways. kinds: only settlement lines of these kinds.
    """

    name: str
    keys: tuple[str, ...]
    blank: str | None = None
    also_blank: str | None = None
    window_days: int | None = None
    unique: bool = False
    kinds: tuple[str, ...] = ()


IDENTITY = (
    Rule("rrn", ("merchant_id", "terminal_id", "rrn", "kind")),
    Rule("order_no", ("merchant_id", "order_no", "kind"), blank="card_rrn"),
    Rule("rrn_any_terminal", ("merchant_id", "rrn", "kind"), blank="terminal_id", unique=True),
    Rule("original", ("merchant_id", "original_rrn", "kind"), kinds=("VOID", "REVERSAL")),
)
"""Identity with its type (contract.md, Whose row): rows of one key are interchangeable."""

ANY_TYPE = (
    Rule("rrn", ("merchant_id", "terminal_id", "rrn"), kinds=("SALE", "REFUND")),
    Rule("order_no", ("merchant_id", "order_no"), blank="card_rrn", kinds=("SALE", "REFUND")),
)
"""The same identity without the type: what it pairs is a TYPE_MISMATCH. A void or reversal line belongs to its sale."""

WITHOUT_REFERENCE = (
    Rule(
        "stan_batch",
        ("merchant_id", "terminal_id", "batch_key", "stan_key", "kind"),
        blank="card_rrn",
        window_days=1,
        unique=True,
    ),
    Rule(
        "stan",
        ("merchant_id", "terminal_id", "stan_key", "kind"),
        blank="card_rrn",
        also_blank="batch_key",
        window_days=1,
        unique=True,
    ),
)
"""Where the RRN is missing on a side: terminal, batch, STAN and date."""

UNDECIDABLE = tuple(rule for rule in (*IDENTITY, *WITHOUT_REFERENCE) if rule.unique)
"""Rules by which a line may have several candidates and is then left to a person."""

DEPOSIT_RULE = "payout_reference"
"""A bank entry whose text holds the payout's id."""
