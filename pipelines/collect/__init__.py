"""Where files come from: what lies in the inbox, whose it is, for which date, and keeping each as it came."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from pipelines import hashing
from pipelines.config import Settings, Source
from pipelines.sources.base import Data
from pipelines.sources.containers import Member
from pipelines.sources.sidecars import ALGORITHMS, LONGEST, compare, file_of, is_sidecar, stated

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp")
PIECE = 4 * 2**20
HELD = 8 * 2**20
"""Bytes from which a file is read where it lies, as often as it is looked at."""

SETTLED_NS = 5 * 10**9
"""Times of change are as coarse as the disk makes them: within that, two contents may bear the same."""

DATED = re.compile(r"(?=(20\d{6}))")


@dataclass(frozen=True)
class Candidate:
    """A file in the inbox: the sources whose pattern its name fits, and the date in its name.

    stamp: what the disk tells of it; as long as it is the same the file is, too; empty for one that was written a
    moment ago. member: where it lies in an archive, its name there. loose: its own name fits no source, only that of
    an archive or a workbook that holds others too.
    """

    path: Path
    sources: tuple[Source, ...]
    named_for: date | None
    size: int
    modified_ns: int
    stamp: str = ""
    member: Member | None = None
    loose: bool = False

    @property
    def name(self) -> str:
        """File name without its folder; `outer.zip!inner.csv` in an archive."""
        return self.member.name if self.member else self.path.name

    @property
    def filename(self) -> str:
        """Its own name, wherever it lies."""
        return self.member.filename if self.member else self.path.name

    @property
    def one_of_many(self) -> bool:
        """Whether it came in an archive together with others."""
        return self.member is not None and not self.member.lone

    @property
    def arrived_at(self) -> datetime:
        """When the file was last written, UTC without offset."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC).replace(tzinfo=None)


def date_in_name(name: str) -> date | None:
    """The last eight digits of a name that are a date, YYYYMMDD; None where there is none."""
    for digits in reversed(DATED.findall(name)):
        try:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            continue
    return None


def in_inbox(settings: Settings) -> list[Candidate]:
    """Finished files of the inbox in a fixed order: by the date in the name, then by name."""
    inbox = settings.paths.inbox
    if not inbox.is_dir():
        return []
    entries = [entry for entry in os.scandir(inbox) if _finished(entry) and not is_sidecar(entry.name)]
    found = [_candidate(Path(entry.path), settings.sources) for entry in entries]
    return sorted(found, key=lambda c: (c.named_for or date.min, c.name))


def _finished(entry: os.DirEntry[str]) -> bool:
    hidden = entry.name.startswith((".", "~"))
    return entry.is_file() and not hidden and not entry.name.lower().endswith(UNFINISHED)


def _candidate(path: Path, sources: Iterable[Source]) -> Candidate:
    stat = path.stat()
    still = time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > SETTLED_NS
    return Candidate(
        path,
        _fitting(path.name, sources),
        date_in_name(path.name),
        stat.st_size,
        stat.st_mtime_ns,
        hashing.stamp(stat) if still else "",
    )


