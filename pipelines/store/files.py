"""Files and their rows in the books: what is known of a file, and loading one in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from pipelines.checks import summaries
from pipelines.columns import grouped_by
from pipelines.row_ids import LINES_PER_FILE, Numbering
from pipelines.signal_settings import Signals
from pipelines.store import daybook, parts, restating
from pipelines.store.connection import Store
from pipelines.store.retract import Superseded, retract

AMOUNT = {"journal": "amount_minor", "settlement": "gross_minor", "bank": "amount_minor"}


@dataclass(frozen=True)
class FileRecord:
    """One file as the books know it. state: loaded, rejected or retracted; dates and counts as in `book.files`."""

    name: str
    source: str | None
    side: str | None
    profile: str | None
    sha256: str
    bytes: int
    expected_date: date | None
    state: str
    arrived_at: datetime
    archived: str
    error: str | None = None
    row_count: int = 0
    accepted: int = 0
    rejected: int = 0
    declared: dict[str, int] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    agree: bool | None = None
    first_date: date | None = None
    last_date: date | None = None
    covers: tuple[date, ...] = ()
    warnings: tuple[str, ...] = ()
    standing: str | None = None
    file_id: int = 0
    corrects: tuple[str, ...] = ()


Known = Mapping[str, Sequence[tuple[str | None, date | None]]]
"""Source and expected date of files, by the SHA-256 of their content."""


def known_files(store: Store) -> Known:
    """Every file that is in the books or was taken back from them."""
    found: dict[str, list[tuple[str | None, date | None]]] = {}
    for digest, source, day in store.execute(
        "SELECT sha256, source, expected_date FROM book.files WHERE state IN ('loaded', 'retracted') ORDER BY file_id"
    ):
        found.setdefault(digest, []).append((source, day))
    return found


class Seen(NamedTuple):
    """A file in the inbox as an earlier night found it. judged_by: what refused it; None for one that is used."""

    sha256: str
    judged_by: str | None = None


def seen_before(store: Store) -> dict[tuple[str, str], Seen]:
    """Files in the inbox by path and stamp, as earlier nights found them."""
    rows = store.execute("SELECT path, stamp, sha256, judged_by FROM book.hashed")
    return {(path, stamp): Seen(sha, judge) for path, stamp, sha, judge in rows}


def remember(store: Store, there: Mapping[str, str], found: Mapping[tuple[str, str], Seen]) -> None:
    """Keep what is known of what lies in the inbox now (stamps by path), and forget the others."""
    now = {key: found[key] for key in there.items() if key in found}
    if now == seen_before(store):
        return
    rows = [(*key, *seen) for key, seen in now.items()]
    schema = dict.fromkeys(("path", "stamp", "sha256", "judged_by"), pl.String)
    with store.transaction():
        store.execute("DELETE FROM book.hashed")
        store.append("hashed", pl.DataFrame(rows, schema=schema, orient="row"))


def loaded(store: Store) -> list[tuple[str, date | None, tuple[date, ...], bool]]:
    """Source, expected date, covered days of every file in use, and whether it has the last word on them."""
    found = store.execute(
        "SELECT source, expected_date, coalesce(covers, []), coalesce(standing, 'final') = 'final' FROM book.files "
        "WHERE state = 'loaded'"
    )
    return [(source, day, tuple(covers), final) for source, day, covers, final in found]


@dataclass
class Loading:
    """A file on its way into the books, part by part, inside the transaction of `loading`.

    signals: what counts as a small payment and as just below a limit. marks: which rows may show the same card.
    """

    store: Store
    file_id: int
    run_no: int
    signals: Signals = field(default_factory=Signals)
    marks: list[pl.DataFrame] = field(default_factory=list)
    totals: list[pl.DataFrame] = field(default_factory=list)
    numbering: Numbering = field(default_factory=Numbering)

    def add(
        self, side: str, rows: pl.DataFrame, rejected: pl.DataFrame, beside: Mapping[str, pl.DataFrame]
    ) -> pl.DataFrame:
        """Store a part and return its rows as they are stored.

        rows: accepted canonical rows; rejected: `line`, `reason`, `raw`, `amount_minor`, `currency`; beside: what else
        the part tells, by table (balances, traces, batch totals).
        """
        number, amount = pl.lit(self.file_id, pl.Int32), pl.col(AMOUNT[side])
        place = self.numbering.places(rows["line"]) + self.file_id * LINES_PER_FILE
        stored = rows.with_columns(place.alias("row_id"), pl.col("line").cast(pl.Int32), file_id=number)
        parts.append(self.store, side, stored, self.run_no, self.file_id)
        if side == "journal":
            daybook.keep(self.store, self.file_id, stored, self.signals)
            self.marks.append(summaries.card_marks(stored))
        for table, told in {"rejected_rows": rejected, **beside}.items():
            self.store.later.add(self.store, table, told.with_columns(file_id=number))
        self.totals.append(grouped_by(rows, ["currency"], rows_in=pl.len(), amount_in_minor=amount.sum()))
        return stored

    def finish(self, record: FileRecord, replaces: Iterable[Superseded] = ()) -> None:
        """The file's own entry; replaces: what this one corrects, taken back as a whole or marked by its accounts."""
        superseded = list(replaces)
        self.store.later.put(self.store)
        if record.side:
            parts.show(self.store, self.store.parts, [record.side])
        if len(self.marks) > 1:
            daybook.put_together(self.store, self.file_id)
        if self.marks:
            daybook.keep_cards(self.store, self.file_id, summaries.often_marked(pl.concat(self.marks)))
        whole = [old.file_id for old in superseded if old.accounts is None]
        if record.side and record.state == "loaded":
            whole += restating.taken_back_before(self.store, record.source, record.expected_date)
        if whole and record.side:
            restating.record(self.store, record.side, self.file_id, whole, self.run_no)
        for old in superseded:
            if old.accounts is None:
                retract(self.store, old.file_id, f"replaced by {record.name}", self.run_no)
                continue
            self.store.execute(
                "DELETE FROM book.corrected WHERE file_id = ? AND list_contains(?, account)",
                [old.file_id, sorted(old.accounts)],
            )
            told = {"account": sorted(old.accounts), "file_id": old.file_id, "by_file_id": self.file_id}
            self.store.append("corrected", pl.DataFrame(told))
        _insert_file(self.store, record, self.file_id, self.run_no)
        if self.totals:
            summed = pl.concat(self.totals).group_by("currency").agg(pl.all().sum())
            number = pl.lit(self.file_id, pl.Int32)
            self.store.append("file_totals", summed.with_columns(file_id=number, side=pl.lit(record.side)))


