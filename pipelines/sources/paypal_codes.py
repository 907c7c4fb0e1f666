"""What PayPal's transaction event codes mean to a merchant; what no code is known for is an adjustment.

Source: PayPal's T-code reference. A code says what happened, CR or DR which way the money went: a payment that was sent
is no sale, a hold that is credited is released.
"""

from __future__ import annotations

BY_SIDE = "RESERVE"
"""Money held, let go, or moved between the merchant's own balances, by CR or DR."""

GROUPS = {
    "T00": "SALE",
    "T01": "FEE",
    "T02": BY_SIDE,
    "T04": "PAYOUT",
    "T15": BY_SIDE,
    "T20": BY_SIDE,
    "T21": BY_SIDE,
}
"""Our record types by the group of a code."""

CODES = {
    **dict.fromkeys(("T1105", "T1110", "T1111"), BY_SIDE),
    **dict.fromkeys(("T1107", "T1115"), "REFUND"),
    **dict.fromkeys(("T1108", "T1109"), "FEE"),
    **dict.fromkeys(("T1106", "T1201", "T1207"), "CHARGEBACK"),
    **dict.fromkeys(("T1202", "T1205", "T1208"), "REPRESENTMENT"),
}
"""Our record types by single codes, before those of the group."""

_OTHER_GROUPS = (
    "T03",
    "T05",
    "T06",
    "T07",
    "T08",
    "T09",
    "T10",
    "T11",
    "T12",
    "T13",
    "T14",
    "T16",
    "T17",
    "T18",
    "T19",
)
_LATE_GROUPS = ("T22", "T30", "T50", "T97", "T98", "T99")


def is_known(code: str) -> bool:
    """Whether the code is of a group that PayPal documents."""
    return code[:3] in (*GROUPS, *_OTHER_GROUPS, *_LATE_GROUPS)


def kind_of(code_and_side: str) -> str:
    """Our record type of `T1107 DR`."""
    code, _, side = code_and_side.partition(" ")
    kind = CODES.get(code) or GROUPS.get(code[:3], "ADJUSTMENT")
    if kind == BY_SIDE:
        return "RESERVE_RELEASE" if side == "CR" else "RESERVE_HOLD"
    if kind == "CHARGEBACK" and side == "CR":
        return "REPRESENTMENT"
    return kind
