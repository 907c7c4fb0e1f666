"""The money bridge of each acquirer and currency, from the rows of `sql/report/bridge.sql`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.cases.taxonomy import POLICY
from reports.books import Bridge, Step

LEVELS = (
    ("journal", "Journal: sales less refunds", "门店流水：销售减退货"),
    ("gross", "Settlement gross", "清算总额"),
    ("net", "Net after fees", "扣费后净额"),
    ("payouts", "Declared payouts", "收单机构应付款"),
    ("bank", "Arrived at the bank", "银行到账"),
)
BETWEEN = {"gross": ("leg1",), "net": ("other", "fees"), "payouts": ("unpaid", "declared"), "bank": ("leg2",)}
NAMED = {
    "fees": ("Fees", "手续费"),
    "unpaid": ("In no payout yet", "尚未列入付款"),
    "declared": ("Payout differs from its lines", "付款与明细之差"),
    "TIMING": ("In transit", "在途"),
    "adjusted": ("Settled by an adjustment", "已由调账解决"),
    "bank_fee": ("Taken by the bank, as agreed", "银行按约定扣收"),
}


def bridges(parts: Iterable[Mapping[str, Any]]) -> tuple[Bridge, ...]:
    """Bridges of the rows of `sql/report/bridge.sql`; every level is the level before it and what lies between."""
    sums: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for row in parts:
        of = sums.setdefault((row["acquirer"], row["currency"]), {})
        of[row["step"], row["type"]] = row["amount_minor"]
    return tuple(
        Bridge(acquirer or "(no contract)", currency, _steps(found))
        for (acquirer, currency), found in sorted(sums.items())
    )


def _steps(found: Mapping[tuple[str, str], int]) -> tuple[Step, ...]:
    level = found.get(("journal", ""), 0)
    steps = [Step(*LEVELS[0][1:], level, "total")]
    for name, label_en, label_zh in LEVELS[1:]:
        for (step, kind), amount in found.items():
            if step in BETWEEN[name] and amount:
                steps.append(Step(*_label(step, kind), amount, "delta", type=kind if kind in POLICY else ""))
                level += amount
        steps.append(Step(label_en, label_zh, found.get((name, ""), 0), "total"))
    return tuple(steps)


def _label(step: str, kind: str) -> tuple[str, str]:
    if kind in NAMED or step in NAMED:
        return NAMED.get(kind) or NAMED[step]
    policy = POLICY.get(kind)
    return (policy.title_en, policy.term_zh) if policy else (kind.replace("_", " ").capitalize(), kind)
