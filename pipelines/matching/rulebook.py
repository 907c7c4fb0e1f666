"""The rules of every acquirer: those of `rules`, changed by what recon.toml says of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from pipelines.config import Settings
from pipelines.matching import engine
from pipelines.matching.by_hand import Decided
from pipelines.matching.engine import without
from pipelines.matching.rules import Rule, RuleSet
from pipelines.rule_settings import MatchRule

COLUMNS = {"batch_no": "batch_key", "stan": "stan_key", "auth_code": "auth_key"}
"""Columns of a rule in recon.toml that are compared without leading zeros."""

PLAIN = RuleSet()
AUTOMATIC = ("identity", "without_reference", "by_card")
TIERS = (*AUTOMATIC, "suggestions")


@dataclass(frozen=True)
class Rulebook:
    """common: the rules of acquirers of which recon.toml says nothing; own: those of the others, by acquirer; decided:
    what people said of pairs, which comes before all of them."""

    common: RuleSet = PLAIN
    own: Mapping[str, RuleSet] = field(default_factory=dict)
    decided: Decided = field(default_factory=Decided)

    def parts(self, lines: pl.DataFrame) -> Iterator[tuple[RuleSet, pl.DataFrame]]:
        """Settlement lines by the rules that hold for them."""
        if not self.own:
            yield self.common, lines
            return
        yield self.common, lines.filter(~pl.col("acquirer").is_in(list(self.own)))
        for acquirer, rules in sorted(self.own.items()):
            yield rules, lines.filter(pl.col("acquirer") == acquirer)

    @property
    def sets(self) -> tuple[RuleSet, ...]:
        """All rule sets."""
        return (self.common, *self.own.values())

    @property
    def window_days(self) -> int:
        """By how many days dates may differ at most where no reference identifies."""
        weaker = [rule for rules in self.sets for rule in (*rules.weaker, *rules.suggestions)]
        return max((rule.window_days or 1 for rule in weaker), default=1)

    @property
    def tolerance_minor(self) -> int:
        """By how much amounts may differ at most, minor units."""
        return max(rule.tolerance_minor for rules in self.sets for rule in rules.every)


def rulebook(settings: Settings, versions: Mapping[str, int]) -> Rulebook:
    """The rules of each acquirer; versions: the number of each changed rule set by its text (`definition`)."""
    changed = changed_rules(settings)
    return Rulebook(
        own={acquirer: replace(rules, version=versions[definition(rules)]) for acquirer, rules in changed.items()}
    )


def changed_rules(settings: Settings) -> dict[str, RuleSet]:
    """Rule sets of the acquirers of which recon.toml changes a rule."""
    told: dict[str, list[MatchRule]] = {}
    for rule in settings.rules:
        told.setdefault(rule.acquirer, []).append(rule)
    return {acquirer: _changed(rules) for acquirer, rules in sorted(told.items())}


def definition(rules: RuleSet) -> str:
    """A rule set as text, the same for the same rules."""
    return "\n".join(line for tier in TIERS for line in (f"[{tier}]", *map(_text, getattr(rules, tier))))


def _text(rule: Rule) -> str:
    told = {name: value for name, value in asdict(rule).items() if value not in (None, (), False) and name != "name"}
    return f"{rule.name}: " + ", ".join(
        f"{name} = {' '.join(value) if isinstance(value, tuple) else value}" for name, value in told.items()
    )


def _changed(told: Iterable[MatchRule]) -> RuleSet:
    rules = PLAIN
    for own in told:
        tier = next((t for t in TIERS if own.name in (rule.name for rule in getattr(rules, t))), None)
        if tier is None:
            tier = "by_card" if own.automatic else "suggestions"
            kept = [*getattr(rules, tier), _rule(own, Rule(own.name, (), blank="card_rrn", unique=own.automatic))]
        else:
            kept = [_rule(own, rule) if rule.name == own.name else rule for rule in getattr(rules, tier)]
        used = tuple(rule for rule in kept if own.enabled or rule.name != own.name)
        rules = _with_tier(rules, tier, used)
    return rules


def _with_tier(rules: RuleSet, tier: str, used: tuple[Rule, ...]) -> RuleSet:
    tiers: dict[str, Any] = {tier: used}
    return replace(rules, **tiers)


def _rule(own: MatchRule, rule: Rule) -> Rule:
    """A rule with what recon.toml says of it; what it leaves out stays."""
    found: dict[str, Any] = {
        "window_days": own.window_days,
        "window_minutes": own.window_minutes,
        "tolerance_minor": own.amount_tolerance_minor,
        "unique": own.unique,
        "blank_on": own.blank_on,
    }
    said = {name: value for name, value in found.items() if value is not None}
    if own.keys is not None:
        said["keys"] = (*(COLUMNS.get(key, key) for key in own.keys), "kind")
    if own.window_days is not None:
        said["window_minutes"] = None
    if own.window_minutes is not None:
        said["window_days"] = None
    if own.blank_on == ():
        said |= {"blank": None, "blank_on": rule.blank_on}
    return replace(rule, **said)


def run(tier: str, book: Rulebook, journal: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Pair by one tier of every acquirer's rules."""
    pairs = [engine.no_pairs()]
    for rules, mine in book.parts(lines):
        pairs.append(engine.run(getattr(rules, tier), rules.version, journal, mine, book.decided.barred))
        journal = without(journal, pairs[-1]["journal_row_id"]) if book.own else journal
    return pl.concat(pairs) if book.own else pairs[-1]
