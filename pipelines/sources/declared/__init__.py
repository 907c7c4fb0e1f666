"""Profiles that a user declares in recon.toml: the table of one, checked, as a reader."""

from pipelines.sources.declared.known import CODES
from pipelines.sources.declared.model import Declaration
from pipelines.sources.declared.reader import profile_of, ready_profile
from pipelines.sources.declared.ready import READY
from pipelines.sources.declared.tables import MisfitError
from pipelines.sources.declared.times import holds_a_date

__all__ = ["CODES", "READY", "Declaration", "MisfitError", "holds_a_date", "profile_of", "ready_profile"]
