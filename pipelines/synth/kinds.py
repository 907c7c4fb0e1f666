"""How transactions live: the kinds of sale, how many of each a day has, and what follows them. Data only."""

from __future__ import annotations

from dataclasses import dataclass

APPROVED, DECLINED, TIMEOUT = "APPROVED", "DECLINED", "TIMEOUT"
# Whether the acquirer shows it: always, never, or for some (then the sale and what undoes it are both shown).
ALWAYS, SHOWN, NEVER = "always", "shown", "never"
# How far apart two charges or refunds may be to count as one too many (contract.md, Configuration), in seconds.
WINDOW = 600
PREAUTH_DAYS = 3
# What an acquirer says of a sale later on: no fee is charged for it.
AFTERWARDS = ("CHARGEBACK", "REPRESENTMENT", "ADJUSTMENT")
NOTHING, STRANGER = "nothing", "stranger"
"""What a refund may name instead of its original: a number nobody has, a sale of another merchant."""


@dataclass(frozen=True)
class Hides:
    """Cells a side leaves blank: r(rn), b(atch), s(tan), a(uth code), c(ard number), 6: all but its last four."""

    journal: str = ""
    acquirer: str = ""


FULL = Hides()
_NO_CARD = Hides(journal="c")


@dataclass(frozen=True)
class Kind:
    """One kind of transaction: its journal type and status, its share of a day, the rows it fills that day.

    `refundable` kinds cost at least 10.00, so that parts of them differ. `fault`: only where that fault is wanted,
    and then as often as the fault; permille counts for the others.
    """

    name: str
    txn_type: str = "SALE"
    status: str = APPROVED
    permille: int = 0
    rows: int = 1
    card_only: bool = False
    refundable: bool = False
    settled: str = ALWAYS
    hides: Hides = FULL
    fault: str = ""


@dataclass(frozen=True)
class FollowUp:
    """What comes after a transaction: days later (0: the same day, seconds later), a share of its amount.

    names: the kind whose number it bears, its parent's if blank. extra: fen on top. elsewhere: on another terminal
    of the merchant. other_card: with another card that ends in the same four digits. in_journal: whether the shop
    knows of it.
    """

    name: str
    parent: str
    txn_type: str
    days: tuple[int, int] = (0, 0)
    seconds: tuple[int, int] = (0, 0)
    permille: tuple[int, int] = (1000, 1000)
    settled: str = ALWAYS
    extra: int = 0
    names: str = ""
    elsewhere: bool = False
    other_card: bool = False
    in_journal: bool = True
    hides: Hides = FULL

    @property
    def original(self) -> str:
        """The kind it names, blank where it is a sale of its own."""
        return "" if self.txn_type == "SALE" else self.names or self.parent


def charge(
    name: str,
    parent: str,
    first: int,
    last: int,
    *,
    elsewhere: bool = False,
    other_card: bool = False,
    settled: str = ALWAYS,
    hides: Hides = FULL,
) -> FollowUp:
    """Another sale of the same amount, first to last seconds later."""
    return FollowUp(
        name, parent, "SALE", seconds=(first, last), elsewhere=elsewhere, other_card=other_card, settled=settled,
        hides=hides,
    )  # fmt: skip


def refund(
    name: str,
    parent: str,
    first: int,
    last: int,
    permille: int = 1000,
    *,
    extra: int = 0,
    elsewhere: bool = False,
    names: str = "",
) -> FollowUp:
    """A refund of a share, first to last days later."""
    share = (permille, permille)
    return FollowUp(
        name, parent, "REFUND", (first, last), permille=share, extra=extra, elsewhere=elsewhere, names=names
    )


def refund_again(name: str, parent: str, sale: str, first: int, last: int) -> FollowUp:
    """The same refund of a sale once more, first to last seconds after its parent."""
    return FollowUp(name, parent, "REFUND", seconds=(first, last), names=sale)


def completion(name: str, parent: str, days: tuple[int, int], low: int, high: int, extra: int = 0) -> FollowUp:
    """A completion of low to high permille of its pre-authorisation."""
    return FollowUp(name, parent, "PREAUTH_COMPLETION", days, permille=(low, high), extra=extra)


