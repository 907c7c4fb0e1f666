"""One file from the inbox into the books: identify, keep, parse, validate, load; or refuse it in one plain line."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

import schemas
from pipelines.collect import Candidate, archive
from pipelines.config import Settings, Source
from pipelines.sources.base import Parsed, Profile, SourceError
from pipelines.sources.identify import claims, expect
from pipelines.store import Store, files
from pipelines.store.files import FileRecord

AMOUNTS = {"journal": "amount_minor", "settlement": "gross_minor", "bank": "amount_minor"}
DATES = {"journal": "business_date", "settlement": "settlement_date", "bank": "booking_date"}
SHOWN_DATES = {"journal": "txn_time", "settlement": "txn_time", "bank": "booking_date"}


@dataclass(frozen=True)
class Read:
    """A file that parsed and was validated: accepted rows, and rejected ones with reason and raw line.

    rejected: `line`, `reason`, `raw`, `amount_minor`, `currency`.
    """

    parsed: Parsed
    accepted: pl.DataFrame
    rejected: pl.DataFrame

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


def read(profile: Profile, data: bytes, settings: Settings, source: Source | None) -> Read:
    """Parse and validate one file; SourceError where it cannot be read at all."""
    context = settings.context(source or Source(name="", profile=profile.name, pattern="*"))
    parsed = profile.parse(data, context)
    checked = schemas.check(schemas.BY_SIDE[parsed.side], parsed.rows)
    return Read(parsed, checked.accepted, _rejected(parsed, checked.rejected))


def _rejected(parsed: Parsed, invalid: pl.DataFrame) -> pl.DataFrame:
    amounts = parsed.rows.select("line", "currency", amount_minor=AMOUNTS[parsed.side])
    bad = pl.concat([parsed.refused, invalid]).sort("line")
    bad = bad.join(amounts, on="line", how="left", maintain_order="left")
    raw = parsed.raw(bad["line"].to_list()) if bad.height else {}
    texts = pl.Series("raw", [raw.get(line, "") for line in bad["line"]], pl.String)
    return bad.with_columns(texts).select("line", "reason", "raw", "amount_minor", "currency")


def known(books: pl.DataFrame, candidate: Candidate, digest: str, source: Source | None) -> bool:
    """Whether this content is in the books for this source and date (contract.md, Already loaded).

    A name without a date claims no day of its own, so the same content under it is the same file.
    """
    same = books.filter((pl.col("sha256") == digest) & (pl.col("state") == "loaded"))
    if source is not None:
        same = same.filter(pl.col("source") == source.name)
    if candidate.named_for is not None:
        same = same.filter(
            pl.col("expected_date").is_null() | (pl.col("expected_date") == candidate.named_for)
        )
    return not same.is_empty()


def source_of(candidate: Candidate, data: bytes, readers: Mapping[str, Profile]) -> Source | None:
    """Whose file it is: by its name, and by its head where several names fit. SourceError where it is nobody's.

    None for a file that no pattern and no profile knows: it is not for us, and is left alone.
    """
    if len(candidate.sources) == 1:
        return candidate.sources[0]
    if candidate.sources:
        found = claims(candidate.name, data, {s.profile: readers[s.profile] for s in candidate.sources})
        fitting = [s for s in candidate.sources if s.profile in found]
        if len(fitting) == 1:
            return fitting[0]
        names = ", ".join(s.name for s in fitting or candidate.sources)
        raise SourceError(f"claimed by several sources: {names}", mend="make their patterns differ")
    found = claims(candidate.name, data, readers)
    if found:
        raise SourceError(
            f"a file of profile {' or '.join(found)} that no source claims",
            mend="rename it, or add a [[sources]] with a pattern that fits its name",
        )
    return None


def take_in(
    store: Store, settings: Settings, candidate: Candidate, data: bytes, digest: str, run_no: int
) -> FileRecord | None:
    """Bring one new file into the books, accepted or refused; None where it is not for us or was refused before."""
    try:
        source = source_of(candidate, data, settings.readers)
    except SourceError as error:
        kept = archive(data, digest, settings.paths.archive)
        return _refuse(store, _refused(settings, candidate, data, digest, None, error, kept), run_no)
    if source is None:
        return None
    with ThreadPoolExecutor(1) as keeper:  # the copy is written while the file is read
        kept_later = keeper.submit(archive, data, digest, settings.paths.archive)
        try:
            done = _read_as_agreed(candidate, data, settings, source)
        except SourceError as error:
            record = _refused(settings, candidate, data, digest, source, error, kept_later.result())
            return _refuse(store, record, run_no)
        record = _record(candidate, len(data), digest, source, done, kept_later.result())
    file_id = files.load(store, record, done.accepted, done.rejected, run_no)
    return replace(record, file_id=file_id)


def _read_as_agreed(candidate: Candidate, data: bytes, settings: Settings, source: Source) -> Read:
    profile = settings.readers[source.profile]
    expect(candidate.name, data, profile, settings.readers)
    done = read(profile, data, settings, source)
    if done.refusal:
        raise done.refusal
    return done


def _refused(
    settings: Settings,
    candidate: Candidate,
    data: bytes,
    digest: str,
    source: Source | None,
    error: SourceError,
    kept: Path,
) -> FileRecord:
    return FileRecord(
        name=candidate.name,
        source=source.name if source else None,
        side=settings.side_of(source) if source else None,
        profile=error.profile,
        sha256=digest,
        bytes=len(data),
        expected_date=candidate.named_for,
        state="rejected",
        arrived_at=candidate.arrived_at,
        archived=str(kept),
        error=error.text,
    )


def _refuse(store: Store, record: FileRecord, run_no: int) -> FileRecord | None:
    """Put a refusal on record, once: a file that is refused again for the same reason is no news."""
    before = store.execute(
        "SELECT error FROM book.files WHERE name = ? AND sha256 = ? ORDER BY file_id DESC LIMIT 1",
        [record.name, record.sha256],
    )
    if before and before[0][0] == record.error:
        return None
    return replace(record, file_id=files.load(store, record, None, None, run_no))


def _record(
    candidate: Candidate, size: int, digest: str, source: Source, done: Read, kept: Path
) -> FileRecord:
    parsed = done.parsed
    first, last = span(parsed)
    dates = done.accepted[DATES[parsed.side]]
    inside = max(parsed.covered, default=None)
    by_content = date.fromisoformat(inside) if inside else dates.max()
    return FileRecord(
        name=candidate.name,
        source=source.name,
        side=parsed.side,
        profile=parsed.profile,
        sha256=digest,
        bytes=size,
        expected_date=candidate.named_for or by_content,  # type: ignore[arg-type]
        state="loaded",
        arrived_at=candidate.arrived_at,
        archived=str(kept),
        row_count=parsed.data_rows,
        accepted=done.accepted.height,
        rejected=done.rejected.height,
        declared=parsed.totals.declared,
        computed=parsed.totals.computed,
        agree=parsed.totals.agree,
        first_date=first,
        last_date=last,
        covers=_covers(candidate, parsed, dates),
        warnings=parsed.warnings,
    )


def span(parsed: Parsed) -> tuple[date | None, date | None]:
    """First and last date printed in the file: of the transaction, or of the booking in a bank statement."""
    dates = parsed.rows[SHOWN_DATES[parsed.side]].cast(pl.Date)
    return dates.min(), dates.max()  # type: ignore[return-value]


def _covers(candidate: Candidate, parsed: Parsed, dates: pl.Series) -> tuple[date, ...]:
    """Days the file speaks for beside the date in its name."""
    if parsed.covered:
        return tuple(date.fromisoformat(day) for day in parsed.covered)
    if candidate.named_for is not None or dates.is_empty():
        return ()
    first, last = dates.min(), dates.max()
    assert isinstance(first, date) and isinstance(last, date)  # noqa: S101, PT018 - a date column
    return tuple(first + timedelta(days=n) for n in range(min((last - first).days, 366) + 1))

