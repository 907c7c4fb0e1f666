"""`recon bench`: the whole run against a bare DuckDB load and join of the same two files, each as a fresh process."""

from __future__ import annotations

import json
import resource
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


def compare(rows: int, work: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, CPU seconds, peak memory (MiB) and bytes written of both, and the ratio; files are made if absent.

    rows: journal rows, and as many settlement rows. work: folder that is kept, else a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as temporary:
        folder = (work or Path(temporary)) / f"{rows}"
        if not (folder / "recon.toml").exists():
            from pipelines.synth import generate_bench

            say(f"making {rows:,} journal and {rows:,} settlement rows in {folder}")
            folder.mkdir(parents=True, exist_ok=True)
            generate_bench(folder, rows=rows)
        shutil.rmtree(folder / "var", ignore_errors=True)
        say("bare DuckDB: load both files as text, one full outer join")
        bare = _bare(folder)
        say("recon run --no-prefect: everything on")
        recon = _recon(folder)
        shutil.rmtree(folder / "var", ignore_errors=True)
    return {
        "rows": rows,
        "bare": bare,
        "recon": recon,
        "ratio": round(recon["seconds"] / bare["seconds"], 2),
    }


def _bare(folder: Path) -> dict[str, Any]:
    store = folder / "bare.duckdb"
    store.unlink(missing_ok=True)
    (journal,) = folder.glob("journal_*.csv")
    (settlement,) = folder.glob("settlement_*.csv")
    found, _ = measured([sys.executable, "-c", BARE, str(journal), str(settlement), str(store)])
    found["bytes_written"] = store.stat().st_size
    store.unlink()
    return found


def _recon(folder: Path) -> dict[str, Any]:
    words = ["run", "--config", str(folder / "recon.toml"), "--date", DAY, "--no-prefect", "--json"]
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
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, text=True)
        _, errors = process.communicate()
        seconds = time.perf_counter() - began
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise OSError(f"{' '.join(command[:4])} … failed: {errors.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_mib": after.ru_maxrss // 1024,
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
