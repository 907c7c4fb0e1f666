"""The daily report as one self-contained HTML file: no network, no external assets, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Literal

from jinja2 import Environment
from markupsafe import Markup

from pipelines.cases.taxonomy import POLICY, SEVERITIES, Policy
from pipelines.money import to_major
from reports import charts, fees, trend
from reports.books import Bridge, Money
from reports.grouping import (
    BUCKETS,
    INCIDENT,
    UNCOUNTED,
    disputes_due,
    fitting,
    standing,
    totals,
    type_rank,
    worth,
)
from reports.model import AgeCell, ExceptionItem, Report, TypeGroup
from reports.templating import environment
from reports.verdict import Words, count, sentence

MOST_DISPUTES = 20
"""Disputes listed on their own; each stands in its section as well."""

MOST_CLAIMS = 50
"""Fee claims on the page, the largest first; the workbook has them all."""


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One row of the overview: a type and its exceptions in the three sections."""

    type: str
    new: int
    cleared: int
    carried: int
    open_totals: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class AgeLine:
    """One ageing bucket of one currency; `length` is its bar."""

    first: int
    last: int | None
    count: int
    amount_minor: int
    length: int


def render(model: Report) -> bytes:
    """Return the page as UTF-8 bytes; the same model gives the same bytes."""
    env = _environment()
    style, script = _asset(env, "report.css"), _asset(env, "report.js")
    text = env.get_template("report.html.j2").render(
        report=model,
        verdict=sentence(model),
        style=style,
        script=script,
        policy_header=content_security_policy(style, script),
        sections=_sections(model),
        overview=overview(model),
        bridges=[(bridge, _drawn(bridge)) for bridge in model.bridges],
        ageing=_ageing(model.ageing),
        trend=trend.chart(model.trend),
        incidents=standing((*model.new, *model.carried), INCIDENT),
        disputes=disputes_due(model),
        fees=fees.largest(fees.claims(model)),
        fees_checked=fees.checked(model.fee_checks),
        workbook=PurePath(model.outputs.get("xlsx", "")).name,
        files_here=len({row.key for row in model.files if row.state in ("loaded", "already loaded")}),
        files_due=len({row.key for row in model.files}),
        open_count=count(model.new) + count(model.carried),
        open_totals=worth((*model.new, *model.carried)),
        waiting_totals=totals(Money(row.currency, row.amount_minor) for row in model.waiting),
    )
    return text.encode()


