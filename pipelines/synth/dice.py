"""Seeded random numbers as Polars series: the same seed and label give the same numbers on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa


class Dice:
    """Random series named by a label, so that adding one attribute never shifts another.

    Numbers come from SHAKE-128 of `seed|label`, so no library version changes them.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, label: str, n: int) -> pl.Series:
        """Return n uniform 64-bit numbers (UInt64)."""
        raw = hashlib.shake_128(f"{self._seed}|{label}".encode()).digest(8 * n)
        return pl.Series(label, pa.Array.from_buffers(pa.uint64(), n, [None, pa.py_buffer(raw)]))

    def below(self, label: str, n: int, limit: int) -> pl.Series:
        """Return n whole numbers in [0, limit) (Int64)."""
        return (self.bits(label, n) % limit).cast(pl.Int64)

    def between(self, label: str, n: int, low: int, high: int) -> pl.Series:
        """Return n whole numbers in [low, high] (Int64)."""
        return self.below(label, n, high - low + 1) + low

    def pick(self, label: str, n: int, options: Sequence[Any], weights: Sequence[int]) -> pl.Series:
        """Return n of the options, each as often as its whole-number weight says."""
        slots = [option for option, weight in zip(options, weights, strict=True) for _ in range(weight)]
        return pl.Series(label, slots).gather(self.below(label, n, len(slots)))

    def one(self, label: str, options: Sequence[Any]) -> Any:
        """Return one of the options."""
        return options[self.below(label, 1, len(options))[0]]
