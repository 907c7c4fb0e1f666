"""`recon bench --peers`: the whole night beside what fastrecon and datacompy make of the same two files.

Both compare row by row on a key, with a tolerance for amounts; neither knows states, waiting, payouts or fees. Of the
files as they stand datacompy compares all columns that both have, of narrowed ones amount and currency alone. They are
installed, locked with hashes, into an environment of their own: datacompy does not go together with this polars.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines.bench import files_of, made, measured, night

LOCK = Path(__file__).resolve().parents[1] / "requirements-peers.lock"

MEANS = {
    "NOT_SETTLED": "missing at the acquirer",
    "NOT_IN_JOURNAL": "missing in the journal",
    "DUPLICATE_SETTLEMENT": "duplicate",
    "AMOUNT_OVER": "different",
    "AMOUNT_UNDER": "different",
    "FAILED_BUT_SETTLED": "failed but settled",
}
"""What a comparison by key could say of each fault of the files."""

_COMMON = """
import csv, json, sys, time
journal, settlement, out = sys.argv[1:]
keys, same = ["merchant_id", "rrn"], ["amount", "currency"]
def tell(verdicts, seconds, **more):
    with open(out, "w", newline="") as file:
        csv.writer(file).writerows(verdicts)
    print(json.dumps({"compare_seconds": round(seconds, 2), **more}))
"""

_FRAMES = (
    _COMMON
    + """
import datacompy
import polars as pl
read = dict(infer_schema=False, comment_prefix="#", truncate_ragged_lines=True)
left = pl.read_csv(journal, **read).with_columns(pl.col("amount").cast(pl.Float64))
right = pl.read_csv(settlement, **read).filter(pl.col("record_type") != "PAYOUT")
right = right.with_columns(pl.col("gross").cast(pl.Float64).alias("amount"))
"""
)
_AMOUNT_ALONE = "left, right = left.select(*keys, *same), right.select(*keys, *same)\n"
_TOLD = """
began = time.perf_counter()
found = by(left, right, join_columns=keys, abs_tol=0.004)
missing_there, missing_here, off = found.df1_unq_rows, found.df2_unq_rows, found.all_mismatch()
seconds = time.perf_counter() - began
rows = lambda frame: pl.DataFrame(frame[keys]).rows()
told = [(*row, "missing at the acquirer") for row in rows(missing_there)]
told += [(*row, "missing in the journal") for row in rows(missing_here)]
told += [(*row, "different") for row in rows(off)]
tell(told, seconds)
"""
_BY_POLARS = "by = datacompy.PolarsCompare"
_BY_PANDAS = "by, left, right = datacompy.PandasCompare, left.to_pandas(), right.to_pandas()"

FASTRECON = (
    _COMMON
    + """
from fastrecon import CsvFile, ReconConfig, compare
from fastrecon.engines import DuckDBEngine
began = time.perf_counter()
DuckDBEngine().close()
downloads = time.perf_counter() - began
options = {"all_varchar": True, "comment": "#", "null_padding": True}
everything = 100_000_000
config = ReconConfig(
    column_mapping={"amount": "gross"}, columns=same, tolerances={"amount": 0.004}, sample_limit=everything
)
began = time.perf_counter()
found = compare(CsvFile(journal, options), CsvFile(settlement, options), keys=keys, config=config)
seconds = time.perf_counter() - began
if found.status == "ERROR":
    raise SystemExit(found.error)
