"""What every source gives back, whatever its format: canonical rows, what could not be used, control totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

import polars as pl

Side = Literal["journal", "settlement", "bank"]
SIDES: tuple[Side, ...] = ("journal", "settlement", "bank")
Standing = Literal["final", "interim", "notice"]
"""What a bank's file is: the statement itself, what it reports of a day before that, or a notice of single entries."""


LARGE = 48 * 2**20
"""Bytes from which a file is read where it lies, part by part, and never held whole."""


class SourceError(Exception):
    """A file that cannot be used as a whole: what is wrong, on which line if one is to blame, and the mend.

    `profile` is the profile that recognised the file, or None where nobody did.
    """

    def __init__(self, what: str, *, line: int | None = None, mend: str = "", profile: str | None = None):
        self.what, self.line, self.mend, self.profile = what, line, mend, profile
        super().__init__(self.text)

    @property
    def text(self) -> str:
        """One plain line: `line 7: … ; mend`."""
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.what}" + (f"; {self.mend}" if self.mend else "")


@dataclass(frozen=True)
class Context:
    """What the configuration knows of a source and the file itself may leave out.

    timezone: IANA zone of the books; source_timezone: zone of times without an offset; cutoff: local time at
    which the source's next business date begins (00:00 = calendar day); filename: what the file was called;
    zone_given: whether source_timezone is the source's own word and not the zone of the books.
    """

    timezone: str = "Asia/Shanghai"
    source_timezone: str = "Asia/Shanghai"
    cutoff: time = time(0, 0)
    acquirer: str | None = None
    account: str | None = None
    filename: str = ""
    zone_given: bool = False

    def zone_or(self, usual: str) -> str:
        """Zone of times without an offset in a format that has a zone of its own unless the source says otherwise."""
        return self.source_timezone if self.zone_given else usual


MOST_TOLD = 4
"""Totals that a message names; a file of many statements may disagree in each."""

_COUNTS = ("rows", "records", "accounts", "groups")


def is_count(name: str) -> bool:
    """Whether a control total counts, rather than adds up money: rows, credit_rows, account_records[A-1] …"""
    return name.partition("[")[0].endswith(_COUNTS)


MICRO = 6
"""Decimals of amounts in millionths of a major unit."""


def decimals(total: str, digits: int) -> int:
    """Decimals of a control total by its name: none for counts, six for `…_micro`."""
    if is_count(total):
        return 0
    return MICRO if total.endswith("_micro") else digits


@dataclass(frozen=True)
class Totals:
    """Control totals: what the file declares of itself and what its lines add up to (counts; minor units).

    unchecked: declared sums that cannot be compared because a cell they would need is unreadable.
    contradiction: one clause, where the file contradicts itself otherwise than by a total.
    digits: decimals of the sums when people read them.
    """

    declared: dict[str, int] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    contradiction: str | None = None
    unchecked: frozenset[str] = frozenset()
    digits: int = 0

    @property
    def agree(self) -> bool | None:
        """True or False where something is declared and can be compared, else None."""
        if self.contradiction:
            return False
        return not self._wrong() if set(self.declared) - self.unchecked else None

    def _wrong(self) -> list[str]:
        return [k for k, v in self.declared.items() if k not in self.unchecked and self.computed.get(k) != v]

    def disagreement(self) -> str:
        """What disagrees: declared and computed of each total, and the contradiction."""
        wrong = self._wrong()
        totals = ", ".join(
            f"{k} declared {self._shown(k, self.declared[k])}, computed {self._shown(k, self.computed.get(k))}"
            for k in wrong[:MOST_TOLD]
        )
        totals += f" and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        return "; ".join(part for part in (totals, self.contradiction) if part)

    def uncompared(self) -> tuple[str, ...]:
        """One sentence for the sums that differ by what cannot be read, so that somebody can tell whether it fits."""
        both = {name: (told, self.computed.get(name)) for name, told in self.declared.items() if name in self.unchecked}
        apart = [
            f"{name} declared {self._shown(name, told)}, read {self._shown(name, found)}"
            for name, (told, found) in both.items()
            if told != found
        ]
        return (f"not compared, for a line cannot be read: {', '.join(apart)}",) if apart else ()

    def _shown(self, name: str, value: int | None) -> str:
        return (
            str(value)
            if value is None or is_count(name)
            else f"{Decimal(value).scaleb(-decimals(name, self.digits)):f}"
        )


RawLines = Callable[[list[int]], dict[int, str]]


