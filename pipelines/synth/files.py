"""Write the native CSV files with their trailers, and remember where each faulty line stands."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import polars as pl

from pipelines.synth.settle import journal_frame, major, settlement_frame

JOURNAL_COLUMNS = (
    "terminal_id,merchant_id,batch_no,stan,rrn,auth_code,txn_type,channel,card_no,card_type,amount,currency,"
    "txn_time,response_code,status,original_rrn,order_no,operator_id"
)
SETTLEMENT_COLUMNS = (
    "acquirer,settlement_date,payout_id,record_type,merchant_id,terminal_id,batch_no,stan,rrn,auth_code,card_no,"
    "card_type,txn_time,gross,fee,net,currency,original_rrn,order_no,reason_code"
)
BANK_COLUMNS = "account,booking_date,value_date,amount,currency,bank_ref,remittance,counterparty,balance"


class NativeFile:
    """A CSV file under way: header (line 1) at once, rows as they come, the trailer at the end."""

    def __init__(self, path: Path, columns: str) -> None:
        self.path = path
        self.rows = 0
        self._columns = columns

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.path.open("wb")
        self._file.write(f"{self._columns}\n".encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, text: pl.DataFrame) -> None:
        """Append rows of text without commas or quotes; empty cells for nulls."""
        # Polars would quote empty text, and a null and an empty cell are the same thing in these files
        text.write_csv(self._file, include_header=False, quote_style="never")
        self.rows += text.height

    def trailer(self, totals: str) -> None:
        """Write the last line, `# rows=<n> <totals>`."""
        self._file.write(f"# rows={self.rows} {totals}\n".encode())


class JournalFile(NativeFile):
    """A pos_journal file; `add` takes events, `end` writes the sum of the amounts that can be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, JOURNAL_COLUMNS)
        self._amount = 0

    def add(self, events: pl.DataFrame, *, by_terminal: bool = False) -> pl.DataFrame:
        """Write the events in time order, or terminal by terminal; return those of which truth is told with `line`."""
        ordered = events.sort("terminal_id", maintain_order=True) if by_terminal else events
        numbered = ordered.with_columns((pl.int_range(pl.len()) + self.rows + 2).alias("line"))
        self.append(journal_frame(numbered))
        self._amount += _readable(numbered, "amount", "j_amount")
        return numbered.filter(pl.col("fault").is_not_null() | pl.col("told"))

    def end(self) -> None:
        """Write the trailer."""
        self.trailer(f"amount={major(self._amount)}")


class SettlementFile(NativeFile):
    """An acquirer_csv file; `add` takes lines and their payouts, `end` writes the sums without payouts."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SETTLEMENT_COLUMNS)
        self._sums = {"gross": 0, "fee": 0, "net": 0}

    def add(self, lines: pl.DataFrame, payouts: pl.DataFrame, *, newest_first: bool = False) -> pl.DataFrame:
        """Write the lines, each payout's line after its own; return lines with truth and payouts, with `line`.

        A line sent again stands behind the other lines of its payout.
        """
        for column in self._sums:
            self._sums[column] += _readable(lines, column, "a_gross" if column == "gross" else "")
        declared = payouts.with_columns(
            pl.lit("PAYOUT").alias("a_type"), pl.col("net").alias("gross"), pl.lit(0, pl.Int64).alias("fee")
        )
        rows = pl.concat([lines, declared], how="diagonal")
        last = [False, False, False, newest_first, newest_first]
        rows = rows.sort(
            "group", pl.col("a_type") == "PAYOUT", "copy", "a_time", "id", nulls_last=True, descending=last
        )
        rows = rows.with_columns((pl.int_range(pl.len()) + self.rows + 2).alias("line"))
        self.append(settlement_frame(rows))
        return rows.filter(pl.col("fault").is_not_null() | pl.col("told") | (pl.col("a_type") == "PAYOUT"))

    def end(self) -> None:
        """Write the trailer."""
        self.trailer(" ".join(f"{name}={major(value)}" for name, value in self._sums.items()))


def spoil_trailer(good: Path, bad: Path) -> None:
    """Copy a file with its last declared amount 1.00 too high."""
    body, _, trailer = good.read_bytes().rstrip(b"\n").rpartition(b"\n")
    amount = re.search(rb"(-?)(\d+)\.(\d\d)$", trailer)
    assert amount is not None  # noqa: S101 - written by this module a moment ago
    sign, units, cents = (group.decode() for group in amount.groups())
    wrong = major(int(f"{sign}{units}{cents}") + 100).encode()
    bad.write_bytes(body + b"\n" + trailer[: amount.start()] + wrong + b"\n")


def _readable(frame: pl.DataFrame, column: str, spoilt_as: str) -> int:
    """Sum what a reader of the file can read of a column (fen)."""
    return int(frame.filter(pl.col("spoilt").is_null() | (pl.col("spoilt") != spoilt_as))[column].sum())
