"""The text file beside the store that names its seals, one line each: what is cut off the books stays named there."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from pipelines.store.connection import Store
from pipelines.store.seals import Broken

_LINE = re.compile(r"[1-9][0-9]* [0-9a-f]{64}")


def file_of(store: Path) -> Path:
    """The file of a store."""
    return store.with_suffix(".seals")


def write(store: Store) -> None:
    """Name the seals that the file does not name yet; done once the transaction that made them is over."""
    path = file_of(store.path)
    text = _read(path)
    last = max(_named(text), default=0)
    rows = store.execute("SELECT seal_no, digest FROM book.seals WHERE seal_no > ? ORDER BY seal_no", [last])
    if not rows:
        return
    with path.open("a", encoding="ascii") as file:
        if text and not text.endswith("\n"):
            file.write("\n")  # a crash cut the last line off: it stays as it is, and is named again
        file.writelines(f"{number} {digest}\n" for number, digest in rows)
        file.flush()
        os.fsync(file.fileno())


def named(store: Path) -> dict[int, str]:
    """Number and digest of the seals that the file of a store names."""
    return _named(_read(file_of(store)))


def broken(store: Path, seals: Collection[tuple[int, str]]) -> list[Broken]:
    """What the file of a store says that no seal does, line by line, and that it is gone. seals: number and digest.

    What a crash cut off is the beginning of a line, and no fault.
    """
    path = file_of(store)
    text, whole = _read(path), [f"{number} {digest}" for number, digest in seals]
    if seals and not _named(text):
        return [Broken("seals", None, f"{path.name} beside the store is gone or empty; bring it back from the backup")]
    return [
        Broken("seals", None, f"line {at} of {path.name} beside the store was changed: it names no seal")
        for at, line in enumerate(text.splitlines(), start=1)
        if not _LINE.fullmatch(line) and not any(known.startswith(line) for known in whole)
    ]


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii", errors="replace") if path.exists() else ""


def _named(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in filter(_LINE.fullmatch, text.splitlines()):
        number, _, digest = line.partition(" ")
        found.setdefault(int(number), digest)
    return found
