"""Control totals of PayPal's settlement report: section and report footers against the lines above them.

All in hundredths, as the report counts. Footers name the total gross credits, gross debits and two totals of fees; the
reports at hand give the fees in either order, so that the two are compared as a pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.money import EXPONENTS
from pipelines.sources.base import SourceError, Totals
from pipelines.sources.report import Reading

NAMES = ("gross_credits", "gross_debits", "fee_credits", "fee_debits")
SECTION, REPORT = ("SF", "SC"), ("RF", "RC")


@dataclass(frozen=True)
class Footer:
    """A line of totals: its word, its cells after it, its line number, the section it ends."""

    word: str
    cells: list[str]
    line: int
    section: int


def totals_of(reading: Reading, footers: list[Footer], part: int) -> tuple[Totals, tuple[str, ...]]:
    """Declared and computed totals, by `report` or section, currency and name; and a warning if nothing ends the file.

    part: number of the file of a report in several; from the second on the first section may have begun, and the
    report has begun, in another file, so that their totals say nothing about this one.
    """
    told = [f for f in footers if part == 1 or (f.word in SECTION and f.section > 1)]
    declared: dict[str, int] = {}
    computed: dict[str, int] = {}
    for footer in told:
        mine = None if footer.word in REPORT else footer.section
        names, stated = _stated(footer)
        found = _found(reading, mine, footer, names)
        where = "report" if mine is None else f"section {mine}"
        declared |= {_key(where, name): value for name, value in zip(names, stated, strict=True)}
        computed |= {_key(where, name): value for name, value in zip(names, _as_paired(found, stated), strict=True)}
    unread = bool(reading.refused.height) or bool(reading.rows["unreadable"].count())
    loose = frozenset(declared) - {"rows"}
    warnings = () if footers else ("no footer ends the file: nothing tells whether all its lines are here",)
    return Totals(declared, computed, None, loose if unread else frozenset(), 2), warnings


def _key(where: str, name: str) -> str:
    return "rows" if (where, name) == ("report", "rows") else f"{where} {name}"


def _stated(footer: Footer) -> tuple[list[str], list[int]]:
    if footer.word in ("SC", "RC"):
        return ["rows"], [_number(footer, 0)]
    currency = footer.cells[0].upper() if footer.cells else ""
    return [f"{currency} {name}" for name in NAMES], [_number(footer, place) for place in range(1, 5)]


def _number(footer: Footer, place: int) -> int:
    cell = footer.cells[place] if place < len(footer.cells) else ""
    if not cell.isdecimal():
        what = f"the {footer.word} line is cut off" if place >= len(footer.cells) else f"{cell!r} is no total"
        raise SourceError(what, line=footer.line, mend="ask the sender to send the file again")
    return int(cell)


def _found(reading: Reading, section: int | None, footer: Footer, names: list[str]) -> list[int]:
    rows = reading.rows.select("currency", "gross_minor", "fee_minor").hstack(reading.extras)
    if section is not None:
        rows = rows.filter(pl.col("_section") == section)
    if names == ["rows"]:
        return [rows.height + (reading.refused.height if section is None else 0)]
    currency = footer.cells[0].upper()
    gross, fee = (pl.col(name).cast(pl.Int128) for name in ("gross_minor", "fee_minor"))
    mine = rows.filter((pl.col("currency") == currency) & ~pl.col("_withdrawal"))
    sums = mine.select(
        gross.filter(gross > 0).sum(),
        (gross * -1).filter(gross < 0).sum().alias("debits"),
        (fee * -1).filter(fee < 0).sum().alias("fee_credits"),
        fee.filter(fee > 0).sum().alias("fee_debits"),
    ).row(0)
    return [_hundredths(value, currency) for value in sums]


def _hundredths(minor: int, currency: str) -> int:
    digits = EXPONENTS.get(currency, 2)
    return int(minor * 10 ** (2 - digits)) if digits <= 2 else int(minor // 10 ** (digits - 2))


def _as_paired(found: list[int], stated: list[int]) -> list[int]:
    """What was found, the fees in the order in which they are stated."""
    turned = [*found[:2], *reversed(found[2:])]
    return turned if turned == stated else found
