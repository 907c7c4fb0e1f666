"""Large files of the inbox are hashed while the program itself is read: one core has nothing else to do until then.

It needs nothing that takes long to import. Nothing depends on it: a file that it has not come to is hashed when it is
read, and so is one that is another by then.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Collection
from concurrent.futures import Future
from pathlib import Path
from threading import Thread

LEAST = 8 * 2**20
"""Bytes from which it is worth while."""

PIECE = 16 * 2**20
"""Bytes that are read at once: in between, others run Python."""

DAY_NS = 24 * 3600 * 10**9

Key = tuple[str, str]
"""Path and stamp of a file."""


def stamp(stat: os.stat_result) -> str:
    """What the disk tells of a file: as long as it is the same the file is, too.

    In hexadecimal: the number of an inode may have as many digits as a card's, and pass its check.
    """
    return f"{stat.st_size:x}:{stat.st_mtime_ns:x}:{stat.st_ctime_ns:x}:{stat.st_ino:x}"


class Hashing:
    """One file after the other, those of the newest day first: which of them were loaded before the store will tell."""

    def __init__(self, inbox: Path):
        self._needed: Collection[Key] | None = None
        self._begun: dict[Key, Future[str | None]] = {key: Future() for key in _large(inbox)}
        # not to be waited for: the command may end before there is anything to hash for
        Thread(target=self._work, args=(dict(self._begun),), daemon=True).start()

    def needed(self, files: Collection[Key]) -> None:
        """Only these are hashed any further."""
        self._needed = frozenset(files)
        for key, future in [*self._begun.items()]:
            if key not in self._needed:
                future.cancel()

    def of(self, file: Key) -> str | None:
        """Hexadecimal SHA-256 of a file as it was when the disk told this of it, if its turn has come."""
        begun = self._begun.pop(file, None)
        return None if begun is None or begun.cancel() else begun.result()

    def _work(self, files: dict[Key, Future[str | None]]) -> None:
        for key, future in files.items():
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._hashed(key))
                except Exception:  # noqa: BLE001 - whoever reads it for good will tell, and must not wait for this
                    future.set_result(None)

    def _hashed(self, key: Key) -> str | None:
        found, room = hashlib.sha256(usedforsecurity=False), memoryview(bytearray(PIECE))
        with Path(key[0]).open("rb", buffering=0) as file:
            while size := file.readinto(room):
                if self._needed is not None and key not in self._needed:
                    return None
                found.update(room[:size])
        return found.hexdigest()


def _large(inbox: Path) -> list[Key]:
    try:
        found = [(entry.path, entry.stat()) for entry in os.scandir(inbox) if entry.is_file()]
    except OSError:
        return []
    as_loaded = sorted(found, key=lambda file: (-(file[1].st_mtime_ns // DAY_NS), file[0]))
    return [(path, stamp(stat)) for path, stat in as_loaded if stat.st_size >= LEAST]


def of_config(path: Path) -> Hashing | None:
    """Begin with the inbox that a recon.toml names; None where it does not: reading it for good will tell."""
    try:
        inbox = tomllib.loads(path.read_text(encoding="utf-8")).get("paths", {}).get("inbox", "inbox")
        return Hashing((path.resolve().parent / inbox).resolve())
    except (OSError, ValueError, AttributeError, TypeError):
        return None
