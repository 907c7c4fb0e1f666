"""Fees as the report tells them: how many lines were recomputed, and what is to be claimed of whom, by which fee."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipelines.cases.variances import CAUSES
from reports.books import FeeCheck
from reports.grouping import standing
from reports.model import ExceptionItem, Report


@dataclass(frozen=True, slots=True)
class FeeClaim:
    """Open FEE_VARIANCE of one acquirer, currency, fee of its contract and cause.

    claim: what was charged too much; owed: what was charged too little; both ≥ 0.
    """

    acquirer: str
    currency: str
    contract: str
    cause: str
    claim_lines: int
    claim_minor: int
    owed_lines: int
    owed_minor: int

    @property
    def cause_words(self) -> tuple[str, str]:
        """What went wrong, in English and Chinese."""
        return CAUSES.get(self.cause, (self.cause, ""))


@dataclass(frozen=True, slots=True)
class FeesChecked:
    """SALE and REFUND lines of one acquirer and currency: whose fee agrees, differs, or has no contract, and why."""

    acquirer: str
    currency: str
    agree: int
    differ: int
    none: int
    why: tuple[str, ...]

    @property
    def lines(self) -> int:
        """All of them."""
        return self.agree + self.differ + self.none


def claims(report: Report) -> tuple[FeeClaim, ...]:
    """One claim per acquirer, currency, fee of the contract and cause, of all that is open."""

    def key(item: ExceptionItem) -> tuple[str, str, str, str]:
        return item.acquirer, item.currency, item.fee_contract, item.fee_cause

    found = sorted(standing((*report.new, *report.carried), "FEE_VARIANCE"), key=key)
    return tuple(_claim(of, list(items)) for of, items in groupby(found, key=key))


def _claim(of: tuple[str, str, str, str], items: Sequence[ExceptionItem]) -> FeeClaim:
    much = [item.amount_minor for item in items if item.direction == "short"]
    little = [item.amount_minor for item in items if item.direction == "long"]
    return FeeClaim(*of, len(much), sum(much), len(little), sum(little))


def largest(found: Iterable[FeeClaim]) -> tuple[FeeClaim, ...]:
    """The same by what they are worth, currency by currency."""
    return tuple(sorted(found, key=lambda claim: (claim.currency, -claim.claim_minor, -claim.owed_minor)))


def checked(checks: Iterable[FeeCheck]) -> tuple[FeesChecked, ...]:
    """What became of the lines of each acquirer and currency."""

    def key(check: FeeCheck) -> tuple[str, str]:
        return check.acquirer, check.currency

    return tuple(_checked(of, list(some)) for of, some in groupby(sorted(checks, key=key), key=key))


def _checked(of: tuple[str, str], checks: Sequence[FeeCheck]) -> FeesChecked:
    def lines(verdict: str) -> int:
        return sum(check.lines for check in checks if check.verdict == verdict)

    why = tuple(dict.fromkeys(check.why for check in checks if check.why))
    return FeesChecked(*of, lines("agrees"), lines("FEE_VARIANCE"), lines("no contract"), why)
