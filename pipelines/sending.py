"""A night's report to its readers, by mail and chat; who has got it is on record, and nobody gets it twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from pipelines import reporting
from pipelines.config import Settings
from pipelines.mail_settings import Chat, Mail
from pipelines.sources.pan import mask_text
from pipelines.store import Store, StoreError, books
from reports import deliver, mailing, xlsx
from reports.deliver import Delivery, Server
from reports.mailing import Attachment, Letter
from reports.model import Language, Report
from reports.narrow import Scope, narrowed

Say = Callable[[str], None]
Secret = Callable[[str | None, str | None], str | None]
"""Finds a secret by the name of an environment variable or of a Prefect block; None where there is none."""

MEGABYTE = 2**20


def from_environment(variable: str | None, block: str | None) -> str | None:
    """A secret of the environment; blocks are Prefect's business."""
    del block
    return os.environ.get(variable) if variable else None


@dataclass(frozen=True)
class Occasion:
    """Why something is sent: what (daily, week, month, alert) of which period; again: also to who has got it."""

    what: str
    period: str
    again: bool = False

    @staticmethod
    def of_day(day: date, *, again: bool = False) -> Occasion:
        """The daily report."""
        return Occasion("daily", day.isoformat(), again)


@dataclass(frozen=True)
class Parcel:
    """One letter for some recipients, before it is sent."""

    recipients: tuple[str, ...]
    scope: Scope
    letter: Letter


def parcels(settings: Settings, report: Report) -> Iterator[Parcel]:
    """What each group of readers gets: one letter per part of the report and language."""
    mail = settings.mail
    if mail is None:
        return
    for readers in mail.readers:
        scope = Scope(readers.acquirers, readers.merchants)
        theirs = narrowed(report, scope)
        attachment, link = _workbook(settings, mail, theirs, scope)
        yield Parcel(readers.to, scope, mailing.letter(theirs, readers.language, attachment, link))


def _workbook(settings: Settings, mail: Mail, report: Report, scope: Scope) -> tuple[Attachment | None, str]:
    """The workbook of a part of the report: attached, or too large and left in the reports folder under its name."""
    if report.verdict == "FAILED":
        return None, ""
    written = report.outputs.get("xlsx")
    path = Path(written) if written else settings.paths.reports / _name(report, scope)
    content = path.read_bytes() if written and path.exists() else xlsx.render(report)
    if len(content) <= mail.attach_up_to_mb * MEGABYTE:
        return Attachment(path.name, content), ""
    if not path.exists() or not written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return None, f"{mail.link.rstrip('/')}/{path.name}" if mail.link else str(path)


def _name(report: Report, scope: Scope) -> str:
    """A name of its own for each part; it cannot be guessed from the name of another."""
    stem = f"recon-{report.period}" if report.period else f"recon-{report.business_date:%Y%m%d}"
    if scope.everything:
        return f"{stem}.xlsx"
    told = f"{report.run_id}|{scope.text}"
    return f"{stem}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.xlsx"


def send(store: Store, settings: Settings, report: Report, occasion: Occasion, say: Say, secret: Secret) -> int:
    """Bring the report to all its readers and put every attempt on record; how many have not got it.

    What goes wrong is said in one plain line each; nothing of the night is lost by it.
    """
    missed = 0
    for parcel in parcels(settings, report):
        left = _left(store, report.run_id, occasion, "mail", parcel.scope.text, parcel.recipients)
        if left:
            outcome = _mail(settings, parcel.letter, left, report.run_id, secret)
            missed += _told(store, report.run_id, occasion, "mail", parcel.scope.text, outcome, say)
    for chat in settings.chats:
        for name in _left(store, report.run_id, occasion, "chat", "", [chat.name]):
            outcome = [_note(chat, name, report, secret)]
            missed += _told(store, report.run_id, occasion, "chat", "", outcome, say)
    return missed


