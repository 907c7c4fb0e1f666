"""What `recon sql` and `recon status` do: a question to the published data, its answer in the form asked for."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from pipelines import answers, config, questions
from pipelines.config import ConfigError
from pipelines.store import StoreError
from pipelines.store.asking import Asking, end_if_stubborn

MEMORY = "1GB"
BESIDE = 1_500 * 2**20
"""Bytes that this process may take beyond what it has: the database's limit and the answer on its way out."""

SHELLS = (("harlequin", "--read-only"), ("duckdb", "-readonly"))
"""Terminal clients that are asked for, in this order, each with the word that keeps it from writing."""


def bounded(seconds: int) -> None:
    """Bound this whole process: texts that a question makes grow outside of the database's own limit."""
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmData:"))
        limit = int(held.split()[1]) * 1024 + BESIDE
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    end_if_stubborn(seconds)


def ask(config_path: Path, sql: str, kind: str, out: Path | None, seconds: int) -> None:
    """Answer one statement."""
    with Asking(config.load(config_path).paths.investigate, MEMORY, seconds) as asking:
        _answer(asking, sql, {}, kind, out)


def ask_ready(config_path: Path, name: str, told: Iterable[str], kind: str, out: Path | None, seconds: int) -> None:
    """Answer a ready question with its parameters."""
    asked = questions.question(name)
    words = questions.given(asked, told)
    with Asking(config.load(config_path).paths.investigate, MEMORY, seconds) as asking:
        values = {}
        for parameter in asked.parameters:
            try:
                values[parameter.name] = asking.value(
                    parameter.default or "NULL", parameter.kind, words.get(parameter.name)
                )
            except StoreError:
                what = f"{parameter.name}: {words.get(parameter.name)!r} is no {parameter.kind}"
                raise ConfigError(f"{what}: {parameter.meaning}") from None
        _answer(asking, asked.sql, values, kind, out)


def _answer(asking: Asking, sql: str, values: dict[str, object], kind: str, out: Path | None) -> None:
    write = answers.FORMATS[kind]
    if out is None and kind in ("parquet", "xlsx") and sys.stdout.isatty():
        raise ConfigError(f"{kind} is nothing for a terminal: say where to with --out FILE")
    try:
        with asking.ask(sql, values) as answer:
            if out is None:
                write(answer, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                _whole(out, lambda target: write(answer, target))
    except MemoryError:
        raise StoreError("the answer needs more memory than it may have; ask for fewer rows, or aggregate") from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    except BrokenPipeError:  # who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _whole(out: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside its place and move it there once it is whole."""
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as target:
            write(target)
        fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)


def listing() -> str:
    """The ready questions with what they want to know."""
    told = []
    for each in questions.questions():
        told.append(f"{each.name}: {each.about}")
        told += [f"    {_wanted(parameter)}" for parameter in each.parameters]
    return "\n".join(told)


def _wanted(parameter: questions.Parameter) -> str:
    optional = f" (if not given: {parameter.default})" if parameter.default else ""
    return f"--set {parameter.name}=…  {parameter.meaning}{optional}"


def shell(config_path: Path) -> int:
    """Open a terminal SQL client on the published data, read-only; its exit code. StoreError where there is none."""
    published = config.load(config_path).paths.investigate
    if not published.exists():
        raise StoreError(f"{published}: nothing is published yet; run `recon run --date …` first")
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for name, read_only in SHELLS:
        if found := shutil.which(name, path=places):
            return subprocess.run([found, read_only, str(published)], check=False).returncode
    raise StoreError("no terminal SQL client is installed; `pip install harlequin`, or put `duckdb` on the PATH")


def status(config_path: Path, prometheus: Path | None) -> dict[str, Any]:
    """How the nights stand now; also as metrics for Prometheus where a file is named."""
    from pipelines import status as standing

    settings = config.load(config_path)
    found = standing.status(settings, datetime.now(ZoneInfo(settings.run.timezone)))
    if prometheus is not None:
        standing.write_prometheus(found, prometheus)
    return found
