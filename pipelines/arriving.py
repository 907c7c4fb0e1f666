"""A night as its steps share it, and its first half: each file of the inbox into the books, the next read meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from pipelines import collect, intake
from pipelines.config import Settings
from pipelines.hashing import Hashing
from pipelines.judging import Before, judge, judged_by
from pipelines.matching.narrow import narrowed
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import Store, books, terminals
from pipelines.store.files import Seen, known_files, remember, seen_before
from pipelines.store.partitions import Partitions, most_held

StepRunner = Callable[[str, Callable[[], Any]], Any]
"""Runs one named step; the plain one just calls it, Prefect's makes a task of it."""

Say = Callable[[str], None]


READ_AHEAD = 2
"""Files at a time that are read, parsed and validated, the one that is loaded among them."""


@dataclass
class Night:
    """One run: its settings, its store, and what its steps have found so far."""

    settings: Settings
    date: date
    store: Store
    run_no: int
    say: Say
    run_id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    seconds: dict[str, float] = field(default_factory=dict)
    entries: books.Fresh = field(default_factory=dict)
    judge: str = ""
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: {"loaded": 0, "already_loaded": 0, "rejected": 0})
    fresh: Partitions = field(init=False)

    def __post_init__(self) -> None:
        self.fresh = Partitions(self.store.spill, most_held(self.store.memory_limit))


def take_in_all(night: Night, runner: StepRunner, hashing: Hashing) -> None:
    """Every file of the inbox whose date has come, each in its own step; the next are read meanwhile.

    What an earlier night has looked at is no step: an inbox may hold years.
    """
    settings = night.settings
    if not settings.paths.inbox.is_dir():
        night.say(f"{settings.paths.inbox}: there is no such inbox; no file can arrive")
    due = [c for c in collect.in_inbox(settings) if c.named_for is None or c.named_for <= night.date]
    night.judge = judge(settings)
    before = Before(known_files(night.store), seen_before(night.store), night.judge)
    fresh = []
    for candidate in due:
        if (found := intake.as_before(candidate, before)) is None:
            fresh.append(candidate)
        else:
            _enter(night, found)
    hashing.needed([(str(c.path), c.stamp) for c in fresh])
    with ThreadPoolExecutor(READ_AHEAD) as ahead:
        coming: deque[Future[list[intake.Prepared]]] = deque()
        for at, candidate in enumerate(fresh):
            for later in fresh[at + len(coming) : at + READ_AHEAD]:
                coming.append(ahead.submit(intake.prepare, settings, later, before, night.date, hashing))
            runner(f"load {candidate.name}", _step_of(night, candidate, coming.popleft()))
    remember(night.store, {str(c.path): c.stamp for c in due}, {**before.seen, **night.seen})
    for line in terminals.batches_told(night.store, night.run_no):
        night.say(line)


def _step_of(night: Night, candidate: collect.Candidate, prepared: Future[list[intake.Prepared]]) -> Callable[[], str]:
    return lambda: _take_in(night, candidate, prepared)


def _take_in(night: Night, candidate: collect.Candidate, prepared: Future[list[intake.Prepared]]) -> str:
    """One file, or each in an archive; returns what became of it in a word or two."""
    try:
        found = prepared.result()
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        if str(error.filename) != str(candidate.path):  # not the file is to blame but the place where it is kept
            raise
        night.counts["rejected"] += 1
        night.say(f"{candidate.name}: cannot be read: {error.strerror}; mend its permissions and run again")
        return "unreadable"
    became = ", ".join(dict.fromkeys(_enter(night, each) for each in found)) or "left alone"
    if candidate.stamp and len(found) == 1 and found[0].candidate.member is None and not found[0].tonight:
        unused = became not in ("loaded", "already loaded")
        seen = Seen(found[0].digest, judged_by(night.judge, candidate) if unused else None)
        night.seen[str(candidate.path), candidate.stamp] = seen
    return became


def _enter(night: Night, found: intake.Prepared) -> str:
    candidate = found.candidate
    if found.known:
        night.counts["already_loaded"] += 1
        return "already loaded"
    kept = _Kept(night.fresh)
    record = intake.enter(night.store, night.settings, found, night.run_no, kept.add)
    kept.end(night, record is not None and record.state == "loaded")
    if record is None and found.parts is not None:
        night.counts["already_loaded"] += 1
        night.say(f"{candidate.name}: the same content is in the books already; nothing is loaded twice")
        return "already loaded"
    if record is None:
        if candidate.member:
            night.say(f"{candidate.name}: left alone: no source and no profile knows it")
        return "left alone"
    night.counts[record.state] += 1
    if record.state == "rejected":
        night.say(f"{record.name}: {record.error}")
    else:
        rejected = f", {record.rejected:,} rejected" if record.rejected else ""
        night.say(f"{record.name}: {record.accepted:,} rows of {record.source}{rejected}")
        for old in record.corrects:
            night.say(f"{record.name}: replaces {old}, same source and day; what rested on it is undone")
        _say_rejects(night, record.file_id, record.name)
    return record.state


@dataclass
class _Kept:
    """Rows of a file that is being loaded, kept for the matching."""

    fresh: Partitions
    file_id: int | None = None
    entries: list[pl.DataFrame] = field(default_factory=list)

    def add(self, side: str, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        self.file_id = rows["row_id"][0] // LINES_PER_FILE
        if side == "bank":
            self.entries.append(books.lean(rows))
        else:
            self.fresh.add(side, narrowed(side, rows))

    def end(self, night: Night, loaded: bool) -> None:
        """The file is in the books, or it was refused after all."""
        if self.file_id is None:
            return
        if self.entries and loaded:
            night.entries[self.file_id] = pl.concat(self.entries)
        elif loaded:
            self.fresh.files.add(self.file_id)
        else:
            self.fresh.drop(self.file_id)


def _say_rejects(night: Night, file_id: int, name: str, most: int = 10) -> None:
    """The first rejected rows, a line each; the report and `rejected_rows` hold them all."""
    rows = night.store.execute("SELECT line, reason FROM book.rejected_rows WHERE file_id = ? ORDER BY line", [file_id])
    for line, reason in rows[:most]:
        night.say(f"{name}: line {line}: {reason}; mend it at its source")
    if len(rows) > most:
        night.say(f"{name}: {len(rows) - most:,} more rejected rows are in the report")
