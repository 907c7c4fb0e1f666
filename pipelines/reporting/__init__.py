"""The night as report data: read from the books what `reports.model` wants to show.

`build` is the report of the night that has just been reconciled; `again` is that of any night that finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import polars as pl

from pipelines.config import Settings
from pipelines.matching import rules
from pipelines.money import to_major
from pipelines.reconcile import Outcome
from pipelines.reporting import accounts, listing, rates, restated
from pipelines.reporting.bridging import bridges
from pipelines.reporting.frozen import again, keep
from pipelines.reporting.periods import Period, summary
from pipelines.sources.base import is_count
from pipelines.store import Store, seals
from pipelines.store.connection import SQL
from reports import grouping
from reports.listed import Listed
from reports.model import FileRow, Report, RowCounts, Verdict

__all__ = ["Period", "again", "build", "keep", "of_this_run", "summary"]


def build(store: Store, settings: Settings, outcome: Outcome, facts: Mapping[str, Any]) -> Report:
    """The report of a run. facts: run_no, run_id, business_date, generated_at."""
    run_no, day = facts["run_no"], facts["business_date"]
    rates.keep(store, outcome, run_no)
    expected = outcome.arrivals.expected_now()
    lacking = [e for e in expected if not outcome.arrivals.has(e)]
    verdict: Verdict = "INCOMPLETE" if lacking else "OK"
    report = Report(
        run_id=facts["run_id"],
        business_date=day,
        generated_at=facts["generated_at"],
        verdict=verdict,
        files=_files(store, settings, outcome, run_no),
        still_missing=tuple(
            FileRow(
                source=e.source,
                name="",
                side=settings.side_of(_source(settings, e.source)),
                state="missing",
                expected_for=e.date,
            )
            for e in outcome.arrivals.missing()
            if e not in expected
        ),
        restatements=restated.restatements(store, day),
        taken_back=restated.taken_back(store, day),
        rows=_row_counts(store, run_no),
        bridges=bridges(store.frame((SQL / "report" / "bridge.sql").read_text(encoding="utf-8")).iter_rows(named=True)),
        proof=accounts.proof_of(store, outcome),
        fee_checks=accounts.fee_checks(store),
        match_rates=accounts.match_rates(outcome.proof),
        match_rules=accounts.match_rules(outcome),
        trend=rates.trend(store, day, run_no),
        waiting=accounts.waiting(store),
        rejects=listing.rejects(store, run_no),
        versions=(*_versions(settings), *seals.told(store)),
    )
    return grouping.filled(report, *listing.tonight(store, day))


def _source(settings: Settings, name: str) -> Any:
    return next(s for s in settings.sources if s.name == name)


def _versions(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Program, rules, and the contracts in force by a hash of all their terms."""
    terms = json.dumps([contract.model_dump(mode="json") for contract in settings.contracts], sort_keys=True)
    contracts = hashlib.sha256(terms.encode()).hexdigest()[:12]
    return (
        ("settlement-recon", version("settlement-recon")),
        ("rules", str(rules.VERSION)),
        ("contracts", contracts),
    )


def of_this_run(store: Store, report: Report, run_no: int) -> Report:
    """The same report with `new` and `cleared` narrowed to what this run itself changed, for its JSON."""
    did = store.execute("SELECT exception_id, event FROM book.exception_events WHERE run_no = ?", [run_no])
    opened = {key for key, event in did if event in ("opened", "reopened")}
    gone = {key for key, event in did if event == "cleared"}
    new, carried = report.new, report.carried
    everything, mine = Listed.together((*new, *carried)), pl.col("exception_id").is_in(sorted(opened))
    if len(everything.where(mine)) != sum(group.count for group in new) or Listed.together(carried).where(mine):
        # opened by another run of the date, or opened again
        new, carried = grouping.grouped(everything.where(mine)), grouping.grouped(everything.where(~mine))
    return replace(
        report,
        new=new,
        carried=carried,
        cleared=grouping.grouped(Listed.together(report.cleared).where(pl.col("exception_id").is_in(sorted(gone)))),
        still_missing=(),
    )


def _files(store: Store, settings: Settings, outcome: Outcome, run_no: int) -> tuple[FileRow, ...]:
    """Files that came tonight, files that were expected tonight whenever they came, and those that did not come."""
    expected = {(e.source, e.date) for e in outcome.arrivals.expected_now()}
    found = store.frame(
        """
        SELECT f.*, t.currency FROM book.files f
        LEFT JOIN (SELECT file_id, max(currency) AS currency FROM book.file_totals GROUP BY file_id) t USING (file_id)
        WHERE f.state IN ('loaded', 'rejected') ORDER BY f.file_id
        """
    )
    rows, there = [], set()
    for row in found.iter_rows(named=True):
        key = (row["source"], row["expected_date"])
        if row["run_no"] == run_no or key in expected:
            rows.append(_file_row(row, new=row["run_no"] == run_no))
            if row["state"] == "loaded":
                there.add(key)
    missing = [
        FileRow(
            source=source,
            name="",
            side=settings.side_of(_source(settings, source)),
            state="missing",
            expected_for=expected_for,
        )
        for source, expected_for in sorted(expected - there)
    ]
    return (*rows, *missing)


def _file_row(row: Mapping[str, Any], *, new: bool) -> FileRow:
    loaded = "loaded" if new else "already loaded"
    return FileRow(
        source=row["source"] or "—",
        name=row["name"],
        side=row["side"] or "—",
        state="rejected" if row["state"] == "rejected" else loaded,  # type: ignore[arg-type]
        expected_for=row["expected_date"],
        rows=row["accepted"] or 0,
        rejected_rows=row["rejected"] or 0,
        totals_agree=row["agree"],
        declared=_totals_text(row["declared"], row["currency"]),
        computed=_totals_text(row["computed"], row["currency"]),
        sha256=row["sha256"],
        arrived_at=row["arrived_at"],
        reason=row["error"] or "",
    )


def _totals_text(text: str | None, currency: str | None) -> str:
    """Control totals as people read them: counts as they are, sums in major units."""
    totals = json.loads(text or "{}")
    return ", ".join(
        f"{name} {value:,}" if is_count(name) else f"{name} {to_major(value, currency or ''):,}"
        for name, value in totals.items()
    )


def _row_counts(store: Store, run_no: int) -> RowCounts:
    accepted = dict(
        store.execute(
            "SELECT side, CAST(sum(accepted) AS BIGINT) FROM book.files "
            "WHERE run_no = ? AND state = 'loaded' GROUP BY side",
            [run_no],
        )
    )
    ((rejected,),) = store.execute(
        "SELECT coalesce(sum(rejected), 0) FROM book.files WHERE run_no = ? AND state = 'loaded'", [run_no]
    )
    return RowCounts(**{str(side): int(count) for side, count in accepted.items()}, rejected=int(rejected))