NO_BALANCES = pl.DataFrame(
    schema={
        "line": pl.Int64,
        "account": pl.String,
        "statement": pl.String,
        "kind": pl.String,
        "balance_date": pl.Date,
        "amount_minor": pl.Int64,
        "currency": pl.String,
    }
)
NO_TRACES = pl.DataFrame(
    schema={
        "merchant_id": pl.String,
        "terminal_id": pl.String,
        "batch_no": pl.String,
        "day": pl.Date,
        "first_no": pl.Int64,
        "last_no": pl.Int64,
    }
)
NO_BATCH_TOTALS = pl.DataFrame(
    schema={
        "line": pl.Int64,
        "merchant_id": pl.String,
        "terminal_id": pl.String,
        "batch_no": pl.String,
        "currency": pl.String,
        "row_count": pl.Int64,
        "amount_minor": pl.Int64,
        "credit_rows": pl.Int64,
        "credit_minor": pl.Int64,
        "debit_rows": pl.Int64,
        "debit_minor": pl.Int64,
    }
)
NO_PAYOUTS = pl.DataFrame(
    schema={
        "line": pl.Int64,
        "acquirer": pl.String,
        "settlement_date": pl.Date,
        "payout_id": pl.String,
        "record_type": pl.String,
        "merchant_id": pl.String,
        "gross_minor": pl.Int64,
        "fee_minor": pl.Int64,
        "net_minor": pl.Int64,
        "currency": pl.String,
        "acquirer_ref": pl.String,
    }
)
NO_REFUSALS = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String})


@dataclass(frozen=True)
class Parsed:
    """One file as its format reads it, before validation.

    rows: the canonical columns of the side (see `schemas`), `line` (1 = first line of the file), and `unreadable`
    (null, or which cell could not be read and why). refused: `line`, `reason` of lines that are no rows at all
    (wrong number of columns). raw: gives the lines as they stand. data_rows: rows as they stand in the file.
    covered: dates a bank statement speaks for though it may hold no entry of them. balances: those the file declares
    of its accounts, in the columns of NO_BALANCES; kind is opening or closing, statement is as the bank names it, and
    the balances of one statement bear one line. standing: whether a bank's file has the last word on its days.
    printed: first and last date of its rows as printed, where their times are converted from another zone. carried:
    reason codes of lines that only carry a balance on from one payout to the next and are no part of the file's sums.
    home: currency of a file that has no row to say it, where the format knows. traces: numbers of a terminal that no
    row bears, in the columns of NO_TRACES. batch_totals: what terminals declare of the batches that they close, in
    those of NO_BATCH_TOTALS. formed: PAYOUT rows that no line of the file states and that its other lines add up to, in
    columns of NO_PAYOUTS, each on the line of its last; they are booked and are no rows of the file.
    """

    profile: str
    side: Side
    rows: pl.DataFrame
    refused: pl.DataFrame
    raw: RawLines
    data_rows: int
    totals: Totals = Totals()
    covered: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    balances: pl.DataFrame = field(default_factory=NO_BALANCES.clone)
    standing: Standing = "final"
    printed: tuple[date, date] | None = None
    carried: tuple[str, ...] = ()
    home: str | None = None
    traces: pl.DataFrame = field(default_factory=NO_TRACES.clone)
    batch_totals: pl.DataFrame = field(default_factory=NO_BATCH_TOTALS.clone)
    formed: pl.DataFrame = field(default_factory=NO_PAYOUTS.clone)


class Data(Protocol):
    """Bytes of a file, which need not all be in memory: `bytes`, or a large file that is read where it is asked."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, part: slice) -> bytes:
        """Those of a part; no step."""


class Profile(Protocol):
    """One format: recognises its files by name and head, and reads them."""

    @property
    def name(self) -> str:
        """Name used by `inspect` and configuration."""

    @property
    def side(self) -> Side:
        """Which record of the money it holds."""

    def identify(self, filename: str, head: bytes) -> bool:
        """Whether name and first 64 KiB are of this format."""

    def explain(self, filename: str, head: bytes) -> str:
        """Why a file that should be of this format is not: which column, which line."""

    def parse(self, data: bytes, context: Context) -> Parsed:
        """Read the whole file; SourceError where it cannot be used at all."""


@runtime_checkable
class Streaming(Protocol):
    """A profile that reads large files part by part."""

    def stream(self, data: Data, context: Context) -> Iterator[Parsed]:
        """Parts in the order of the file; the last one has the totals and warnings of all."""


@runtime_checkable
class Bulky(Protocol):
    """A profile whose files take many times their size in memory, so that it reads them in parts sooner than LARGE."""

    @property
    def large(self) -> int:
        """Bytes from which it does."""
