"""What a night does first, beside the reading of its own program: its store is opened, large files are hashed."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from pipelines import allocation
from pipelines.config import Settings
from pipelines.hashing import Hashing
from pipelines.store import Store


@dataclass(frozen=True)
class Beginning:
    """store: once it is open; StoreError where it cannot be had."""

    store: Future[Store]
    hashing: Hashing


def begin(settings: Settings, hashing: Hashing | None = None) -> Beginning:
    """Begin a night; whoever takes what it gives ends it, too. hashing: where it was begun before."""
    allocation.of_the_system()
    pool = ThreadPoolExecutor(1)
    hashing = hashing or Hashing(settings.paths.inbox)
    store = pool.submit(Store, settings.paths.store, settings.run.memory_limit)
    pool.shutdown(wait=False)
    return Beginning(store, hashing)
