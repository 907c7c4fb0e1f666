"""What the files hold, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipelines.inspection.text import MOST_SHOWN, closing, shown_total
from pipelines.money import money_text

AGREE = {True: "[green]agree[/]", False: "[bold red]DISAGREE[/]", None: "none declared"}


def print_tables(found: Sequence[Mapping[str, Any]], console: Console) -> None:
    """One block a file, and a line for all of them."""
    for entry in found:
        console.print(_block(entry), "")
    if len(found) > 1:
        console.print(f"[bold]{escape(closing(found))}[/]")


def _block(entry: Mapping[str, Any]) -> RenderableType:
    good = entry["error"] is None
    profile = f"{entry['profile']}, {entry['side']}" if entry["side"] else entry["profile"] or "no profile"
    parts: list[RenderableType] = [
        f"[bold]{escape(entry['file'])}[/]  {'[green]✓[/]' if good else '[red]✗[/]'} {escape(profile)}"
    ]
    if entry["side"]:
        dates = f"  {entry['first_date']} … {entry['last_date']}" if entry["first_date"] else ""
        parts += [f"{entry['rows']:,} rows, {entry['accepted']:,} accepted{dates}", _holds(entry), *_totals(entry)]
    if entry["rejected"]:
        parts.append(_rejected(entry["rejected"]))
    if entry["error"]:
        parts.append(f"[red]refused: {escape(entry['error'])}[/]")
    parts += [f"[dim]note: {escape(warning)}[/]" for warning in entry["warnings"]]
    return Group(*parts)


def _plain(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _holds(entry: Mapping[str, Any]) -> RenderableType:
    """Counts by type, and sums by currency beside them."""
    kinds = _plain("type", "rows")
    for kind, count in entry["by_type"].items():
        kinds.add_row(kind, f"{count:,}")
    names = [name for name in ("gross", "fee", "net", "credit", "debit") if _any(entry, f"{name}_minor")]
    sums = _plain("currency", *names)
    for currency, found in entry["currency"].items():
        sums.add_row(currency, *(money_text(found[f"{name}_minor"], currency) for name in names))
    beside = Table.grid(padding=(0, 4))
    beside.add_row(kinds, sums)
    return beside


def _any(entry: Mapping[str, Any], name: str) -> bool:
    return any(sums[name] for sums in entry["currency"].values())


def _totals(entry: Mapping[str, Any]) -> list[RenderableType]:
    totals = entry["control_totals"]
    parts: list[RenderableType] = [f"control totals: {AGREE[totals['agree']]}"]
    if totals["agree"] is not None and totals["declared"]:
        table = _plain("", "declared", "computed")
        for name, value in totals["declared"].items():
            computed = totals["computed"].get(name)
            style = "bold red" if computed != value else None
            table.add_row(name, shown_total(entry, name, value), shown_total(entry, name, computed), style=style)
        parts.append(table)
    return parts


def _rejected(rejected: Sequence[Mapping[str, Any]]) -> RenderableType:
    table = Table("line", "why it is rejected", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rejected[:MOST_SHOWN]:
        table.add_row(f"{row['line']:,}", escape(row["reason"]))
    if len(rejected) > MOST_SHOWN:
        table.add_row("…", f"and {len(rejected) - MOST_SHOWN:,} more (all with --json)")
    return table
