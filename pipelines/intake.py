"""One file from the inbox into the books: identify, keep, parse, validate, load; or refuse it in one plain line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.card_key import guard
from pipelines.collect import Candidate, Opened, Spool, check_sidecars, inside, opened, sha256
from pipelines.config import Settings, Source
from pipelines.hashing import Hashing
from pipelines.judging import Before
from pipelines.reading import Read, Summary, ahead, read, read_parts
from pipelines.sources.base import LARGE, Data, Profile, SourceError
from pipelines.sources.containers import is_archive, members
from pipelines.sources.identify import claims, expect
from pipelines.store import Store, files, purging
from pipelines.store.files import FileRecord
from pipelines.store.retract import Newcomer, superseded

__all__ = ["Prepared", "Read", "enter", "prepare", "read"]

Keep = Callable[[str, pl.DataFrame], None]
"""Is given the side and the rows of a file part by part, as they are stored."""


def known(books: files.Known, candidate: Candidate, digest: str, source: Source | None) -> bool:
    """Whether this content is in the books for this source and date (contract.md, Already loaded).

    A name without a date claims no day of its own, so the same content under it is the same file. What was taken back
    does not come back by itself.
    """
    return any(
        (source is None or whose == source.name) and (candidate.named_for is None or day in (None, candidate.named_for))
        for whose, day in books.get(digest, ())
    )


def source_of(candidate: Candidate, data: Data, readers: Mapping[str, Profile]) -> Source | None:
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

    source None and no error: not for us. known: its content is in the books. keeping: the copy for the archive, written
    while the file is read. parts or error: what became of it; the parts of a large file are read when they are asked
    for, and only then its end may refuse it. tonight: what became of it may be otherwise on another night.
    """

    candidate: Candidate
    digest: str
    size: int
    source: Source | None = None
    known: bool = False
    keeping: Future[Path] | None = None
    parts: Iterable[Read] | None = None
    error: SourceError | None = None
    tonight: bool = False

    @property
    def ours(self) -> bool:
        """Whether somebody claims it."""
        return self.known or self.source is not None or self.error is not None

    @property
    def kept(self) -> Path | None:
        """Where its copy is, once it is whole; OSError where it cannot be written."""
        return None if self.keeping is None else self.keeping.result()


def as_before(candidate: Candidate, before: Before) -> Prepared | None:
    """A file that an earlier night has looked at, and that is no other since: it need not be opened."""
    seen = before.seen.get((str(candidate.path), candidate.stamp))
    if seen is None:
        return None
    if known(before.books, candidate, seen.sha256, _only(candidate)):
        return Prepared(candidate, seen.sha256, candidate.size, known=True)
    return Prepared(candidate, seen.sha256, candidate.size) if before.refused(candidate, seen) else None


def prepare(settings: Settings, candidate: Candidate, before: Before, until: date, hashing: Hashing) -> list[Prepared]:
    """Read, identify, keep, parse and validate one file, or each in an archive; OSError where it cannot be read.

    until: what is named for a later date waits. This half of the work needs no database, so that the next file is
    prepared while the one before it is loaded.
    """
    books, file = before.books, opened(candidate, hashing)
    data = file.data
    if not is_archive(data[:8]):
        return [_prepare(settings, candidate, data, file, books)]
    try:
        held = [inside(candidate, member, settings.sources) for member in members(candidate.name, data, Spool())]
    except SourceError as error:
        return [_not_opened(settings, candidate, file, error)]
    found = [
        _prepare(settings, each, each.member.data, file, books)
        for each in held
        if each.member and (each.named_for is None or each.named_for <= until)
    ]
    if candidate.sources and all(each.loose for each in held) and not any(each.ours for each in found):
        names = " or ".join(source.name for source in candidate.sources)
        nobody_s = SourceError(f"none of its {len(held)} files is one of {names}", mend="look at it with recon inspect")
        return [_not_opened(settings, candidate, file, nobody_s)]
    return found


def _not_opened(settings: Settings, candidate: Candidate, file: Opened, error: SourceError) -> Prepared:
    found = Prepared(candidate, file.digest, len(file.data), source=_only(candidate), error=error, tonight=True)
    return replace(found, keeping=file.keep(settings.paths.archive))


def _only(candidate: Candidate) -> Source | None:
    return candidate.sources[0] if len(candidate.sources) == 1 else None


def _prepare(settings: Settings, candidate: Candidate, data: Data, file: Opened, books: files.Known) -> Prepared:
    """One file, which may be one of many in `file`: that as it came is what is kept."""
    outer = file.data
    found = Prepared(candidate, file.digest if data is outer else sha256(data), len(data))
    only = _only(candidate)
    if known(books, candidate, found.digest, only):
        return replace(found, known=True)
    try:
        if candidate.member and candidate.member.error:
            raise candidate.member.error
        source = source_of(candidate, data, settings.readers)
        if source is not None:
            check_sidecars(candidate.path, [outer] if data is outer or candidate.one_of_many else [outer, data])
    except SourceError as error:
        return replace(found, error=error, source=only, keeping=file.keep(settings.paths.archive))
    if source is None:
        return found
    found = replace(found, source=source, keeping=file.keep(settings.paths.archive))
    try:
        return replace(found, parts=_read_as_agreed(candidate, data, settings, source))
    except SourceError as error:
        return replace(found, error=error)


