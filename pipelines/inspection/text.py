"""What the files hold, for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipelines.money import EXPONENTS, money_text
from pipelines.sources.base import decimals, is_count

MOST_SHOWN = 5


def as_text(found: Sequence[Mapping[str, Any]]) -> str:
    """What the files hold, as plain lines, and a line for all of them."""
    blocks = ["\n".join(_lines(entry)) for entry in found]
    return "\n\n".join([*blocks, closing(found)] if len(found) > 1 else blocks)


def closing(found: Sequence[Mapping[str, Any]]) -> str:
    """How many files and rows there are, and how many of them cannot be used."""
    # the line of an archive repeats what its members say
    told = [entry for entry in found if not any(other["file"].startswith(f"{entry['file']}!") for other in found)]
    refused = sum(1 for entry in told if entry["error"])
    rows, accepted, rejected = (
        sum(entry["rows"] for entry in told),
        sum(entry["accepted"] for entry in told),
        sum(len(entry["rejected"]) for entry in told),
    )
    return f"{len(told):,} files, {refused:,} refused: {rows:,} rows, {accepted:,} accepted, {rejected:,} rejected"


def shown_total(entry: Mapping[str, Any], name: str, value: int | None) -> str:
    """A control total as people read it, in the file's currency where it has but one."""
    if value is None:
        return "none"
    currencies = list(entry["currency"])
    one = currencies[0] if len(currencies) == 1 and not is_count(name) else None
    places = decimals(name, EXPONENTS[one]) if one else 0
    figure = f"{Decimal(value).scaleb(-places):,f}"
    return f"{figure} {one}" if one else figure


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
    """Declared and, where they differ, computed totals."""
    totals = entry["control_totals"]
    if totals["agree"] is None:
        return "none declared"
    declared = ", ".join(f"{name} {shown_total(entry, name, value)}" for name, value in totals["declared"].items())
    differ = [name for name, value in totals["declared"].items() if totals["computed"].get(name) != value]
    computed = ", ".join(f"{name} {shown_total(entry, name, totals['computed'].get(name))}" for name in differ)
    beside = f"; computed {computed}" if computed else ""
    return f"{'agree' if totals['agree'] else 'DISAGREE'} (declared {declared}{beside})"
