"""The policy in force: the built-in table, with what recon.toml says otherwise for everybody or for one acquirer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pipelines.case_settings import PolicyRule
from pipelines.cases.taxonomy import POLICY, Deadline, Policy

EVERYBODY = ""
"""In the place of an acquirer: whoever has no policy of their own."""


@dataclass(frozen=True)
class Policies:
    """Policy by exception type and acquirer."""

    own: dict[tuple[str, str], Policy] = field(default_factory=dict)

    @staticmethod
    def of(rules: Iterable[PolicyRule]) -> Policies:
        """An acquirer's rule starts from everybody's, and that from the built-in one."""
        own: dict[tuple[str, str], Policy] = {}
        for rule in sorted(rules, key=lambda rule: rule.acquirer is not None):
            base = own.get((rule.type, EVERYBODY), POLICY[rule.type])
            own[rule.type, rule.acquirer or EVERYBODY] = _changed(base, rule)
        return Policies(own)

    def __call__(self, kind: str, acquirer: str | None = None) -> Policy:
        """What is done about an exception of this type and acquirer."""
        return self.own.get((kind, acquirer or EVERYBODY)) or self.own.get((kind, EVERYBODY)) or POLICY[kind]

    def rows(self) -> Iterator[tuple[str, Policy]]:
        """Acquirer and policy: every type once for everybody, and once for each acquirer that has its own."""
        yield from ((EVERYBODY, self(kind)) for kind in POLICY)
        yield from ((acquirer, found) for (_, acquirer), found in self.own.items() if acquirer)

    def acquirers(self, kind: str) -> list[str]:
        """Acquirers with a policy of their own for the type."""
        return [acquirer for known, acquirer in self.own if known == kind and acquirer]


def _changed(base: Policy, rule: PolicyRule) -> Policy:
    """A text given in one language only stands in both: better the user's own words than the ones they replaced."""
    texts = {
        "action_en": rule.next_action or rule.next_action_zh,
        "action_zh": rule.next_action_zh or rule.next_action,
        "contact_en": rule.contact or rule.contact_zh,
        "contact_zh": rule.contact_zh or rule.contact,
        "severity": rule.severity,
        "needed": rule.evidence,
        "due": _deadline(rule),
    }
    return replace(base, **{name: value for name, value in texts.items() if value is not None})  # type: ignore[arg-type]


def _deadline(rule: PolicyRule) -> Deadline | None:
    if rule.business_days is not None:
        days = rule.business_days
        if days == 0:
            return Deadline("same-day", 0, "the same day", "当天")
        return Deadline("business-days", days, f"within {days} business days", f"{days} 个工作日内")
    if rule.calendar_days is not None:
        return Deadline(
            "calendar-days", rule.calendar_days, f"within {rule.calendar_days} days", f"{rule.calendar_days} 天内"
        )
    return None
