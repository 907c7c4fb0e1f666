"""Which profile a file is of, told from its name and its first bytes, and why it is of none."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.sources.base import Data, Profile, SourceError
from pipelines.sources.strangers import stranger

HEAD = 65_536
MEND_UNKNOWN = "declare its layout as [[profiles]] in recon.toml, or ask the sender for a supported format"


def claims(name: str, data: Data, profiles: Mapping[str, Profile]) -> list[str]:
    """Names of the profiles that recognise the file."""
    head = data[:HEAD]
    return [profile.name for profile in profiles.values() if profile.identify(name, head)]


def identify(name: str, data: Data, profiles: Mapping[str, Profile]) -> Profile:
    """The one profile that recognises the file; SourceError where none or several do."""
    if not data[:HEAD].strip():
        raise SourceError("the file is empty", mend="ask the sender to send it again")
    found = claims(name, data, profiles)
    if len(found) == 1:
        return profiles[found[0]]
    if found:
        raise SourceError(
            f"claimed by {len(found)} profiles: {', '.join(found)}",
            mend="narrow their declarations, or name one with --profile",
        )
    if what := stranger(data[:HEAD]):
        raise SourceError(what)
    raise SourceError(_why_none(name, data, profiles), mend=MEND_UNKNOWN)


def expect(name: str, data: Data, profile: Profile, profiles: Mapping[str, Profile]) -> None:
    """SourceError unless the file is of the profile its source names."""
    if not data[:HEAD].strip():
        raise SourceError("the file is empty", mend="ask the sender to send it again", profile=None)
    head = data[:HEAD]
    if profile.identify(name, head):
        return
    others = [other for other in claims(name, data, profiles) if other != profile.name]
    if not others and (what := stranger(head)):
        raise SourceError(what)
    why = profile.explain(name, head) or f"it is not of profile {profile.name}"
    looks = f"; it looks like {' or '.join(others)}" if others else ""
    raise SourceError(f"{why}{looks}", mend="ask the sender to send the agreed layout")


def _why_none(name: str, data: Data, profiles: Mapping[str, Profile]) -> str:
    """Name the profile that comes nearest, if one does."""
    reasons = [profile.explain(name, data[:HEAD]) for profile in profiles.values()]
    near = [reason for reason in reasons if "missing in the header" in reason]
    best = min(near, key=lambda reason: reason.count(","), default="")
    return best or "no profile recognises it"
