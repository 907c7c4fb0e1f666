"""The three lists of exceptions on the page: what they are called, and what of them is shown where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.grouping import fitting
from reports.incidents import open_incidents, without_children
from reports.model import Report, TypeGroup
from reports.verdict import Words, count


@dataclass(frozen=True, slots=True)
class Heading:
    """What one section of exceptions is called, in both languages, and the register's status it shows."""

    key: Literal["new", "cleared", "carried"]
    title: Words
    lead: Words
    nothing: Words
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Section:
    """New, cleared or carried exceptions: the groups as shown, and how many exceptions there are in all.

    apart: how many of a type stand with their incident instead; they count as shown.
    """

    heading: Heading
    groups: tuple[TypeGroup, ...]
    count: int
    shown: int
    apart: Mapping[str, int]


_HEADINGS = (
    Heading(
        "new",
        Words("New today", "今日新增"),
        Words("Found by this run for the first time.", "本次运行首次发现。"),
        Words("Nothing new today.", "今日无新增异常。"),
    ),
    Heading(
        "cleared",
        Words("Cleared today", "今日核销"),
        Words("Settled by what arrived today; nothing is left to do.", "已由今日到达的数据解决，无需处理。"),
        Words("Nothing was cleared today.", "今日无核销。"),
        "cleared",
    ),
    Heading(
        "carried",
        Words("Carried over", "结转未结"),
        Words("Open before this run, and still open.", "本次运行之前已存在，仍未解决。"),
        Words("Nothing is carried over.", "无结转异常。"),
    ),
)


_PERIOD_HEADINGS = (
    Heading(
        "new",
        Words("New in this period", "本期新增"),
        Words("Found by the nights of this period, and still open at its end.", "本期各晚发现，期末仍未解决。"),
        Words("Nothing new is open.", "无新增未结异常。"),
    ),
    Heading(
        "cleared",
        Words("Cleared in this period", "本期核销"),
        Words("Settled by what arrived in this period; nothing is left to do.", "已由本期到达的数据解决，无需处理。"),
        Words("Nothing was cleared.", "无核销。"),
        "cleared",
    ),
    Heading(
        "carried",
        Words("Carried over", "结转未结"),
        Words("Open before this period, and still open at its end.", "本期之前已存在，期末仍未解决。"),
        Words("Nothing is carried over.", "无结转异常。"),
    ),
)


def sections(model: Report) -> tuple[Section, ...]:
    """New, cleared and carried exceptions in this order, as many rows as there is room for."""
    groups = {"new": model.new, "cleared": model.cleared, "carried": model.carried}
    headings = _PERIOD_HEADINGS if model.period else _HEADINGS
    parents = {incident.item.exception_id for incident in open_incidents(model)}
    return tuple(
        _section(heading, groups[heading.key], parents if heading.status == "open" else set(), model.row_limit)
        for heading in headings
    )


def _section(heading: Heading, groups: Sequence[TypeGroup], parents: Collection[str], limit: int) -> Section:
    own, apart = without_children(groups, parents)
    shown = fitting(own, limit)
    return Section(heading, shown, count(groups), sum(len(g.items) for g in shown) + sum(apart.values()), apart)
