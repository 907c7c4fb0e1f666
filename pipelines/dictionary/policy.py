"""The exception types as people look them up."""

from __future__ import annotations

from pipelines.cases.taxonomy import POLICY, Policy
from pipelines.dictionary.words import code, table

NOT_FOUND_YET: frozenset[str] = frozenset()
"""Types with a policy that no night finds yet; take one out with the change that finds it."""


def terms() -> str:
    """The types that a night finds, in two languages, with what to do."""
    found = [p for p in POLICY.values() if p.code not in NOT_FOUND_YET]
    rows = [(code(p.code), p.term_zh, p.title_en, p.action_en) for p in found]
    return table(("type", "术语", "what it means", "what to do"), rows)


def exception_index() -> str:
    """All types in one table."""
    rows = [
        (
            f"[{p.code}](#{p.code.lower()})",
            p.term_zh,
            p.title_en,
            p.severity,
            p.direction or "by sign",
            p.due.en,
            _found(p),
        )
        for p in POLICY.values()
    ]
    return table(("type", "术语", "meaning", "severity", "direction", "due", "found"), rows)


def exception_types() -> str:
    """All types, one after the other, in both languages."""
    return "\n".join(_exception_type(policy) for policy in POLICY.values())


def _exception_type(policy: Policy) -> str:
    rows = [
        ("likely cause", policy.cause_en, policy.cause_zh),
        ("next action", policy.action_en, policy.action_zh),
        ("contact", policy.contact_en, policy.contact_zh),
        ("evidence to keep", policy.evidence_en, policy.evidence_zh),
        ("due", policy.due.en, policy.due.zh),
    ]
    direction = policy.direction or "by the sign of the difference"
    about = f"leg {policy.leg} · severity {policy.severity} · direction {direction}"
    yet = "" if policy.code not in NOT_FOUND_YET else " · **no night finds it yet**"
    head = f"### {policy.code}\n\n**{policy.title_en} · {policy.term_zh}** — {about}{yet}\n\n"
    return head + table(("", "English", "中文"), rows)


def _found(policy: Policy) -> str:
    return "not yet" if policy.code in NOT_FOUND_YET else "yes"
