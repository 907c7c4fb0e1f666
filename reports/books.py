"""The money side of the daily report as frozen data: amounts, bridges from journal to bank, the proof."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.money import money_text, to_major

StepKind = Literal["total", "delta"]


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount: integer minor units of one currency."""

    currency: str
    minor: int

    @property
    def text(self) -> str:
        """As people read it: `1,234.50 CNY`."""
        return money_text(self.minor, self.currency)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a money bridge: a level the money stands at (total) or what changes it (delta).

    `type` is the exception type of a delta that is a break, so that the page can name and link it.
    """

    label_en: str
    label_zh: str
    amount_minor: int
    kind: StepKind
    note: str = ""
    note_zh: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Bridge:
    """From the journal to the bank for one acquirer and currency; the deltas between two totals add up."""

    acquirer: str
    currency: str
    steps: tuple[Step, ...]

    def residue(self) -> int:
        """Return the minor units the deltas leave unexplained, without sign over all totals; 0 if it adds up.

        Deltas after the last total lead to no total and count as unexplained.
        """
        level = last_total = left = 0
        for at, step in enumerate(self.steps):
            if step.kind == "delta":
                level += step.amount_minor
                continue
            left += abs(step.amount_minor - level) if at else 0
            level = last_total = step.amount_minor
        return left + abs(level - last_total)


FeeVerdict = Literal["agrees", "FEE_VARIANCE", "no contract"]


@dataclass(frozen=True, slots=True)
class FeeCheck:
    """SALE and REFUND lines of all files in use that one fee of a contract governs, and what became of their fees.

    contract: the fee in words, empty where none governs the lines, then `why` says why; cause: what went wrong.
    """

    acquirer: str
    currency: str
    contract: str
    verdict: FeeVerdict
    cause: str
    why: str
    lines: int
    gross_minor: int
    fee_minor: int
    expected_minor: int


@dataclass(frozen=True, slots=True)
class ProofPart:
    """Where accepted rows went: matched, excepted, waiting, or out of scope with its reason."""

    label_en: str
    label_zh: str
    rows: int
    amount_minor: int
    reason: str = ""
    reason_zh: str = ""


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One side and currency over all runs: rows that came in against rows accounted for."""

    side: str
    currency: str
    rows_in: int
    rows_accounted: int
    amount_in_minor: int
    amount_accounted_minor: int
    parts: tuple[ProofPart, ...] = ()

    @property
    def balanced(self) -> bool:
        """Rows and money agree, and the parts (where given) add up to both."""
        rows = sum(part.rows for part in self.parts) if self.parts else self.rows_accounted
        amount = sum(part.amount_minor for part in self.parts) if self.parts else self.amount_accounted_minor
        return (
            self.rows_in == self.rows_accounted == rows
            and self.amount_in_minor == self.amount_accounted_minor == amount
        )


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Rows the schemas refused, by side and currency ("XXX" where unreadable), with their readable amount."""

    side: str
    currency: str
    rows: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Rounding:
    """What rounding fees to the minor unit makes of one source's lines; `exact` is in major units.

    rounded_minor: the sum of the lines, each rounded; once_minor: the exact sum, rounded once.
    """

    source: str
    currency: str
    lines: int
    exact: Decimal
    rounded_minor: int
    once_minor: int

    @property
    def difference(self) -> Decimal:
        """Rounded minus exact, in major units."""
        return to_major(self.rounded_minor, self.currency) - self.exact


@dataclass(frozen=True, slots=True)
class Proof:
    """That nothing was lost: accepted rows line by line, refused rows and rounding on lines of their own."""

    lines: tuple[ProofLine, ...] = ()
    rejected: tuple[RejectedRows, ...] = ()
    rounding: tuple[Rounding, ...] = ()

    @property
    def balanced(self) -> bool:
        """Every line is balanced."""
        return all(line.balanced for line in self.lines)
