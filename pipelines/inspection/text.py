"""What the files hold, for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines.money import EXPONENTS, money_text
from pipelines.sources.base import decimals, is_count

MOST_SHOWN = 5


def as_text(found: Sequence[Mapping[str, Any]]) -> str:
    """What the files hold, for a terminal."""
    return "\n\n".join("\n".join(_lines(entry)) for entry in found)


def _lines(entry: Mapping[str, Any]) -> list[str]:
    lines = [f"{entry['file']}: {entry['profile'] or 'no profile'}"]
    if entry["side"]:
        dates = f", {entry['first_date']} to {entry['last_date']}" if entry["first_date"] else ""
        lines[0] += f" ({entry['side']}): {entry['rows']:,} rows, {entry['accepted']:,} accepted{dates}"
        lines += [f"  {kind}: {count:,}" for kind, count in entry["by_type"].items()]
        for currency, sums in entry["currency"].items():
            shown = [f"{n.removesuffix('_minor')} {money_text(v, currency)}" for n, v in sums.items() if v]
            lines.append(f"  {currency}: {', '.join(shown) or 'nothing'}")
        lines.append(f"  control totals: {_totals(entry)}")
    rejected = entry["rejected"]
    lines += [f"  line {row['line']}: {row['reason']}" for row in rejected[:MOST_SHOWN]]
    if len(rejected) > MOST_SHOWN:
        lines.append(f"  … and {len(rejected) - MOST_SHOWN:,} more rejected rows (all with --json)")
    if entry["error"]:
        lines.append(f"  refused: {entry['error']}")
    lines += [f"  note: {warning}" for warning in entry["warnings"]]
    return lines


def _totals(entry: Mapping[str, Any]) -> str:
    totals, currencies = entry["control_totals"], list(entry["currency"])
    if totals["agree"] is None:
        return "none declared"
    declared = ", ".join(f"{name} {_figure(name, value, currencies)}" for name, value in totals["declared"].items())
    return f"{'agree' if totals['agree'] else 'DISAGREE'} (declared {declared})"


def _figure(name: str, value: int, currencies: Sequence[str]) -> str:
    """A control total as people read it, in the file's currency where it has but one."""
    one = currencies[0] if len(currencies) == 1 and not is_count(name) else None
    places = decimals(name, EXPONENTS[one]) if one else 0
    figure = f"{Decimal(value).scaleb(-places):,f}"
    return f"{figure} {one}" if one else figure
