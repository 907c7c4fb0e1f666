"""What the night tells beside its breaks: signals of terminals, merchants and cashiers, and incidents.

A signal is an event: it is told once and stays, with the days that follow it. One of a terminal's health clears when
the terminal has worked some days without it; one of a pattern stays until a person has looked. An incident stands as
long as one of its breaks is open.
"""

from __future__ import annotations

import polars as pl

from pipelines.monitoring import incidents, signals
from pipelines.monitoring.night import Night
from pipelines.store import Store

__all__ = ["Night", "watch"]


def watch(store: Store, night: Night, pairs: pl.DataFrame) -> None:
    """Tell signals and incidents once the night's breaks are in the register, inside the caller's transaction.

    pairs: the night's pairs of journal and settlement rows.
    """
    rows = store.frame("SELECT file_id, source, name FROM book.files")
    names = {file_id: (source or "", name) for file_id, source, name in rows.iter_rows()}
    signals.tell(store, night, pairs, names)
    incidents.tell(store, night, names)
