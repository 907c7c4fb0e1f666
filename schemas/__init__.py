"""Pandera schemas of the three sides; the field descriptions are the data dictionary."""

from schemas.bank import BANK
from schemas.journal import JOURNAL
from schemas.settlement import SETTLEMENT
from schemas.validation import Checked, canonical, check, optional, ready

BY_SIDE = {"journal": JOURNAL, "settlement": SETTLEMENT, "bank": BANK}

__all__ = ["BANK", "BY_SIDE", "JOURNAL", "SETTLEMENT", "Checked", "canonical", "check", "optional", "ready"]
