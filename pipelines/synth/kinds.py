"""How transactions live: the kinds of sale, how many of each a day has, and what follows them. Data only."""

from __future__ import annotations

from dataclasses import dataclass

APPROVED, DECLINED, TIMEOUT = "APPROVED", "DECLINED", "TIMEOUT"
# Whether the acquirer shows it: always, never, or for some (then the sale and what undoes it are both shown).
ALWAYS, SHOWN, NEVER = "always", "shown", "never"


@dataclass(frozen=True)
class Kind:
    """One kind of transaction: its journal type and status, its share of a day, the rows it fills that day.

    `refundable` kinds cost at least 10.00, so that no two refunds of one sale have the same amount.
    """

    name: str
    txn_type: str
    status: str
    permille: int
    rows: int = 1
    card_only: bool = False
    refundable: bool = False
    settled: str = NEVER


@dataclass(frozen=True)
class FollowUp:
    """What comes after a transaction: days later (0: the same day, seconds later), a share of its amount."""

    name: str
    parent: str
    txn_type: str
    days: tuple[int, int]
    seconds: tuple[int, int] = (0, 0)
    permille: tuple[int, int] = (1000, 1000)
    settled: str = NEVER


# "sale" takes what the others leave.
KINDS = (
    Kind("sale", "SALE", APPROVED, 0, settled=ALWAYS),
    Kind("twin", "SALE", APPROVED, 8, rows=2, settled=ALWAYS),
    Kind("voided", "SALE", APPROVED, 12, rows=2, settled=SHOWN),
    Kind("reversed", "SALE", TIMEOUT, 6, rows=2, settled=SHOWN),
    Kind("retried", "SALE", DECLINED, 6, rows=2),
    Kind("declined", "SALE", DECLINED, 30),
    Kind("timeout", "SALE", TIMEOUT, 8),
    Kind("preauth_completed", "PREAUTH", APPROVED, 6, card_only=True),
    Kind("preauth_cancelled", "PREAUTH", APPROVED, 3, card_only=True),
    Kind("refunded", "SALE", APPROVED, 8, refundable=True, settled=ALWAYS),
    Kind("part_refunded", "SALE", APPROVED, 6, refundable=True, settled=ALWAYS),
    Kind("twice_refunded", "SALE", APPROVED, 2, refundable=True, settled=ALWAYS),
)

FOLLOW_UPS = (
    FollowUp("void", "voided", "VOID", (0, 0), (60, 1800), settled=SHOWN),
    FollowUp("reversal", "reversed", "REVERSAL", (0, 0), (20, 60), settled=SHOWN),
    FollowUp("retry", "retried", "SALE", (0, 0), (30, 120), settled=ALWAYS),
    FollowUp("completion", "preauth_completed", "PREAUTH_COMPLETION", (1, 3), permille=(700, 1100), settled=ALWAYS),
    FollowUp("cancel", "preauth_cancelled", "PREAUTH_CANCEL", (1, 2)),
    FollowUp("refund", "refunded", "REFUND", (1, 6), settled=ALWAYS),
    FollowUp("part_refund", "part_refunded", "REFUND", (1, 5), permille=(200, 800), settled=ALWAYS),
    FollowUp("first_refund", "twice_refunded", "REFUND", (1, 2), permille=(300, 300), settled=ALWAYS),
    FollowUp("second_refund", "twice_refunded", "REFUND", (3, 5), permille=(450, 450), settled=ALWAYS),
)


def clean_mix(rows: int) -> dict[str, int]:
    """Split a day's new journal rows into transactions per kind; one of each or more from 60 rows on."""
    floor = 1 if rows >= 60 else 0
    mix = {kind.name: max(floor, rows * kind.permille // 1000) for kind in KINDS if kind.name != "sale"}
    taken = sum(mix[kind.name] * kind.rows for kind in KINDS if kind.name != "sale")
    return {"sale": max(0, rows - taken), **mix}
