"""What a file is, what it holds, whether it adds up, and why not, in the shape of contract.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import config, reading
from pipelines.collect import Spool, check_sidecars, contents
from pipelines.config import ConfigError, Settings, Source
from pipelines.inspection import archives
from pipelines.money import EXPONENTS, round_half_up
from pipelines.sources.base import MICRO, Data, Parsed, Profile, SourceError
from pipelines.sources.batches import contradictions, standing
from pipelines.sources.containers import Member, is_archive, members
from pipelines.sources.identify import HEAD, identify
from pipelines.sources.sidecars import file_of, is_sidecar
from pipelines.sources.traces import gaps, gaps_told, runs_of
from pipelines.toml_faults import there_are

UNTOLD = "(given by configuration)"
"""Acquirer or account of a file that names none and that no source claims."""


Watch = Callable[[str, Data], Data]
"""Is given the name and bytes of each file, and gives what is read in their place."""


@dataclass(frozen=True)
class _Asked:
    """Whoever asks: their settings, the profiles that count, the one they chose, and what watches the reading."""

    settings: Settings
    readers: Mapping[str, Profile]
    chosen: Profile | None
    watch: Watch


def inspect(
    files: Sequence[Path], config_path: Path | None, profile: str | None, watch: Watch = lambda _, data: data
) -> list[dict[str, Any]]:
    """One entry per file, in the shape of contract.md. ConfigError for a profile nobody knows."""
    settings = config.load(config_path) if config_path else Settings()
    known = settings.every_reader
    if profile is not None and profile not in known:
        raise ConfigError(f"profile {profile!r} is unknown; {there_are(profile, known)}")
    asked = _Asked(settings, settings.readers, known.get(profile or ""), watch)
    return [entry for path in _without_sidecars(files) for entry in _inspect(path, asked)]


def _without_sidecars(files: Sequence[Path]) -> Sequence[Path]:
    """The files, each checksum replaced by the file that it speaks of, where that is there."""
    return list(dict.fromkeys(_spoken_of(path) if is_sidecar(path.name) else path for path in files))


def _spoken_of(sidecar: Path) -> Path:
    told = sidecar.with_name(file_of(sidecar.name))
    return next((path for path in (told, told.with_name(f"{told.name}.gz")) if path.exists()), sidecar)


def _inspect(path: Path, asked: _Asked) -> list[dict[str, Any]]:
    try:
        data = asked.watch(path.name, contents(path))
        if not is_archive(data[:8]):
            return [_checked(path, [data], _read(str(path), path.name, data, asked))]
        held = list(members(str(path), data, Spool()))
    except OSError as error:
        return [_unreadable(str(path), f"cannot be read: {error.strerror}; check the path and its permissions", None)]
    except SourceError as error:
        return [_unreadable(str(path), error.text, None)]
    entries = archives.told(str(path), [(member, _member(member, asked)) for member in held])
    one = [held[0].data] if len(held) == 1 else []
    return [_checked(path, [data, *one], entries[0]), *entries[1:]]


def _checked(path: Path, contents: Sequence[Data], entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with what the checksums beside the file say of it."""
    try:
        agree = check_sidecars(path, contents)
    except SourceError as error:
        return entry | {"error": "; ".join(filter(None, (error.text, entry["error"])))}
    except OSError as error:
        return entry | {"error": f"the checksum beside it cannot be read: {error.strerror}"}
    return entry | {"warnings": [*entry["warnings"], *(f"{name} agrees" for name in agree)]}


def _member(member: Member, asked: _Asked) -> dict[str, Any]:
    if member.error:
        return _unreadable(member.name, member.error.text, None)
    return _read(member.name, member.filename, asked.watch(member.filename, member.data), asked)


def _read(shown: str, name: str, data: Data, asked: _Asked) -> dict[str, Any]:
    chosen, settings = asked.chosen, asked.settings
    try:
        profile = chosen or identify(name, data, asked.readers)
        source = _source_of((name, Path(shown.split("!", maxsplit=1)[0]).name), profile, settings)
        parts = reading.read_parts(profile, data, settings, source, name)
        noticed = _Terminals()
        entry = _rounded(archives.joined([_entry(shown, noticed.seen(part)) for part in parts]))
        entry["warnings"] = [*entry["warnings"], *noticed.told()]
    except SourceError as error:
        return _unreadable(shown, error.text, error.profile)
    why = chosen.explain(name, bytes(data[:HEAD])) if chosen else ""
    return entry | {"warnings": [*entry["warnings"], f"it does not look like {profile.name}: {why}"]} if why else entry


