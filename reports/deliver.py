"""Brings mail to an SMTP server and short notes to chats; the only module of reports that reaches other machines."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

State = Literal["sent", "refused", "failed"]
Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. attempts: in all, with growing waits between them; ca_file: own certificates."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    attempts: int = 4
    wait_seconds: float = 2
    timeout_seconds: float = 30


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one recipient's copy; detail: the server's words, or why there was no server."""

    recipient: str
    state: State
    detail: str = ""


class _AgainLaterError(Exception):
    """What may go well a little later: the server is not there, or says so itself (4xx)."""


def send(mail: EmailMessage, recipients: Sequence[str], server: Server) -> list[Delivery]:
    """Hand a mail in for each recipient, in as many attempts as the server allows; never raises for the mail's fate.

    A refusal for good (5xx) is final for that recipient; who was accepted once is not sent to again.
    """
    from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential  # noqa: PLC0415

    done: dict[str, Delivery] = {}
    retrying = Retrying(
        stop=stop_after_attempt(server.attempts),
        wait=wait_exponential(multiplier=server.wait_seconds, max=60),
        retry=retry_if_exception_type(_AgainLaterError),
    )
    try:
        retrying(_attempt, mail, recipients, server, done)
    except RetryError as error:
        reason = error.last_attempt.exception()
        done |= {one: Delivery(one, "failed", str(reason)) for one in recipients if one not in done}
    return [done[one] for one in recipients]


def _attempt(mail: EmailMessage, recipients: Sequence[str], server: Server, done: dict[str, Delivery]) -> None:
    left = [one for one in recipients if one not in done]
    try:
        refused = _hand_in(mail, left, server)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        if 400 <= error.smtp_code < 500:
            raise _AgainLaterError(_words(error.smtp_code, error.smtp_error)) from error
        done |= {one: Delivery(one, "failed", _words(error.smtp_code, error.smtp_error)) for one in left}
        return
    except (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError) as error:
        done |= {one: Delivery(one, "failed", f"{server.host}: {error}") for one in left}
        return
    except (smtplib.SMTPException, OSError) as error:
        raise _AgainLaterError(f"{server.host}:{server.port}: {error}") from error
    done |= {one: Delivery(one, "sent") for one in left if one not in refused}
    done |= {one: Delivery(one, "refused", _words(*why)) for one, why in refused.items() if why[0] >= 500}
    if later := [_words(*why) for why in refused.values() if why[0] < 500]:
        raise _AgainLaterError(later[0])


def _hand_in(mail: EmailMessage, recipients: Sequence[str], server: Server) -> dict[str, tuple[int, bytes]]:
    """One conversation with the server; who was refused, and with which words."""
    trust = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    if server.security == "tls":
        link: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=trust)
    else:
        link = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
    with link:
        if server.security == "starttls":
            link.starttls(context=trust)
        if server.username is not None:
            link.login(server.username, server.password or "")
        return link.send_message(mail, to_addrs=list(recipients))


def _words(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {said}".split())[:300]


def notify(name: str, url: str, title: str, body: str) -> Delivery:
    """Put a note into a chat, by the address that Apprise knows it by (DingTalk, WeCom, Slack, Teams and others)."""
    import apprise  # noqa: PLC0415 - heavy, and only who uses chat needs it

    chat = apprise.Apprise()
    if not chat.add(url):
        return Delivery(name, "failed", "its address is none that Apprise knows; see its documentation")
    if chat.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT):
        return Delivery(name, "sent")
    return Delivery(name, "failed", "the chat did not take the note")
