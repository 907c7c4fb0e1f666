"""`recon bench --accuracy`: synthetic nights played one by one, and what the register told of them beside the truth."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pipelines import config, nightly
from pipelines.store import Published

JOURNAL_SIDE = {
    *("NOT_SETTLED", "REFUND_NOT_SETTLED", "VOID_NOT_SETTLED", "REVERSAL_NOT_SETTLED", "DUPLICATE_CHARGE"),
    *("REFUND_UNLINKED", "REFUND_EXCESS", "REFUND_DUPLICATE", "PREAUTH_NOT_COMPLETED", "PREAUTH_EXCESS"),
}
BANK_SIDE = {"DEPOSIT_AMOUNT_DIFF", "DEPOSIT_UNIDENTIFIED", "BALANCE_BREAK"}
BY_DAY = {"FILE_LATE", "FILE_INVALID", "BALANCE_BREAK"}
BY_LINE = {"ROW_REJECTED", "AMBIGUOUS_MATCH", "ADJUSTMENT_UNEXPLAINED"}
KEYS = ("order_no", "rrn", "payout_id", "bank_ref")
_TWICE = """
SELECT count(*) FROM (
    SELECT journal_row_id FROM matches WHERE journal_row_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1
    UNION ALL
    SELECT settlement_row_id FROM matches WHERE journal_row_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1)