def _fitting(name: str, sources: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(s for s in sources if fnmatchcase(name, s.pattern))


def inside(archive: Candidate, member: Member, sources: Iterable[Source]) -> Candidate:
    """A member of an archive as a file of its own: whose and for when says its own name, or else the archive's."""
    fitting = _fitting(member.filename, sources)
    return replace(
        archive,
        sources=fitting or archive.sources,
        named_for=date_in_name(member.filename) or archive.named_for,
        size=len(member.data),
        member=member,
        loose=not member.lone and (member.sheet or not fitting),
    )


class LargeFile:
    """Bytes of a file, or of a part of it, that are read where they are asked for: memory never holds them all."""

    def __init__(self, file: BinaryIO, start: int = 0):
        self._file, self._start = file, start
        self._size = os.fstat(file.fileno()).st_size - start

    def __len__(self) -> int:
        return self._size

    @property
    def stamp(self) -> str:
        """What the disk tells of the file now."""
        return hashing.stamp(os.fstat(self._file.fileno()))

    def __getitem__(self, part: slice) -> bytes:
        at, end, _ = part.indices(self._size)
        found = []
        while at < end and (read := os.pread(self._file.fileno(), end - at, self._start + at)):
            found.append(read)
            at += len(read)
        return b"".join(found)

    def copy_to(self, target: BinaryIO) -> None:
        """Write all bytes to another file, within the kernel."""
        at, stop = self._start, self._start + self._size
        while at < stop and (sent := os.sendfile(target.fileno(), self._file.fileno(), at, stop - at)):
            at += sent


def contents(path: Path) -> Data:
    """The bytes of a file; those of a large one stay on disk."""
    return path.read_bytes() if path.stat().st_size < HELD else LargeFile(path.open("rb", buffering=0))


class Spool:
    """Holds the members of one archive: the first few in memory, the others in a file that nobody else sees."""

    def __init__(self) -> None:
        self._left = HELD
        self._file: BinaryIO | None = None

    def __call__(self, chunks: Iterable[bytes]) -> Data:
        """The bytes of one member."""
        held, size = [], 0
        coming = iter(chunks)
        for chunk in coming:
            held.append(chunk)
            size += len(chunk)
            if size >= self._left:
                return self._on_disk(chain(held, coming))
        self._left -= size
        return b"".join(held)

    def _on_disk(self, chunks: Iterable[bytes]) -> Data:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as the members do
        start = self._file.seek(0, os.SEEK_END)
        self._file.writelines(chunks)
        return LargeFile(self._file, start)


def _pieces(data: Data) -> Iterator[bytes]:
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def sha256(data: Data) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    return digest(data, "sha256")


def digest(data: Data, algorithm: str) -> str:
    """Hexadecimal digest of a file's content; SHA-1 only to compare with what a sender states."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    for piece in _pieces(data):
        found.update(piece)
    return found.hexdigest()


def sidecars_of(path: Path) -> list[Path]:
    """The checksums beside a file; that of `a.csv.gz` may be called `a.csv.sha1`."""
    named = [path.name, *([path.name[:-3]] if path.name.lower().endswith(".gz") else [])]
    found = [path.with_name(name + ending) for name in named for ending in sorted(ALGORITHMS)]
    return [sidecar for sidecar in found if sidecar.is_file()]


def check_sidecars(path: Path, contents: Sequence[Data]) -> list[str]:
    """Names of the checksums beside a file, once all agree; SourceError for one that does not, or cannot be read.

    contents: the file as it came, and unpacked where it holds one file.
    """
    there = sidecars_of(path)
    for sidecar in there:
        with sidecar.open("rb") as handle:
            says = stated(sidecar.name, handle.read(LONGEST), file_of(sidecar.name))
        compare(sidecar.name, says, contents, digest)
    return [sidecar.name for sidecar in there]


def archive(data: Data, digest: str, folder: Path) -> Path:
    """Keep a file as it came, once per content, readable by the owner only; returns where."""
    target = folder / digest[:2] / digest
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    mine = f".{digest}.{os.getpid()}."
    for left in target.parent.glob(f".{digest}.*"):
        if not left.name.startswith(mine):  # of a run that was killed: there is never more than one
            left.unlink(missing_ok=True)
    fresh = target.with_name(f"{mine}{threading.get_ident()}")  # two threads may keep the same content
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            data.copy_to(handle) if isinstance(data, LargeFile) else handle.write(data[:])
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


class Opened:
    """A file of the inbox: its bytes, and its copy for the archive, which is made once somebody needs it.

    It is made while others go on, and once, however many ask: an archive's members do.
    """

    def __init__(self, data: Data, digest: str | None = None):
        """digest: SHA-256 of its bytes, where it is known."""
        self.data, self._digest = data, digest
        self._kept: Future[Path] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        self._digest = self._digest or sha256(self.data)
        return self._digest

    def keep(self, folder: Path) -> Future[Path]:
        """Where its copy is, once it is whole; OSError where it cannot be."""
        if self._kept is None:
            pool = ThreadPoolExecutor(1)
            self._kept = pool.submit(lambda: archive(self.data, self.digest, folder))
            pool.shutdown(wait=False)
        return self._kept


def opened(candidate: Candidate, hashes: hashing.Hashing) -> Opened:
    """A file of the inbox, hashed if its turn has come and it is the same still; OSError where it cannot be read."""
    data = contents(candidate.path)
    same = isinstance(data, LargeFile) and data.stamp == candidate.stamp
    return Opened(data, hashes.of((str(candidate.path), candidate.stamp)) if same else None)