def enter(store: Store, settings: Settings, found: Prepared, run_no: int, keep: Keep) -> FileRecord | None:
    """Write a prepared file into the books, accepted or refused; keep: is given its rows as they are stored.

    None where it is not for us, or is in the books already: from an earlier night, or under another name in this one.
    """
    if found.error is not None:
        return _refuse(store, _refused(settings, found, found.error), run_no)
    if found.parts is None or found.source is None:
        return None
    if known(files.known_files(store), found.candidate, found.digest, found.source):
        return None
    try:
        return _load(store, settings, found, found.source, run_no, keep)
    except SourceError as error:  # the end of a large file contradicts it: nothing of it has stayed
        return _refuse(store, _refused(settings, found, error), run_no)


def _load(store: Store, settings: Settings, found: Prepared, source: Source, run_no: int, keep: Keep) -> FileRecord:
    summary: Summary | None = None
    with files.loading(store, run_no, settings.signals) as loading:
        for part in found.parts or ():
            summary = summary or Summary(part)
            summary.add(part)
            side = part.parsed.side
            beside = {"traces": part.parsed.traces, "batch_totals": part.parsed.batch_totals}
            keep(side, loading.add(side, part.booked, part.rejected, {"balances": part.parsed.balances, **beside}))
        assert summary is not None  # noqa: S101 - a file has at least one part
        if summary.part.refusal:
            raise summary.part.refusal
        record = _record(found, source, summary)
        _still_kept(store, record.expected_date)
        new = Newcomer(
            *(source.name, side, record.expected_date, record.name),
            whose=frozenset(summary.whose),
            one_of_many=found.candidate.one_of_many,
            standing=record.standing,
            balances=part.parsed.balances,
        )
        old = superseded(store, new)
        loading.finish(record, old)
    return replace(record, file_id=loading.file_id, corrects=tuple(each.told for each in old))


def _still_kept(store: Store, day: date | None) -> None:
    """SourceError for a file of a day whose rows may have been purged: what it says can be matched no more."""
    kept_from = purging.gone_before(store)
    if kept_from and day and day < kept_from:
        raise SourceError(
            f"it is of {day}; rows of days before {kept_from} were purged",
            mend="keep it with the archive; nothing can be matched with it any more",
        )


def _read_as_agreed(candidate: Candidate, data: Data, settings: Settings, source: Source) -> Iterable[Read]:
    """The parts: of a large file as they come, of others the one, judged already unless the file waits on disk."""
    profile = settings.readers[source.profile]
    expect(candidate.filename, data, profile, settings.readers)
    parts = map(guard(settings), read_parts(profile, data, settings, source, candidate.filename))
    if len(data) >= LARGE:
        return ahead(parts)
    if candidate.member and not isinstance(data, bytes):  # one of many members: their rows would fill memory together
        return parts
    whole = [*parts]
    if whole[-1].refusal:
        raise whole[-1].refusal
    return whole


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
    return replace(record, file_id=files.refuse(store, record, run_no))


def _record(found: Prepared, source: Source, summary: Summary) -> FileRecord:
    parsed, candidate = summary.parsed, found.candidate
    inside = max(parsed.covered, default=None)
    by_content = date.fromisoformat(inside) if inside else summary.newest
    return FileRecord(
        name=candidate.name,
        source=source.name,
        side=parsed.side,
        profile=parsed.profile,
        sha256=found.digest,
        bytes=found.size,
        expected_date=candidate.named_for or by_content,
        state="loaded",
        arrived_at=candidate.arrived_at,
        archived=str(found.kept),
        row_count=summary.rows,
        accepted=summary.accepted,
        rejected=summary.rejected,
        declared=parsed.totals.declared,
        computed=parsed.totals.computed,
        agree=parsed.totals.agree,
        first_date=summary.first,
        last_date=summary.last,
        covers=_covers(candidate, summary),
        warnings=parsed.warnings,
        standing=parsed.standing if parsed.side == "bank" else None,
    )


def _covers(candidate: Candidate, summary: Summary) -> tuple[date, ...]:
    """Days the file speaks for beside the date in its name."""
    if summary.parsed.covered:
        return tuple(date.fromisoformat(day) for day in summary.parsed.covered)
    first, last = summary.oldest, summary.newest
    if candidate.named_for is not None or first is None or last is None:
        return ()
    return tuple(first + timedelta(days=n) for n in range(min((last - first).days, 366) + 1))
