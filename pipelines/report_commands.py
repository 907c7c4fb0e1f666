"""What `recon report` and `recon send` do: a finished night told again, from the published copy or to its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines import config, reporting, sending
from pipelines.config import Settings
from pipelines.store import Published, Store, StoreError
from reports import html, xlsx
from reports.json import render as render_json
from reports.model import Report

Render = Callable[[Report], bytes]
RENDER: dict[str, Render] = {"html": html.render, "xlsx": xlsx.render, "json": render_json}


def write(config_path: Path, day: date, kind: str) -> Path:
    """Write the report of a date again, in one of its forms; the answer is its path."""
    settings = config.load(config_path)
    with Published(settings.paths.investigate) as published:
        report = reporting.again(published, day)
    path = settings.paths.reports / f"recon-{day:%Y%m%d}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}")
    fresh.write_bytes(RENDER[kind](report))
    fresh.replace(path)
    return path


def send(config_path: Path, day: date, *, again: bool, say: sending.Say) -> int:
    """Bring the report of a date to those who have not got it; how many still have not."""
    settings = _with_readers(config_path)
    occasion = sending.Occasion.of_day(day, again=again)
    if not settings.paths.store.exists():
        raise StoreError(f"{settings.paths.store}: there are no books yet; run `recon run --date …` first")
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        return sending.send(store, settings, reporting.again(store, day), occasion, say, secret_of(settings))


def preview(config_path: Path, day: date) -> str:
    """What `send` would send, and to whom, without sending: subject, size, text."""
    settings = _with_readers(config_path)
    with Published(settings.paths.investigate) as published:
        report = reporting.again(published, day)
    told = [_told(parcel) for parcel in sending.parcels(settings, replace(report, outputs={}))]
    told += [f"Chat: {chat.name}\n" for chat in settings.chats]
    return "\n".join(told)


def _told(parcel: sending.Parcel) -> str:
    letter = parcel.letter
    attached = f"{letter.attachment.name}, {len(letter.attachment.content):,} bytes" if letter.attachment else "none"
    return (
        f"To: {', '.join(parcel.recipients)}\nOnly: {parcel.scope.text or 'everything'}\n"
        f"Subject: {letter.subject}\nAttached: {attached}\n\n{letter.text}"
    )


def _with_readers(config_path: Path) -> Settings:
    settings = config.load(config_path)
    if not (settings.mail and settings.mail.readers) and not settings.chats:
        raise config.ConfigError(f"{config_path}: nobody is to get the report; add [mail] with readers, or [[chats]]")
    return settings


def secret_of(settings: Settings) -> sending.Secret:
    """Where passwords are looked for: Prefect is only started for who keeps them in its blocks."""
    blocks = [settings.mail.password_block if settings.mail else None, *(chat.url_block for chat in settings.chats)]
    if not any(blocks):
        return sending.from_environment
    from pipelines import flows

    return flows.secret
