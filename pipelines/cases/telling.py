"""What is told of a break as a number: the same number another night means the same words, amount and records."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

WORDS = (*sorted(Path(__file__).parent.glob("*.py")), Path(__file__).parents[1] / "money.py")
"""Programs that make sentences of breaks; with other ones every break is told anew."""


def tellings(breaks: pl.DataFrame) -> pl.Series:
    """A number of 40 bits for each break, from every column that is not null: too short for a card's."""
    program = hashlib.sha256(b"".join(file.read_bytes() for file in WORDS))
    total = pl.lit(0, pl.UInt64)
    for name in sorted(breaks.columns):
        seed = int.from_bytes(hashlib.sha256(program.digest() + name.encode()).digest()[:8], "big")
        held = pl.col(name)
        total += pl.when(held.is_null()).then(pl.lit(0, pl.UInt64)).otherwise(held.hash(seed))
    return breaks.select(telling=(total // 2**24).cast(pl.Int64))["telling"]
