"""The proof that no row was lost: counts, sums and a fingerprint of what came in against where each row is."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


class ProofError(Exception):
    """The books do not add up; the run fails and publishes nothing."""


@dataclass(frozen=True)
class Part:
    """Rows of one side and currency in one state for one reason; amount in minor units."""

    state: str
    reason: str
    rows: int
    amount_minor: int


@dataclass(frozen=True)
class Line:
    """One side and currency, over all runs. each_once: no row stands in two places or in none."""

    side: str
    currency: str
    rows_in: int
    amount_in_minor: int
    parts: tuple[Part, ...]
    each_once: bool

    @property
    def rows_accounted(self) -> int:
        """Rows found in some place."""
        return sum(part.rows for part in self.parts)

    @property
    def amount_accounted_minor(self) -> int:
        """Their amounts."""
        return sum(part.amount_minor for part in self.parts)

    @property
    def balanced(self) -> bool:
        """Counts, sums and fingerprints agree."""
        return (
            self.each_once
            and self.rows_in == self.rows_accounted
            and self.amount_in_minor == self.amount_accounted_minor
        )


def lines_of(found: pl.DataFrame) -> list[Line]:
    """Lines of the rows that `sql/checks/proof.sql` returns."""
    lines = []
    for (side, currency), part in found.group_by("side", "currency", maintain_order=True):
        parts = tuple(
            Part(row["state"], row["reason"], row["row_count"], row["amount_minor"])
            for row in part.iter_rows(named=True)
            if row["state"] is not None
        )
        first = part.row(0, named=True)
        lines.append(
            Line(
                str(side),
                str(currency),
                first["rows_in"],
                first["amount_in_minor"],
                parts,
                bool(part["each_once"].all()),
            )
        )
    return lines


def failures(lines: list[Line]) -> list[str]:
    """One plain clause per line that does not balance."""
    return [
        f"{line.side} {line.currency}: {line.rows_in} rows of {line.amount_in_minor} came in, "
        f"{line.rows_accounted} of {line.amount_accounted_minor} are accounted for"
        + ("" if line.each_once else ", and a row stands twice or nowhere")
        for line in lines
        if not line.balanced
    ]
