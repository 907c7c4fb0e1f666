"""`recon bench --weak-keys`: a night in which nothing but weak keys is left, and every sale has many candidates."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.bench import DAY, measured

CROWD = 50


def play(rows: int, work: Path | None, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Seconds, CPU seconds and peak memory (MiB) of a night for each kind of crowd.

    rows: journal rows, and as many lines. work: folder that is kept, else a temporary one. Crowds of CROWD alike in
    terminal, card, amount and minute: every line is ambiguous. All of them alike: so too. One RRN on all of them: n
    sales against n lines.
    """
    told = (("50 alike", CROWD, False), ("all alike", rows, False), ("one RRN", rows, True))
    return [{"crowd": name, "rows": rows, **_night(rows, crowd, same, work, say)} for name, crowd, same in told]


def _night(rows: int, crowd: int, same_rrn: bool, work: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    from pipelines.synth.crowds import generate_crowds

    with tempfile.TemporaryDirectory(prefix="recon-bench-") as temporary:
        folder = (work or Path(temporary)) / f"crowds-{rows}-{crowd}{'-rrn' if same_rrn else ''}"
        if not (folder / "recon.toml").exists():
            say(f"making {rows:,} sales and {rows:,} lines in {folder}")
            generate_crowds(folder, rows=rows, crowd=crowd, same_rrn=same_rrn)
        shutil.rmtree(folder / "var", ignore_errors=True)
        say("recon run --no-prefect: everything on")
        words = ["run", "--config", str(folder / "recon.toml"), "--date", DAY, "--no-prefect", "--json"]
        found, output = measured([sys.executable, "-m", "pipelines", *words])
        shutil.rmtree(folder / "var", ignore_errors=True)
    summary = json.loads(output)
    return {
        **found,
        "peak_mib": summary["peak_rss_mb"],
        "steps": summary["seconds"],
        "matched": summary["matched"]["journal_settlement"],
        "exceptions": summary["exceptions"]["open"],
        "balanced": summary["proof"]["balanced"],
    }


def as_text(found: Sequence[Mapping[str, Any]]) -> str:
    """One line for each kind of crowd."""
    lines = [f"{'':12}{'rows a side':>14}{'seconds':>10}{'cpu s':>10}{'peak MiB':>10}{'matched':>12}  exceptions"]
    lines += [
        f"{each['crowd']:12}{each['rows']:>14,}{each['seconds']:>10.2f}{each['cpu_seconds']:>10.2f}"
        f"{each['peak_mib']:>10,}{each['matched']:>12,}  "
        + (", ".join(f"{kind} {count:,}" for kind, count in each["exceptions"].items()) or "none")
        for each in found
    ]
    return "\n".join(lines)
