"""Control totals of text files: what head and trailer declare against what the lines add up to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from pipelines.columns import is_one
from pipelines.money import EXPONENTS
from pipelines.sources.amounts import plain_number
from pipelines.sources.base import NO_BALANCES, Side, SourceError, Totals, decimals
from pipelines.sources.chains import OFF_CHAIN, break_in_chain
from pipelines.sources.layout import Amounts, Layout
from schemas.validation import shown

SUMS: dict[Side, dict[str, str]] = {
    "journal": {"amount": "amount_minor"},
    "settlement": {"gross": "gross_minor", "fee": "fee_minor", "net": "net_minor"},
    "bank": {"closing": "amount_minor"},
}
"""Sums that are always taken, and the column of each."""

BY_DIRECTION = ("credit", "debit", "sum")
COUNTS = ("rows", "credit_rows", "debit_rows")
MAIN: dict[Side, str] = {"journal": "amount_minor", "settlement": "gross_minor", "bank": "amount_minor"}
TOTALS: dict[Side, tuple[str, ...]] = {
    "journal": ("rows", "amount"),
    "settlement": (*COUNTS, "gross", "fee", "net", *BY_DIRECTION),
    "bank": (*COUNTS, *BY_DIRECTION, "opening", "closing"),
}
"""What a file may declare: credit is the sum of what comes in, debit that of what goes out, sum both without sign."""

_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_TURNED = ("amount", "gross", "net")
LARGEST = 10**18
"""Minor units above which nothing is a balance: balances are kept in 64 bits, sums of rows may be longer."""


Stated = Mapping[str, tuple[str, int]]
"""Text of each declared total, and its line."""


def declared_totals(stated: Stated, digits: int, amounts: Amounts) -> dict[str, int]:
    """Declared totals as counts and as integers of 10**-digits, written as the file writes its amounts.

    SourceError where one is no number or finer than the currency.
    """
    return {name: _declared(name, text, line, digits, amounts) for name, (text, line) in stated.items()}


def _decimals_of(stated: Stated) -> list[int]:
    """Decimals of the declared totals: the file counts an amount of a refused line as it is written, however fine."""
    return [len(text.partition(".")[2]) for text, _ in stated.values() if _DECIMAL.fullmatch(text)] or [0]


def _declared(name: str, text: str, line: int, digits: int, amounts: Amounts) -> int:
    plain = plain_number(text, amounts)
    if not _DECIMAL.fullmatch(plain):
        raise SourceError(f"the trailer's {name} {shown(text)!r} is not a number", line=line)
    scaled = Decimal(plain).scaleb(0 if amounts.unit == "minor" else decimals(name, digits))
    if name in ("opening", "closing") and abs(scaled) >= LARGEST:
        raise SourceError(f"the trailer's {name} {shown(text)!r} is too long to be a balance", line=line)
    if scaled != int(scaled):
        raise SourceError(f"the trailer's {name} {text!r} has too many decimals", line=line)
    if name in BY_DIRECTION:
        return abs(int(scaled))
    return -int(scaled) if amounts.sign == "negate" and name in _TURNED else int(scaled)


def stated_totals(
    data: bytes, trailers: Sequence[tuple[re.Match[str], int]], head: Stated | None = None, first: int = 1
) -> Stated | None:
    """What the trailers, each with its offset in the data, and the head declare; None where neither is there.

    first: number of the first line of the data.
    """
    if not trailers and not head:
        return None
    found = dict(head or {})
    for match, at in trailers:
        line = first + data.count(b"\n", 0, at)
        found |= {name: (text, line) for name, text in match.groupdict().items() if text is not None}
    return found


@dataclass
class Tally:
    """What the lines of a file add up to, added part by part, to be compared with what the file declares.

    Sums are taken per currency, in its own minor units, over all lines whose amount can be read, rejected ones
    included. PAYOUT lines count in rows and not in the sums (contract.md).
    """

    layout: Layout
    rows: int = 0
    refused: int = 0
    figures: dict[str | None, dict[str, int]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    entries: list[pl.DataFrame] = field(default_factory=list)
    found: Totals = field(default_factory=Totals)

    def add(self, rows: pl.DataFrame, refused: int, passed: int = 0) -> None:
        """rows: canonical rows before validation, in the order of the file; refused: lines that are no rows; passed:
        lines that were passed over and that the file counts."""
        self.rows += rows.height + refused + passed
        self.refused += refused
        columns = self._columns
        counted = rows
        if self.layout.side == "settlement":
            needed = rows.select("currency", "record_type", *dict.fromkeys(columns.values()))
            counted = needed.filter(pl.col("record_type").fill_null("") != "PAYOUT")
        self.unread |= {name for name, column in columns.items() if counted[column].null_count()}
        for part in [counted] if is_one(counted["currency"]) else counted.partition_by("currency"):
            figures = part.select(_figure(name, self.layout.side) for name in columns).row(0, named=True)
            sums = self.figures.setdefault(part["currency"][0], dict.fromkeys(columns, 0))
            for name, value in figures.items():
                sums[name] += int(value or 0)
        if self.layout.side == "bank":
            self.entries.append(rows)

    @property
    def _columns(self) -> dict[str, str]:
        """Figures that the layout can ask for, and the column of each."""
        side, asked = self.layout.side, " ".join((self.layout.trailer or "", *self.layout.head))
        more = [name for name in (*BY_DIRECTION, *COUNTS[1:]) if f"(?P<{name}>" in asked]
        return {name: SUMS[side].get(name, MAIN[side]) for name in (*SUMS[side], *more)}

    def totals(self, stated: Stated | None) -> Totals:
        """Compare with what is declared, if anything is. A sum is not compared where a cell it needs is unreadable."""
        if stated is None:
            return Totals()
        digits = max((EXPONENTS.get(currency, 2) for currency in self.figures if currency), default=2)
        if (self.refused or self.unread) and self.layout.amounts.unit != "minor":
            digits = max(digits, *_decimals_of(stated))
        declared = declared_totals(stated, digits, self.layout.amounts)
        always = {*SUMS[self.layout.side], *declared}
        computed = {"rows": self.rows} | {n: self._figure(n, digits) for n in self._columns if n in always}
        broken = None
        if self.layout.side == "bank":
            broken = self._of_balances(declared, computed, digits)
        unread = frozenset(({*self._columns} if self.refused else self.unread) & declared.keys())
        self.found = Totals(declared, computed, broken or self._too_much(declared, computed, unread), unread, digits)
        return self.found

    def _too_much(self, declared: dict[str, int], computed: dict[str, int], unread: frozenset[str]) -> str | None:
        """Where the readable lines of a journal add up to more than all: its amounts have no sign."""
        if self.layout.side != "journal" or "amount" not in unread or computed["amount"] <= declared["amount"]:
            return None
        return "the lines that can be read add up to more than the amount declared"

    def _figure(self, name: str, digits: int) -> int:
        whole = name in COUNTS or self.layout.amounts.unit == "minor"
        return sum(
            figures[name] * (1 if whole else lift(currency, digits)) for currency, figures in self.figures.items()
        )

    def _of_balances(self, declared: dict[str, int], computed: dict[str, int], digits: int) -> str | None:
        """Where the balances do not follow from each other; the closing balance is computed from the opening one."""
        if "opening" in declared:
            computed["opening"] = declared["opening"]
            computed["closing"] += declared["opening"]
        else:
            del computed["closing"]
        return None if self.refused or self.unread else _broken_chain(pl.concat(self.entries), declared, digits)

    def oddities(self) -> tuple[str, ...]:
        """What is odd about the lines and yet no reason to refuse the file."""
        return (*self.found.uncompared(), *self._off_chain())

    def _off_chain(self) -> tuple[str, ...]:
        """Where the balances of a statement break off.

        A statement that declares no totals does not promise that its balances are in order either, but a row that is
        missing shows in them.
        """
        if self.layout.side != "bank" or self.layout.trailer is not None or not self.entries:
            return ()
        rows = pl.concat(self.entries)
        alone = rows.select(pl.struct("account", "currency").n_unique()).item() == 1
        off = break_in_chain(rows, "amount_minor") if alone else None
        return (f"line {off}: {OFF_CHAIN}: a row may be missing",) if off else ()


def _figure(name: str, side: Side) -> pl.Expr:
    """A sum or count over the rows; in 128 bits, for a garbled file may hold huge numbers."""
    amount = pl.col(SUMS[side].get(name, MAIN[side])).cast(pl.Int128)
    ways = {
        "credit": amount.filter(amount > 0).sum(),
        "debit": amount.filter(amount < 0).sum().abs(),
        "sum": amount.abs().sum(),
        "credit_rows": (amount >= 0).sum(),
        "debit_rows": (amount < 0).sum(),
    }
    return ways.get(name, amount.sum()).alias(name)


def lift(currency: str | None, digits: int) -> int:
    """How many units of 10**-digits one minor unit is."""
    return int(10 ** (digits - EXPONENTS.get(currency or "", digits)))


def file_totals(rows: pl.DataFrame, refused: int, layout: Layout, stated: Stated | None, passed: int = 0) -> Totals:
    """Control totals of a whole file by what it states of itself."""
    tally = Tally(layout)
    tally.add(rows, refused, passed)
    return tally.totals(stated)


def balances_of(rows: pl.DataFrame, totals: Totals, account: str | None) -> pl.DataFrame:
    """Opening and closing balance of a bank's file of one account, in the columns of NO_BALANCES.

    As its trailer declares them, else as the balances of its rows give them. account: where the file names none. A
    file without rows names no currency: then it is blank, and the amounts have two decimals.
    """
    if rows.is_empty():
        return _of_quiet_day(totals, account)
    accounts, currencies = rows["account"].unique(), rows["currency"].unique()
    if len(accounts) > 1 or len(currencies) > 1 or currencies[0] not in EXPONENTS:
        return NO_BALANCES.clone()
    factor = lift(currencies[0], totals.digits)
    ends = [kind for kind in ("opening", "closing") if kind in totals.declared]
    told: dict[str, int] = {kind: totals.declared[kind] // factor for kind in ends}
    told = told or _ends_of(rows)
    day = {"opening": rows["booking_date"].min(), "closing": rows["booking_date"].max()}
    owner = accounts[0] or account
    found = [(rows["line"][0], owner, None, kind, day[kind], told[kind], currencies[0]) for kind in told if owner]
    return pl.DataFrame(found, schema=NO_BALANCES.schema, orient="row")


def _of_quiet_day(totals: Totals, account: str | None) -> pl.DataFrame:
    declared = [(kind, totals.declared[kind]) for kind in ("opening", "closing") if kind in totals.declared]
    found = [(1, account, None, kind, None, amount, "") for kind, amount in declared if account]
    return pl.DataFrame(found, schema=NO_BALANCES.schema, orient="row")


def _ends_of(rows: pl.DataFrame) -> dict[str, int]:
    """Balance before the oldest row and after the newest, where the balances of all rows follow from each other."""
    if rows["balance_minor"].null_count() or rows["amount_minor"].null_count():
        return {}
    ways = [way for way in (rows, rows.reverse()) if _off(way, None) is None]
    if not ways:
        return {}
    balance, amount = ways[0]["balance_minor"], ways[0]["amount_minor"]
    return {"opening": balance[0] - amount[0], "closing": balance[-1]}


def _broken_chain(rows: pl.DataFrame, declared: dict[str, int], digits: int) -> str | None:
    """First line whose balance is not the balance before it plus its amount, in an account's own order.

    Banks list the oldest entry first or the newest; a chain that holds either way holds.
    """
    one_account = rows["account"].n_unique() <= 1 and rows["currency"].n_unique() <= 1
    if rows.is_empty() or rows["balance_minor"].null_count() or not one_account:
        return None
    opening = declared["opening"] // lift(rows["currency"][0], digits) if "opening" in declared else None
    off = _off(rows, opening)
    if off is None or _off(rows.reverse(), opening) is None:
        return None
    return f"line {off}: {OFF_CHAIN}"


def _off(rows: pl.DataFrame, opening: int | None) -> int | None:
    before = pl.col("balance_minor").shift(1, fill_value=opening)
    off = rows.filter(before.is_not_null() & (before + pl.col("amount_minor") != pl.col("balance_minor")))
    return None if off.is_empty() else int(off["line"][0])