def content_security_policy(style: str, script: str) -> str:
    """Allow exactly this page's own style and script, by hash, and nothing else from anywhere."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(env: Environment, name: str) -> Markup:
    """Our own style or script, kept as it is: nothing in it comes from data."""
    assert env.loader is not None  # noqa: S101 - `environment` gives it one
    return Markup(env.loader.get_source(env, name)[0])  # noqa: S704  a file of this package


def _environment() -> Environment:
    env = environment(escaped=True)
    env.filters |= {
        "major": major,
        "signed": signed,
        "number": lambda value: f"{value:,}",
        "percent": charts.percent,
        "share": share,
        "hundredths": hundredths,
        "stamp": stamp,
        "breakable": breakable,
        "action": action,
        "contact": contact,
    }
    env.globals |= {"policy": policy_of, "uncounted": UNCOUNTED, "severities": SEVERITIES, "count": count}
    env.globals |= {"most_disputes": MOST_DISPUTES, "most_claims": MOST_CLAIMS}
    return env


def major(minor: int, currency: str) -> str:
    """Minor units as major units with thousands separators, without the code."""
    return f"{to_major(minor, currency):,}"


def signed(minor: int, currency: str) -> str:
    """As `major`, with a plus sign where it is above zero."""
    return f"{to_major(minor, currency):+,}" if minor else major(0, currency)


def share(part: int, whole: int) -> str:
    """Percentage with two decimals, rounded down: 100.00 % only when nothing is left."""
    if not whole:
        return "–"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def hundredths(share: int) -> str:
    """Ten-thousandths as a percentage: 9950 → `99.5 %`."""
    whole, rest = divmod(share, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def stamp(moment: datetime | None) -> str:
    """Date, minute and offset of a moment; a dash for none."""
    return moment.isoformat(sep=" ", timespec="minutes") if moment else "–"


def breakable(name: str) -> Markup:
    """Escape a file name and let it break after underscores, not in the middle of a word."""
    return Markup("_<wbr>").join(name.split("_"))


def policy_of(code: str) -> Policy | None:
    """Policy of a type; None for one this version does not know, which the page then shows by its code."""
    return POLICY.get(code)


def action(item: ExceptionItem) -> Words:
    """Next action in both languages: the case's own where it differs from the policy's."""
    policy = POLICY.get(item.type)
    return _own(item.next_action, item.next_action_zh, Words(policy.action_en, policy.action_zh) if policy else None)


def contact(item: ExceptionItem) -> Words:
    """Whom to call, in both languages."""
    policy = POLICY.get(item.type)
    return _own(item.contact, item.contact_zh, Words(policy.contact_en, policy.contact_zh) if policy else None)


def _own(en: str, zh: str, standard: Words | None) -> Words:
    if standard and en in ("", standard.en):
        return Words(standard.en, zh or standard.zh)
    return Words(en, zh)


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
    """New, cleared or carried exceptions: the groups as shown, and how many exceptions there are in all."""

    heading: Heading
    groups: tuple[TypeGroup, ...]
    count: int
    shown: int


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


def _sections(model: Report) -> tuple[Section, ...]:
    groups = {"new": model.new, "cleared": model.cleared, "carried": model.carried}
    headings = _PERIOD_HEADINGS if model.period else _HEADINGS
    return tuple(_section(heading, groups[heading.key], model.row_limit) for heading in headings)


def _section(heading: Heading, groups: Sequence[TypeGroup], limit: int) -> Section:
    shown = fitting(groups, limit)
    return Section(heading, shown, count(groups), sum(len(group.items) for group in shown))


def overview(model: Report) -> tuple[TypeLine, ...]:
    """One line per type with anything in it: counts by section, and what is open now."""
    codes = {group.type for group in (*model.new, *model.cleared, *model.carried)}
    return tuple(_type_line(model, code) for code in sorted(codes, key=lambda code: (type_rank(code), code)))


def _type_line(model: Report, code: str) -> TypeLine:
    def of(groups: Sequence[TypeGroup]) -> list[TypeGroup]:
        return [group for group in groups if group.type == code]

    new, cleared, carried = of(model.new), of(model.cleared), of(model.carried)
    amounts = totals(amount for group in (*new, *carried) for amount in group.totals)
    return TypeLine(code, count(new), count(cleared), count(carried), amounts)


def _drawn(bridge: Bridge) -> list[tuple[object, charts.Bar]]:
    return list(zip(bridge.steps, charts.waterfall(bridge), strict=True))


def _ageing(cells: Sequence[AgeCell]) -> list[tuple[str, list[AgeLine]]]:
    """Per currency all five buckets, empty ones too; exceptions without money come last, by count."""
    currencies = sorted({cell.currency for cell in cells}, key=lambda code: (not code, code))
    return [(currency, _age_lines([cell for cell in cells if cell.currency == currency])) for currency in currencies]


def _age_lines(cells: Sequence[AgeCell]) -> list[AgeLine]:
    counts = [sum(cell.count for cell in cells if cell.bucket == at) for at in range(len(BUCKETS))]
    amounts = [sum(cell.amount_minor for cell in cells if cell.bucket == at) for at in range(len(BUCKETS))]
    bars = charts.lengths(amounts if any(amounts) else counts)
    return [
        AgeLine(first, last, number, amount, bar)
        for (first, last), number, amount, bar in zip(BUCKETS, counts, amounts, bars, strict=True)
    ]
