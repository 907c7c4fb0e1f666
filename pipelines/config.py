"""recon.toml as frozen, checked settings; read once, at the edge."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines import toml_faults
from pipelines.case_settings import Cases, Person, PolicyRule, check_people, check_policy
from pipelines.contracts import BankFee, Contract, Fee, Table, known_country
from pipelines.mail_settings import Chat, Mail
from pipelines.origin_settings import Origin
from pipelines.rule_settings import MatchRule
from pipelines.schedule_settings import Retention, Schedule
from pipelines.signal_settings import Signals
from pipelines.sources import PROFILES, leaves_out
from pipelines.sources.base import Context, Profile, Side
from pipelines.sources.declared import READY, Declaration, MisfitError, profile_of, ready_profile

__all__ = ["BankFee", "ConfigError", "Contract", "Fee", "Settings", "Source", "known_zone", "load"]


class ConfigError(Exception):
    """recon.toml cannot be used; the message is one or two plain lines."""


class RefusedError(ConfigError):
    """What a person asked for cannot be done; the message is one plain line."""


class Paths(Table):
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


class Run(Table):
    """Clocks of the reconciliation: days are calendar days, the window is in minutes."""

    timezone: str = "Asia/Shanghai"
    calendar: str = "CN"
    settle_within_days: int = Field(default=2, ge=0, le=60)
    refund_within_days: int = Field(default=5, ge=0, le=120)
    preauth_days: int = Field(default=30, ge=1, le=365)
    duplicate_window_minutes: int = Field(default=10, ge=0, le=1440)
    order_numbers: Literal["mask", "keep"] = "mask"
    memory_limit: str | None = None

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return known_zone(name)

    @field_validator("calendar")
    @classmethod
    def _country(cls, name: str) -> str:
        return known_country(name)


def known_zone(name: str) -> str:
    """The name, if it is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one like Asia/Shanghai") from None
    return name


class Source(Table):
    """Where one kind of file comes from and when it is expected."""

    name: str
    profile: str
    pattern: str = Field(min_length=1)
    acquirer: str | None = None
    account: str | None = None
    expected: Literal["daily", "business-day", "none"] = "none"
    arrives_after_days: int = Field(default=0, ge=0, le=30)
    timezone: str | None = None
    calendar: str | None = None
    cutoff: time = time(0, 0)
    collect: Origin | None = None

    @field_validator("calendar")
    @classmethod
    def _country(cls, name: str | None) -> str | None:
        return known_country(name) if name else None

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        return known_zone(name) if name else None


class Settings(Table):
    """The whole of recon.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    paths: Paths = Paths()
    run: Run = Run()
    profiles: tuple[Declaration, ...] = ()
    sources: tuple[Source, ...] = ()
    contracts: tuple[Contract, ...] = ()
    mail: Mail | None = None
    chats: tuple[Chat, ...] = ()
    rules: tuple[MatchRule, ...] = ()
    schedule: Schedule | None = None
    retention: Retention = Retention()
    signals: Signals = Signals()
    policy: tuple[PolicyRule, ...] = ()
    people: tuple[Person, ...] = ()
    cases: Cases = Cases()

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        names: list[str] = [*PROFILES, *READY]
        for number, profile in enumerate(self.profiles):
            if profile.name in names:
                what = f"there is a profile {profile.name} already; choose another name"
                raise MisfitError(what, "profiles", number, "name")
            names.append(profile.name)
        known = self.every_reader
        for number, source in enumerate(self.sources):
            if source.name in (other.name for other in self.sources[:number]):
                what = f"there is a source {source.name} already; choose another name"
                raise MisfitError(what, "sources", number, "name")
            self._check_source(source, number, known)
        self._check_rules()
        check_policy(self.policy, self.acquirers, toml_faults.there_are)
        check_people(self.people)
        return self

    @property
    def acquirers(self) -> set[str]:
        """Every acquirer that a source or a contract names."""
        return {s.acquirer for s in self.sources if s.acquirer} | {c.acquirer for c in self.contracts}

    def _check_rules(self) -> None:
        named = self.acquirers
        for number, rule in enumerate(self.rules):
            if rule.acquirer not in named:
                what = f"acquirer {rule.acquirer!r} is unknown; {toml_faults.there_are(rule.acquirer, named)}"
                raise MisfitError(what, "rules", number, "acquirer")
            if any((rule.acquirer, rule.name) == (other.acquirer, other.name) for other in self.rules[:number]):
                what = f"there is a rule {rule.name} for {rule.acquirer} already; put both into one"
                raise MisfitError(what, "rules", number, "name")

    def _check_source(self, source: Source, number: int, known: Mapping[str, Profile]) -> None:
        if source.profile not in known:
            what = f"profile {source.profile!r} is unknown; {toml_faults.there_are(source.profile, known)}"
            raise MisfitError(what, "sources", number, "profile")
        for column in ("acquirer", "account"):
            if getattr(source, column) is None and leaves_out(known[source.profile], column):
                what = f'files of {source.profile} name no {column}; give it here: {column} = "…"'
                raise MisfitError(what, "sources", number)

    @property
    def readers(self) -> dict[str, Profile]:
        """The profiles that may claim a file, by name: built in, declared, or ready and named by a source."""
        named = {source.profile for source in self.sources}
        return {name: found for name, found in self.every_reader.items() if name not in READY or name in named}

    @property
    def every_reader(self) -> dict[str, Profile]:
        """Every profile by name, built in, declared or ready."""
        declared = {p.name: profile_of(p) for p in self.profiles}
        return {**PROFILES, **declared, **{name: ready_profile(name) for name in READY}}

    def side_of(self, source: Source) -> Side:
        """Which record of the money a source delivers."""
        return self.readers[source.profile].side

    def context(self, source: Source, filename: str = "") -> Context:
        """What a parser must know of the source and of the file's name."""
        return Context(
            timezone=self.run.timezone,
            source_timezone=source.timezone or self.run.timezone,
            zone_given=source.timezone is not None,
            cutoff=source.cutoff,
            acquirer=source.acquirer,
            account=source.account,
            filename=filename,
        )


def load(path: Path) -> Settings:
    """Read and check recon.toml; relative paths are taken from its folder. ConfigError says what to mend."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such configuration; name one with --config") from None
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise ConfigError(f"{path}: line {line}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        settings = Settings.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {toml_faults.of_syntax(error)}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {toml_faults.of_values(text, error, Settings)}") from None
    base = path.resolve().parent
    absolute = {name: (base / value).resolve() for name, value in settings.paths.model_dump().items()}
    update: dict[str, object] = {"paths": Paths(**absolute)}
    if settings.mail and settings.mail.ca_file:
        update["mail"] = settings.mail.model_copy(update={"ca_file": (base / settings.mail.ca_file).resolve()})
    update["sources"] = tuple(
        s.model_copy(update={"collect": s.collect.within(base)}) if s.collect else s for s in settings.sources
    )
    if settings.cases.templates:
        folder = (base / settings.cases.templates).resolve()
        update["cases"] = settings.cases.model_copy(update={"templates": folder})
    return settings.model_copy(update=update)
