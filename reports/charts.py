"""Geometry of the page's bars in ten-thousandths of the width; the template draws them as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.books import Bridge

WIDTH = 10_000
_VISIBLE = 45


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a waterfall from `x`, `width` wide; connectors at `before` (None: first) and `after`."""

    x: int
    width: int
    before: int | None
    after: int
    kind: str


def percent(ten_thousandths: int) -> str:
    """As an SVG length: 1234 → `12.34%`."""
    sign = "-" if ten_thousandths < 0 else ""
    return f"{sign}{abs(ten_thousandths) // 100}.{abs(ten_thousandths) % 100:02d}%"


def waterfall(bridge: Bridge) -> tuple[Bar, ...]:
    """One bar per step on one zero-based scale; a change too small to see keeps a visible sliver."""
    spans = _spans(bridge)
    low = min([0, *(min(span) for span in spans)])
    high = max([0, *(max(span) for span in spans)])
    reach = (high - low) or 1

    def at(level: int) -> int:
        return (level - low) * WIDTH // reach

    bars: list[Bar] = []
    for step, (start, end) in zip(bridge.steps, spans, strict=True):
        left, right = at(min(start, end)), at(max(start, end))
        width = max(right - left, _VISIBLE)
        kind = "total" if step.kind == "total" else ("up" if step.amount_minor >= 0 else "down")
        bars.append(Bar(min(left, WIDTH - width), width, bars[-1].after if bars else None, at(end), kind))
    return tuple(bars)


def _spans(bridge: Bridge) -> list[tuple[int, int]]:
    """Level before and after each step; a total stands on zero."""
    spans: list[tuple[int, int]] = []
    level = 0
    for step in bridge.steps:
        start = 0 if step.kind == "total" else level
        level = start + step.amount_minor
        spans.append((start, level))
    return spans


def lengths(values: Sequence[int]) -> tuple[int, ...]:
    """Bar lengths on one scale from zero to the largest value; anything above zero stays visible."""
    top = max([1, *values])
    return tuple(max(value * WIDTH // top, _VISIBLE) if value > 0 else 0 for value in values)
