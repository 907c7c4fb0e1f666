"""`recon bench --sources`: large files of single formats, parsed and validated, each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

READ = """
import json, resource, sys, time
from pathlib import Path
from pipelines import reading
from pipelines.collect import contents
from pipelines.config import Settings, Source
from pipelines.peak import peak_mib
name, path = sys.argv[1], Path(sys.argv[2])
settings = Settings()
source = Source(name="bench", profile=name, pattern="*", acquirer="A", account="A")
began, rows, rejected = time.perf_counter(), 0, 0
for part in reading.read_parts(settings.readers[name], contents(path), settings, source, path.name):
    rows, rejected = rows + part.parsed.data_rows, rejected + part.rejected.height
seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
cpu = used.ru_utime + used.ru_stime
print(json.dumps({"rows": rows, "rejected": rejected, "agree": part.parsed.totals.agree, "seconds": seconds,
                  "cpu_seconds": cpu, "peak_mib": peak_mib()}))
"""


def read_all(rows: int, work: Path | None, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Rows and MiB a second, CPU seconds and peak memory (MiB) of each format; files are made if absent."""
    from pipelines.synth.bench import generate_sources

    with tempfile.TemporaryDirectory(prefix="recon-bench-") as temporary:
        folder = (work or Path(temporary)) / f"sources-{rows}"
        say(f"making files of {rows:,} rows in {folder}")
        return [_read(name, path, say) for name, path in generate_sources(folder, rows=rows).items()]


def _read(name: str, path: Path, say: Callable[[str], None]) -> dict[str, Any]:
    say(f"{name}: {path.name}")
    done = subprocess.run([sys.executable, "-c", READ, name, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"reading {path.name} as {name} failed: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    mib = path.stat().st_size / 2**20
    return {
        "profile": name,
        "mib": round(mib, 1),
        **found,
        "seconds": round(found["seconds"], 2),
        "cpu_seconds": round(found["cpu_seconds"], 2),
        "rows_per_second": round(found["rows"] / found["seconds"]),
        "mib_per_second": round(mib / found["seconds"], 1),
    }


def as_text(found: Sequence[Mapping[str, Any]]) -> str:
    """The formats as a small table."""
    lines = [f"{'':14}{'rows':>12}{'MiB':>9}{'seconds':>10}{'cpu s':>9}{'rows/s':>12}{'MiB/s':>9}{'peak MiB':>10}"]
    lines += [
        f"{each['profile']:14}{each['rows']:>12,}{each['mib']:>9,.1f}{each['seconds']:>10.2f}{each['cpu_seconds']:>9.2f}"
        f"{each['rows_per_second']:>12,}{each['mib_per_second']:>9.1f}{each['peak_mib']:>10,}"
        for each in found
    ]
    return "\n".join(lines)
