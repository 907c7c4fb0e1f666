"""What bank files of any format give: entries and balances one by one, as frames; and whether they add up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import polars as pl

import schemas
from pipelines.money import EXPONENTS, to_minor
from pipelines.sources.amounts import any_decimal
from pipelines.sources.base import NO_BALANCES, NO_REFUSALS, Totals
from pipelines.sources.pan import mask_text_series
from schemas.validation import shown

BESIDE = ("statement", "reversal", "batch_count")
OF_THE_TEXT = ("EREF", "EREF+", "KREF", "KREF+", "PREF", "MARF")
"""References that only say which key of the text holds the reference."""
NO_REFERENCE = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NONE", "-", *OF_THE_TEXT})


_LEADING_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")


class Entry(NamedTuple):
    """One booked entry; `unreadable`: which cell could not be read, and why."""

    line: int
    account: str | None
    booking_date: date | None
    amount_minor: int | None
    currency: str | None
    value_date: date | None = None
    bank_ref: str | None = None
    end_to_end_id: str | None = None
    remittance: str | None = None
    counterparty: str | None = None
    statement: str | None = None
    reversal: bool | None = None
    batch_count: int | None = None
    unreadable: str | None = None


class Balance(NamedTuple):
    """One declared balance; line: where its statement begins."""

    line: int
    account: str | None
    statement: str | None
    kind: str
    balance_date: date | None
    amount_minor: int
    currency: str


def entry_frame(entries: Sequence[Entry]) -> pl.DataFrame:
    """Entries as the canonical frame of the bank side, card numbers masked; no value date means the booking date."""
    wanted = schemas.canonical(schemas.BANK, also=BESIDE)
    given: dict[str, type[pl.DataType] | pl.DataType] = {name: wanted[name] for name in Entry._fields}
    columns = zip(*entries, strict=True) if entries else ((),) * len(given)
    frame = pl.DataFrame(dict(zip(given, columns, strict=True)), schema=given)
    return frame.with_columns(
        mask_text_series(frame["remittance"]),
        mask_text_series(frame["counterparty"]),
        pl.col("value_date").fill_null(pl.col("booking_date")),
        balance_minor=pl.lit(None, pl.Int64),
    ).select(list(wanted))


def balance_frame(balances: Sequence[Balance]) -> pl.DataFrame:
    """Balances in the columns of NO_BALANCES."""
    return pl.DataFrame(balances, schema=NO_BALANCES.schema, orient="row") if balances else NO_BALANCES.clone()


def refusal_frame(refused: Sequence[tuple[int, str]]) -> pl.DataFrame:
    """Lines that are no rows at all, each with its reason."""
    return pl.DataFrame(refused, schema=NO_REFUSALS.schema, orient="row") if refused else NO_REFUSALS.clone()


def read_amount(text: str, currency: str | None) -> tuple[int | None, str | None]:
    """Minor units of an amount with either decimal sign, or null and the reason."""
    if currency not in EXPONENTS:
        return None, f"currency {shown(currency or '')!r} is not an ISO 4217 currency"
    plain = any_decimal(text)
    if plain is None:
        return None, f"amount {shown(text)!r} is not an amount"
    try:
        return to_minor(_LEADING_ZEROS.sub("", plain), currency), None
    except ValueError:
        return None, f"amount {shown(text)!r} has more decimals than {currency} allows, or is too long"


def reference(text: str | None) -> str | None:
    """A reference, null where the words only say that there is none."""
    said = (text or "").strip()
    return None if said.upper() in NO_REFERENCE else said


def together(references: Iterable[str | None]) -> str | None:
    """References that say something, each once."""
    return " ".join(dict.fromkeys(filter(None, map(reference, references)))) or None


@dataclass
class Control:
    """What a file declares of itself and what its entries give, as it is read.

    unchecked: sentences about declared figures that cannot be compared.
    """

    declared: dict[str, int] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)

    def add(self, key: str, declared: int, computed: int) -> None:
        """One figure; a key that comes again is numbered."""
        name, number = key, 2
        while name in self.declared:
            name, number = f"{key} #{number}", number + 1
        self.declared[name], self.computed[name] = declared, computed

    def against(self, found: Iterable[tuple[int, str]]) -> None:
        """Contradictions of the file with itself, each on its line."""
        self.contradictions += [f"line {line}: {what}" for line, what in found]

    def totals(self) -> Totals:
        """The verdict: a file of which a part could not be checked may disagree, but never agrees."""
        digits = {EXPONENTS.get(currency, 0) for currency in self.currencies}
        shown_digits = digits.pop() if len(digits) == 1 else 0
        found = Totals(self.declared, self.computed, "; ".join(self.contradictions[:3]) or None, digits=shown_digits)
        return Totals({}, self.computed) if self.unchecked and found.agree else found


def labelled(name: str, label: str) -> str:
    """Key of a figure of one statement among several."""
    return f"{name}[{label}]" if label else name
