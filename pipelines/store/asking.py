"""A question to the published data that can do nothing but read: one statement, bounded in memory and time."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from pipelines.store.connection import StoreError
from pipelines.store.published import PARTS

READ = ("SELECT", "EXPLAIN")
"""Types of statements that are answered; DuckDB makes DESCRIBE, SHOW and SUMMARIZE into a SELECT."""

BATCH = 20_000
"""Rows that are in memory at once."""

STUBBORN = 10
"""Seconds after which a question that cannot be interrupted is ended with its process."""

_EXPLAIN = re.compile(r"\s*EXPLAIN\b(\s+ANALYZE\b)?(\s*\([^()]*\))?", re.IGNORECASE)
_ADVICE = {
    duckdb.OutOfMemoryException: "it needs more than the {memory} it may have; ask for fewer rows, or aggregate",
    duckdb.InterruptException: "it took longer than {seconds} seconds; ask for fewer days, or give it more --seconds",
    duckdb.PermissionException: "it reaches for a file outside of the published data; only the views can be read",
}


class QuestionError(StoreError):
    """A question that is not answered; the message is one plain line."""


class Asking:
    """One connection to the published data for one question after the other.

    The database itself is opened read-only, may touch no file but the published parts, and its settings are locked;
    since it could still write into the folder of the parts, statements are looked at before they run.
    """

    def __init__(self, published: Path, memory: str = "1GB", seconds: int = 120):
        """memory: most that the database may take, as DuckDB writes it; seconds: most that one answer may take."""
        if not published.exists():
            raise QuestionError(f"{published}: nothing is published yet; run `recon run --date …` first")
        self._memory, self._seconds = memory, seconds
        shared = str(published.parent.absolute() / PARTS) + os.sep
        try:
            self._con = duckdb.connect(
                str(published), read_only=True, config={"memory_limit": memory, "temp_directory": ""}
            )
            for setting in (
                "SET threads = 2",
                "SET enable_progress_bar = false",
                "SET autoinstall_known_extensions = false",
                "SET autoload_known_extensions = false",
                "SET allow_community_extensions = false",
            ):
                self._con.execute(setting)
            self._con.execute("SET allowed_directories = ?", [[shared]])
            self._con.execute("SET enable_external_access = false")
            self._con.execute("SET lock_configuration = true")
        except duckdb.Error as error:
            raise QuestionError(f"{published}: cannot be read: {_first_line(error)}") from None

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.close()
        del self._con

    @contextmanager
    def ask(self, sql: str, parameters: Mapping[str, object] | None = None) -> Iterator[pa.RecordBatchReader]:
        """The answer, batch by batch. QuestionError for what is no question, or cannot be answered within limits."""
        statement = self._only_reading(sql)
        slow = threading.Timer(self._seconds, self._con.interrupt)
        slow.daemon = True
        slow.start()
        try:
            with self._plainly():
                yield self._con.sql(statement, params=dict(parameters or {})).to_arrow_reader(BATCH)
        finally:
            slow.cancel()

    def value(self, expression: str, kind: str, given: str | None) -> object:
        """A parameter of a ready question as a value of its type. expression: what it is where nothing is given."""
        told = "$given" if given is not None else f"({expression})"
        with self._plainly():
            found = self._con.execute(f"SELECT CAST({told} AS {kind})", {"given": given} if given is not None else {})
            return found.fetchall()[0][0]

    def _only_reading(self, sql: str) -> str:
        try:
            statements = self._con.extract_statements(sql)
        except duckdb.Error as error:
            raise QuestionError(_first_line(error)) from None
        if len(statements) != 1:
            raise QuestionError(f"one statement at a time, please: these are {len(statements)}")
        kind = _kind(statements[0])
        if kind not in READ:
            raise QuestionError(f"{kind} is not answered: only SELECT, DESCRIBE, SUMMARIZE, SHOW and EXPLAIN are")
        explained = _EXPLAIN.match(sql) if kind == "EXPLAIN" else None
        if kind == "EXPLAIN" and (explained is None or self._kinds(sql[explained.end() :]) != ["SELECT"]):
            raise QuestionError("EXPLAIN is answered for one SELECT only")
        return sql

    def _kinds(self, sql: str) -> list[str]:
        with suppress(duckdb.Error):
            return [_kind(statement) for statement in self._con.extract_statements(sql)]
        return []

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise QuestionError(self._advice(error)) from None
        except pa.ArrowException as error:  # a batch that fails on its way tells the database's error within
            raise QuestionError(self._advice(error)) from None
        except OSError as error:  # and so does one that was interrupted; a disk that is full has a number
            if error.errno is not None:
                raise
            raise QuestionError(self._advice(error)) from None

    def _advice(self, error: Exception) -> str:
        told = _first_line(error)
        name = told.split(":")[0].replace(" ", "").lower()
        for kind, advice in _ADVICE.items():
            if isinstance(error, kind) or kind.__name__.removesuffix("Exception").lower() in name:
                return advice.format(memory=self._memory, seconds=self._seconds)
        return told


def _kind(statement: duckdb.Statement) -> str:
    """The type of a statement; of some that are newer than their names, none is known."""
    try:
        return str(statement.type.name)
    except ValueError:
        return "this statement"


def _first_line(error: Exception) -> str:
    """What the database says, with its hint of what was meant."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hint = next((line for line in lines[1:] if line.startswith(("Did you mean", "Candidate bindings"))), "")
    return f"{lines[0]} {hint}".strip() if lines else type(error).__name__


def end_if_stubborn(seconds: int) -> None:
    """End this process where a question goes on after it was interrupted: within one large text nothing is asked."""

    def end() -> None:
        os.write(
            2, f"it took longer than {seconds} seconds and could not be interrupted; ask for fewer rows\n".encode()
        )
        os._exit(1)

    watch = threading.Timer(seconds + STUBBORN, end)
    watch.daemon = True
    watch.start()
