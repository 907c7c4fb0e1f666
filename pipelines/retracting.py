"""A person takes a file back: what rested on it is undone, and the newest night is judged again without it."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from pipelines import nightly
from pipelines.arriving import Night, Say
from pipelines.cases.decisions import RETRACT, Act
from pipelines.config import RefusedError, Settings
from pipelines.store import Store, StoreError, books, decisions
from pipelines.store.retract import retract


def take_back(settings: Settings, file_id: str, actor: str, reason: str, say: Say) -> dict[str, Any]:
    """Take a file back and publish the books without it; returns the JSON of the run that did so, and the `file`.

    Undoing, judging anew and the proof are one transaction: if the proof fails, the file is in use as before. Raises
    RefusedError for a file that is not in use, StoreError where the store cannot be had or nothing has been run yet.
    """
    began = time.perf_counter()
    with Store(settings.paths.store, settings.run.memory_limit) as store:
        number, name = _in_use(store, file_id)
        last, newest, _ = books.last_finished(store)
        if newest is None:
            raise StoreError(f"{name}: no night has been run yet; run `recon run --date …` first")
        night = Night(settings, newest, store, last + 1, say, uuid.uuid4().hex[:12])

        def undo() -> None:
            retract(store, number, reason, night.run_no)
            now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
            decisions.record(store, Act(actor, RETRACT, reason, now, file_id=number))

        summary, _ = nightly.conclude(night, began, first=undo)
        return {"file": name, "file_id": number, **summary}


def _in_use(store: Store, file_id: str) -> tuple[int, str]:
    """Number and name of a file whose rows are in the books."""
    rows = store.execute("SELECT name, state FROM book.files WHERE CAST(file_id AS VARCHAR) = ?", [file_id])
    if not rows:
        raise RefusedError(f"{file_id}: there is no such file; `recon files` lists them with their numbers")
    ((name, state),) = rows
    if state == "retracted":
        raise RefusedError(f"{name}: file {file_id} was taken back already; nothing rests on it")
    if store.execute("SELECT 1 FROM book.purged WHERE what = 'rows' AND file_id = ?", [int(file_id)]):
        raise RefusedError(f"{name}: the rows of file {file_id} were purged; nothing of it can be undone")
    if state != "loaded":
        raise RefusedError(f"{name}: file {file_id} was refused when it came; none of it is in use")
    return int(file_id), name
