"""What the night tells beside its breaks: signals of terminals, merchants and cashiers, and incidents.

A signal is an event: it is told once and stays, with the days that follow it. One of a terminal's health clears when
the terminal has worked some days without it; one of a pattern stays until a person has looked. An incident stands as
long as one of its breaks is open.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.cases.register import Event
from pipelines.monitoring import incidents, signals
from pipelines.monitoring.night import Night
from pipelines.store import Store

__all__ = ["Night", "watch"]


def watch(store: Store, night: Night, pairs: pl.DataFrame, events: Sequence[Event]) -> list[Event]:
    """Tell signals and incidents, inside the caller's transaction; returns what changed in the register.

    pairs: the night's pairs of journal and settlement rows; events: what the night has changed in the register.
    """
    rows = store.frame("SELECT file_id, source, name FROM book.files")
    names = {file_id: (source or "", name) for file_id, source, name in rows.iter_rows()}
    return [*signals.tell(store, night, pairs, names), *incidents.tell(store, night, events, names)]
