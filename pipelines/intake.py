"""One file from the inbox into the books: identify, keep, parse, validate, load; or refuse it in one plain line."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

import schemas
from pipelines.collect import Candidate, archive, inside, sha256
from pipelines.config import Settings, Source
from pipelines.sources.base import Parsed, Profile, SourceError
from pipelines.sources.containers import is_archive, members
from pipelines.sources.identify import claims, expect
from pipelines.store import Store, files
from pipelines.store.files import FileRecord
from pipelines.store.retract import WHOSE, Newcomer, superseded

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


def read(profile: Profile, data: bytes, settings: Settings, source: Source | None, name: str = "") -> Read:
    """Parse and validate one file; SourceError where it cannot be read at all. name: what the file was called."""
    context = settings.context(source or Source(name="", profile=profile.name, pattern="*"), name)
    parsed = profile.parse(data, context)
    checked = schemas.check(schemas.BY_SIDE[parsed.side], parsed.rows)
    rejected = _rejected(parsed, checked.rejected)
    without_text = replace(parsed, raw=_no_raw)  # a file may be as large as memory; its text is not needed any more
    return Read(without_text, checked.accepted, rejected)


def _no_raw(lines: list[int]) -> dict[int, str]:
    del lines
    return {}


def _rejected(parsed: Parsed, invalid: pl.DataFrame) -> pl.DataFrame:
    amounts = parsed.rows.select("line", "currency", amount_minor=AMOUNTS[parsed.side])
    amounts = amounts.unique("line", keep="none")  # of several rows on one line nobody knows which one is meant
    bad = pl.concat([parsed.refused, invalid]).sort("line")
    bad = bad.join(amounts, on="line", how="left", maintain_order="left")
    raw = parsed.raw(bad["line"].to_list()) if bad.height else {}
    texts = pl.Series("raw", [raw.get(line, "") for line in bad["line"]], pl.String)
    return bad.with_columns(texts).select("line", "reason", "raw", "amount_minor", "currency")


def known(books: pl.DataFrame, candidate: Candidate, digest: str, source: Source | None) -> bool:
    """Whether this content is in the books for this source and date (contract.md, Already loaded).

    A name without a date claims no day of its own, so the same content under it is the same file. What was taken back
    does not come back by itself.
    """
    same = books.filter((pl.col("sha256") == digest) & pl.col("state").is_in(["loaded", "retracted"]))
    if source is not None:
        same = same.filter(pl.col("source") == source.name)
    if candidate.named_for is not None:
        same = same.filter(pl.col("expected_date").is_null() | (pl.col("expected_date") == candidate.named_for))
    return not same.is_empty()


def source_of(candidate: Candidate, data: bytes, readers: Mapping[str, Profile]) -> Source | None:
    """Whose file it is: by its name, and by its head where several names fit. SourceError where it is nobody's.

    None for a file that no pattern and no profile knows: it is not for us, and is left alone.
    """
    if len(candidate.sources) == 1 and not candidate.loose:
        return candidate.sources[0]
    if candidate.sources:
        found = claims(candidate.filename, data, {s.profile: readers[s.profile] for s in candidate.sources})
        fitting = [s for s in candidate.sources if s.profile in found]
        if len(fitting) == 1:
            return fitting[0]
        if fitting or not candidate.loose:
            names = ", ".join(s.name for s in fitting or candidate.sources)
            raise SourceError(f"claimed by several sources: {names}", mend="make their patterns differ")
    found = claims(candidate.filename, data, readers)
    if found:
        raise SourceError(
            f"a file of profile {' or '.join(found)} that no source claims",
            mend="rename it, or add a [[sources]] with a pattern that fits its name",
        )
    return None


@dataclass(frozen=True)
class Prepared:
    """One file read, kept and judged, with nothing written to the books yet.

    source None and no error: not for us. known: its content is in the books. done or error: what became of it.
    """

    candidate: Candidate
    digest: str
    size: int
    source: Source | None = None
    known: bool = False
    kept: Path | None = None
    done: Read | None = None
    error: SourceError | None = None

    @property
    def ours(self) -> bool:
        """Whether somebody claims it."""
        return self.known or self.source is not None or self.error is not None


def prepare(settings: Settings, candidate: Candidate, books: pl.DataFrame, until: date) -> list[Prepared]:
    """Read, identify, keep, parse and validate one file, or each in an archive; OSError where it cannot be read.

    books: `files.known_files` as of the start of the run; until: what is named for a later date waits. This half of
    the work needs no database, so that the next file is prepared while the one before it is loaded.
    """
    data = candidate.path.read_bytes()
    if not is_archive(data):
        return [_prepare(settings, candidate, data, data, books)]
    try:
        held = [inside(candidate, member, settings.sources) for member in members(candidate.name, data)]
    except SourceError as error:
        return [_not_opened(settings, candidate, data, error)]
    found = [
        _prepare(settings, each, each.member.data, data, books)
        for each in held
        if each.member and (each.named_for is None or each.named_for <= until)
    ]
    if candidate.sources and all(each.loose for each in held) and not any(each.ours for each in found):
        names = " or ".join(source.name for source in candidate.sources)
        nobody_s = SourceError(f"none of its {len(held)} files is one of {names}", mend="look at it with recon inspect")
        return [_not_opened(settings, candidate, data, nobody_s)]
    return found


def _not_opened(settings: Settings, candidate: Candidate, data: bytes, error: SourceError) -> Prepared:
    source = candidate.sources[0] if len(candidate.sources) == 1 else None
    found = Prepared(candidate, sha256(data), len(data), source=source, error=error)
    return replace(found, kept=archive(data, found.digest, settings.paths.archive))


def _prepare(settings: Settings, candidate: Candidate, data: bytes, outer: bytes, books: pl.DataFrame) -> Prepared:
    """One file; outer: the file as it came, which is what is kept."""
    found = Prepared(candidate, sha256(data), len(data))
    only = candidate.sources[0] if len(candidate.sources) == 1 else None
    if known(books, candidate, found.digest, only):
        return replace(found, known=True)
    digest = found.digest if data is outer else sha256(outer)
    try:
        if candidate.member and candidate.member.error:
            raise candidate.member.error
        source = source_of(candidate, data, settings.readers)
    except SourceError as error:
        return replace(found, error=error, source=only, kept=archive(outer, digest, settings.paths.archive))
    if source is None:
        return found
    with ThreadPoolExecutor(1) as keeper:  # the copy is written while the file is read
        kept = keeper.submit(archive, outer, digest, settings.paths.archive)
        try:
            done = _read_as_agreed(candidate, data, settings, source)
        except SourceError as error:
            return replace(found, source=source, error=error, kept=kept.result())
        return replace(found, source=source, done=done, kept=kept.result())


def enter(store: Store, settings: Settings, found: Prepared, run_no: int) -> FileRecord | None:
    """Write a prepared file into the books, accepted or refused.

    None where it is not for us, or is in the books already: from an earlier night, or under another name in this one.
    """
    if found.error is not None:
        return _refuse(store, _refused(settings, found, found.error), run_no)
    if found.done is None or found.source is None:
        return None
    if known(files.known_files(store), found.candidate, found.digest, found.source):
        return None
    record = _record(found, found.source, found.done)
    rows = found.done.accepted
    parsed = found.done.parsed
    new = Newcomer(
        *(found.source.name, parsed.side, record.expected_date, record.name),
        whose=frozenset(rows[WHOSE[parsed.side]].drop_nulls().unique()),
        one_of_many=found.candidate.one_of_many,
        standing=record.standing,
        balances=parsed.balances,
    )
    old = superseded(store, new)
    replaces = [file_id for file_id, _, _ in old]
    file_id = files.load(store, record, rows, found.done.rejected, run_no, replaces, parsed.balances)
    corrects = tuple(f"{name} ({accepted:,} rows)" for _, name, accepted in old)
    return replace(record, file_id=file_id, corrects=corrects)


def _read_as_agreed(candidate: Candidate, data: bytes, settings: Settings, source: Source) -> Read:
    profile = settings.readers[source.profile]
    expect(candidate.filename, data, profile, settings.readers)
    done = read(profile, data, settings, source, candidate.filename)
    if done.refusal:
        raise done.refusal
    return done


def _refused(settings: Settings, found: Prepared, error: SourceError) -> FileRecord:
    source = found.source
    return FileRecord(
        name=found.candidate.name,
        source=source.name if source else None,
        side=settings.side_of(source) if source else None,
        profile=error.profile,
        sha256=found.digest,
        bytes=found.size,
        expected_date=found.candidate.named_for,
        state="rejected",
        arrived_at=found.candidate.arrived_at,
        archived=str(found.kept),
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


def _record(found: Prepared, source: Source, done: Read) -> FileRecord:
    parsed, candidate = done.parsed, found.candidate
    first, last = span(parsed)
    dates = done.accepted[DATES[parsed.side]]
    inside = max(parsed.covered, default=None)
    by_content = date.fromisoformat(inside) if inside else dates.max()
    return FileRecord(
        name=candidate.name,
        source=source.name,
        side=parsed.side,
        profile=parsed.profile,
        sha256=found.digest,
        bytes=found.size,
        expected_date=candidate.named_for or by_content,  # type: ignore[arg-type]
        state="loaded",
        arrived_at=candidate.arrived_at,
        archived=str(found.kept),
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
        standing=parsed.standing if parsed.side == "bank" else None,
    )


def span(parsed: Parsed) -> tuple[date | None, date | None]:
    """First and last date printed in the file: of the transaction, or of the booking in a bank statement.

    A statement without entries still speaks of its days.
    """
    dates = parsed.rows[SHOWN_DATES[parsed.side]].cast(pl.Date)
    if dates.is_empty() and parsed.covered:
        dates = pl.Series(parsed.covered).str.to_date()
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
