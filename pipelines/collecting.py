"""The step before the night takes files in: what other places hold comes into the inbox, sources side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from threading import Lock
from typing import Any

from pipelines.collect.fetch import Errand, Fetched, Say, Secret, fetch
from pipelines.config import Settings, Source
from pipelines.store import Store, collected

AT_ONCE = 8
"""Sources that are fetched from at the same time."""

Run = Callable[[str, Callable[[], Any]], Any]


def collect_all(
    store: Store, settings: Settings, until: date, run_no: int, secret: Secret, say: Say, run: Run
) -> list[Fetched]:
    """Fetch for every source that says where from; each file is on record as soon as it lies in the inbox.

    run: runs a named step, one per source. What one source lacks is said and costs that source alone.
    """
    sources = [source for source in settings.sources if source.collect]
    writing = Lock()  # the store has one connection

    def errand(source: Source) -> Errand:
        known = collected.known(store, source.name)
        over = collected.passed_over(store, source.name, source.pattern)

        def keep(done: Fetched) -> None:
            with writing:
                collected.record(
                    store,
                    *(done.source, done.place, done.version, done.name, done.sha256, done.bytes),
                    run_no,
                )

        def pass_over(messages: Collection[str]) -> None:
            with writing:
                collected.pass_over(store, source.name, source.pattern, messages)

        return Errand(
            *(source, settings.paths.inbox, settings.paths.archive, until, known, secret, say, keep),
            over=over,
            pass_over=pass_over,
        )

    got: list[Fetched] = []
    errands = [errand(source) for source in sources]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        coming = [(each.source.name, pool.submit(fetch, each)) for each in errands]
        for name, future in coming:
            got += run(f"collect {name}", _of(future))
    for name in dict.fromkeys(each.source for each in got):
        say(f"{name}: {sum(each.source == name for each in got)} new files collected")
    return got


def _of(future: Future[list[Fetched]]) -> Callable[[], list[Fetched]]:
    return future.result
