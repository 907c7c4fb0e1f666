"""The `[signals]` table of recon.toml: how much history, and which thresholds, signals and incidents need."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.sources.declared.tables import MisfitError

Name = Literal[
    "small_payments", "below_limit", "declines", "odd_hours", "same_card", "refunds", "voids",
    "timeouts", "reversals", "trace_gaps", "open_batch", "clock", "silence", "incidents",
]  # fmt: skip


class Signals(BaseModel):
    """When a terminal's, merchant's or cashier's day is far from its own usual, and breaks are one incident."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off: tuple[Name, ...] = ()
    history_days: int = Field(default=28, ge=7, le=120)
    min_history_days: int = Field(default=14, ge=5, le=120)
    by_chance_once_in: int = Field(default=1_000_000, ge=1_000, le=1_000_000_000)
    fewest: int = Field(default=5, ge=2, le=1_000)
    small_amount: Decimal = Field(default=Decimal("10.00"), ge=0)
    limits: tuple[Decimal, ...] = (Decimal("300.00"), Decimal("1000.00"), Decimal("5000.00"))
    below_limit_percent: int = Field(default=5, ge=1, le=50)
    same_card_uses: int = Field(default=6, ge=4, le=1_000)
    clock_seconds: int = Field(default=90, ge=10, le=7_200)
    open_batch_days: int = Field(default=3, ge=2, le=30)
    quiet_days: int = Field(default=3, ge=1, le=30)
    incident_breaks: int = Field(default=5, ge=3, le=1_000)
    incident_gap_minutes: int = Field(default=15, ge=1, le=240)
    incident_history_days: int = Field(default=7, ge=3, le=120)

    @model_validator(mode="after")
    def _fits(self) -> Signals:
        if self.min_history_days > self.history_days:
            what = f"more days are needed than are looked at ({self.history_days}); make it smaller"
            raise MisfitError(what, "min_history_days")
        return self
