"""What recon.toml says of cases: policy other than the built-in one, who may approve what, the shop's letters."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.break_types import BREAK_TYPES, CHECKED_OFF, Severity
from pipelines.money import exponent
from pipelines.sources.declared.tables import MisfitError, Text

Remedy = Literal["refund", "debit-adjustment", "credit-adjustment", "representment", "write-off", "accept", "no-action"]
REMEDIES: tuple[str, ...] = get_args(Remedy)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyRule(_Table):
    """What is done otherwise about one exception type, for everybody or for one acquirer."""

    type: str
    acquirer: Text | None = None
    severity: Severity | None = None
    business_days: int | None = Field(default=None, ge=0, le=365)
    calendar_days: int | None = Field(default=None, ge=0, le=365)
    next_action: Text | None = None
    next_action_zh: Text | None = None
    contact: Text | None = None
    contact_zh: Text | None = None
    evidence: tuple[str, ...] | None = None

    @field_validator("type")
    @classmethod
    def _known(cls, name: str) -> str:
        return _one_of(name, BREAK_TYPES, "exception type; docs/exceptions.md lists them, like NOT_SETTLED")

    @field_validator("evidence")
    @classmethod
    def _pieces(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            _one_of(name, CHECKED_OFF, f"piece of evidence; there are {', '.join(CHECKED_OFF)}")
        return names

    @model_validator(mode="after")
    def _consistent(self) -> PolicyRule:
        if self.business_days is not None and self.calendar_days is not None:
            raise MisfitError("a deadline counts business days or calendar days; leave one out", "calendar_days")
        if not self.model_dump(exclude_none=True, exclude={"type", "acquirer"}):
            raise MisfitError("it changes nothing; say what is otherwise: severity, business_days, contact …")
        return self


class Person(_Table):
    """Somebody who works on cases. may_approve: up to how much, in major units by currency; none: nothing."""

    name: Text
    login: Text | None = None
    may_approve: dict[str, Decimal] = {}
    remedies: tuple[Remedy, ...] = REMEDIES  # type: ignore[assignment]

    @field_validator("may_approve")
    @classmethod
    def _limits(cls, limits: dict[str, Decimal]) -> dict[str, Decimal]:
        for currency, limit in limits.items():
            exponent(currency)
            if limit < 0:
                raise ValueError(f"{limit} is less than nothing; write how much may be approved in {currency}")
        return limits


class Cases(_Table):
    """How cases are worked on: the merchant as letters name it, templates of one's own, limits of attachments."""

    merchant_name: str = ""
    merchant_address: str = ""
    merchant_contact: str = ""
    templates: Path | None = None
    attachment_limit_mb: int = Field(default=20, ge=1, le=1000)


def check_policy(rules: Iterable[PolicyRule], acquirers: set[str], there_are: Any) -> None:
    """Every acquirer is known and nothing is said twice. MisfitError names the place."""
    seen: set[tuple[str, str | None]] = set()
    for number, rule in enumerate(rules):
        if rule.acquirer is not None and rule.acquirer not in acquirers:
            what = f"acquirer {rule.acquirer!r} is unknown; {there_are(rule.acquirer, acquirers)}"
            raise MisfitError(what, "policy", number, "acquirer")
        if (rule.type, rule.acquirer) in seen:
            whom = f" for {rule.acquirer}" if rule.acquirer else ""
            raise MisfitError(f"there is a policy of {rule.type}{whom} already; put both into one", "policy", number)
        seen.add((rule.type, rule.acquirer))


def check_people(people: Iterable[Person]) -> None:
    """No two people answer to the same name. MisfitError names the place."""
    seen: set[str] = set()
    for number, person in enumerate(people):
        for key in ("name", "login"):
            word = same_name(getattr(person, key) or "")
            if word and word in seen and not (key == "login" and word == same_name(person.name)):
                raise MisfitError(f"there is somebody called {getattr(person, key)!r} already", "people", number, key)
        seen |= {same_name(person.name), same_name(person.login or "")} - {""}


def same_name(name: str) -> str:
    """A name as it is compared: blanks and upper case do not make another person."""
    return " ".join(name.split()).casefold()


def _one_of(name: str, known: Iterable[str], what: str) -> str:
    if name not in tuple(known):
        raise ValueError(f"{name!r} is no {what}")
    return name
