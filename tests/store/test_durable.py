"""A file that could not be written is named with the reason, whatever library wrote it."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pytest

from pipelines.store import durable


@pytest.mark.parametrize(
    "error",
    [
        pl.exceptions.ComputeError("parquet: underlying IO error: No space left on device (os error 28)"),
        OSError("No space left on device (os error 28)"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_a_full_disk_is_told_with_the_file(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(OSError, match="No space left") as told, durable.writing(tmp_path / "part"):
        raise error
    assert (told.value.errno, told.value.filename) == (errno.ENOSPC, str(tmp_path / "part"))


def test_a_fault_of_another_kind_or_of_another_file_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(pl.exceptions.ComputeError), durable.writing(tmp_path / "part"):
        raise pl.exceptions.ComputeError("cannot be cast")
    with pytest.raises(PermissionError) as told, durable.writing(tmp_path / "part"):
        raise PermissionError(errno.EACCES, "Permission denied", "elsewhere")
    assert told.value.filename == "elsewhere"


def test_a_file_is_written_and_flushed(tmp_path: Path) -> None:
    with durable.writing(tmp_path / "part"):
        (tmp_path / "part").write_bytes(b"rows")
    assert (tmp_path / "part").read_bytes() == b"rows"
