"""A night that begins on both cores loads and publishes what any other does."""

from __future__ import annotations

import time
from hashlib import sha256

import duckdb
import pytest
from scenario import MON, Shop

from pipelines import collect, config, hashing
from pipelines.hashing import Hashing

TOLD = """
    SELECT table_name, count(c.comment), count(*) FROM duckdb_columns() c JOIN duckdb_views() v USING (schema_name)
    WHERE schema_name = 'main' AND view_name = table_name AND NOT v.internal GROUP BY table_name ORDER BY table_name
"""


def test_a_night_uses_what_was_hashed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "LEAST", 3)
    monkeypatch.setattr(collect, "HELD", 3)
    monkeypatch.setattr(collect, "SETTLED_NS", 0)
    shop.sale("S", "10.00", MON)
    used = list[bool]()

    def asked(self: Hashing, file: hashing.Key) -> str | None:
        deadline = time.monotonic() + 30
        while file in self._begun and not self._begun[file].done() and time.monotonic() < deadline:
            time.sleep(0.001)
        found = of(self, file)
        used.append(found is not None)
        return found

    of = Hashing.of
    monkeypatch.setattr(Hashing, "of", asked)
    night = shop.night(MON)
    assert any(used)
    assert night.summary["rows"]["journal"] == 1
    kept = [path for path in config.load(shop.config).paths.archive.rglob("*") if path.is_file()]
    assert kept
    assert all(sha256(path.read_bytes()).hexdigest() == path.name for path in kept)


def test_the_published_copy_tells_what_its_columns_mean(shop: Shop) -> None:
    shop.sale("S", "10.00", MON)
    for _ in range(2):
        shop.night(MON)
        with duckdb.connect(str(config.load(shop.config).paths.investigate), read_only=True) as con:
            told = con.execute(TOLD).fetchall()
        assert len(told) > 20
        assert sum(said for _, said, _ in told) > 0.95 * sum(columns for *_, columns in told)
