"""`recon bench --signals`: nights without trouble and nights with one of each kind, and what was told of them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines import config
from pipelines.accuracy import days_of, folder_of, play
from pipelines.store import Published

MOST_FALSE = 1
"""False signals that 1,000 terminal-days without trouble may have."""

_TOLD = """
SELECT e.exception_id, e.type, coalesce(s.kind, 'incident') AS kind, e.business_date, e.run_date, e.acquirer,
    coalesce(s.merchant_id, e.merchant_id) AS merchant_id, s.terminal_id, s.operator_id, e.explanation
FROM exception_history e LEFT JOIN (
    SELECT exception_id, any_value(kind) AS kind, any_value(merchant_id) AS merchant_id,
        any_value(terminal_id) AS terminal_id, any_value(operator_id) AS operator_id
    FROM signals GROUP BY exception_id) s USING (exception_id)
WHERE e.event = 'opened' AND e.leg = 'monitor' ORDER BY e.event_no
"""
_JUDGED = """
SELECT count(*) FROM (
    SELECT row_number() OVER (PARTITION BY terminal_id ORDER BY business_date) AS nth FROM terminal_days)
WHERE nth > ?
"""

Row = Mapping[str, Any]


def measure(
    seeds: Iterable[int], days: int, rows_per_day: int, work: Path | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """Play each seed twice, without trouble and with one of each kind; ValueError for too few days.

    work: folder that is kept, else a temporary one.
    """
    from pipelines.synth.troubles import TROUBLES

    every = ",".join(trouble.name for trouble in TROUBLES)
    found: dict[str, Any] = {"days": days, "rows_per_day": rows_per_day, "seeds": [], "troubles": []}
    for seed in seeds:
        clean, _ = _played(seed, days, rows_per_day, "none", work and work / "clean")
        troubled, planted = _played(seed, days, rows_per_day, every, work and work / "troubled")
        told = [_of_trouble(trouble, troubled["told"]) for trouble in planted]
        mine = {key for each in told for key in each.pop("ids")}
        beside = [row for row in troubled["told"] if row["exception_id"] not in mine]
        found["troubles"] += [{"seed": seed, **each} for each in told]
        found["seeds"].append(
            {
                "seed": seed,
                "terminal_days": clean["judged"],
                "false": [row["explanation"] for row in clean["told"]],
                "beside": [row["explanation"] for row in beside],
            }
        )
        say(f"seed {seed}: {sum(each['found'] for each in told)} of {len(told)} troubles, {len(clean['told'])} false")
    judged, wrong = (
        sum(seed["terminal_days"] for seed in found["seeds"]),
        sum(len(s["false"]) for s in found["seeds"]),
    )
    sound = wrong * 1000 <= MOST_FALSE * judged and all(each["found"] for each in found["troubles"])
    return {**found, "terminal_days": judged, "false_signals": wrong, "passed": sound}


def _played(
    seed: int, days: int, rows_per_day: int, faults: str, work: Path | None
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What was told in the nights of a scenario, on how many terminal-days it could be, and what was planted."""
    from pipelines.synth import generate

    with folder_of(work, seed) as folder:
        generate(folder, days=days, rows_per_day=rows_per_day, seed=seed, faults=faults)
        shutil.rmtree(folder / "var", ignore_errors=True)
        play(folder, days_of(folder))
        settings = config.load(folder / "recon.toml")
        with Published(settings.paths.investigate) as published:
            told = published.frame(_TOLD).to_dicts()
            judged = published.frame(_JUDGED, [settings.signals.min_history_days]).item()
        return {"told": told, "judged": judged}, _planted(folder / "signals.csv")


def _planted(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return [*csv.DictReader(handle)]


def _of_trouble(trouble: Mapping[str, str], told: Iterable[Row]) -> dict[str, Any]:
    """Whether a trouble was told at its place, in its days and as what it is; `ids`: all that its place told then."""
    here = [row for row in told if _is_there(trouble, row)]
    right = [row for row in here if row["type"] == trouble["type"] and row["kind"] in trouble["kinds"].split()]
    first = min((row["run_date"] for row in right), default=None)
    return {
        "trouble": trouble["trouble"],
        "begins": trouble["first_day"],
        "found": bool(right),
        "told_on": str(first or ""),
        "says": right[0]["explanation"] if right else "",
        "ids": [row["exception_id"] for row in here],
    }


def _is_there(trouble: Mapping[str, str], row: Row) -> bool:
    names = ("acquirer", "merchant_id", "terminal_id", "operator_id")
    place = all(row[name] == trouble[name] for name in names if trouble[name])
    return place and trouble["first_day"] <= str(row["business_date"]) <= trouble["last_day"]


def as_text(found: Mapping[str, Any]) -> str:
    """What was found of each trouble, and the share of false signals."""
    seeds = len(found["seeds"])
    names = dict.fromkeys(each["trouble"] for each in found["troubles"])
    lines = [f"{'trouble':16}{'found':>8}  first told, of the first seed"]
    for name in names:
        mine = [each for each in found["troubles"] if each["trouble"] == name]
        told = (
            f"{mine[0]['told_on']} (begins {mine[0]['begins']}): {mine[0]['says']}" if mine[0]["found"] else "not told"
        )
        lines.append(f"{name:16}{sum(each['found'] for each in mine):>4} of {seeds}  {told}")
    rate = 1000 * found["false_signals"] / found["terminal_days"] if found["terminal_days"] else 0
    lines.append(
        f"without trouble: {found['false_signals']} false signals on {found['terminal_days']:,} terminal-days "
        f"with enough history, {rate:.2f} per 1,000"
    )
    lines += [f"  seed {seed['seed']}: {line}" for seed in found["seeds"] for line in seed["false"]]
    lines += [
        f"  seed {seed['seed']}, beside its troubles: {line}" for seed in found["seeds"] for line in seed["beside"]
    ]
    return "\n".join([*lines, "passed" if found["passed"] else "not passed"])