def send_again(settings: Settings, day: date | None, say: Say, secret: Secret) -> int:
    """Bring the report of a date, or of the newest run, to those who have not got it; how many still have not.

    StoreError where no run of that date finished, or another run is working.
    """
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        _, newest, _ = books.last_finished(store)
        if (asked := day or newest) is None:
            raise StoreError(f"{settings.paths.store}: no night has been run yet; run `recon run --date …` first")
        report = reporting.again(store, asked)
        return send(store, settings, report, Occasion.of_day(asked), say, secret)


def alert(settings: Settings, day: date, run_id: str, failure: str, say: Say, secret: Secret) -> None:
    """Tell the readers of the whole report that the night failed; a night without a store leaves no record of it."""
    told = mask_text(failure)
    report = Report(
        run_id=run_id, business_date=day, generated_at=_now(), verdict="FAILED", failure=mailing.one_line(told)
    )
    for parcel in parcels(settings, report):
        if parcel.scope.everything:
            outcome = _mail(settings, parcel.letter, parcel.recipients, run_id, secret)
            _say_outcome(outcome, "the alert", say)
    for chat in settings.chats:
        _say_outcome([_note(chat, chat.name, report, secret)], "the alert", say)


def _mail(settings: Settings, letter: Letter, recipients: Iterable[str], run_id: str, secret: Secret) -> list[Delivery]:
    mail = settings.mail
    assert mail is not None  # noqa: S101 - letters are made for configured readers only
    to = list(recipients)
    password = secret(mail.password_env, mail.password_block) if mail.username else None
    if mail.username and not password:
        where = f"the variable {mail.password_env}" + (
            f" or the block {mail.password_block}" if mail.password_block else ""
        )
        return [Delivery(one, "failed", f"no password in {where}") for one in to]
    server = Server(
        *(mail.host, mail.port, mail.security, mail.username, password, mail.ca_file, mail.attempts, mail.wait_seconds)
    )
    return deliver.send(mailing.mime(letter, mail.sender, to, _now(), run_id), to, server)


def _note(chat: Chat, name: str, report: Report, secret: Secret) -> Delivery:
    url = secret(chat.url_env, chat.url_block)
    if not url:
        return Delivery(name, "failed", f"no address in {chat.url_env or chat.url_block}")
    language: Language = chat.language
    return deliver.notify(name, url, mailing.subject(report, language), mailing.note(report, language))


def _left(
    store: Store, run_id: str, occasion: Occasion, channel: str, scope: str, recipients: Iterable[str]
) -> list[str]:
    """Who has not got it yet; everybody once where it is asked for again."""
    everybody = list(dict.fromkeys(recipients))
    if occasion.again:
        return everybody
    rows = store.execute(
        "SELECT recipient FROM book.deliveries WHERE state = 'sent' AND run_id = ? AND what = ? AND period = ? "
        "AND channel = ? AND scope = ?",
        [run_id, occasion.what, occasion.period, channel, scope],
    )
    got = {recipient for (recipient,) in rows}
    return [one for one in everybody if one not in got]


def _told(
    store: Store, run_id: str, occasion: Occasion, channel: str, scope: str, outcome: list[Delivery], say: Say
) -> int:
    """Put attempts on record and say what failed; how many did."""
    shared = {"run_id": run_id, "what": occasion.what, "period": occasion.period, "channel": channel, "scope": scope}
    rows = pl.DataFrame([{"recipient": o.recipient, "state": o.state, "detail": o.detail} for o in outcome])
    moment = pl.lit(_now().replace(tzinfo=None)).alias("delivered_at")
    store.append("deliveries", rows.with_columns(moment, *(pl.lit(v).alias(k) for k, v in shared.items())))
    return _say_outcome(outcome, f"the report of {occasion.period}", say)


def _say_outcome(outcome: Iterable[Delivery], what: str, say: Say) -> int:
    """Who got it and who did not, a line each; how many did not."""
    told = list(outcome)
    for one in told:
        if one.state == "sent":
            say(f"{what} went to {one.recipient}")
    missed = [one for one in told if one.state != "sent"]
    for one in missed:
        say(f"{what} has not reached {one.recipient}: {one.detail}; mend it, then `recon send` brings it")
    return len(missed)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
