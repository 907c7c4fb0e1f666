"""The night as report data: read from the books what `reports.model` wants to show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import polars as pl

from pipelines import reporting_restated as restated
from pipelines.cases.taxonomy import POLICY
from pipelines.checks.proof import Line
from pipelines.config import Settings
from pipelines.matching import rules
from pipelines.money import to_major
from pipelines.reconcile import Outcome
from pipelines.sources.base import is_count
from pipelines.store import Store
from pipelines.store.connection import SQL
from reports import grouping
from reports.books import Bridge, Proof, ProofLine, ProofPart, RejectedRows, Step
from reports.model import (
    Evidence,
    ExceptionItem,
    FileRow,
    MatchRate,
    MatchRule,
    Report,
    RowCounts,
    Verdict,
    Waiting,
)

STATES = {
    "matched": ("matched", "已匹配"),
    "excepted": ("excepted", "异常"),
    "waiting": ("waiting", "在途"),
    "out_of_scope": ("out of scope", "无需对账"),
}
ITEM_TEXTS = (
    *("acquirer", "merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref"),
    *("explanation", "explanation_zh", "next_action", "contact"),
)


def exception_items(frame: pl.DataFrame) -> list[ExceptionItem]:
    """Rows of the `exceptions` view as report items."""
    return [_item(row) for row in frame.iter_rows(named=True)]


def _item(row: Mapping[str, Any]) -> ExceptionItem:
    policy = POLICY[row["type"]]
    return ExceptionItem(
        exception_id=row["exception_id"],
        type=row["type"],
        status=row["status"],
        severity=row["severity"],
        leg=row["leg"],
        business_date=row["business_date"] or row["first_seen"],
        first_seen=row["first_seen"],
        age_days=row["age_days"] or 0,
        amount_minor=row["amount_minor"],
        currency=row["currency"] or "",
        direction=row["direction"],
        due_date=row["due_date"],
        evidence=tuple(Evidence(e["side"], e["file"], e["line"]) for e in row["evidence"]),
        next_action_zh=policy.action_zh,
        contact_zh=policy.contact_zh,
        **{name: row[name] or "" for name in ITEM_TEXTS},
    )


def build(store: Store, settings: Settings, outcome: Outcome, facts: Mapping[str, Any]) -> Report:
    """The report of a run. facts: run_no, run_id, business_date, generated_at."""
    run_no, day = facts["run_no"], facts["business_date"]
    open_now = exception_items(
        store.frame("SELECT * FROM exceptions WHERE status NOT IN ('cleared', 'resolved', 'waiting')")
    )
    cleared = exception_items(_cleared(store, "run_date = ?", [day]))
    new = [item for item in open_now if item.first_seen == day]
    carried = [item for item in open_now if item.first_seen != day]
    expected = outcome.arrivals.expected_now()
    lacking = [e for e in expected if not outcome.arrivals.has(e)]
    verdict: Verdict = "INCOMPLETE" if lacking else "OK"
    return Report(
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
        proof=_proof(store, outcome.proof),
        match_rates=_match_rates(outcome.proof),
        match_rules=_match_rules(outcome),
        top=grouping.first_to_do(open_now),
        new=grouping.grouped(new),
        cleared=grouping.grouped(cleared),
        carried=grouping.grouped(carried),
        ageing=grouping.ageing(open_now),
        waiting=_waiting(store),
        versions=_versions(),
    )


def _source(settings: Settings, name: str) -> Any:
    return next(s for s in settings.sources if s.name == name)


def _versions() -> tuple[tuple[str, str], ...]:
    return (("settlement-recon", version("settlement-recon")), ("rules", str(rules.VERSION)))


def _cleared(store: Store, where: str, parameters: list[Any]) -> pl.DataFrame:
    return store.frame(
        f"""
        SELECT * FROM exceptions WHERE status = 'cleared' AND exception_id IN
        (SELECT exception_id FROM book.exception_events WHERE event = 'cleared' AND {where})
        """,
        parameters,
    )


def of_this_run(store: Store, report: Report, run_no: int) -> Report:
    """The same report with `new` and `cleared` narrowed to what this run itself changed, for its JSON."""
    opened = {
        key
        for (key,) in store.execute(
            "SELECT exception_id FROM book.exception_events WHERE run_no = ? AND event IN ('opened', 'reopened')",
            [run_no],
        )
    }
    everything = [item for group in (*report.new, *report.carried) for item in group.items]
    new = [item for item in everything if item.exception_id in opened]
    carried = [item for item in everything if item.exception_id not in opened]
    cleared = exception_items(_cleared(store, "run_no = ?", [run_no]))
    return replace(
        report,
        new=grouping.grouped(new),
        carried=grouping.grouped(carried),
        cleared=grouping.grouped(cleared),
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


def _proof(store: Store, lines: Iterable[Line]) -> Proof:
    rejected = store.execute(
        """
        SELECT f.side, coalesce(r.currency, 'XXX'), count(*), CAST(coalesce(sum(r.amount_minor), 0) AS BIGINT)
        FROM book.rejected_rows r JOIN book.files f USING (file_id) WHERE f.state = 'loaded'
        GROUP BY ALL ORDER BY ALL
        """
    )
    return Proof(
        lines=tuple(
            ProofLine(
                line.side,
                line.currency,
                line.rows_in,
                line.rows_accounted,
                line.amount_in_minor,
                line.amount_accounted_minor,
                tuple(
                    ProofPart(*STATES[part.state], part.rows, part.amount_minor, reason=part.reason)
                    for part in line.parts
                ),
            )
            for line in lines
        ),
        rejected=tuple(RejectedRows(*row) for row in rejected),
    )


def _match_rates(lines: Iterable[Line]) -> tuple[MatchRate, ...]:
    """Share of rows that are matched among those that could be: waiting and idle rows are not yet due."""
    rates = []
    for line in lines:
        due = [p for p in line.parts if p.state in ("matched", "excepted")]
        done = [p for p in due if p.state == "matched"]
        if due:
            rates.append(
                MatchRate(
                    line.side,
                    line.currency,
                    sum(p.rows for p in done),
                    sum(p.rows for p in due),
                    sum(abs(p.amount_minor) for p in done),
                    sum(abs(p.amount_minor) for p in due),
                )
            )
    return tuple(rates)


def _match_rules(outcome: Outcome) -> tuple[MatchRule, ...]:
    pairs = outcome.pairs.group_by("rule", "currency").agg(
        count=pl.len(), amount=pl.col("settlement_amount_minor").abs().sum()
    )
    tied = outcome.groups.group_by("rule", "currency").agg(count=pl.len(), amount=pl.col("payout_minor").abs().sum())
    found = [
        MatchRule(leg, row["rule"], row["currency"], row["count"], row["amount"])
        for leg, frame in (("journal-settlement", pairs), ("settlement-bank", tied))
        for row in frame.sort("rule", "currency").iter_rows(named=True)
    ]
    return tuple(found)


def _waiting(store: Store) -> tuple[Waiting, ...]:
    rows = store.execute(
        """
        SELECT coalesce(acquirer, ''), business_date, currency, count(*), CAST(sum(amount_minor) AS BIGINT),
               max(expected_by), side
        FROM waiting_rows GROUP BY ALL ORDER BY ALL
        """
    )
    reasons = {
        "journal": ("not yet settled", "尚未清算"),
        "settlement": ("payout not yet due, or journal not yet here", "付款未到期或流水未到"),
        "bank": ("the acquirer's files are incomplete", "收单机构文件未到齐"),
    }
    return tuple(Waiting(*row[:6], *reasons[row[6]]) for row in rows)  # type: ignore[call-arg]


LEVELS = (
    ("journal", "Journal: sales less refunds", "门店流水：销售减退货"),
    ("gross", "Settlement gross", "清算总额"),
    ("net", "Net after fees", "扣费后净额"),
    ("payouts", "Declared payouts", "收单机构应付款"),
    ("bank", "Arrived at the bank", "银行到账"),
)
BETWEEN = {"gross": ("leg1",), "net": ("other", "fees"), "payouts": ("unpaid", "declared"), "bank": ("leg2",)}
NAMED = {
    "fees": ("Fees", "手续费"),
    "unpaid": ("In no payout yet", "尚未列入付款"),
    "declared": ("Payout differs from its lines", "付款与明细之差"),
    "TIMING": ("In transit", "在途"),
}


def bridges(parts: Iterable[Mapping[str, Any]]) -> tuple[Bridge, ...]:
    """Bridges of the rows of `sql/report/bridge.sql`; every level is the level before it and what lies between."""
    sums: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
    for row in parts:
        of = sums.setdefault((row["acquirer"], row["currency"]), {})
        of[row["step"], row["type"]] = row["amount_minor"]
    return tuple(
        Bridge(acquirer or "(no contract)", currency, _steps(found))
        for (acquirer, currency), found in sorted(sums.items())
    )


def _steps(found: Mapping[tuple[str, str], int]) -> tuple[Step, ...]:
    level = found.get(("journal", ""), 0)
    steps = [Step(*LEVELS[0][1:], level, "total")]
    for name, label_en, label_zh in LEVELS[1:]:
        for (step, kind), amount in found.items():
            if step in BETWEEN[name] and amount:
                steps.append(Step(*_label(step, kind), amount, "delta", type=kind if kind in POLICY else ""))
                level += amount
        stated = found.get((name, ""), level if name == "bank" else 0)
        steps.append(Step(label_en, label_zh, stated, "total"))
    return tuple(steps)


def _label(step: str, kind: str) -> tuple[str, str]:
    if kind in NAMED or step in NAMED:
        return NAMED.get(kind) or NAMED[step]
    policy = POLICY.get(kind)
    return (policy.title_en, policy.term_zh) if policy else (kind.replace("_", " ").capitalize(), kind)
