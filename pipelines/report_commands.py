"""What `recon report` and `recon send` do: a finished night told again, from the published copy or to its readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from pipelines import config, reporting, sending
from pipelines.config import Settings
from pipelines.reporting import Period, claims
from pipelines.reporting.claims import Asked
from pipelines.reporting.listing import Books
from pipelines.sending import Occasion
from pipelines.store import Published, Store, StoreError
from reports import html, xlsx
from reports.claims import render as render_claims
from reports.json import render as render_json
from reports.model import Report

Render = Callable[[Report], bytes]
RENDER: dict[str, Render] = {"html": html.render, "xlsx": xlsx.render, "json": render_json}
CLAIMS = "fees"


@dataclass(frozen=True)
class Which:
    """Which report is meant: that of a date, or of a week or month."""

    day: date | None = None
    period: Period | None = None

    @staticmethod
    def of(day: date | None, week: str | None, month: str | None) -> Which:
        """From what was asked for; UsageError unless it is exactly one of the three."""
        if sum(given is not None for given in (day, week, month)) != 1:
            raise click.UsageError("name one report: --date 2026-03-02, --week 2026-W10 or --month 2026-03")
        try:
            return Which(day, Period.week(week) if week else Period.month(month) if month else None)
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    @property
    def stem(self) -> str:
        """Of the names of its files."""
        return f"recon-{self.day:%Y%m%d}" if self.day else f"recon-{self.period.name if self.period else ''}"

    def occasion(self, *, again: bool) -> Occasion:
        """Why it is sent."""
        if self.day:
            return Occasion.of_day(self.day, again=again)
        name = self.period.name if self.period else ""
        return Occasion("week" if "W" in name else "month", name, again)

    def claims(self, acquirer: str | None) -> Asked:
        """Which fee claims: those known on the date, or those of lines settled in the week or month."""
        if self.period:
            return Asked(self.period.name, first=self.period.first, last=self.period.last, acquirer=acquirer)
        return Asked(f"{self.day}", known_by=self.day, acquirer=acquirer)

    def report(self, books: Books) -> Report:
        """The report itself."""
        if self.day:
            return reporting.again(books, self.day)
        assert self.period is not None  # noqa: S101 - one of the two is given
        return reporting.summary(books, self.period)


def write(config_path: Path, which: Which, kind: str, acquirer: str | None = None) -> Path:
    """Write a report again, in one of its forms, or the fee claims; the answer is its path."""
    if kind == CLAIMS:
        return _write_claims(config_path, which, acquirer)
    if acquirer is not None:
        raise click.UsageError(f"--acquirer goes with --format {CLAIMS}, not with {kind}")
    settings = config.load(config_path)
    with Published(settings.paths.investigate) as published:
        report = which.report(published)
    return _written(settings, f"{which.stem}.{kind}", RENDER[kind](report))


def _written(settings: Settings, name: str, content: bytes) -> Path:
    """A file among the reports, in its place only once it is whole."""
    path = settings.paths.reports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}")
    fresh.write_bytes(content)
    fresh.replace(path)
    return path


def _write_claims(config_path: Path, which: Which, acquirer: str | None) -> Path:
    """Write the workbook of fee claims that are still open; the answer is its path."""
    settings = config.load(config_path)
    known = sorted({contract.acquirer for contract in settings.contracts})
    if acquirer is not None and acquirer not in known:
        raise click.UsageError(f"--acquirer {acquirer}: no contract is with it; there are {', '.join(known) or 'none'}")
    with Published(settings.paths.investigate) as published:
        book = claims.claim_book(published, which.claims(acquirer))
    whose = "-" + "".join(sign if sign.isalnum() else "_" for sign in acquirer) if acquirer else ""
    return _written(settings, f"{which.stem}-{CLAIMS}{whose}.xlsx", render_claims(book))


def send(config_path: Path, which: Which, *, again: bool, say: sending.Say) -> int:
    """Bring a report to those who have not got it; how many still have not."""
    settings = _with_readers(config_path)
    if not settings.paths.store.exists():
        raise StoreError(f"{settings.paths.store}: there are no books yet; run `recon run --date …` first")
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        occasion, told = which.occasion(again=again), list[str]()
        missed = sending.send(store, settings, which.report(store), occasion, told.append, secret_of(settings))
    for line in told or [f"everybody has the report of {occasion.period} already; --again sends it once more"]:
        say(line)
    return missed


def preview(config_path: Path, which: Which) -> str:
    """What `send` would send, and to whom, without sending: subject, size, text."""
    settings = _with_readers(config_path)
    with Published(settings.paths.investigate) as published:
        report = which.report(published)
    told = [_told(parcel) for parcel in sending.parcels(settings, report)]
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
