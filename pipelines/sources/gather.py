"""Large files in parts: converted a few at a time, so that what is in memory is the result and not the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
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


class Beforehand:
    """Work on parts that is done beside other work, one after the other, until somebody asks for what it gives."""

    def __init__(self, most: int) -> None:
        """most: parts that are begun before they are asked for: what is made of them is held in memory."""
        self._pool, self._room = ThreadPoolExecutor(1), most

    def each(self, convert: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """What `convert` makes of each part, in their order; what is not begun when it is asked for is done abreast."""
        coming = iter(parts)
        begun = [(part, self._pool.submit(convert, part)) for part in islice(coming, self._room)]
        self._room -= len(begun)
        return _asked_for(convert, begun, coming)


def _asked_for(
    convert: Callable[[Part], Result], begun: Sequence[tuple[Part, Future[Result]]], coming: Iterator[Part]
) -> Iterator[Result]:
    left = [part for part, future in begun if future.cancel()]
    for _, future in begun[: len(begun) - len(left)]:
        yield future.result()
    yield from abreast(convert, chain(left, coming))


def _joined(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One frame; a column that only some of them have is blank in the others."""
    same = all(frame.columns == frames[0].columns for frame in frames)
    return pl.concat(frames, how="vertical" if same else "diagonal", rechunk=True)