@contextmanager
def loading(store: Store, run_no: int, signals: Signals | None = None) -> Iterator[Loading]:
    """One transaction for a file and all its rows: what raises within it leaves nothing."""
    with store.transaction():
        ((newest,),) = store.execute("SELECT coalesce(max(file_id), 0) FROM book.files")
        yield Loading(store, int(newest) + 1, run_no, signals or Signals())


def refuse(store: Store, record: FileRecord, run_no: int) -> int:
    """Put a file on record that is not used, and return its file_id."""
    with loading(store, run_no) as refused:
        refused.finish(record)
    return refused.file_id


def _insert_file(store: Store, record: FileRecord, file_id: int, run_no: int) -> None:
    values = {
        **{
            name: getattr(record, name)
            for name in (
                *("name", "source", "side", "profile", "sha256", "bytes", "expected_date", "state", "error"),
                *("row_count", "accepted", "rejected", "agree", "first_date", "last_date", "archived"),
                *("arrived_at", "standing"),
            )
        },
        "file_id": file_id,
        "declared": json.dumps(record.declared),
        "computed": json.dumps(record.computed),
        "covers": list(record.covers),
        "warnings": list(record.warnings),
        "run_no": run_no,
    }
    marks = ", ".join("?" * len(values))
    store.execute(
        f"INSERT INTO book.files ({', '.join(values)}) VALUES ({marks})",
        list(values.values()),
    )
