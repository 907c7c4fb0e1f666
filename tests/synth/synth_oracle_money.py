"""What the slow judge says of fees, payouts, balances and adjustments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth_oracle import Night

CENT = Decimal("0.01")


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


def way(amount: int) -> str:
    return "long" if amount > 0 else "short"


def due_fee(contracts: list[dict], line: dict) -> Decimal:
    """The contract's fee: half-up on the absolute value, capped, then the sign."""
    (contract,) = [c for c in contracts if c["acquirer"] == line["acquirer"]]
    (rule,) = [f for f in contract["fees"] if f["card_type"] == (line["card_type"] or "WALLET")]
    gross = Decimal(line["gross"])
    fee = (abs(gross) * rule["rate_bp"] / 10000).quantize(CENT, ROUND_HALF_UP)
    return min(fee, Decimal(rule.get("cap", "1e9"))).copy_sign(gross)


def money(night: Night) -> Iterator[tuple[str, dict, int, str]]:
    contracts = night.folder.config["contracts"]
    for line in night.good_lines:
        if line["record_type"] in ("SALE", "REFUND"):
            more = int((Decimal(line["fee"]) - due_fee(contracts, line)) * 100)
            if more:
                yield "FEE_VARIANCE", line, abs(more), way(-more)
    sums: dict[str, int] = defaultdict(int)
    for line in (line for line in night.lines if line["currency"] == "CNY"):
        sums[line["payout_id"]] += fen(line["net"])
    for row in night.settled:
        if row["record_type"] == "PAYOUT" and fen(row["net"]) != sums[row["payout_id"]]:
            more = fen(row["net"]) - sums[row["payout_id"]]
            yield "NET_BREAK", row, abs(more), way(more)


def jumps(night: Night) -> Iterator[tuple[str, int]]:
    """Statements, by file name, that do not open with what the last one closed with."""
    closing = None
    for (side, *_), file in sorted(night.files.items()):
        if side == "bank":
            opening, after = (fen(file.totals()[name]) for name in ("opening", "closing"))
            if closing is not None and opening != closing:
                yield file.name, abs(opening - closing)
            closing = after


def adjust(night: Night) -> None:
    """Clear what an adjustment explains; list the others."""
    for line in night.good_lines:
        if line["record_type"] != "ADJUSTMENT":
            continue
        named = {line["order_no"] or line["original_rrn"], line["rrn"]} - {""}
        amount = fen(line["gross"])
        keys = [
            key
            for key, names in night.keys.items()
            if names & named and night.found.get(key) == (abs(amount), way(-amount))
        ]
        if keys:
            del night.found[keys[0]]
        else:
            night.add("ADJUSTMENT_UNEXPLAINED", line, abs(amount), way(amount))
