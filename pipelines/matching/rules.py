"""The matching rules, strongest first, as data; the engine runs them and knows nothing of any one of them.

Each row is consumed by the first rule that pairs it. A rule that is `unique` pairs two rows only where neither has
another candidate; the others pair interchangeable rows, the same key n times against m, in time order.
`rulebook` puts what recon.toml says of an acquirer in the place of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

VERSION = 2
"""Raised whenever a rule changes what it pairs; kept with each match."""

BOTH = ("journal", "settlement")


@dataclass(frozen=True)
class Rule:
    """One way to tell that a journal row and a settlement line are the same transaction.

    keys: columns equal and filled on both sides; `kind` is what the row does (SALE, REFUND, VOID, REVERSAL), `amount`
    its size. blank, also_blank: the rule speaks only where this column is blank on one of the sides `blank_on`.
    window_days: business dates, window_minutes: times may differ by so much. tolerance_minor: amounts that differ by no
    more count as equal. unique: both ways. kinds: only settlement lines of these kinds.
    """

    name: str
    keys: tuple[str, ...]
    blank: str | None = None
    also_blank: str | None = None
    blank_on: tuple[str, ...] = BOTH
    window_days: int | None = None
    window_minutes: int | None = None
    tolerance_minor: int = 0
    unique: bool = False
    kinds: tuple[str, ...] = ()


IDENTITY = (
    Rule("rrn", ("merchant_id", "terminal_id", "rrn", "kind")),
    Rule("order_no", ("merchant_id", "order_no", "kind"), blank="card_rrn"),
    Rule("rrn_any_terminal", ("merchant_id", "rrn", "kind"), blank="terminal_id", unique=True),
    Rule("original", ("merchant_id", "original_rrn", "kind"), kinds=("VOID", "REVERSAL")),
)
"""Identity with its type (contract.md, Whose row): rows of one key are interchangeable."""

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

BY_CARD = (
    Rule(
        "auth_code",
        ("merchant_id", "auth_key", "card_last4", "amount", "currency", "kind"),
        blank="card_rrn",
        window_days=1,
        unique=True,
    ),
    Rule(
        "card_minutes",
        ("merchant_id", "terminal_id", "card_last4", "amount", "currency", "kind"),
        blank="card_rrn",
        window_minutes=10,
        unique=True,
    ),
)
"""Where STAN and batch do not tell either: what the card leaves behind. The amount is part of the key here."""

SUGGESTIONS = (
    Rule(
        "terminal_minutes",
        ("merchant_id", "terminal_id", "amount", "currency", "kind"),
        blank="card_rrn",
        also_blank="card_last4",
        window_minutes=10,
    ),
    Rule(
        "merchant_minutes",
        ("merchant_id", "amount", "currency", "kind"),
        blank="terminal_id",
        also_blank="card_last4",
        window_minutes=10,
    ),
)
"""Without card data nothing is paired: these list what may be meant, for a person."""


@dataclass(frozen=True)
class RuleSet:
    """The rules that hold for an acquirer's lines, by tier, strongest first, and the version kept with each match."""

    version: int = VERSION
    identity: tuple[Rule, ...] = IDENTITY
    without_reference: tuple[Rule, ...] = WITHOUT_REFERENCE
    by_card: tuple[Rule, ...] = BY_CARD
    suggestions: tuple[Rule, ...] = SUGGESTIONS

    @property
    def any_type(self) -> tuple[Rule, ...]:
        """Identity without the type: what it pairs is a TYPE_MISMATCH. A void or reversal line belongs to its sale."""
        named = (rule for rule in self.identity if rule.name in ("rrn", "order_no"))
        return tuple(
            replace(rule, keys=tuple(key for key in rule.keys if key != "kind"), kinds=("SALE", "REFUND"))
            for rule in named
        )

    @property
    def weaker(self) -> tuple[Rule, ...]:
        """Automatic rules below identity."""
        return (*self.without_reference, *self.by_card)

    @property
    def undecidable(self) -> tuple[Rule, ...]:
        """Rules by which a line may have several candidates and is then left to a person."""
        return tuple(rule for rule in (*self.identity, *self.weaker) if rule.unique)

    @property
    def every(self) -> tuple[Rule, ...]:
        """All rules in their order."""
        return (*self.identity, *self.weaker, *self.suggestions)


DEPOSIT_RULE = "payout_reference"
"""A bank entry whose text holds the payout's id."""
