"""Memory that parts of a file leave behind is kept for the next part, instead of given back and asked for again."""

from __future__ import annotations

import ctypes
from contextlib import suppress

import pyarrow as pa

LARGEST = 64 * 2**20
"""Bytes up to which a piece of memory is kept; a part of a text takes less."""

KEPT = 1_000_000_000
"""Bytes that are kept before any go back."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What mallopt(3) calls them."""


def of_the_system() -> None:
    """Say so to the C library, where it is glibc; others are left as they are."""
    if _called("mallopt", _MMAP_THRESHOLD, LARGEST):  # the other alone would fix the first at its smallest
        _called("mallopt", _TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Give back what is kept: what comes after the files is held elsewhere, and would be added to it."""
    pa.default_memory_pool().release_unused()
    _called("malloc_trim", 0)


def _called(name: str, *numbers: int) -> int:
    """What a function of the C library says that only glibc has; 0 where there is none."""
    with suppress(AttributeError, OSError, TypeError):
        return int(getattr(ctypes.CDLL(None), name)(*numbers))
    return 0
