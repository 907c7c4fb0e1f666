"""`recon bench`: how fast it is, and how much of what is known to be wrong it finds."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from pipelines.cli_words import DEBUG, JSON, Numbers, say

Result = TypeVar("Result")


@click.command()
@JSON
@DEBUG
@click.option("--rows", type=click.IntRange(1), default=1_000_000, show_default=True, help="Rows a side.")
@click.option("--work", type=click.Path(path_type=Path), help="Folder for files; kept if given.")
@click.option(
    "--accuracy", is_flag=True, help="Play synthetic nights and score the register instead; 1 if not perfect."
)
@click.option("--seeds", type=Numbers(), default="1,2,3", show_default=True, help="With --accuracy, --signals.")
@click.option("--days", type=click.IntRange(1), help="With --accuracy (14 if not given), --signals (44).")
@click.option("--rows-per-day", type=click.IntRange(1), help="With --accuracy (500), --signals (800).")
@click.option("--faults", default="all", show_default=True, help="With --accuracy, as for synth.")
@click.option("--sources", is_flag=True, help="Time the reading of single large files instead.")
@click.option(
    "--signals", is_flag=True, help="Play nights with and without trouble, and score signals; 1 if not passed."
)
@click.option("--weak-keys", is_flag=True, help="Time nights that no reference decides instead.")
@click.option("--peers", is_flag=True, help="Compare with fastrecon and datacompy instead, verdicts counted.")
@click.option("--growth", is_flag=True, help="Time 1, 2, 5 and 10 million rows a side instead of --rows.")
@click.option("--times", type=click.IntRange(1), default=1, show_default=True, help="Runs of which the median is told.")
@click.option("--memory-limit", help='Of the night, as in recon.toml: "1GB".')
def bench(
    as_json: bool,
    debug: bool,
    rows: int,
    work: Path | None,
    accuracy: bool,
    seeds: tuple[int, ...],
    days: int | None,
    rows_per_day: int | None,
    faults: str,
    sources: bool,
    signals: bool,
    weak_keys: bool,
    peers: bool,
    growth: bool,
    times: int,
    memory_limit: str | None,
) -> None:
    """Time the whole run against a bare DuckDB load and join of the same two files, or score what it finds."""
    from pipelines import bench as benchmark
    from pipelines import commands

    if sources:
        from pipelines import bench_sources

        read = commands.guarded(lambda: bench_sources.read_all(rows, work, say), debug)
        _show(read, bench_sources.as_text, as_json)
        return
    if weak_keys:
        from pipelines import bench_crowds

        nights = commands.guarded(lambda: bench_crowds.play(rows, work, say), debug)
        _show(nights, bench_crowds.as_text, as_json)
        return
    if accuracy:
        score(seeds, days or 14, rows_per_day or 500, faults, work, as_json, debug)
        return
    if signals:
        score_signals(seeds, days or 44, rows_per_day or 800, work, as_json, debug)
        return
    if peers:
        from pipelines import bench_peers

        beside = commands.guarded(lambda: bench_peers.compare(rows, work, say), debug)
        _show(beside, bench_peers.as_text, as_json)
        return
    if growth:
        grown = commands.guarded(lambda: benchmark.grow(work, say, times, memory_limit), debug)
        _show(grown, benchmark.as_growth, as_json)
        return
    found = commands.guarded(lambda: benchmark.compare(rows, work, say, times, memory_limit), debug)
    _show(found, benchmark.as_text, as_json)


def score(
    seeds: tuple[int, ...], days: int, rows_per_day: int, faults: str, work: Path | None, as_json: bool, debug: bool
) -> None:
    """What `recon bench --accuracy` runs."""
    from pipelines import accuracy, commands

    found = commands.guarded(lambda: commands.score(seeds, days, rows_per_day, faults, work, say), debug)
    _show(found, accuracy.as_text, as_json)
    if not found["perfect"]:
        sys.exit(1)


def score_signals(
    seeds: tuple[int, ...], days: int, rows_per_day: int, work: Path | None, as_json: bool, debug: bool
) -> None:
    """What `recon bench --signals` runs."""
    from pipelines import commands, signal_score

    found = commands.guarded(lambda: commands.score_signals(seeds, days, rows_per_day, work, say), debug)
    _show(found, signal_score.as_text, as_json)
    if not found["passed"]:
        sys.exit(1)


def _show(found: Result, as_text: Callable[[Result], str], as_json: bool) -> None:
    click.echo(json.dumps(found, indent=2) if as_json else as_text(found))
