"""What the night's accounts say: where every row went, how much of it was matched and by which rule, what waits."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from pipelines.checks.proof import Line
from pipelines.reconcile import Outcome
from pipelines.store import Store, amounts, fees
from reports.books import FeeCheck, Proof, ProofLine, ProofPart, RejectedRows, Rounding
from reports.model import MatchRate, MatchRule, Waiting

STATES = {
    "matched": ("matched", "已匹配"),
    "excepted": ("excepted", "异常"),
    "waiting": ("waiting", "在途"),
    "out_of_scope": ("out of scope", "无需对账"),
}
_SETTLES = re.compile(r"settles exception \S+")
_SETTLED = re.compile(r"settled by the adjustment in line [0-9]+ of .+")


def proof_of(store: Store, outcome: Outcome) -> Proof:
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
                _parts(line),
            )
            for line in outcome.proof
        ),
        rejected=tuple(RejectedRows(*row) for row in rejected),
        rounding=tuple(
            Rounding(line.source, line.currency, line.lines, line.exact, line.rounded_minor, line.once_minor)
            for line in outcome.rounding
        ),
    )


def _parts(line: Line) -> tuple[ProofPart, ...]:
    """Where the rows of a line went. Reasons that name one adjustment each are told together: history is long."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for part in line.parts:
        key = part.state, _SETTLES.sub("settles an exception", _SETTLED.sub("settled by an adjustment", part.reason))
        rows, amount = sums.get(key, (0, 0))
        sums[key] = rows + part.rows, amount + part.amount_minor
    return tuple(
        ProofPart(*STATES[state], rows, amount, reason=reason) for (state, reason), (rows, amount) in sums.items()
    )


def fee_checks(store: Store) -> tuple[FeeCheck, ...]:
    """What became of the fees of all lines in use, those that no contract governs included."""
    return tuple(FeeCheck(*row) for row in fees.checked(store).iter_rows())


def match_rates(lines: Iterable[Line]) -> tuple[MatchRate, ...]:
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


def match_rules(outcome: Outcome) -> tuple[MatchRule, ...]:
    pairs = outcome.paired.group_by("rule", "currency").agg(
        count=pl.col("count").sum(), amount=pl.col("settlement_minor").sum()
    )
    tied = outcome.groups.group_by("rule", "currency").agg(count=pl.len(), amount=pl.col("payout_minor").abs().sum())
    found = [
        MatchRule(leg, row["rule"], row["currency"], row["count"], row["amount"])
        for leg, frame in (("journal-settlement", pairs), ("settlement-bank", tied))
        for row in frame.sort("rule", "currency").iter_rows(named=True)
    ]
    return tuple(found)


def waiting(store: Store) -> tuple[Waiting, ...]:
    rows = amounts.waiting_sums(store)
    reasons = {
        "journal": ("not yet settled", "尚未清算"),
        "settlement": ("payout not yet due, or journal not yet here", "付款未到期或流水未到"),
        "bank": ("the acquirer's files are incomplete", "收单机构文件未到齐"),
    }
    return tuple(Waiting(*row[:6], *reasons[row[6]]) for row in rows)  # type: ignore[call-arg]
