"""recon.toml as frozen, checked settings; read once, at the edge."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.sources import PROFILES
from pipelines.sources.base import Context, Profile, Side
from pipelines.sources.declared import Declaration, profile_of


class ConfigError(Exception):
    """recon.toml cannot be used; the message is one or two plain lines."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paths(_Table):
    """Folders and files, absolute once loaded."""

    inbox: Path = Path("inbox")
    archive: Path = Path("var/archive")
    store: Path = Path("var/recon.duckdb")
    published: Path = Path("var/published")
    reports: Path = Path("var/reports")

    @property
    def investigate(self) -> Path:
        """The one file that analysts read."""
        return self.published / "investigate.duckdb"


class Run(_Table):
    """Clocks of the reconciliation: days are calendar days, the window is in minutes."""

    timezone: str = "Asia/Shanghai"
    calendar: str = "CN"
    settle_within_days: int = Field(2, ge=0, le=60)
    refund_within_days: int = Field(5, ge=0, le=120)
    preauth_days: int = Field(30, ge=1, le=365)
    duplicate_window_minutes: int = Field(10, ge=0, le=1440)
    memory_limit: str | None = None

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return known_zone(name)

    @field_validator("calendar")
    @classmethod
    def _country(cls, name: str) -> str:
        if name not in holidays.list_supported_countries():
            raise ValueError(f"{name!r} is no country code that the holiday calendar knows, such as CN")
        return name


def known_zone(name: str) -> str:
    """The name, if it is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone, such as Asia/Shanghai") from None
    return name


class Source(_Table):
    """Where one kind of file comes from and when it is expected."""

    name: str
    profile: str
    pattern: str
    acquirer: str | None = None
    account: str | None = None
    expected: Literal["daily", "business-day", "none"] = "none"
    arrives_after_days: int = Field(0, ge=0, le=30)
    timezone: str | None = None
    cutoff: time = time(0, 0)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        return known_zone(name) if name else None


class Fee(_Table):
    """What a contract says an acquirer may charge on one kind of card."""

    card_type: str = "*"
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
    rate_bp: Decimal = Field(Decimal(0), ge=0)
    fixed: Decimal | None = None
    cap: Decimal | None = None
    minimum: Decimal | None = None
    rounding: Literal["half-up"] = "half-up"
    refund: Literal["returned", "kept"] = "returned"


class Contract(_Table):
    """Whose row a journal row is, where its payouts go and when they are due."""

    acquirer: str
    merchant_id: str = "*"
    channels: tuple[str, ...] = ()
    payout_account: str | None = None
    bank_counterparty: str | None = None
    payout_lag_business_days: int = Field(1, ge=0, le=90)
    fees: tuple[Fee, ...] = ()

    def fits(self, merchant_id: str | None, channel: str | None) -> bool:
        """Whether a journal row of this merchant and channel is this acquirer's."""
        return fnmatchcase(merchant_id or "", self.merchant_id) and (
            not self.channels or channel in self.channels
        )


class Settings(_Table):
    """The whole of recon.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    paths: Paths = Paths()
    run: Run = Run()
    profiles: tuple[Declaration, ...] = ()
    sources: tuple[Source, ...] = ()
    contracts: tuple[Contract, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        names = [source.name for source in self.sources]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"two sources are named {', '.join(twice)}")
        declared = [profile.name for profile in self.profiles]
        if taken := sorted(n for n in set(declared) if declared.count(n) > 1 or n in PROFILES):
            raise ValueError(f"profile {', '.join(taken)} exists already; choose another name")
        known = self.readers
        for source in self.sources:
            if source.profile not in known:
                raise ValueError(
                    f"source {source.name}: profile {source.profile!r} is unknown; "
                    f"there are {', '.join(sorted(known))}"
                )
        return self

    @property
    def readers(self) -> dict[str, Profile]:
        """Every profile by name, built in or declared."""
        return {**PROFILES, **{p.name: profile_of(p) for p in self.profiles}}

    def side_of(self, source: Source) -> Side:
        """Which record of the money a source delivers."""
        return self.readers[source.profile].side

    def context(self, source: Source) -> Context:
        """What a parser must know of the source."""
        return Context(
            timezone=self.run.timezone,
            source_timezone=source.timezone or self.run.timezone,
            cutoff=source.cutoff,
            acquirer=source.acquirer,
            account=source.account,
        )


def load(path: Path) -> Settings:
    """Read and check recon.toml; relative paths are taken from its folder. ConfigError says what to mend."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such configuration; name one with --config") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        settings = Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        raise ConfigError(_plain(path, text, error)) from None
    base = path.resolve().parent
    absolute = {name: (base / value).resolve() for name, value in settings.paths.model_dump().items()}
    return settings.model_copy(update={"paths": Paths(**absolute)})


def _plain(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    line = _line_of(text, first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{path}{f': line {line}' if line else ''}: {where + ': ' if where else ''}{message}{more}"


def _line_of(text: str, loc: tuple[int | str, ...]) -> int | None:
    """Line of the table or key an error is about, found by its name and its turn."""
    lines = text.splitlines()
    start = 0
    for depth, part in enumerate(loc):
        if isinstance(part, int):
            continue
        turn = loc[depth + 1] if depth + 1 < len(loc) and isinstance(loc[depth + 1], int) else 0
        table = ".".join(str(p) for p in loc[: depth + 1] if isinstance(p, str))
        header = re.compile(rf"^\s*\[\[?\s*{re.escape(table)}\s*\]")
        key = re.compile(rf"^\s*{re.escape(str(part))}\s*=")
        found = [i for i in range(start, len(lines)) if header.match(lines[i])]
        if isinstance(turn, int) and len(found) > turn:
            start = found[turn]
            continue
        keyed = [i for i in range(start, len(lines)) if key.match(lines[i])]
        if keyed:
            start = keyed[0]
    return start + 1 if start else None


