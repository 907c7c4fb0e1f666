"""One `[[rules]]` table of recon.toml: a matching rule that an acquirer's files need otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.sources.declared.tables import MisfitError, Text

Column = Literal[
    "merchant_id",
    "terminal_id",
    "batch_no",
    "stan",
    "rrn",
    "order_no",
    "original_rrn",
    "auth_code",
    "card_last4",
    "amount",
    "currency",
]
TELLING = ("rrn", "order_no", "original_rrn", "stan", "amount")
"""Columns of which a rule needs one: history is asked by them."""

BUILT_IN: Mapping[str, tuple[bool, str | None]] = {
    "rrn": (False, None),
    "order_no": (False, None),
    "rrn_any_terminal": (True, None),
    "original": (False, None),
    "stan_batch": (True, "days"),
    "stan": (True, "days"),
    "auth_code": (True, "days"),
    "card_minutes": (True, "minutes"),
    "terminal_minutes": (False, "minutes"),
    "merchant_minutes": (False, "minutes"),
}
"""Rules that there are without any setting: whether each pairs only what is unique, and what its window counts."""

SUGGESTING = ("terminal_minutes", "merchant_minutes")


class MatchRule(BaseModel):
    """A rule of one acquirer: in the place of the built-in one of that name, or after all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    acquirer: Text
    name: Text
    enabled: bool = True
    keys: tuple[Column, ...] | None = Field(default=None, min_length=1)
    window_days: int | None = Field(default=None, ge=0, le=7)
    window_minutes: int | None = Field(default=None, ge=1, le=720)
    amount_tolerance_minor: int | None = Field(default=None, ge=0, le=1_000_000)
    blank_on: tuple[Literal["journal", "settlement"], ...] | None = None
    unique: bool | None = None
    automatic: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> MatchRule:
        self._check_keys()
        if self.window_days is not None and self.window_minutes is not None:
            raise MisfitError("a rule looks at days or at minutes; leave one of the two out", "window_minutes")
        if not self.automatic and self.name in BUILT_IN:
            raise MisfitError(f"{self.name} is built in and stays where it is; leave automatic out", "automatic")
        by_amount = bool(self.amount_tolerance_minor) and (self.keys is None or "amount" in self.keys)
        if by_amount and self.window == "minutes":
            what = "a rule that looks at minutes takes equal amounts only; write window_days, or leave it out"
            raise MisfitError(what, "amount_tolerance_minor")
        if self.unique is False and self.automatic and (self.window or (self.keys and by_amount)):
            what = "within a window or a tolerance only what is unique both ways is paired; leave it out"
            raise MisfitError(what, "unique")
        if self.window and not self.is_unique and self.name not in SUGGESTING:
            raise MisfitError("a window needs a rule that is unique both ways; write unique = true", "unique")
        return self

    def _check_keys(self) -> None:
        if self.keys is None:
            if self.name not in BUILT_IN:
                what = f"{self.name!r} is no built-in rule, so it needs keys; built in are {', '.join(BUILT_IN)}"
                raise MisfitError(what, "name")
            return
        if "merchant_id" not in self.keys:
            raise MisfitError("merchant_id must be among them: it says whose row it is", "keys")
        if not set(self.keys) & set(TELLING):
            raise MisfitError(f"with these any row would do; add one of {', '.join(TELLING)}", "keys")

    @property
    def window(self) -> str | None:
        """What the window counts, days or minutes; None where dates do not matter."""
        if self.window_days is not None:
            return "days"
        if self.window_minutes is not None:
            return "minutes"
        return BUILT_IN[self.name][1] if self.name in BUILT_IN else None

    @property
    def is_unique(self) -> bool:
        """Whether it pairs two rows only where neither has another candidate."""
        if self.unique is not None:
            return self.unique
        return BUILT_IN[self.name][0] if self.name in BUILT_IN else True
