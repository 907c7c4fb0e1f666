"""Memory that parts of a file leave behind is kept for the next part, instead of given back and asked for again."""

from __future__ import annotations

import ctypes
import os

LARGEST = 64 * 2**20
"""Bytes up to which a piece of memory is kept; a part of a text takes less."""

KEPT = 1_000_000_000
"""Bytes that are kept before any go back."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What mallopt(3) calls them."""


def of_polars() -> None:
    """Say so to polars, which reads it when it is imported.

    Its allocator keeps freed memory for ten seconds by default, as long as a whole night may take; given back at once,
    half of the time goes into asking for it again.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:2,dirty_decay_ms:2000,muzzy_decay_ms:2000")


def of_the_system() -> None:
    """Say so to the C library, where it is glibc; others are left as they are."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_MMAP_THRESHOLD, LARGEST)
    mallopt(_TRIM_THRESHOLD, KEPT)
