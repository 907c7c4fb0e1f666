"""What a file says outside its rows: named groups of its name and of the lines at its head."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from pipelines.sources.base import SourceError
from pipelines.sources.layout import Layout
from pipelines.sources.times import parsed_dates
from pipelines.sources.totals import TOTALS
from schemas.validation import shown

LONGEST_PERIOD = 3_660
"""Days that one statement may speak for; more is a slip."""


@dataclass(frozen=True)
class Outside:
    """texts: by group. totals: what the head declares, each with its line."""

    texts: Mapping[str, str | None] = field(default_factory=dict)
    totals: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def outside(layout: Layout, filename: str, head: bytes) -> Outside:
    """All named groups of the layout's `pattern` and `head`; SourceError where one of these fits nothing."""
    texts = _of_name(layout, filename)
    totals: dict[str, tuple[str, int]] = {}
    text = head.decode(errors="replace")
    for pattern in layout.head:
        match = re.search(pattern, text, re.MULTILINE)
        if match is None:
            what = f"nothing before the rows fits {pattern!r}"
            raise SourceError(what, line=1, mend="ask the sender for the agreed layout", profile=layout.profile)
        for group, found in match.groupdict().items():
            if group not in TOTALS[layout.side]:
                texts[group] = found and found.strip()
            elif found is not None:
                totals[group] = found, 1 + text.count("\n", 0, match.start(group))
    return Outside(texts, totals)


def covered(layout: Layout, texts: Mapping[str, str | None]) -> tuple[str, ...]:
    """Days of the period that the head names, in the format of the booking dates; SourceError where it is none."""
    written = [texts.get(name) for name in ("period_from", "period_to")]
    if written == [None, None]:
        return ()
    first, last = parsed_dates(pl.Series(written, dtype=pl.String), layout.fields["booking_date"].formats)
    if first is None or last is None or not 0 <= (last - first).days <= LONGEST_PERIOD:
        what = f"{shown(' to '.join(filter(None, written)))!r} is no period in the format of booking_date"
        raise SourceError(what, mend="ask the sender which days it speaks for", profile=layout.profile)
    return tuple((first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1))


def _of_name(layout: Layout, filename: str) -> dict[str, str | None]:
    groups = re.compile(layout.pattern or "").groupindex
    if not groups:
        return {}
    match = re.search(layout.pattern or "", filename)
    if match is None:
        wanted = " and no ".join(groups)
        what = f"the file's name {shown(filename)!r} gives no {wanted}: it does not fit {layout.pattern!r}"
        raise SourceError(what, mend="name the file as agreed", profile=layout.profile)
    return match.groupdict()
