"""Files that are on disk when they are said to be, or an OSError that names the file and why it is not."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

_FULL = f"os error {errno.ENOSPC}"


@contextmanager
def writing(path: Path, *, flushed: bool = True) -> Iterator[None]:
    """Write a file within; it is flushed to disk at the end. What polars says of a full disk becomes an OSError."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        full = _FULL in str(error)
        if (isinstance(error, OSError) and error.filename is not None) or not (full or isinstance(error, OSError)):
            raise
        number = errno.ENOSPC if full else getattr(error, "errno", None) or errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from error
    if flushed:
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
