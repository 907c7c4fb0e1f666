"""How often a sign stands in a text: asked of large texts very often, and counted beside other work."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

FEW = 65_536
"""Bytes that Python counts as quickly itself."""


def count(text: bytes, sign: bytes) -> int:
    """Number of times one byte stands in a text; what is large is counted outside of Python's lock."""
    if len(text) < FEW or len(sign) != 1:
        return text.count(sign)
    return int((_bytes_of(text) == sign[0]).sum())


def _bytes_of(text: bytes) -> pl.Series:
    """The bytes as numbers, where they lie."""
    held = pa.Array.from_buffers(pa.uint8(), len(text), [None, pa.py_buffer(text)])
    numbers = pl.from_arrow(held)
    assert isinstance(numbers, pl.Series)  # noqa: S101 - of an array it makes a series
    return numbers
