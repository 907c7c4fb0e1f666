"""`recon bench`: the whole run against a bare DuckDB load and join of the same two files, each as a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any

DAY = "2026-03-03"

MAKE = """
import sys
from pathlib import Path
from pipelines.synth import generate_bench
generate_bench(Path(sys.argv[1]), rows=int(sys.argv[2]))
"""

BARE = """
import duckdb, sys
journal, settlement, store = sys.argv[1:]
con = duckdb.connect(store)
for name, path in (("journal", journal), ("settlement", settlement)):
    con.execute(f"CREATE TABLE {name} AS SELECT * FROM read_csv(?, all_varchar = true, null_padding = true)", [path])
con.execute(
    "CREATE TABLE joined AS SELECT j.rrn AS journal_rrn, s.rrn AS settlement_rrn, j.amount, s.gross "
    "FROM journal j FULL OUTER JOIN settlement s ON j.merchant_id = s.merchant_id AND j.rrn = s.rrn"
)
print(con.execute("SELECT count(*) FROM joined").fetchall())
con.close()
"""
"""Bare DuckDB: load both files as text and one full outer join on merchant and RRN."""


GROWTH = (1_000_000, 2_000_000, 5_000_000, 10_000_000)
"""Rows a side by which growth is told."""


def compare(
    rows: int, work: Path | None, say: Callable[[str], None], times: int = 1, memory_limit: str | None = None
) -> dict[str, Any]:
    """Seconds, CPU seconds, peak memory (MiB) and bytes written of both, and the ratio; files are made if absent.

    rows: journal rows, and as many settlement rows. work: folder that is kept, else a temporary one. times: how often
    both are run in turn; of each the run with the median of seconds is told. memory_limit: of the night.
    """
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as temporary:
        folder = made(rows, work or Path(temporary), say)
        bares, nights = [], []
        for turn in range(times):
            again = f" ({turn + 1} of {times})" if times > 1 else ""
            say(f"bare DuckDB: load both files as text, one full outer join{again}")
            bares.append(_bare(folder))
            say(f"recon run --no-prefect: everything on{again}")
            nights.append(night(folder, memory_limit))
        shutil.rmtree(folder / "var", ignore_errors=True)
    bare, recon = _median(bares), _median(nights)
    return {
        "rows": rows,
        "times": times,
        "memory_limit": memory_limit,
        "bare": bare,
        "recon": recon,
        "ratio": round(recon["seconds"] / bare["seconds"], 2),
    }


def grow(
    work: Path | None, say: Callable[[str], None], times: int = 1, memory_limit: str | None = None
) -> list[dict[str, Any]]:
    """`compare` for each size of GROWTH."""
    return [compare(rows, work, say, times, memory_limit) for rows in GROWTH]


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return sorted(runs, key=lambda run: float(run["seconds"]))[len(runs) // 2]


def made(rows: int, work: Path, say: Callable[[str], None]) -> Path:
    """The folder with files of so many rows a side, made if it is not there."""
    folder = work / f"{rows}"
    if not (folder / "recon.toml").exists():
        say(f"making {rows:,} journal and {rows:,} settlement rows in {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        measured([sys.executable, "-c", MAKE, str(folder), str(rows)])  # what it needs is not to count as the night's
    return folder


def files_of(folder: Path) -> tuple[Path, Path]:
    """Journal and settlement file."""
    (journal,) = folder.glob("journal_*.csv")
    (settlement,) = folder.glob("settlement_*.csv")
    return journal, settlement


def _bare(folder: Path) -> dict[str, Any]:
    store = folder / "bare.duckdb"
    store.unlink(missing_ok=True)
    found, _ = measured([sys.executable, "-c", BARE, *map(str, files_of(folder)), str(store)])
    found["bytes_written"] = store.stat().st_size
    store.unlink()
    return found


def night(folder: Path, memory_limit: str | None = None) -> dict[str, Any]:
    """One whole night on the files of a folder, from nothing."""
    shutil.rmtree(folder / "var", ignore_errors=True)
    config = folder / "recon.toml"
    if memory_limit:
        text = config.read_text(encoding="utf-8")
        config = folder / "recon.limited.toml"
        config.write_text(text.replace("[run]\n", f'[run]\nmemory_limit = "{memory_limit}"\n', 1), encoding="utf-8")
    words = ["run", "--config", str(config), "--date", DAY, "--no-prefect", "--json"]
    found, output = measured([sys.executable, "-m", "pipelines", *words])
    summary = json.loads(output)
    files = {
        stat.st_ino: stat.st_size for file in (folder / "var").rglob("*") if S_ISREG((stat := file.stat()).st_mode)
    }
    return {
        **found,
        "bytes_written": sum(files.values()),
        "steps": summary["seconds"],
        "matched": summary["matched"]["journal_settlement"],
        "exceptions": summary["exceptions"]["open"],
        "balanced": summary["proof"]["balanced"],
    }


def measured(command: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Wall and CPU seconds and peak memory of one command; its output. OSError where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, text=True)
        _, status, used = os.wait4(process.pid, 0)  # of this child alone, and not of the largest so far
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        output.seek(0)
        errors.seek(0)
        text, said = output.read(), errors.read()
    if process.returncode:
        raise OSError(f"{' '.join(command[:4])} … failed: {said.strip()}")
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": used.ru_maxrss // 1024,
    }, text


def as_text(found: Mapping[str, Any]) -> str:
    """The comparison as a small table."""
    lines = [f"{found['rows']:,} journal + {found['rows']:,} settlement rows", ""]
    lines.append(f"{'':18}{'seconds':>10}{'cpu s':>10}{'peak MiB':>10}{'MiB written':>13}")
    for name, label in (("bare", "bare DuckDB"), ("recon", "recon run")):
        part = found[name]
        lines.append(
            f"{label:18}{part['seconds']:>10.2f}{part['cpu_seconds']:>10.2f}{part['peak_mib']:>10,}"
            f"{part['bytes_written'] / 2**20:>13,.0f}"
        )
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in found["recon"]["steps"].items())
    return "\n".join([*lines, "", f"ratio {found['ratio']:.2f}", f"steps: {steps}"])


def as_growth(found: Sequence[Mapping[str, Any]]) -> str:
    """Sizes side by side, with the time of a row as a share of that of the smallest."""
    head = f"{'rows a side':>12}{'bare s':>9}{'run s':>9}{'ratio':>7}{'cpu s':>9}{'peak MiB':>10}"
    lines = [head + f"{'µs a row':>10}{'growth':>8}"]
    first = found[0]["recon"]["seconds"] / found[0]["rows"]
    for told in found:
        run, each = told["recon"], told["recon"]["seconds"] / told["rows"]
        lines.append(
            f"{told['rows']:>12,}{told['bare']['seconds']:>9.2f}{run['seconds']:>9.2f}{told['ratio']:>7.2f}"
            f"{run['cpu_seconds']:>9.2f}{run['peak_mib']:>10,}{each * 1e6:>10.2f}{each / first - 1:>+8.0%}"
        )
    return "\n".join(lines)
