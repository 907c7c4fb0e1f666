"""Where the files of a source are fetched from: the table [sources.collect] of recon.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.sources.declared import MisfitError

SCHEMES = ("file", "sftp", "s3", "https", "imaps")
LOCAL = ("localhost", "127.0.0.1", "::1")


class Origin(BaseModel):
    """A place that files come to, how to get in, and what happens to them afterwards. No password stands here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    username: str | None = None
    password_env: str | None = None
    password_block: str | None = None
    key_file: Path | None = None
    known_hosts: Path | None = None
    ca_file: Path | None = None
    endpoint: str | None = None
    done_marker: str | None = None
    stable_seconds: int = Field(default=5, ge=0, le=600)
    days: int = Field(default=7, ge=1, le=366)
    afterwards: Literal["leave", "move"] = "leave"
    move_to: str | None = None
    attempts: int = Field(default=4, ge=1, le=10)
    wait_seconds: int = Field(default=2, ge=0, le=300)
    timeout_seconds: int = Field(default=60, ge=1, le=3600)

    @field_validator("url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.password is not None or "@" in parts.netloc:
            raise ValueError("a URL with a login in it; give username here, and the password in the environment")
        if parts.scheme == "http" and parts.hostname in LOCAL:
            return url
        if parts.scheme not in SCHEMES:
            raise ValueError(f"{url!r} is no place files come from; it begins with {'://, '.join(SCHEMES)}://")
        return url

    @field_validator("done_marker")
    @classmethod
    def _names_the_file(cls, marker: str | None) -> str | None:
        if marker is not None and "{name}" not in marker:
            raise ValueError('it must say where the file\'s name goes, such as "{name}.done"')
        return marker

    @model_validator(mode="after")
    def _consistent(self) -> Origin:
        if (self.afterwards == "move") != bool(self.move_to):
            raise MisfitError('move_to = "…" and afterwards = "move" belong together', "afterwards")
        if self.afterwards == "move" and self.scheme in ("https", "http"):
            raise MisfitError("nothing can be moved on a web server; leave it", "afterwards")
        return self

    @property
    def scheme(self) -> str:
        """How the place is reached."""
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str:
        """Which machine it is, or the bucket."""
        return urlsplit(self.url).hostname or ""

    @property
    def folder(self) -> str:
        """The path on that machine, without a slash at its end."""
        return urlsplit(self.url).path.rstrip("/") or "/"

    def within(self, base: Path) -> Origin:
        """The same with paths taken from a folder."""
        own = {name: base / path for name in ("key_file", "known_hosts", "ca_file") if (path := getattr(self, name))}
        return self.model_copy(update=own)
