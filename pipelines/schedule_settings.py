"""When nights run and how long things are kept: the tables [schedule] and [retention] of recon.toml."""

from __future__ import annotations

from datetime import time

from pydantic import BaseModel, ConfigDict, Field


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Schedule(_Table):
    """When the nightly run begins, in the time zone of the books, and when it counts as late."""

    at: time = time(5, 30)
    days_back: int = Field(default=1, ge=0, le=7)
    late_after_minutes: int = Field(default=120, ge=1, le=1440)

    @property
    def cron(self) -> str:
        """Minute and hour of every day, as cron writes it."""
        return f"{self.at.minute} {self.at.hour} * * *"


class Retention(_Table):
    """How long the files as they came, the rows, and what readers may still hold open are kept."""

    raw_years: int = Field(default=7, ge=1, le=100)
    rows_months: int = Field(default=25, ge=1, le=1200)
    reports_months: int = Field(default=84, ge=1, le=1200)
    snapshot_days: int = Field(default=1, ge=1, le=366)