kinds = {
    "missing_in_right": "missing at the acquirer", "missing_in_left": "missing in the journal", "changed": "different",
}
told = [
    (row["merchant_id"], row["rrn"] or "", verdict)
    for kind, verdict in kinds.items() for row in found.sample_mismatches.get(kind, [])
]
tell(told, seconds, download_attempts_seconds=round(downloads, 2), duplicate_keys=found.duplicate_keys_right)
"""
)
PEERS = {
    "datacompy (pandas)": _FRAMES + _BY_PANDAS + _TOLD,
    "datacompy (pandas), amount alone": _FRAMES + _AMOUNT_ALONE + _BY_PANDAS + _TOLD,
    "datacompy (polars)": _FRAMES + _BY_POLARS + _TOLD,
    "datacompy (polars), amount alone": _FRAMES + _AMOUNT_ALONE + _BY_POLARS + _TOLD,
    "fastrecon": FASTRECON,
}


def compare(rows: int, work: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, CPU seconds, memory (MiB) of the night and of each peer, and how many of their verdicts are right.

    A verdict is what is said of one sale, refund or line: nothing where it is in order. OSError where a peer cannot be
    installed or fails.
    """
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as temporary:
        folder = made(rows, work or Path(temporary), say)
        truth = _truth(folder / "truth.csv")
        say("recon run --no-prefect: everything on")
        ours = night(folder)
        found = {"recon run": {**ours, **_right(truth, _said(folder), rows)}}
        python = _environment((work or Path(temporary)) / "peers", say)
        for name, script in PEERS.items():
            say(f"{name}: keyed compare with tolerance")
            own = name.translate(str.maketrans(" ", "_", "(),"))
            told, out = folder / f"said_by_{own}.txt", folder / f"compare_by_{own}.py"
            out.write_text(script, encoding="utf-8")
            timed, output = measured([str(python), str(out), *map(str, files_of(folder)), str(told)])
            with told.open(encoding="utf-8", newline="") as file:
                said = {(merchant, rrn): verdict for merchant, rrn, verdict in csv.reader(file)}
            found[name] = {**timed, **json.loads(output.splitlines()[-1]), **_right(truth, said, rows)}
    return {"rows": rows, "peers": found}


def _environment(folder: Path, say: Callable[[str], None]) -> Path:
    """Python of an environment that holds the peers and nothing of ours."""
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    say(f"installing the peers, locked with hashes, into {folder}")
    steps = [
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(LOCK)],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"the peers could not be installed: {done.stderr.strip().splitlines()[-1]}")
    (folder / "ready").touch()
    return python


def _truth(path: Path) -> dict[tuple[str, str], str]:
    """What is wrong with the files, by merchant and RRN."""
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["merchant_id"], row["rrn"]): MEANS[row["type"]] for row in csv.DictReader(file)}


def _said(folder: Path) -> dict[tuple[str, str], str]:
    """What the night says is wrong."""
    words = ["exceptions", "--config", str(folder / "recon.toml"), "--json"]
    _, output = measured([sys.executable, "-m", "pipelines", *words])
    return {(e["merchant_id"], e["rrn"]): MEANS.get(e["type"], e["type"]) for e in json.loads(output)}


def _right(truth: Mapping[tuple[str, str], str], said: Mapping[tuple[str, str], str], rows: int) -> dict[str, Any]:
    """How many verdicts are right, of as many as there are journal rows and lines that none of them answers."""
    lone = sum(1 for verdict in truth.values() if verdict == "missing in the journal")
    wrong = {key for key in truth.keys() | said.keys() if truth.get(key) != said.get(key)}
    missed = Counter(truth[key] for key in wrong if key in truth)
    return {
        "verdicts": rows + lone,
        "right": rows + lone - len(wrong),
        "faults_found": len(truth) - sum(missed.values()),
        "faults": len(truth),
        "false_alarms": sum(1 for key in wrong if key not in truth),
        "missed": dict(sorted(missed.items())),
    }


def as_text(found: Mapping[str, Any]) -> str:
    """The comparison as a small table."""
    head = (
        f"{'':34}{'seconds':>9}{'compare':>9}{'cpu s':>8}{'peak MiB':>10}{'wrong':>8}{'faults found':>15}{'false':>8}"
    )
    lines = [f"{found['rows']:,} journal + {found['rows']:,} settlement rows, 0.1 % faults", "", head]
    for name, told in found["peers"].items():
        alone = f"{told['compare_seconds']:.2f}" if "compare_seconds" in told else "all"
        faults = f"{told['faults_found']:,} of {told['faults']:,}"
        lines.append(
            f"{name:34}{told['seconds']:>9.2f}{alone:>9}{told['cpu_seconds']:>8.2f}{told['peak_mib']:>10,}"
            f"{told['verdicts'] - told['right']:>8,}{faults:>15}{told['false_alarms']:>8,}"
        )
        if "download_attempts_seconds" in told:
            lines.append(
                f"{'':34}beside that it spends {told['download_attempts_seconds']:.2f} s asking for extensions"
            )
    return "\n".join(lines)
