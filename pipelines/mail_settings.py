"""Who gets the report, by which server and in which chats: the tables [mail] and [[chats]] of recon.toml."""

from __future__ import annotations

import re
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.sources.declared import MisfitError


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Readers(_Table):
    """One group of readers of a report: who they are, and which part of it is theirs."""

    to: tuple[str, ...] = Field(min_length=1)
    acquirers: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    language: Literal["en", "zh"] = "en"

    @field_validator("to")
    @classmethod
    def _addresses(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(mail_address, addresses))


class Mail(_Table):
    """The server that takes the mail, and who gets it. No password: its place is the environment or a Prefect block."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_env: str = "RECON_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
    password_block: str | None = None
    ca_file: Path | None = None
    sender: str
    readers: tuple[Readers, ...] = ()
    attach_up_to_mb: int = Field(default=8, ge=0, le=100)
    link: str | None = None
    attempts: int = Field(default=4, ge=1, le=10)
    wait_seconds: int = Field(default=2, ge=0, le=300)

    @field_validator("sender")
    @classmethod
    def _address(cls, address: str) -> str:
        return mail_address(address)

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Mail:
        if self.username and self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise MisfitError("a login without TLS would show the password to the network; use starttls", "security")
        return self


def mail_address(text: str) -> str:
    """The text, if mail can be sent to it: one address, with or without a name before it."""
    name, address = parseaddr(text)
    whole = formataddr((name, address)) if address.isascii() else ""
    if not whole or not re.fullmatch(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+", address) or not text.isprintable():
        raise ValueError(f"{text!r} is no mail address; write one like finance@example.com")
    return text


class Chat(_Table):
    """A chat that gets the verdict. Its address holds a secret and stands in the environment or in a Prefect block."""

    name: str = Field(min_length=1)
    url_env: str | None = None
    url_block: str | None = None
    language: Literal["en", "zh"] = "en"

    @model_validator(mode="after")
    def _has_address(self) -> Chat:
        if not (self.url_env or self.url_block):
            raise MisfitError("it needs url_env or url_block: where its address is kept")
        return self
