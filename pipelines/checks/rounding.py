"""What rounding makes of fees that a source states finer: a line of the proof (contract.md, Money)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from pipelines.money import EXPONENTS, round_half_up

MICRO = 6
"""Decimals of an exact fee."""


@dataclass(frozen=True)
class Rounded:
    """One source and currency over all runs: how many lines state an exact fee, their exact sum (millionths of a major
    unit), and the sum of what they were rounded to, line by line (minor units)."""

    source: str
    currency: str
    lines: int
    exact_micro: int
    rounded_minor: int

    @property
    def exact(self) -> Decimal:
        """The exact sum in major units, without zeros behind the last decimal of the currency."""
        found = Decimal(self.exact_micro).scaleb(-MICRO)
        least = -EXPONENTS[self.currency]
        digits = next((n for n in range(least, -MICRO, -1) if found == found.quantize(Decimal(1).scaleb(n))), -MICRO)
        return found.quantize(Decimal(1).scaleb(digits))

    @property
    def once_minor(self) -> int:
        """The exact sum rounded once."""
        return round_half_up(Decimal(self.exact_micro).scaleb(EXPONENTS[self.currency] - MICRO))

    @property
    def balanced(self) -> bool:
        """Whether no line can have moved by more than half a minor unit."""
        unit = int(10 ** (MICRO - EXPONENTS[self.currency]))
        return 2 * abs(self.rounded_minor * unit - self.exact_micro) <= self.lines * unit


def rounding_of(found: pl.DataFrame) -> list[Rounded]:
    """Lines of the rows that `sql/checks/rounding.sql` returns."""
    return [Rounded(*row) for row in found.iter_rows()]


def too_far(lines: Iterable[Rounded]) -> list[str]:
    """One plain clause per source whose rounded fees cannot come from its exact ones."""
    return [
        f"{line.source} {line.currency}: the fees of {line.lines} lines are {line.exact} exactly and "
        f"{line.rounded_minor} in minor units, more than rounding explains"
        for line in lines
        if not line.balanced
    ]
