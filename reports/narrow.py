"""A report for one reader: only the acquirers or shops that are theirs, and nothing that tells of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import polars as pl

from reports.grouping import filled
from reports.listed import Listed
from reports.model import BreakSource, FileRow, NightLine, Report, TypeGroup


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose exceptions a reader sees: globs on acquirer and merchant number; none of a kind means all of it."""

    acquirers: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.acquirers and not self.merchants

    @property
    def text(self) -> str:
        """As a reader sees it; empty for everything."""
        return ", ".join((*self.acquirers, *self.merchants))

    def is_of(self, found: BreakSource) -> bool:
        """Whether a terminal is the reader's business."""
        return _fits(found.acquirer, self.acquirers) and _fits(found.merchant_id, self.merchants)


def _fits(value: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(value, glob) for glob in globs)


def narrowed(report: Report, scope: Scope) -> Report:
    """The report with what the scope holds, made anew: what is not named here does not reach a reader of a part.

    Sums over all shops are left out: proof, rates, trend, refused rows, corrections, and control totals of files;
    bridges, fees and what waits stay where the scope is of acquirers alone.
    """
    if scope.everything:
        return report
    ours = not scope.merchants
    bare = Report(
        run_id=report.run_id,
        business_date=report.business_date,
        generated_at=report.generated_at,
        verdict=report.verdict,
        failure=report.failure,
        scope=scope.text,
        period=report.period,
        files=tuple(_plain(row) for row in report.files if row.state in ("missing", "rejected")),
        still_missing=tuple(_plain(row) for row in report.still_missing),
        bridges=tuple(b for b in report.bridges if ours and _fits(b.acquirer, scope.acquirers)),
        fee_checks=tuple(c for c in report.fee_checks if ours and _fits(c.acquirer, scope.acquirers)),
        waiting=tuple(w for w in report.waiting if ours and _fits(w.acquirer, scope.acquirers)),
        nights=tuple(NightLine(night.day, night.verdict) for night in report.nights),
        break_sources=tuple(source for source in report.break_sources if scope.is_of(source)),
        versions=report.versions,
        language=report.language,
    )
    return filled(bare, _held((*report.new, *report.carried), scope), _held(report.cleared, scope))


def _held(groups: Iterable[TypeGroup], scope: Scope) -> Listed:
    every = Listed.together(groups)
    mine = [
        pl.col(name).is_in([value for value in every.frame[name].unique() if _fits(value, globs)])
        for name, globs in (("acquirer", scope.acquirers), ("merchant_id", scope.merchants))
    ]
    return every.where(pl.all_horizontal(mine))


def _plain(row: FileRow) -> FileRow:
    """That a file is missing or refused, without what it says of other shops."""
    return replace(row, declared="", computed="", reason="", reason_zh="", rows=0, rejected_rows=0, sha256="")
