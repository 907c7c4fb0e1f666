"""Payouts in the words of a sentence: which ones, and how they come to what they declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.money import money_text


def payout_words(row: Mapping[str, Any]) -> dict[str, str]:
    """The payouts that one deposit is compared with, each by its id."""
    ids = list(dict.fromkeys(row.get("payout_ids") or (row.get("payout_id") or "",)))
    if len(ids) == 1:
        return {"payouts": f"payout {ids[0]}", "payouts_zh": f"{ids[0]} "}
    return {
        "payouts": f"{len(ids)} payouts {', '.join(ids[:-1])} and {ids[-1]}, together",
        "payouts_zh": f"{'、'.join(ids)} 共 {len(ids)} 笔",
    }


def net_words(row: Mapping[str, Any]) -> dict[str, str]:
    """Both sums of a payout, and the bridge to what its lines add up to, or why there is none."""
    currency = row["currency"] or ""

    def text(name: str) -> str:
        return money_text(row[f"{name}_minor"] or 0, currency)

    lines = row["line_count"] + row["rejected_count"]
    english, chinese = ["no line of it is there"], ["没有任何明细"]
    if lines:
        bridge = [text(n) for n in ("gross", "refunds", "fees", "chargebacks", "adjustments")]
        english = ["gross {} - refunds {} - fees {} - chargebacks {} + adjustments {}".format(*bridge)]
        chinese = ["交易 {} - 退货 {} - 手续费 {} - 退单 {} + 调整 {}".format(*bridge)]
    if row["rejected_count"]:
        english[0] += f" + rejected lines {text('rejected')}"
        chinese[0] += f" + 被拒明细 {text('rejected')}"
    if row["declared_count"] != 1:
        english.append(
            f"it is declared {row['declared_count']} times" if row["declared_count"] else "nothing declares it"
        )
        chinese.append(f"被申报 {row['declared_count']} 次")
    if row["carried_in_minor"]:
        english.append(f"{text('carried_in')} was carried from days before")
        chinese.append(f"此前结转 {text('carried_in')}")
    return {
        "declared": text("declared"),
        "lines": text("lines"),
        "how": "".join(f"; {part}" for part in english),
        "how_zh": "".join(f"；{part}" for part in chinese),
    }
