"""What bills of WeChat Pay and Alipay have in common: where they come from, their totals, their running balances.

Sources: formats/SPEC-wechat.md and SPEC-alipay.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from pipelines.money import EXPONENTS
from pipelines.sources.base import SourceError, Totals
from pipelines.sources.chains import OFF_CHAIN, break_in_chain
from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import Field, Layout
from pipelines.sources.outline import Trailers
from pipelines.sources.streaming import Piece
from pipelines.sources.totals import Stated, Tally, declared_totals, lift

CHINA = "Asia/Shanghai"
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H：%M：%S", "%Y-%m-%d%H：%M：%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
"""As bills print them, with full-width colons in those of 2014, and as a spreadsheet leaves them."""


def text(*names: str, optional: bool = False) -> Field:
    """A text column; optional where only some layouts have it."""
    return Field(source=names, optional=optional)


def amount(*names: str, optional: bool = False) -> Field:
    """A column of amounts."""
    return Field("amount", names, optional=optional)


def moment(name: str) -> dict[str, Field]:
    """Time of the line, and its date in China as the day of the bill."""
    return {
        "txn_time": Field("datetime", (name,), None, TIMES),
        "settlement_date": Field("date", (name,), None, TIMES),
    }


YUAN = {"currency": Field("code", constant="CNY")}


def or_nothing(column: str) -> pl.Expr:
    """An amount that is nothing where its cell is blank or its column absent, and null where it cannot be read."""
    return pl.when(pl.col("unreadable").is_null()).then(pl.col(column).fill_null(0)).otherwise(pl.col(column))


def entry_type(words: pl.Expr, paid_out: tuple[str, ...], repeats: tuple[str, ...]) -> pl.Expr:
    """Record type of a ledger entry by its business: a withdrawal, what the trade bill says too, or anything else."""
    out = words.is_in(paid_out).fill_null(value=False) & (pl.col("flow") < 0)
    known = words.is_in(repeats).fill_null(value=False)
    return pl.when(out).then(pl.lit("PAYOUT")).when(known).then(pl.lit("LEDGER")).otherwise(pl.lit("ADJUSTMENT"))


def ledger_entries(frame: pl.DataFrame, paid_out: tuple[str, ...], repeats: tuple[str, ...]) -> pl.DataFrame:
    """Canonical columns of a ledger from `flow` (signed), `entry_no` and `reason_code` (the business)."""
    kind = entry_type(pl.col("reason_code"), paid_out, repeats)
    frame = frame.with_columns(record_type=pl.when(pl.col("flow").is_not_null()).then(kind).otherwise(pl.lit("LEDGER")))
    out = pl.col("record_type") == "PAYOUT"
    return frame.with_columns(
        spent=-pl.col("flow"),
        gross_minor=pl.when(out).then(-pl.col("flow")).otherwise(pl.col("flow")),
        payout_id=pl.when(out).then(pl.col("entry_no")),
    )


@dataclass(frozen=True)
class Control:
    """One control total: which rows it counts, or which of their columns it sums.

    either: a second column whose sum is as good, where layouts of several years mean one or the other by one word.
    """

    column: str | None = None
    where: pl.Expr | None = None
    either: str | None = None

    @property
    def _where(self) -> pl.Expr:
        return pl.lit(value=True) if self.where is None else self.where

    @property
    def columns(self) -> list[str]:
        """Columns whose sums may be meant; none for a count."""
        return [column for column in (self.column, self.either) if column]

    def figures(self, name: str) -> dict[str, pl.Expr]:
        """What to add up, by name of the figure; sums in 128 bits, as a garbled file may need."""
        sums = {f"{name}:{c}": pl.col(c).filter(self._where).cast(pl.Int128).sum() for c in self.columns}
        return sums or {name: pl.len() if self.where is None else self.where.sum()}

    @property
    def unread(self) -> pl.Expr:
        """Whether some row cannot say if it belongs here, or what it adds."""
        unsure = pl.lit(value=False) if self.where is None else self.where.is_null().any()
        return unsure if self.column is None else unsure | pl.col(self.column).filter(self._where).is_null().any()


@dataclass
class BillTally(Tally):
    """What the lines of a bill add up to, by its controls.

    chained: the balances must follow from one another, else that they do not is odd only.
    """

    controls: Mapping[str, Control] = field(default_factory=dict)
    chained: bool = False

    def add(self, rows: pl.DataFrame, refused: int, passed: int = 0) -> None:
        """Rows with the fields that are no canonical columns; refused: lines that are no rows."""
        self.rows += rows.height + refused + passed
        self.refused += refused
        asked = {key: expr for name, control in self.controls.items() for key, expr in control.figures(name).items()}
        for part in [rows] if rows["currency"].n_unique() == 1 else rows.partition_by("currency"):
            sums = self.figures.setdefault(part["currency"][0], dict.fromkeys(asked, 0))
            for key, value in part.select(**asked).row(0, named=True).items():
                sums[key] += int(value or 0)
        self.unread |= {name for name, control in self.controls.items() if rows.select(control.unread).item()}
        if "balance_minor" in rows.columns:
            self.entries.append(rows.select("line", "flow", "balance_minor"))

    def totals(self, stated: Stated | None) -> Totals:
        """Compare with what is declared; a total that needs an unreadable cell is not compared."""
        if stated is None:
            return Totals()
        digits = max((EXPONENTS.get(currency, 2) for currency in self.figures if currency), default=2)
        declared = declared_totals(stated, digits, self.layout.amounts)
        computed = {name: self._computed(name, digits, declared[name]) for name in self.controls if name in declared}
        unread = {*self.controls} - {"rows"} if self.refused else self.unread
        off = self._off if self.chained and not self.refused else None
        self.found = Totals(declared, computed, off, frozenset(unread & declared.keys()), digits)
        return self.found

    def _computed(self, name: str, digits: int, declared: int) -> int:
        control = self.controls[name]
        if not control.columns:
            return self.rows if control.where is None else sum(figures[name] for figures in self.figures.values())
        sums = [self._sum(f"{name}:{column}", digits) for column in control.columns]
        return declared if declared in sums else sums[0]

    def _sum(self, key: str, digits: int) -> int:
        micro = key.endswith("_micro")
        return sum(figures[key] * (1 if micro else lift(coin, digits)) for coin, figures in self.figures.items())

    @property
    def _off(self) -> str | None:
        off = break_in_chain(pl.concat(self.entries), "flow") if self.entries else None
        return f"line {off}: {OFF_CHAIN}" if off else None

    def oddities(self) -> tuple[str, ...]:
        """Sums that are not compared, and a chain of balances that breaks though the format does not promise one."""
        off = None if self.chained else self._off
        return (*self.found.uncompared(), *([off] if off else []))


@dataclass(frozen=True)
class WalletBill(Delimited):
    """A bill with its totals at the end.

    controls: what each declared total is of; declared: the texts of the totals by name, from the lines after the
    data, None where they are not whole; chained: as of BillTally.
    """

    controls: Mapping[str, Control]
    declared: Callable[[bytes, Layout], dict[str, str] | None]
    chained: bool = False

    @property
    def home(self) -> str:
        """Both wallets are Chinese; bills of foreign shops say so on each row."""
        return "CNY"

    def tally(self) -> Tally:
        """What adds up the rows by the controls of this bill."""
        return BillTally(self.layout, controls=self.controls, chained=self.chained)

    def stated(self, piece: Piece, end: int, trailers: Trailers, head: Stated) -> Stated:
        """Control totals that the bill declares; SourceError where they are cut off."""
        line = piece.first + piece.text.count(b"\n", 0, trailers[0][1])
        texts = self.declared(piece.text[end:], self.layout)
        if texts is None:
            mend = "the file is cut off; ask for it again"
            raise SourceError("the totals at its end are not whole", line=line, mend=mend)
        return {**head, **{name: (cell, line) for name, cell in texts.items()}}
