"""The daily report as one self-contained HTML file: no network, no external assets, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from jinja2 import Environment
from markupsafe import Markup

from pipelines.cases.taxonomy import POLICY, SEVERITIES, Policy
from pipelines.money import to_major
from reports import charts, fees, trend
from reports.books import Bridge, Money
from reports.grouping import (
    BUCKETS,
    UNCOUNTED,
    disputes_due,
    totals,
    type_rank,
    worth,
)
from reports.incidents import open_incidents
from reports.model import AgeCell, ExceptionItem, Report, TypeGroup
from reports.sections import sections
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
        sections=sections(model),
        overview=overview(model),
        bridges=[(bridge, _drawn(bridge)) for bridge in model.bridges],
        ageing=_ageing(model.ageing),
        trend=trend.chart(model.trend),
        incidents=open_incidents(model),
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
