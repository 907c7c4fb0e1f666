"""`recon inspect`: what a file is, what it holds, whether it adds up, and why not; nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import config, intake
from pipelines.config import ConfigError, Settings, Source
from pipelines.money import money_text
from pipelines.sources.base import Parsed, Profile, SourceError
from pipelines.sources.identify import identify
from pipelines.toml_faults import there_are

MOST_SHOWN = 5
UNTOLD = "(given by configuration)"
"""Acquirer or account of a file that names none and that no source claims."""


def inspect(files: Sequence[Path], config_path: Path | None, profile: str | None) -> list[dict[str, Any]]:
    """One entry per file, in the shape of contract.md. ConfigError for a profile nobody knows."""
    settings = config.load(config_path) if config_path else Settings()
    readers = settings.readers
    if profile is not None and profile not in readers:
        raise ConfigError(f"profile {profile!r} is unknown; {there_are(profile, readers)}")
    return [_inspect(path, settings, readers, readers.get(profile or "")) for path in files]


def _inspect(path: Path, settings: Settings, readers: Mapping[str, Profile], chosen: Profile | None) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror}; check the path and its permissions", None)
    try:
        profile = chosen or identify(path.name, data, readers)
        done = intake.read(profile, data, settings, _source_of(path.name, profile, settings), path.name)
    except SourceError as error:
        return _unreadable(path, error.text, error.profile)
    return _entry(path, done)


def _source_of(name: str, profile: Profile, settings: Settings) -> Source:
    """The source that would bring this file; where none would, what is left to configuration is no fault."""
    fitting = [s for s in settings.sources if s.profile == profile.name and fnmatchcase(name, s.pattern)]
    source = fitting[0] if fitting else Source(name=profile.name, profile=profile.name, pattern="*")
    known = {"acquirer": source.acquirer or UNTOLD, "account": source.account or UNTOLD}
    return source.model_copy(update=known)


def _unreadable(path: Path, error: str, profile: str | None) -> dict[str, Any]:
    return {
        "file": str(path),
        "profile": profile,
        "side": None,
        "rows": 0,
        "accepted": 0,
        "rejected": [],
        "currency": {},
        "by_type": {},
        "first_date": None,
        "last_date": None,
        "control_totals": {"declared": {}, "computed": {}, "agree": None},
        "error": error,
        "warnings": [],
    }


def _entry(path: Path, done: intake.Read) -> dict[str, Any]:
    parsed = done.parsed
    first, last = intake.span(parsed)
    kinds = {"journal": "txn_type", "settlement": "record_type"}
    direction = pl.when(pl.col("amount_minor") < 0).then(pl.lit("DEBIT")).otherwise(pl.lit("CREDIT"))
    kind = pl.col(kinds[parsed.side]) if parsed.side in kinds else direction
    by_type = done.accepted.group_by(kind.alias("kind")).agg(pl.len()).sort("kind")
    return {
        "file": str(path),
        "profile": parsed.profile,
        "side": parsed.side,
        "rows": parsed.data_rows,
        "accepted": done.accepted.height,
        "rejected": [{"line": line, "reason": reason} for line, reason, *_ in done.rejected.iter_rows()],
        "currency": _currencies(parsed, done.accepted),
        "by_type": dict(by_type.iter_rows()),
        "first_date": first.isoformat() if first else None,
        "last_date": last.isoformat() if last else None,
        "control_totals": {
            "declared": parsed.totals.declared,
            "computed": parsed.totals.computed,
            "agree": parsed.totals.agree,
        },
        "error": done.refusal.text if done.refusal else None,
        "warnings": list(parsed.warnings),
    }


def _currencies(parsed: Parsed, rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Sums per currency of accepted rows, payout lines left out, as contract.md names them."""
    gross = fee = net = credit = debit = pl.lit(0, pl.Int64)
    if parsed.side == "settlement":
        rows = rows.filter(pl.col("record_type") != "PAYOUT")
        gross, fee, net = pl.col("gross_minor"), pl.col("fee_minor"), pl.col("net_minor")
    elif parsed.side == "journal":
        gross = net = pl.col("amount_minor")
    else:
        amount = pl.col("amount_minor")
        credit, debit = amount.clip(lower_bound=0), -amount.clip(upper_bound=0)
    sums = rows.group_by("currency").agg(
        gross_minor=gross.sum(),
        fee_minor=fee.sum(),
        net_minor=net.sum(),
        credit_minor=credit.sum(),
        debit_minor=debit.sum(),
    )
    return {row.pop("currency"): row for row in sums.sort("currency").to_dicts()}


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
    declared = ", ".join(
        f"{name} {value:,}" if name == "rows" or len(currencies) != 1 else f"{name} {money_text(value, currencies[0])}"
        for name, value in totals["declared"].items()
    )
    return f"{'agree' if totals['agree'] else 'DISAGREE'} (declared {declared})"
