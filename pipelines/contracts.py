"""Contracts as recon.toml states them: whose row it is, what may be charged, when and how payouts reach the bank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Literal

from holidays.registry import EntityLoader
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipelines.sources.declared import MisfitError
from schemas.journal import CHANNELS

FEE_PARTS = ("commission", "markup", "scheme_fee", "interchange")
"""What some acquirers split their fee into."""

ONE_DAY = timedelta(days=1)


class Table(BaseModel):
    """A table of recon.toml: no unknown keys, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(Table):
    """A rate from a monthly volume on."""

    above: Decimal = Field(ge=0)
    rate_bp: Decimal = Field(ge=0, le=10_000)


class Charge(Table):
    """An amount that somebody takes: a rate, a fixed part, a cap and a minimum."""

    rate_bp: Decimal = Field(default=Decimal(0), ge=0, le=10_000)
    fixed: Decimal | None = Field(default=None, ge=0)
    cap: Decimal | None = Field(default=None, ge=0)
    minimum: Decimal | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _limits(self) -> Charge:
        if self.cap is not None and self.minimum is not None and self.cap < self.minimum:
            raise MisfitError(f"the cap {self.cap} is below the minimum {self.minimum}", "cap")
        if self.cap is not None and not self.rated:
            raise MisfitError("a cap without a rate; give the rate_bp that it limits, or leave the cap out", "cap")
        return self

    @property
    def rated(self) -> bool:
        """Whether anything of it grows with the amount."""
        return self.rate_bp > 0


class Fee(Charge):
    """What a contract says an acquirer may charge on one kind of card."""

    card_type: Literal["DEBIT", "CREDIT", "WALLET", "*"] = "*"
    merchant_id: str | None = None
    channels: tuple[str, ...] = ()
    valid_from: date = date(1970, 1, 1)
    valid_to: date | None = None
    promotional: bool = False
    tiers: tuple[Tier, ...] = ()
    tier_volume: Literal["month-to-date", "previous-month"] = "month-to-date"
    rounding: Literal["half-up", "half-even", "up", "down"] = "half-up"
    refund: Literal["returned", "kept"] = "returned"
    parts: tuple[Literal["commission", "markup", "scheme_fee", "interchange"], ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Fee:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise MisfitError(f"valid_to {self.valid_to} lies before valid_from {self.valid_from}", "valid_to")
        if [t.above for t in self.tiers] != sorted({t.above for t in self.tiers}):
            raise MisfitError("each tier must begin above the one before it", "tiers")
        return self

    @field_validator("channels")
    @classmethod
    def _known(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        return known_channels(channels)

    @property
    def rated(self) -> bool:
        """Whether anything of it grows with the amount."""
        return self.rate_bp > 0 or any(tier.rate_bp > 0 for tier in self.tiers)

    @property
    def speaks_of(self) -> tuple[object, ...]:
        """What tells its lines from those of the contract's other fees, dates apart."""
        return (self.promotional, self.merchant_id, tuple(sorted(self.channels)), self.card_type)

    @property
    def narrowness(self) -> tuple[bool, ...]:
        """Of two that fit a line the narrower is in force: a promotion, a merchant's, a channel's, a card type's."""
        return (not self.promotional, self.merchant_id is None, not self.channels, self.card_type == "*")

    def in_force(self, day: date) -> bool:
        """Whether it holds on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def fits(self, merchant_id: str | None, channel: str | None) -> bool:
        """Whether it speaks of this merchant and channel; a channel that is not known is any wallet's."""
        merchant = self.merchant_id is None or fnmatchcase(merchant_id or "", self.merchant_id)
        return merchant and _channel_fits(self.channels, channel)


class BankFee(Charge):
    """What a bank takes from each deposit of an acquirer before it books it."""


class Contract(Table):
    """Whose row a journal row is, where its payouts go and when they are due."""

    acquirer: str = Field(min_length=1)
    merchant_id: str = "*"
    channels: tuple[str, ...] = ()
    payout_account: str | None = None
    bank_counterparty: str | None = None
    payout_lag_business_days: int = Field(default=1, ge=0, le=90)
    calendar: str | None = None
    deposit_window_days: int = Field(default=7, ge=0, le=60)
    fees: tuple[Fee, ...] = ()
    bank_fees: tuple[BankFee, ...] = ()

    @field_validator("channels")
    @classmethod
    def _known(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        return known_channels(channels)

    @field_validator("calendar")
    @classmethod
    def _country(cls, name: str | None) -> str | None:
        return known_country(name) if name else None

    @model_validator(mode="after")
    def _dated(self) -> Contract:
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, fee in enumerate(self.fees):
            alike[fee.speaks_of].append(number)
        for numbers in alike.values():
            self._follow(sorted(numbers, key=lambda n: (self.fees[n].valid_from, n)))
        return self

    def _follow(self, numbers: list[int]) -> None:
        """Fees of the same lines follow each other day by day; only promotions may pause."""
        for before, after in pairwise(numbers):
            last, first = self.fees[before].valid_to, self.fees[after].valid_from
            where = ("fees", after, "valid_from")
            if last is None or last >= first:
                ends = f"ends on {last}" if last else f"has no end; give it valid_to = {first - ONE_DAY}"
                raise MisfitError(f"{first} overlaps the fee of the same lines before it, which {ends}", *where)
            if first > last + ONE_DAY and not self.fees[after].promotional:
                gap = f"{last + ONE_DAY} to {first - ONE_DAY}"
                raise MisfitError(f"{first} leaves a gap: no fee of these lines is in force from {gap}", *where)

    def fits(self, merchant_id: str | None, channel: str | None) -> bool:
        """Whether a journal row of this merchant and channel is this acquirer's."""
        return fnmatchcase(merchant_id or "", self.merchant_id) and (not self.channels or channel in self.channels)

    def covers(self, merchant_id: str | None, channel: str | None) -> bool:
        """Whether a settlement line is of this contract; a channel that is not known is any wallet's."""
        return fnmatchcase(merchant_id or "", self.merchant_id) and _channel_fits(self.channels, channel)


def known_channels(channels: tuple[str, ...]) -> tuple[str, ...]:
    """The channels, if there are such."""
    if strange := [c for c in channels if c not in CHANNELS]:
        raise ValueError(f"{strange[0]!r} is no channel; there are {', '.join(CHANNELS)}")
    return channels


def _channel_fits(channels: Iterable[str], channel: str | None) -> bool:
    named = tuple(channels)
    return not named or (channel in named if channel else any(c != "CARD" for c in named))


def known_country(name: str) -> str:
    """The name, if the holiday library knows it as a country (ISO 3166)."""
    if name not in EntityLoader.get_country_codes():  # listing what is supported would import every one of them
        raise ValueError(f"{name!r} is no country of the holiday calendar; write one like CN")
    return name