"""


class Told(NamedTuple):
    """One exception from the night it is listed (again) to the night it clears.

    key: what it is about: order number, RRN, payout id or bank reference; the day of a file; the line of a row.
    where: file and line of its row. opened, cleared: ISO dates, cleared blank while open.
    """

    type: str
    key: str
    amount_minor: int
    direction: str
    opened: str
    cleared: str
    where: str = ""


@dataclass(frozen=True)
class Score:
    """One type: rows of truth, how many the register has, what it lacks, what it has too many, wrong nights."""

    type: str
    truth: int
    found: int
    missing: int
    extra: int
    wrong_night: int

    @property
    def precision(self) -> str:
        """Found of all told, three decimals."""
        return _share(self.found, self.found + self.extra)

    @property
    def recall(self) -> str:
        """Found of all true, three decimals."""
        return _share(self.found, self.truth)

    @property
    def perfect(self) -> bool:
        """Whether the register says what the truth says, night by night."""
        return not (self.missing or self.extra or self.wrong_night)


def _share(part: int, whole: int) -> str:
    thousandths = 1000 * part // whole if whole else 1000
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"


def days_of(folder: Path) -> list[date]:
    """The dates of the journals, in order."""
    names = {path.name for path in folder.rglob("journal_*.csv")}
    return sorted({date.fromisoformat(re.findall(r"\d{8}", name)[-1]) for name in names})


def play(folder: Path, days: Iterable[date], night: Callable[[Path, date], Any] | None = None) -> list[Any]:
    """Run each night after its late files have arrived; returns what each run gave."""
    run = night or _quietly
    given = []
    for day in days:
        late = folder / "later" / f"{day:%Y%m%d}"
        if late.is_dir():
            shutil.copytree(late, folder, dirs_exist_ok=True)
        given.append(run(folder / "recon.toml", day))
    return given


def _quietly(path: Path, day: date) -> Any:
    return nightly.run(config.load(path), day, lambda _: None)


def truth(path: Path) -> list[Told]:
    """What truth.csv says."""
    with path.open(encoding="utf-8", newline="") as handle:
        return [_true(row) for row in csv.DictReader(handle)]


def _true(row: Mapping[str, str]) -> Told:
    kind, where = row["type"], f"{row['file']}:{row['line']}"
    if kind in BY_DAY:
        where = str(date.fromisoformat(re.findall(r"\d{8}", row["file"])[-1]))
    nights = (row["first_seen"], row["cleared_on"])
    return Told(kind, _key(kind, where, row), int(row["amount_minor"]), row["direction"], *nights, where)


def _key(kind: str, where: str, row: Mapping[str, Any]) -> str:
    return where if kind in BY_DAY | BY_LINE else next((row[name] for name in KEYS if row[name]), "")


def register(settings: config.Settings) -> list[Told]:
    """What the history says: each exception once for every time it was opened."""
    with Published(settings.paths.investigate) as published:
        events = published.frame("SELECT * FROM exception_history ORDER BY event_no").to_dicts()
    told: list[Told] = []
    newest: dict[str, int] = {}
    for event in events:
        key = event["exception_id"]
        if event["event"] in ("opened", "reopened"):
            newest[key] = len(told)
            told.append(_listed(event))
        elif event["event"] == "cleared":
            told[newest[key]] = told[newest[key]]._replace(cleared=str(event["run_date"]))
        else:
            told[newest[key]] = told[newest[key]]._replace(amount_minor=event["amount_minor"])
    return told


def _listed(event: Mapping[str, Any]) -> Told:
    kind = event["type"]
    banked = kind in BANK_SIDE or (kind == "AMBIGUOUS_MATCH" and event["leg"] == "settlement-bank")
    side = "journal" if kind in JOURNAL_SIDE else "bank" if banked else "settlement"
    rows = [row for row in event["evidence"] if row["side"] == side] or event["evidence"]
    where = str(event["business_date"]) if kind in BY_DAY else f"{rows[0]['file']}:{rows[0]['line']}"
    return Told(
        kind, _key(kind, where, event), event["amount_minor"], event["direction"], str(event["run_date"]), "", where
    )


def compare(true: Sequence[Told], told: Sequence[Told]) -> list[Score]:
    """Score each type: what agrees in type, key and amount is found; its nights are looked at apart."""
    known, listed = Counter(t[:3] for t in true), Counter(t[:3] for t in told)
    nights = Counter(_with_nights(t) for t in true) & Counter(_with_nights(t) for t in told)
    scores = []
    for kind in sorted({t.type for t in (*true, *told)}):
        mine = sum(n for what, n in known.items() if what[0] == kind)
        found = sum((known & listed)[what] for what in known if what[0] == kind)
        extra = sum(n for what, n in (listed - known).items() if what[0] == kind)
        right = sum(n for what, n in nights.items() if what[0] == kind)
        scores.append(Score(kind, mine, found, mine - found, extra, found - right))
    return scores


def _with_nights(told: Told) -> tuple[Any, ...]:
    return (*told[:3], told.opened, told.cleared)


def disagreements(true: Sequence[Told], told: Sequence[Told]) -> Iterator[str]:
    """One line for each row that only one of both has, nights included."""
    mine, theirs = Counter(_with_nights(t) for t in true), Counter(_with_nights(t) for t in told)
    for sign, rows in (("truth only", mine - theirs), ("register only", theirs - mine)):
        for (kind, key, amount, opened, cleared), _ in sorted(rows.items()):
            yield f"{sign:13} {kind} {key} {amount} listed {opened}, cleared {cleared or 'never'}"


def measure(
    seeds: Iterable[int], days: int, rows_per_day: int, faults: str, work: Path | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """Play a scenario per seed in a fresh store and score all of them together.

    work: folder that is kept, else a temporary one. ValueError for faults that do not exist.
    """
    from pipelines.synth import generate

    true: list[Told] = []
    told: list[Told] = []
    found: dict[str, Any] = {"days": days, "rows_per_day": rows_per_day, "seeds": [], "differences": []}
    for seed in seeds:
        with folder_of(work, seed) as folder:
            generate(folder, days=days, rows_per_day=rows_per_day, seed=seed, faults=faults)
            shutil.rmtree(folder / "var", ignore_errors=True)
            nights = play(folder, days_of(folder))
            here, there = truth(folder / "truth.csv"), register(config.load(folder / "recon.toml"))
            found["seeds"].append(_seed(seed, nights, folder))
        found["differences"] += [f"seed {seed}: {line}" for line in disagreements(here, there)]
        say(f"seed {seed}: {len(here)} rows of truth, {len(there)} told")
        true += here
        told += there
    scores = compare(true, told)
    found["types"] = [{**asdict(s), "precision": s.precision, "recall": s.recall} for s in scores]
    sound = all(seed["balanced"] and not seed["consumed_twice"] for seed in found["seeds"])
    return {**found, "perfect": sound and all(score.perfect for score in scores)}


@contextmanager
def folder_of(work: Path | None, seed: int) -> Iterator[Path]:
    """Where a scenario lives: below the folder that is kept, or in a temporary one."""
    if work is not None:
        yield work / f"seed-{seed}"
        return
    with tempfile.TemporaryDirectory(prefix="recon-accuracy-") as temporary:
        yield Path(temporary)


def _seed(seed: int, nights: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """Whether every night's proof held, and how many rows stand in two pairs."""
    with Published(config.load(folder / "recon.toml").paths.investigate) as published:
        twice = published.frame(_TWICE).item()
    balanced = all(night["proof"]["balanced"] for night in nights)
    return {"seed": seed, "nights": len(nights), "balanced": balanced, "consumed_twice": twice}


def as_text(found: Mapping[str, Any]) -> str:
    """The scores as a table, the differences below."""
    columns = ("truth", "found", "missing", "extra", "precision", "recall", "wrong_night")
    lines = [f"{'':24}" + "".join(f"{name.replace('_', ' '):>12}" for name in columns)]
    lines += [f"{row['type']:24}" + "".join(f"{row[name]:>12}" for name in columns) for row in found["types"]]
    for seed in found["seeds"]:
        proof = "proof holds every night" if seed["balanced"] else "PROOF DOES NOT HOLD"
        lines.append(
            f"seed {seed['seed']}: {seed['nights']} nights, {proof}, {seed['consumed_twice']} rows in two pairs"
        )
    return "\n".join([*lines, *found["differences"], "perfect" if found["perfect"] else "not perfect"])
