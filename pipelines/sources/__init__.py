"""Every format we read: one small file each, all giving the same canonical frames."""

from __future__ import annotations

from pipelines.sources.base import Profile
from pipelines.sources.camt053 import CAMT053
from pipelines.sources.native import ACQUIRER_CSV, BANK_CSV, POS_JOURNAL
from pipelines.sources.ums_portal import UMS_PORTAL

PROFILES: dict[str, Profile] = {p.name: p for p in (POS_JOURNAL, ACQUIRER_CSV, BANK_CSV, UMS_PORTAL, CAMT053)}
"""Built-in profiles by name; more are declared in recon.toml."""
