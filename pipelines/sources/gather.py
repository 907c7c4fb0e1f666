"""Large files in parts: converted a few at a time, so that what is in memory is the result and not the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import polars as pl

Part = TypeVar("Part")
Result = TypeVar("Result")

AT_ONCE = 2
"""Parts that are cut and converted side by side: polars works outside Python's lock."""


def gathered(convert: Callable[[Part], tuple[pl.DataFrame, ...]], parts: Sequence[Part]) -> tuple[pl.DataFrame, ...]:
    """Rows, refusals (`line`, `reason`) and what else `convert` gives, of all parts, in their order."""
    if len(parts) == 1:
        return convert(parts[0])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(convert, parts))
    return tuple(_joined(frames) for frames in zip(*done, strict=True))


def abreast(convert: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
    """What `convert` makes of each part, in their order; two are worked on side by side, and no more are held."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        coming: deque[Future[Result]] = deque()
        for part in parts:
            coming.append(pool.submit(convert, part))
            if len(coming) == AT_ONCE:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame; a column that only some of them have is blank in the others."""
    same = all(frame.columns == frames[0].columns for frame in frames)
    return pl.concat(frames, how="vertical" if same else "diagonal", rechunk=True)