def preauth(name: str, permille: int = 0, fault: str = "") -> Kind:
    """A pre-authorisation: the acquirer settles only its completion."""
    return Kind(name, "PREAUTH", permille=permille, card_only=True, settled=NEVER, fault=fault)


def card_sale(name: str, permille: int = 0, rows: int = 2, fault: str = "", hides: Hides = FULL) -> Kind:
    """A sale by card with what follows it the same day."""
    return Kind(name, permille=permille, rows=rows, card_only=True, fault=fault, hides=hides)


# "sale" takes what the others leave.
CLEAN = (
    Kind("sale"),
    Kind("twin", permille=8, rows=2),
    Kind("voided", permille=12, rows=2, settled=SHOWN),
    Kind("reversed", status=TIMEOUT, permille=6, rows=2, settled=SHOWN),
    Kind("retried", status=DECLINED, permille=6, rows=2, settled=NEVER),
    Kind("declined", status=DECLINED, permille=30, settled=NEVER),
    Kind("timeout", status=TIMEOUT, permille=8, settled=NEVER),
    preauth("preauth_completed", 6),
    preauth("preauth_cancelled", 3),
    preauth("preauth_topped", 2),
    Kind("refunded", permille=8, refundable=True),
    Kind("part_refunded", permille=6, refundable=True),
    Kind("twice_refunded", permille=2, refundable=True),
    Kind("thirds_refunded", permille=2, refundable=True),
    Kind("halves_refunded", permille=2, refundable=True),
    Kind("slowly_refunded", permille=2, refundable=True),
    card_sale("again_later", 2),
    card_sale("corrected", 2, rows=3),
    card_sale("returned_at_once", 2, rows=3),
    card_sale("cardless", 2, hides=_NO_CARD),
)

CLEAN_FOLLOW_UPS = (
    FollowUp("void", "voided", "VOID", seconds=(60, 1800), settled=SHOWN),
    FollowUp("reversal", "reversed", "REVERSAL", seconds=(20, 60), settled=SHOWN),
    FollowUp("retry", "retried", "SALE", seconds=(30, 120)),
    completion("completion", "preauth_completed", (1, PREAUTH_DAYS), 700, 1100),
    completion("completion_at_the_limit", "preauth_topped", (PREAUTH_DAYS, PREAUTH_DAYS), 1150, 1150),
    FollowUp("cancel", "preauth_cancelled", "PREAUTH_CANCEL", (1, 2), settled=NEVER),
    refund("refund", "refunded", 1, 6, elsewhere=True),
    FollowUp("part_refund", "part_refunded", "REFUND", (1, 5), permille=(200, 800)),
    refund("first_refund", "twice_refunded", 1, 2, 300),
    refund("second_refund", "twice_refunded", 3, 5, 450),
    refund("first_third", "thirds_refunded", 1, 1, 333),
    refund("second_third", "thirds_refunded", 2, 3, 333, elsewhere=True),
    refund("last_third", "thirds_refunded", 4, 5, 333),
    refund("first_half", "halves_refunded", 1, 2, 500),
    refund("second_half", "halves_refunded", 3, 4, 500),
    refund("slow_refund", "slowly_refunded", 1, 2, 300),
    refund_again("slow_refund_again", "slow_refund", "slowly_refunded", WINDOW + 1, 3000),
    charge("sale_again_later", "again_later", WINDOW + 1, 1800),
    charge("charge_voided", "corrected", 30, WINDOW, settled=SHOWN),
    FollowUp("void_of_second", "charge_voided", "VOID", seconds=(60, 300), settled=SHOWN),
    charge("charge_returned", "returned_at_once", 30, WINDOW),
    FollowUp("return_at_once", "charge_returned", "REFUND", seconds=(60, 300)),
    charge("cardless_again", "cardless", 30, WINDOW, hides=_NO_CARD),
)


def clean_mix(rows: int) -> dict[str, int]:
    """Share a day's new journal rows among the kinds other than plain sales; one of each or more from 120 rows on."""
    return {kind.name: _share(kind, rows) for kind in CLEAN if kind.name != "sale"}


def _share(kind: Kind, rows: int) -> int:
    return max(1 if rows >= 120 else 0, rows * kind.permille // 1000)
