"""A real SMTP server on loopback, with TLS and a login, that keeps what it is given."""

from __future__ import annotations

import email
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "recon", "correct horse"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Box:
    """What arrived. refused: addresses that are refused for good; busy: how often it says "later" first."""

    refused: set[str] = field(default_factory=set)
    busy: int = 0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name the server asks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.busy:
            self.busy -= 1
            return "451 4.3.2 try again later"
        parsed = email.message_from_bytes(envelope.content or b"", policy=default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), parsed))
        return "250 OK"

    def only(self) -> EmailMessage:
        """The one mail that came."""
        ((_, mail),) = self.mails
        return mail


class Office:
    """The server's certificate and port; it can be opened and closed again."""

    def __init__(self, folder: Path, *, implicit_tls: bool = False):
        authority = trustme.CA()
        self.ca_file, self.port, self.box, self.implicit = folder / "ca.pem", free_port(), Box(), implicit_tls
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)

    @contextmanager
    def open(self) -> Iterator[Box]:
        """Listen for a while."""
        tls: dict[str, Any] = {"ssl_context": self._context}
        if not self.implicit:
            tls = {"tls_context": self._context, "require_starttls": True}
        controller = Controller(
            self.box,
            "127.0.0.1",
            self.port,
            authenticator=_known,
            auth_required=True,
            auth_require_tls=not self.implicit,
            **tls,
        )
        controller.start()
        try:
            yield self.box
        finally:
            controller.stop()

    def toml(self, *readers: dict[str, object], **mail: object) -> str:
        """The tables of recon.toml for this server."""
        keys = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "tls" if self.implicit else "starttls",
            "username": USER,
            "sender": "Recon <recon@example.com>",
            "ca_file": str(self.ca_file),
            "attempts": 2,
            "wait_seconds": 0,
            **mail,
        }
        groups = [_table("[[mail.readers]]", group) for group in readers]
        return "\n".join([_table("[mail]", keys), *groups])


def _table(header: str, values: dict[str, object]) -> str:
    return "\n".join(
        [header, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()), ""]
    )


def _known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
    return AuthResult(success=given == (USER, PASSWORD), handled=False)
