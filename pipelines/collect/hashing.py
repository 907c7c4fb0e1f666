"""Large files of the inbox are hashed while the night begins: one core has nothing to do until its store is open."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from pipelines.collect import HELD, Candidate, Opened, candidate, contents, finished, pieces
from pipelines.config import Settings

Key = tuple[Path, str]
"""A file, and what the disk tells of it: as long as that is the same the file is, too."""


class Hashing:
    """One after the other, the newest first: which of them earlier nights have loaded the store will tell."""

    def __init__(self, settings: Settings):
        self._needed: Collection[Key] | None = None
        large = sorted(_large(settings), key=lambda c: c.modified_ns, reverse=True)
        pool = ThreadPoolExecutor(1)
        self._begun = {_key(file): pool.submit(self._hashed, _key(file)) for file in large}
        pool.shutdown(wait=False)

    def needed(self, files: Iterable[Candidate]) -> None:
        """Only these are hashed any further."""
        self._needed = {_key(file) for file in files}
        for key, future in self._begun.items():
            if key not in self._needed:
                future.cancel()

    def opened(self, file: Candidate) -> Opened:
        """The file, hashed if its turn has come; OSError where it cannot be read."""
        begun: Future[Opened | None] | None = self._begun.pop(_key(file), None)
        found = None if begun is None or begun.cancel() else begun.result()
        return found or Opened(contents(file.path))

    def _hashed(self, key: Key) -> Opened | None:
        found = hashlib.sha256(usedforsecurity=False)
        try:
            data = contents(key[0])
            for piece in pieces(data):
                if self._needed is not None and key not in self._needed:
                    return None
                found.update(piece)
        except OSError:  # whoever reads it for good will tell
            return None
        return Opened(data, found.hexdigest())


def _large(settings: Settings) -> list[Candidate]:
    """Those that are read where they lie. One that was written a moment ago may be another before it is loaded."""
    inbox = settings.paths.inbox
    if not inbox.is_dir():
        return []
    found = (entry for entry in finished(inbox) if entry.stat().st_size >= HELD)
    return [file for entry in found if (file := candidate(Path(entry.path), settings.sources)).stamp]


def _key(file: Candidate) -> Key:
    return file.path, file.stamp
