"""What is said of an archive: of the one file in it that counts, or of the whole and then of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.sources.containers import Member

MOST_NAMED = 20

Entry = dict[str, Any]


def told(outer: str, held: Sequence[tuple[Member, Entry]]) -> list[Entry]:
    """Entries for the files of an archive.

    Where one file counts, its entry stands for the archive, and notes tell of the others. Where several do, an entry
    for the whole comes first: their sums, and no control totals, for each has its own.
    """
    counting = [(member, entry) for member, entry in held if entry["profile"] or member.error or len(held) == 1]
    others = [member.name for member, entry in held if all(entry is not other for _, other in counting)]
    notes = [f"{name}: left alone, no profile recognises it" for name in others[:MOST_NAMED]]
    if len(others) > MOST_NAMED:
        notes.append(f"{len(others) - MOST_NAMED:,} more files are left alone")
    if len(counting) == 1:
        ((member, entry),) = counting
        read = [] if member.name == outer else [f"{member.name} was read"]
        return [{**entry, "file": outer, "warnings": [*read, *entry["warnings"], *notes]}]
    entries = [entry for _, entry in counting]
    return [_whole(outer, entries, notes, held[0][1]), *entries]


def _whole(outer: str, entries: Sequence[Entry], notes: Sequence[str], first: Entry) -> Entry:
    refused = [entry for entry in entries if entry["error"]]
    error = f"{len(refused)} of its {len(entries)} files are refused; each says why" if refused else None
    if not entries:
        error = f"no profile recognises any of its files; the first: {first['error']}"
    return {
        **joined(entries or [first]),
        "file": outer,
        "profile": _common(entries, "profile"),
        "side": _common(entries, "side"),
        "rejected": [],
        "control_totals": {"declared": {}, "computed": {}, "agree": None},
        "error": error,
        "warnings": [f"an archive of {len(entries)} files, told one by one", *notes] if entries else list(notes),
    }


def joined(parts: Sequence[Entry]) -> Entry:
    """One entry for the parts of a file: what each adds, and what the last one says of all."""
    days = [part[name] for part in parts for name in ("first_date", "last_date") if part[name]]
    return {
        **parts[-1],
        "rows": sum(part["rows"] for part in parts),
        "accepted": sum(part["accepted"] for part in parts),
        "rejected": [row for part in parts for row in part["rejected"]],
        "currency": _added(parts),
        "by_type": _summed(part["by_type"] for part in parts),
        "first_date": min(days, default=None),
        "last_date": max(days, default=None),
    }


def _common(entries: Sequence[Entry], name: str) -> Any:
    """What all entries say alike, else nothing."""
    said = {entry[name] for entry in entries}
    return said.pop() if len(said) == 1 else None


def _added(entries: Sequence[Entry]) -> dict[str, dict[str, int]]:
    currencies = sorted({currency for entry in entries for currency in entry["currency"]})
    return {
        currency: _summed(entry["currency"][currency] for entry in entries if currency in entry["currency"])
        for currency in currencies
    }


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counts:
        for name, value in each.items():
            found[name] = found.get(name, 0) + value
    return found
