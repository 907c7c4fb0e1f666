"""People work on cases: each act is checked against the transitions, appended, sealed, and shown at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import collect
from pipelines.cases.people import limits
from pipelines.cases.workflow import Case, IllegalError, Move, step
from pipelines.config import RefusedError, Settings
from pipelines.deciding import Said
from pipelines.sources.pan import mask_text
from pipelines.store import Store, anchors, casebook, casework, seals

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Brought:
    """What an act brings beside its move: the piece of evidence it is for, and the file that was kept."""

    item: str | None = None
    attachment_name: str | None = None
    attachment_sha256: str | None = None
    attachment_bytes: int | None = None


@dataclass(frozen=True)
class Wish:
    """What somebody wants done with cases. move: made for each case, as amounts differ by currency; brings: what the
    act keeps beside it, once all of it is known to be allowed."""

    keys: tuple[str, ...]
    said: Said
    move: Callable[[Case], Move]
    brings: Callable[[], Brought] = Brought


def work(settings: Settings, wish: Wish) -> list[dict[str, Any]]:
    """Do one thing with one or several cases, with all of them or with none; returns each as it then is.

    RefusedError for what the transitions do not allow, and for an exception that is not there.
    """
    keys = list(dict.fromkeys(wish.keys))
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        cases = casebook.cases(store, keys)
        for key in keys:
            if key not in cases:
                raise RefusedError(f"{key}: there is no such exception; `recon exceptions` lists them")
        after = [_stepped(settings, cases[key], wish) for key in keys]
        brought = wish.brings()
        words = {"acted_at": now(), "actor": wish.said.actor, "reason": wish.said.reason, **vars(brought)}
        rows = casebook.rows_of((case, {**words, "act": act}) for act, case in after)
        keep(store, settings, rows)
    return [_as_json(act, case, wish.said, brought) for act, case in after]


def _stepped(settings: Settings, case: Case, wish: Wish) -> tuple[str, Case]:
    try:
        move = wish.move(case)
        return move.act, step(case, move, limits(settings.people))
    except IllegalError as error:
        raise RefusedError(str(error)) from None


def keep(store: Store, settings: Settings, rows: pl.DataFrame, **others: pl.DataFrame) -> pl.DataFrame:
    """Append acts and seal them in one transaction, then show them; others: rows of further tables, told with them."""
    with store.transaction():
        for table, more in others.items():
            store.append(table, more)
        stored = casebook.append(store, rows)
        sealed = seals.seal(store)
    anchors.write(store)
    casework.tell(store, settings.paths.investigate, {"case_events": stored, **others, **sealed})
    return stored


def now() -> datetime:
    """The clock of the machine, UTC, to the second."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _as_json(act: str, case: Case, said: Said, brought: Brought) -> dict[str, Any]:
    kept = casebook.as_kept(case) | {"facts": dict(case.facts)}
    kept["due_date"] = case.due_date.isoformat() if case.due_date else None
    told = {"act": act, "by": said.actor, "reason": said.reason, **kept, "amount_minor": case.amount_minor}
    return told | {name: value for name, value in vars(brought).items() if value is not None}


def attach(settings: Settings, path: Path, item: str | None) -> Brought:
    """Keep a file in the archive by its SHA-256; of a link, the file that it leads to.

    RefusedError for one that is not there, too large, or shows a card.
    """
    limit = settings.cases.attachment_limit_mb
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise RefusedError(f"{path}: is no file; name one file for each `recon case evidence`")
        with path.open("rb") as file:  # it may have grown since
            data = file.read(limit * 1_000_000 + 1)
        if max(size, len(data)) > limit * 1_000_000:
            told = f"{max(size, len(data)) / 1_000_000:,.1f} MB are more than the {limit} MB of attachment_limit_mb"
            raise RefusedError(f"{path}: {told}; make it smaller, or raise the limit in recon.toml")
    except OSError as error:
        raise RefusedError(f"{path}: cannot be read: {error.strerror}; nothing was kept") from None
    if not data:
        raise RefusedError(f"{path}: is empty; nothing was kept")
    _no_card_number(path, data)
    digest = collect.sha256(data)
    collect.archive(data, digest, settings.paths.archive)
    return Brought(item, mask_text(path.name), digest, len(data))


def _no_card_number(path: Path, data: bytes) -> None:
    """Text is looked through; of pictures and documents only the person who attaches them can know."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if "\x00" in text:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if mask_text(line) != line:
            told = "shows a full card number; mask all but its first six and last four digits"
            raise RefusedError(f"{path}: line {number}: {told} and attach it again")
