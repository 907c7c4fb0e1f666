"""Incidents on the page: one line each, its exceptions below it and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import polars as pl

from reports.grouping import INCIDENT, standing, type_rank, urgency
from reports.listed import Listed
from reports.model import ExceptionItem, Report, TypeGroup

MOST_CHILDREN = 200
"""So many exceptions of an incident are shown below it; the workbook and `recon case show` have them all."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An open incident. children: those of its exceptions that are open and shown; count: how many are open."""

    item: ExceptionItem
    children: tuple[ExceptionItem, ...]
    count: int


def open_incidents(report: Report) -> tuple[Incident, ...]:
    """Every open incident with its open exceptions, worst type first."""
    groups = (*report.new, *report.carried)
    of: dict[str, list[ExceptionItem]] = {}
    for item in Listed.together(groups).where(pl.col("parent_id") != ""):
        of.setdefault(item.parent_id, []).append(item)
    return tuple(_incident(item, of.get(item.exception_id, [])) for item in standing(groups, INCIDENT))


def _incident(item: ExceptionItem, children: Sequence[ExceptionItem]) -> Incident:
    ordered = sorted(children, key=lambda child: (type_rank(child.type), child.type, urgency(child)))
    return Incident(item, tuple(ordered[:MOST_CHILDREN]), len(ordered))


def without_children(
    groups: Sequence[TypeGroup], parents: Collection[str]
) -> tuple[tuple[TypeGroup, ...], dict[str, int]]:
    """Groups without the rows that stand with an incident, their counts and sums as before; how many, by type."""
    kept, apart = [], {}
    for group in groups:
        own = Listed.of(group.items).where(~pl.col("parent_id").is_in(list(parents))) if parents else group.items
        kept.append(replace(group, items=own))
        if len(own) < len(group.items):
            apart[group.type] = len(group.items) - len(own)
    return tuple(kept), apart
