"""Large files in parts: converted a few at a time, so that what is in memory is the result and not the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl

Part = TypeVar("Part")

AT_ONCE = 2
"""Parts that are cut and converted side by side: polars works outside Python's lock."""


def gathered(
    convert: Callable[[Part], tuple[pl.DataFrame, pl.DataFrame]], parts: Sequence[Part]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and refusals (`line`, `reason`) of all parts, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(convert, parts))
    return pl.concat([rows for rows, _ in done], rechunk=True), pl.concat([refused for _, refused in done])
