"""The `--json` of `recon run` from the report's data; its shape is fixed in contract.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from reports.fees import claims
from reports.model import Report, TypeGroup

_OUTPUTS = ("html", "xlsx", "json")


def run_json(report: Report) -> dict[str, object]:
    """Return the keys of contract.md, money in integer minor units, and `rounding` beside the lines of the proof.

    Rejected rows stand in `proof.lines` under side "rejected", one line per currency, where there are any. A
    report that was not written is null. A failed run has proven nothing, so its proof is not balanced. `rounding` has a
    line for each source and currency whose fees are finer than the minor unit; their exact sum is decimal text.
    """
    return {
        "run_id": report.run_id,
        "business_date": report.business_date.isoformat(),
        "verdict": report.verdict,
        "files": _files(report),
        "rows": {
            "journal": report.rows.journal,
            "settlement": report.rows.settlement,
            "bank": report.rows.bank,
            "rejected": report.rows.rejected,
        },
        "matched": _matched(report),
        "exceptions": {
            "new": _counts(report.new),
            "cleared": _counts(report.cleared),
            "open": _counts((*report.new, *report.carried)),
        },
        "waiting": {"TIMING": sum(row.count for row in report.waiting)},
        "proof": {
            "balanced": report.proof.balanced and report.verdict != "FAILED",
            "lines": [*_proof_lines(report), *_rejected(report)],
            "rounding": _rounding(report),
        },
        "reports": {name: report.outputs.get(name) for name in _OUTPUTS},
        "seconds": dict(report.seconds),
        "peak_rss_mb": report.peak_rss_mb,
    }


def render(report: Report) -> bytes:
    """The same as UTF-8 text, indented, Chinese left readable, with a final newline.

    After the contract's keys `fees` tells what became of the fees of all lines, and what is to be claimed; where files
    were corrected or taken back, `restatements` and `taken_back` tell of it.
    """
    told = run_json(report)
    told["fees"] = {
        "checked": [asdict(each) for each in report.fee_checks],
        "claims": [asdict(each) for each in claims(report)],
    }
    if report.restatements:
        told["restatements"] = [asdict(each) for each in report.restatements]
    if report.taken_back:
        told["taken_back"] = [asdict(each) for each in report.taken_back]
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _files(report: Report) -> dict[str, object]:
    states = Counter(row.state for row in report.files)
    return {
        "loaded": states["loaded"],
        "already_loaded": states["already loaded"],
        "rejected": states["rejected"],
        "missing": [row.key for row in report.missing],
    }


def _matched(report: Report) -> dict[str, object]:
    by_leg: Counter[str] = Counter()
    by_rule: Counter[str] = Counter()
    for rule in report.match_rules:
        by_leg[rule.leg] += rule.count
        by_rule[rule.rule] += rule.count
    return {
        "journal_settlement": by_leg["journal-settlement"],
        "settlement_bank": by_leg["settlement-bank"],
        "by_rule": dict(by_rule),
    }


def _counts(groups: Sequence[TypeGroup]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for group in groups:
        counts[group.type] += group.count
    return dict(counts)


def _proof_lines(report: Report) -> list[dict[str, object]]:
    return [
        {
            "side": line.side,
            "currency": line.currency,
            "rows_in": line.rows_in,
            "rows_accounted": line.rows_accounted,
            "amount_in_minor": line.amount_in_minor,
            "amount_accounted_minor": line.amount_accounted_minor,
        }
        for line in report.proof.lines
    ]


def _rounding(report: Report) -> list[dict[str, object]]:
    return [
        {
            "source": line.source,
            "currency": line.currency,
            "rows": line.lines,
            "fee_exact": str(line.exact),
            "fee_minor": line.once_minor,
            "fee_of_lines_minor": line.rounded_minor,
            "rounding_minor": line.rounded_minor - line.once_minor,
        }
        for line in report.proof.rounding
    ]


def _rejected(report: Report) -> list[dict[str, object]]:
    rows: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for line in report.proof.rejected:
        rows[line.currency] += line.rows
        amounts[line.currency] += line.amount_minor
    return [
        {
            "side": "rejected",
            "currency": currency,
            "rows_in": rows[currency],
            "rows_accounted": rows[currency],
            "amount_in_minor": amounts[currency],
            "amount_accounted_minor": amounts[currency],
        }
        for currency in sorted(rows)
        if rows[currency]
    ]
