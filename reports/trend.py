"""The 30-day trend of the auto-match rate, by count and by value, and where its points lie on a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from reports.model import TrendPoint

LEG = "journal-settlement"
WIDTH, HEIGHT = 10_000, 10_000
FLOORS = (9_900, 9_500, 9_000, 8_000, 5_000, 0)
MOST_CURRENCIES = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """Matched of decided on one date; `share` in ten-thousandths, rounded down: 10,000 only when nothing is left."""

    day: date
    matched: int
    decided: int

    @property
    def share(self) -> int:
        """Ten-thousandths."""
        return self.matched * 10_000 // self.decided


@dataclass(frozen=True, slots=True)
class Series:
    """One line of the chart: rows of all currencies (no currency), or the value in one."""

    currency: str
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines as points (x from the left, y from the top, in ten-thousandths) between a floor and 100 %."""

    lines: tuple[tuple[Series, tuple[tuple[int, int], ...]], ...]
    floor: int
    first: date
    last: date


def series(points: Iterable[TrendPoint], leg: str = LEG) -> tuple[Series, ...]:
    """By count over all currencies, then by value in the currencies with the most money, dates in order."""
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    values: dict[str, dict[date, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for point in points:
        if point.leg == leg:
            _add(counts[point.day], point.rows_matched, point.rows_total)
            _add(values[point.currency][point.day], point.amount_matched_minor, point.amount_total_minor)
    largest = sorted(values, key=lambda code: (-sum(whole for _, whole in values[code].values()), code))
    found = [Series("", _rates(counts)), *(Series(code, _rates(values[code])) for code in largest[:MOST_CURRENCIES])]
    return tuple(line for line in found if line.rates)


def _add(sums: list[int], part: int, whole: int) -> None:
    sums[0] += part
    sums[1] += whole


def _rates(sums: dict[date, list[int]]) -> tuple[Rate, ...]:
    return tuple(Rate(day, part, whole) for day, (part, whole) in sorted(sums.items()) if whole)


def chart(points: Iterable[TrendPoint], leg: str = LEG) -> Chart | None:
    """The chart of a leg; None where nothing was decided in those days."""
    lines = series(points, leg)
    rates = [rate for line in lines for rate in line.rates]
    if not rates:
        return None
    first, last = min(rate.day for rate in rates), max(rate.day for rate in rates)
    floor = next(level for level in FLOORS if level <= min(rate.share for rate in rates))
    days = (last - first).days

    def at(rate: Rate) -> tuple[int, int]:
        x = (rate.day - first).days * WIDTH // days if days else WIDTH // 2
        return x, (10_000 - rate.share) * HEIGHT // (10_000 - floor)

    return Chart(tuple((line, tuple(map(at, line.rates))) for line in lines), floor, first, last)