@dataclass
class _Terminals:
    """What the parts of a journal tell of its terminals: gaps in their numbers, batches that were closed."""

    traces: list[pl.DataFrame] = field(default_factory=list)
    closings: list[pl.DataFrame] = field(default_factory=list)
    counted: list[pl.DataFrame] = field(default_factory=list)

    def seen(self, part: reading.Read) -> reading.Read:
        """Take note of one part more, and hand it on."""
        if part.parsed.side == "journal":
            self.traces += [part.parsed.traces, runs_of(part.accepted)]
            self.closings.append(part.parsed.batch_totals)
            self.counted.append(standing(part.accepted))
        return part

    def told(self) -> list[str]:
        """One sentence for each gap, and for each batch whose totals contradict the rows."""
        gone = gaps_told(gaps(self.traces)) if self.traces else []
        wrong = contradictions(pl.concat(self.closings), pl.concat(self.counted)) if self.closings else []
        return [*gone, *wrong]


def _source_of(names: Sequence[str], profile: Profile, settings: Settings) -> Source:
    """The source that would bring a file of this name, or else in an archive of the other.

    Where none would, what is left to configuration is no fault.
    """
    mine = [s for s in settings.sources if s.profile == profile.name]
    fitting = [s for name in names for s in mine if fnmatchcase(name, s.pattern)]
    source = fitting[0] if fitting else Source(name=profile.name, profile=profile.name, pattern="*")
    known = {"acquirer": source.acquirer or UNTOLD, "account": source.account or UNTOLD}
    return source.model_copy(update=known)


def _unreadable(name: str, error: str, profile: str | None) -> dict[str, Any]:
    return {
        "file": name,
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


def _entry(name: str, done: reading.Read) -> dict[str, Any]:
    parsed = done.parsed
    first, last = reading.span(parsed)
    kinds = {"journal": "txn_type", "settlement": "record_type"}
    direction = pl.when(pl.col("amount_minor") < 0).then(pl.lit("DEBIT")).otherwise(pl.lit("CREDIT"))
    kind = pl.col(kinds[parsed.side]) if parsed.side in kinds else direction
    by_type = done.accepted.group_by(kind.alias("kind")).agg(pl.len()).sort("kind")
    return {
        "file": name,
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
    """Sums per currency of accepted rows, as contract.md names them; payouts and what is carried on left out.

    A file without rows adds up to nothing in the currencies that it speaks of.
    Fees that are stated finer than the minor unit are summed as stated beside: `fee_micro`.
    """
    gross = fee = net = credit = debit = pl.lit(0, pl.Int64)
    if parsed.side == "settlement":
        carried = pl.col("reason_code").is_in(parsed.carried).fill_null(value=False)
        rows = rows.filter((pl.col("record_type") != "PAYOUT") & ~carried)
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
    nothing = dict.fromkeys(sums.columns[1:], 0)
    quiet = {parsed.home, *parsed.balances["currency"]} if rows.is_empty() else set()
    found = {currency: dict(nothing) for currency in sorted(filter(None, quiet))}
    found |= {row.pop("currency"): row for row in sums.sort("currency").to_dicts()}
    if "fee_micro" in rows.columns:
        for currency, exact in rows.group_by("currency").agg(pl.col("fee_micro").cast(pl.Int128).sum()).iter_rows():
            found[currency]["fee_micro"] = int(exact or 0)
    return found


def _rounded(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry of all parts, with exact fees rounded once."""
    for currency, sums in entry["currency"].items():
        exact = sums.pop("fee_micro", None)
        if exact is not None:
            sums["fee_minor"] = round_half_up(Decimal(exact).scaleb(EXPONENTS[currency] - MICRO))
            sums["net_minor"] = sums["gross_minor"] - sums["fee_minor"]
    return entry
