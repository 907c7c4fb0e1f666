"""By what a file was judged that is not used: as long as nothing of it changes, it need not be read again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.collect import Candidate, sidecars_of
from pipelines.config import Settings
from pipelines.store.files import Known, Seen

ROOT = Path(__file__).resolve().parents[1]
READERS = ("pipelines/*.py", "pipelines/sources/**/*.py", "pipelines/collect/*.py", "schemas/*.py")
"""Programs that decide whether a file can be read, and whose it is."""


def judge(settings: Settings) -> str:
    """What all files of a night are judged by: the program, as the disk tells that it is the same, and recon.toml."""
    programs = (file for pattern in READERS for file in sorted(ROOT.glob(pattern)))
    return _digest((settings.model_dump_json(), *map(_stamp, programs)))


def judged_by(judge: str, candidate: Candidate) -> str:
    """What one file is judged by: the checksums beside it, too."""
    return _digest((judge, *map(_stamp, sidecars_of(candidate.path))))


@dataclass(frozen=True)
class Before:
    """What a night knows of files before it looks at them.

    books: `files.known_files` as of its start; seen: what earlier nights found in the inbox, by path and stamp; judge:
    what files are judged by tonight.
    """

    books: Known
    seen: Mapping[tuple[str, str], Seen]
    judge: str = ""

    def refused(self, candidate: Candidate, seen: Seen) -> bool:
        """Whether it was refused, or nobody's, by the same that would look at it tonight."""
        return seen.judged_by is not None and seen.judged_by == judged_by(self.judge, candidate)


def _stamp(file: Path) -> str:
    stat = file.stat()
    return f"{file} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
