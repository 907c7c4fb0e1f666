"""What the commands for people do: files, taking one back, deciding pairs, tracing; apart from words and printing."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import card_key, config, deciding, retracting
from pipelines.arriving import Say
from pipelines.cases import life
from pipelines.config import RefusedError, Settings
from pipelines.deciding import Said
from pipelines.sources.pan import mask_text
from pipelines.store import Published, StoreError, looking, tracing

FILE_FIELDS = (
    *("file_id", "name", "source", "side", "profile", "state", "expected_date", "arrived_at", "sha256", "bytes"),
    *("row_count", "accepted", "rejected", "agree", "first_date", "last_date", "error", "warnings", "archived"),
    *("run_no", "run_date", "replaces", "replaced_by", "retracted_at", "retracted_by"),
)


def login() -> str:
    """Who is at the keyboard, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise RefusedError("the machine does not say who you are; name yourself with --by") from None


def said_by(config_path: Path, actor: str | None, reason: str) -> tuple[Settings, Said]:
    """The settings, and who acts and why by them; the login name where nobody is named."""
    settings = config.load(config_path)
    return settings, Said.by(settings, login() if actor is None else actor, reason)


def list_files(config_path: Path, day: date | None, state: str | None, source: str | None) -> list[dict[str, Any]]:
    """Files that ever arrived, from the published copy."""
    settings = config.load(config_path)
    with Published(settings.paths.investigate) as published:
        looking.current(published)
        frame = looking.files(published, day, state, source).select(FILE_FIELDS)
    text = frame.with_columns(pl.col(pl.Date).dt.to_string("iso"), pl.col(pl.Datetime).dt.to_string("iso:strict"))
    return text.to_dicts()


def files_text(found: list[dict[str, Any]]) -> str:
    """Two lines a file, for a terminal."""
    if not found:
        return "no files"
    lines = []
    for file in found:
        rows = f"{file['accepted'] or 0:,} rows" + (f", {file['rejected']:,} rejected" if file["rejected"] else "")
        day = file["expected_date"] or "—"
        arrived = str(file["arrived_at"])[:16].replace("T", " ")
        lines.append(f"{file['file_id']:>5}  {file['state']:<9}  {day:<10}  {file['name']}  {rows}")
        about = [file["source"] or "no source", file["profile"] or "no profile", f"arrived {arrived}", file["sha256"]]
        lines.append(f"{'':>7}{' · '.join(about)}")
        lines += [f"{'':>7}{line}" for line in _story_of(file)]
    return "\n".join([*lines, f"{len(found):,} files"])


def _story_of(file: dict[str, Any]) -> list[str]:
    """What is to be said of a file beside its being there."""
    told = []
    if file["replaces"]:
        told.append(f"replaces file {', '.join(map(str, file['replaces']))}")
    if file["replaced_by"] is not None:
        told.append(f"replaced by file {file['replaced_by']}")
    if file["retracted_by"]:
        told.append(f"taken back by {file['retracted_by']}, {str(file['retracted_at'])[:16].replace('T', ' ')} UTC")
    if file["error"] and file["replaced_by"] is None:
        told.append(file["error"])
    return [": ".join(told)] if told else []


def retract(config_path: Path, file_id: str, actor: str | None, reason: str, say: Say) -> dict[str, Any]:
    """Take a file back; the JSON of the run that judged the newest night again without it."""
    settings, said = said_by(config_path, actor, reason)
    return retracting.take_back(settings, file_id, said.actor, said.reason, say)


def resolve(config_path: Path, key: str, choice: str, actor: str | None, reason: str) -> dict[str, Any]:
    """Choose a candidate of an AMBIGUOUS_MATCH."""
    settings, said = said_by(config_path, actor, reason)
    return deciding.resolve(settings, key, choice, said)


def match(config_path: Path, one: str, other: str, actor: str | None, reason: str) -> dict[str, Any]:
    """Pair two rows by hand."""
    settings, said = said_by(config_path, actor, reason)
    return deciding.match(settings, one, other, said)


def unmatch(config_path: Path, one: str, other: str | None, actor: str | None, reason: str) -> dict[str, Any]:
    """Take a pair apart for good."""
    settings, said = said_by(config_path, actor, reason)
    return deciding.unmatch(settings, one, other, said)


def decision_text(told: dict[str, Any]) -> str:
    """What was put on record."""
    mine, theirs = (f"{told[side]['file']}:{told[side]['line']}" for side in ("journal", "settlement"))
    verb = {"match": "is paired with", "unmatch": "is kept apart from"}[told["act"]]
    lines = (f"decision {told['event_no']} of {told['by']}: {mine} {verb} {theirs}", f"  {told['journal']['row']}")
    return "\n".join((*lines, f"  {told['settlement']['row']}", "the next `recon run` applies it"))


def trace(config_path: Path, key: str) -> dict[str, Any]:
    """All that is known of one key, as JSON; StoreError where nothing bears it."""
    settings = config.load(config_path)
    with Published(settings.paths.investigate) as published:
        looking.current(published)
        found = tracing.gather(published, key)
        if found.empty and (kept := card_key.as_kept(settings, key)) != key:
            key, found = kept, tracing.gather(published, kept)
    key = mask_text(key)
    if found.empty:
        raise StoreError(
            f"{key}: nothing in the books bears this key; give an RRN, order number, exception id, payout id or bank "
            "reference"
        )
    entries = sorted(_entries(found), key=lambda entry: entry.key)
    open_now = [row for row in found.exceptions if row["status"] not in ("cleared", "resolved", "waiting")]
    return {
        "key": key,
        "entries": [life.as_json(entry) for entry in entries],
        "open": [row["exception_id"] for row in open_now],
        "not_listed": found.more,
        "text": life.as_text(key, entries, open_now, found.more),
    }


def _entries(found: tracing.Gathered) -> list[life.Entry]:
    return [
        *life.journal_entries(found.journal),
        *life.settlement_entries(found.settlement),
        *life.payout_entries(found.payouts),
        *life.bank_entries(found.bank),
        *life.rejected_entries(found.rejected),
        *life.restated_entries(found.restated),
        *life.match_entries(found.matches),
        *life.exception_entries(found.history, found.exceptions),
        *life.decision_entries(found.acts),
    ]
