"""Stories with something wrong in them: each kind belongs to a fault and happens only where it is wanted. Data only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipelines.synth.kinds import (
    CLEAN,
    CLEAN_FOLLOW_UPS,
    NEVER,
    NOTHING,
    PREAUTH_DAYS,
    STRANGER,
    WINDOW,
    FollowUp,
    Hides,
    Kind,
    card_sale,
    charge,
    completion,
    preauth,
    refund,
    refund_again,
)

_NO_REFERENCE = Hides(acquirer="rbsa6")
_AFTERWARDS = Hides(acquirer="bs")


def _aside(name: str, parent: str, kind: str, first: int, last: int, permille: int = 1000) -> FollowUp:
    """What only the acquirer tells, first to last days after the sale."""
    share = (permille, permille)
    return FollowUp(name, parent, kind, (first, last), permille=share, in_journal=False, hides=_AFTERWARDS)


FAULTY = (
    card_sale("charged_twice", fault="DUPLICATE_CHARGE"),
    card_sale("charged_at_the_limit", fault="DUPLICATE_CHARGE"),
    card_sale("charged_thrice", rows=3, fault="DUPLICATE_CHARGE"),
    card_sale("charged_elsewhere", fault="DUPLICATE_CHARGE"),
    card_sale("charged_then_returned", fault="DUPLICATE_CHARGE"),
    card_sale("charged_first_returned", fault="DUPLICATE_CHARGE"),
    Kind("stray", refundable=True, fault="REFUND_UNLINKED"),
    Kind("strange", refundable=True, fault="REFUND_UNLINKED"),
    Kind("over_refunded", refundable=True, fault="REFUND_EXCESS"),
    Kind("parts_over", refundable=True, fault="REFUND_EXCESS"),
    Kind("a_fen_over", refundable=True, fault="REFUND_EXCESS"),
    Kind("pressed_twice", refundable=True, fault="REFUND_DUPLICATE"),
    Kind("refunded_twice", refundable=True, fault="REFUND_DUPLICATE"),
    Kind("pressed_at_the_limit", refundable=True, fault="REFUND_DUPLICATE"),
    Kind("parts_repeated", refundable=True, fault="REFUND_DUPLICATE"),
    preauth("forgotten", fault="PREAUTH_NOT_COMPLETED"),
    preauth("completed_late", fault="PREAUTH_NOT_COMPLETED"),
    preauth("cancelled_late", fault="PREAUTH_NOT_COMPLETED"),
    preauth("overdone", fault="PREAUTH_EXCESS"),
    preauth("overdone_by_a_fen", fault="PREAUTH_EXCESS"),
    Kind("charged_back", refundable=True, fault="CHARGEBACK"),
    Kind("defended", refundable=True, fault="CHARGEBACK"),
    Kind("lost", refundable=True, fault="CHARGEBACK"),
    card_sale("lookalike", hides=_NO_REFERENCE, fault="AMBIGUOUS_MATCH"),
    card_sale("lookalike_unsettled", hides=_NO_REFERENCE, fault="AMBIGUOUS_MATCH"),
)

FAULTY_FOLLOW_UPS = (
    charge("second_charge", "charged_twice", 30, WINDOW - 1),
    charge("charge_at_the_limit", "charged_at_the_limit", WINDOW, WINDOW),
    charge("charge_two", "charged_thrice", 30, WINDOW // 2 - 20),
    charge("charge_three", "charged_thrice", WINDOW // 2, WINDOW - 1),
    charge("charge_elsewhere", "charged_elsewhere", 30, WINDOW - 1, elsewhere=True),
    charge("charge_to_return", "charged_then_returned", 30, WINDOW - 1),
    refund("charge_is_returned", "charge_to_return", 1, 3),
    charge("charge_to_keep", "charged_first_returned", 30, WINDOW - 1),
    refund("first_is_returned", "charged_first_returned", 1, 3),
    refund("stray_refund", "stray", 1, 2, 700, names=NOTHING),
    refund("strange_refund", "strange", 1, 2, 600, names=STRANGER),
    FollowUp("refund_over", "over_refunded", "REFUND", (1, 3), permille=(1010, 1500)),
    refund("first_part", "parts_over", 1, 2, 600),
    refund("part_too_much", "parts_over", 3, 4, 500),
    refund("refund_a_fen_over", "a_fen_over", 1, 2, extra=1),
    refund("refund_pressed", "pressed_twice", 1, 2, 300),
    refund_again("refund_pressed_again", "refund_pressed", "pressed_twice", 20, WINDOW - 1),
    refund("whole_refund", "refunded_twice", 1, 2),
    refund("whole_refund_again", "refunded_twice", 3, 4, elsewhere=True),
    refund("refund_before_the_limit", "pressed_at_the_limit", 1, 2, 300),
    refund_again("refund_at_the_limit", "refund_before_the_limit", "pressed_at_the_limit", WINDOW, WINDOW),
    refund("large_part", "parts_repeated", 1, 2, 600),
    refund("large_part_again", "parts_repeated", 3, 4, 600),
    completion("late_completion", "completed_late", (PREAUTH_DAYS + 3, PREAUTH_DAYS + 5), 700, 1100),
    FollowUp("late_cancel", "cancelled_late", "PREAUTH_CANCEL", (PREAUTH_DAYS + 2, PREAUTH_DAYS + 4), settled=NEVER),
    completion("excess", "overdone", (1, 2), 1160, 2000),
    completion("excess_by_a_fen", "overdone_by_a_fen", (1, 2), 1150, 1150, extra=1),
    _aside("chargeback", "charged_back", "CHARGEBACK", 2, 3, 400),
    _aside("chargeback_to_defend", "defended", "CHARGEBACK", 2, 2),
    _aside("representment", "defended", "REPRESENTMENT", 4, 5),
    _aside("first_chargeback", "lost", "CHARGEBACK", 2, 2),
    _aside("lost_representment", "lost", "REPRESENTMENT", 4, 4),
    _aside("second_chargeback", "lost", "CHARGEBACK", 6, 7),
    charge("other_lookalike", "lookalike", 15, 45, other_card=True, hides=_NO_REFERENCE),
    charge("silent_lookalike", "lookalike_unsettled", 15, 45, other_card=True, settled=NEVER),
)

# in the last so many days a story would not come to its point
_MARGINS = {
    "DUPLICATE_CHARGE": 0, "REFUND_UNLINKED": 2, "REFUND_EXCESS": 4, "REFUND_DUPLICATE": 4, "CHARGEBACK": 4,
    "PREAUTH_NOT_COMPLETED": PREAUTH_DAYS + 1, "PREAUTH_EXCESS": 2, "AMBIGUOUS_MATCH": 1,
}  # fmt: skip

MOST_KINDS = max(Counter(kind.fault for kind in FAULTY).values())
"""So many stories of each fault show all its kinds."""

KINDS = (*CLEAN, *FAULTY)
FOLLOW_UPS = (*CLEAN_FOLLOW_UPS, *FAULTY_FOLLOW_UPS)


def faulty_mix(wanted: frozenset[str], per_type: int, day: int, days: int) -> dict[str, int]:
    """How many stories of each wanted fault begin on the day-th of so many days.

    per_type: in all days, spread evenly and over the fault's kinds in turn.
    """
    mix: dict[str, int] = {}
    for fault in sorted({kind.fault for kind in FAULTY} & wanted):
        kinds = [kind.name for kind in FAULTY if kind.fault == fault]
        known = max(1, days - _MARGINS[fault])
        if day < known:
            for turn in range(per_type * day // known, per_type * (day + 1) // known):
                name = kinds[turn % len(kinds)]
                mix[name] = mix.get(name, 0) + 1
    return mix


def filled(rows: int, mix: Mapping[str, int]) -> dict[str, int]:
    """Fill a day's mix up with plain sales."""
    taken = sum(mix.get(kind.name, 0) * kind.rows for kind in KINDS)
    return {"sale": max(0, rows - taken), **mix}
