"""How far the reading of large files is, on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from pipelines.inspection.entries import Watch
from pipelines.sources.base import Data


class _Watched:
    """Bytes of a large file; tells how far into it somebody has read."""

    def __init__(self, name: str, data: Data, bar: Progress):
        self._data, self._bar, self._far = data, bar, 0
        self._task = bar.add_task(name, total=len(data))
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice) -> bytes:
        found = self._data[part]
        with self._lock:  # parts are read by several threads
            self._far = max(self._far, part.indices(len(self))[1])
            self._bar.update(self._task, completed=self._far)
        return found


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """What to wrap the bytes of a file in, so that a bar shows its progress; bars are gone when all is read."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:

        def watch(name: str, data: Data) -> Data:
            return data if isinstance(data, bytes) else _Watched(name, data, bar)

        yield watch
