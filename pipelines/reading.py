"""One file parsed and validated, at once or part after part, and what all its parts amount to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

import schemas
from pipelines.columns import distinct
from pipelines.config import Settings, Source
from pipelines.sources.base import LARGE, Bulky, Data, Parsed, Profile, SourceError, Streaming
from pipelines.sources.traces import runs_of

AMOUNTS = {"journal": "amount_minor", "settlement": "gross_minor", "bank": "amount_minor"}
DATES = {"journal": "business_date", "settlement": "settlement_date", "bank": "booking_date"}
SHOWN_DATES = {"journal": "txn_time", "settlement": "txn_time", "bank": "booking_date"}
WHOSE = {"journal": "merchant_id", "settlement": "merchant_id", "bank": "account"}

NO_REJECTS = pl.DataFrame(
    schema={
        "line": pl.Int64,
        "reason": pl.String,
        "raw": pl.String,
        "amount_minor": pl.Int64,
        "currency": pl.String,
    }
)
OF_A_PAYOUT = {"acquirer": pl.String, "payout_id": pl.String, "record_type": pl.String, "net_minor": pl.Int64}
"""What is kept of a rejected settlement line as far as it can be read: it is part of its payout all the same."""


@dataclass(frozen=True)
class Read:
    """A file that parsed and was validated: accepted rows, and rejected ones with reason and raw line.

    rejected: `line`, `reason`, `raw`, `amount_minor`, `currency`; of a settlement file also OF_A_PAYOUT.
    """

    parsed: Parsed
    accepted: pl.DataFrame
    rejected: pl.DataFrame

    def guarded(self, accepted: pl.DataFrame, balances: pl.DataFrame, formed: pl.DataFrame) -> Read:
        """The same with rows, balances and payouts that hold no card number."""
        return replace(self, accepted=accepted, parsed=replace(self.parsed, balances=balances, formed=formed))

    @property
    def booked(self) -> pl.DataFrame:
        """Rows for the books: the accepted ones, and payouts that only the lines of the file give."""
        formed = self.parsed.formed
        return pl.concat([self.accepted, formed], how="diagonal") if formed.height else self.accepted

    @property
    def refusal(self) -> SourceError | None:
        """Why the file as a whole cannot be used though its rows could be read."""
        totals = self.parsed.totals
        if totals.agree is not False:
            return None
        return SourceError(
            f"control totals disagree: {totals.disagreement()}",
            mend="ask the sender to send the file again",
            profile=self.parsed.profile,
        )


def read(profile: Profile, data: bytes, settings: Settings, source: Source | None, name: str = "") -> Read:
    """Parse and validate one file; SourceError where it cannot be read at all. name: what the file was called."""
    context = settings.context(source or Source(name="", profile=profile.name, pattern="*"), name)
    return _checked(profile.parse(data, context))


def read_parts(profile: Profile, data: Data, settings: Settings, source: Source | None, name: str) -> Iterator[Read]:
    """`read` for a file that may be large: part after part, the last of which has the totals of all."""
    if not isinstance(profile, Streaming) or len(data) < (profile.large if isinstance(profile, Bulky) else LARGE):
        yield read(profile, data[:], settings, source, name)
        return
    context = settings.context(source or Source(name="", profile=profile.name, pattern="*"), name)
    yield from map(_checked, profile.stream(data, context))


def ahead(parts: Iterator[Read]) -> Iterator[Read]:
    """The same parts, each read while the one before it is used; the first at once."""
    pool = ThreadPoolExecutor(1)
    return _coming(pool, pool.submit(next, parts, None), parts)


def _coming(pool: ThreadPoolExecutor, coming: Future[Read | None], parts: Iterator[Read]) -> Iterator[Read]:
    with pool:
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def _checked(parsed: Parsed) -> Read:
    checked = schemas.check(schemas.BY_SIDE[parsed.side], parsed.rows)
    rejected = _rejected(parsed, checked.rejected)
    traces = parsed.traces
    if parsed.side == "journal" and rejected.height:  # a row that cannot be used was made by the terminal all the same
        lines = rejected["line"].implode()
        traces = pl.concat([traces, runs_of(parsed.rows.filter(pl.col("line").is_in(lines)))])
    without_text = replace(parsed, raw=_no_raw, traces=traces)  # its text may be as large as memory
    return Read(without_text, checked.accepted, rejected)


def _no_raw(lines: list[int]) -> dict[int, str]:
    del lines
    return {}


def _rejected(parsed: Parsed, invalid: pl.DataFrame) -> pl.DataFrame:
    if parsed.refused.is_empty() and invalid.is_empty():
        return NO_REJECTS
    told = [name for name in OF_A_PAYOUT if parsed.side == "settlement" and name in parsed.rows.columns]
    amounts = parsed.rows.select("line", "currency", *told, amount_minor=AMOUNTS[parsed.side])
    amounts = amounts.unique("line", keep="none")  # of several rows on one line nobody knows which one is meant
    bad = pl.concat([parsed.refused, invalid]).sort("line")
    bad = bad.join(amounts, on="line", how="left", maintain_order="left")
    raw = parsed.raw(bad["line"].to_list())
    texts = pl.Series("raw", [raw.get(line, "") for line in bad["line"]], pl.String)
    return bad.with_columns(texts).select("line", "reason", "raw", "amount_minor", "currency", *told)


def span(parsed: Parsed) -> tuple[date | None, date | None]:
    """First and last date printed in the file: of the transaction, or of the booking in a bank statement.

    A journal that states its business days is of those, and a statement without entries still speaks of its days.
    """
    if parsed.printed:
        return parsed.printed
    shown = parsed.rows[SHOWN_DATES[parsed.side]]
    if parsed.covered and (shown.is_empty() or parsed.side == "journal"):
        shown = pl.Series(parsed.covered).str.to_date()
    first, last = pl.Series([shown.min(), shown.max()], dtype=shown.dtype).cast(pl.Date)
    return first, last


@dataclass
class Summary:
    """What the parts of one file amount to. first, last: dates printed in it; oldest, newest: dates of its rows."""

    part: Read
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    first: date | None = None
    last: date | None = None
    oldest: date | None = None
    newest: date | None = None
    whose: set[str] = field(default_factory=set)

    @property
    def parsed(self) -> Parsed:
        """The last part: it has the totals, warnings and covered days of the file."""
        return self.part.parsed

    def add(self, part: Read) -> None:
        """One part more, in the order of the file."""
        self.part, side = part, part.parsed.side
        self.rows += part.parsed.data_rows
        self.accepted += part.accepted.height
        self.rejected += part.rejected.height
        first, last = span(part.parsed)
        dates = part.accepted[DATES[side]]
        self.first, self.last = _least(self.first, first), _most(self.last, last)
        self.oldest, self.newest = _least(self.oldest, dates.min()), _most(self.newest, dates.max())
        self.whose |= {*distinct(part.accepted[WHOSE[side]]).drop_nulls()}


def _least(one: Any, other: Any) -> Any:
    return min((day for day in (one, other) if day is not None), default=None)


def _most(one: Any, other: Any) -> Any:
    return max((day for day in (one, other) if day is not None), default=None)
