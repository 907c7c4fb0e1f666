"""Readers while nights run, and books that come back from a backup."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from pipelines import config, nightly
from pipelines.accuracy import days_of
from pipelines.store import Published
from pipelines.synth import generate

READER = """
import sys, time, duckdb
from pathlib import Path
published, stop = sys.argv[1], Path(sys.argv[2])
looks = 0
nights = set()
while not stop.exists():
    with duckdb.connect(published, read_only=True, config={"threads": 1}) as books:
        books.execute("SET enable_progress_bar = false")  # on a busy machine it would stand in our answer
        (seen,) = books.execute(
            "SELECT (SELECT max(run_no) FROM runs), (SELECT count(*) FROM journal WHERE state IS NULL), "
            "(SELECT count(*) FROM journal), "
            "(SELECT sum(accepted) FROM files WHERE side = 'journal' AND state = 'loaded'), "
            "(SELECT count(*) FROM matches WHERE leg = 'journal-settlement'), "
            "(SELECT sum(matched_journal_settlement) FROM daily_summary)"
        ).fetchall()
    run, stateless, rows, accepted, pairs, told = seen
    assert stateless == 0 and rows == accepted and pairs == told, seen
    nights.add(run)
    looks += 1
    time.sleep(0.2)  # eight people do not ask as fast as they can; two cores must have room for the night
print(looks, *sorted(nights))
"""


def test_eight_readers_see_whole_nights_while_three_run(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    generate(shop, days=4, rows_per_day=500, seed=5, faults="none")
    settings = config.load(shop / "recon.toml")
    first, *later = days_of(shop)[:4]
    nightly.run(settings, first, lambda _: None)
    words = [sys.executable, "-c", READER, str(settings.paths.investigate), str(tmp_path / "stop")]
    readers = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    for day in later:
        assert nightly.run(settings, day, lambda _: None)["verdict"] == "OK"
    (tmp_path / "stop").touch()
    told = [reader.communicate(timeout=120) for reader in readers]
    assert [error for _, error in told if error] == []
    assert all(int(answer.split()[0]) > 0 for answer, _ in told)
    seen = {int(night) for answer, _ in told for night in answer.split()[1:]}
    assert len(seen) > 1, "the readers saw one night only"


def test_books_come_back_from_a_backup_and_go_on(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    generate(shop, days=3, rows_per_day=100, seed=5)
    settings = config.load(shop / "recon.toml")
    days = days_of(shop)
    for day in days[:2]:
        nightly.run(settings, day, lambda _: None)
    backup = shutil.copytree(settings.paths.published, tmp_path / "backup")
    went_on = nightly.run(settings, days[2], lambda _: None)
    with Published(settings.paths.investigate) as published:
        wanted = published.frame("SELECT row_id, state, reason FROM journal ORDER BY row_id")
    settings.paths.store.unlink()
    shutil.rmtree(settings.paths.store.with_suffix(".parts"))
    shutil.copyfile(backup / "investigate.duckdb", settings.paths.store)
    shutil.copytree(backup / "parts", settings.paths.store.with_suffix(".parts"))
    restored = nightly.run(settings, days[2], lambda _: None)
    assert restored["proof"] == went_on["proof"]
    assert restored["exceptions"] == went_on["exceptions"]
    with Published(settings.paths.investigate) as published:
        assert published.frame("SELECT row_id, state, reason FROM journal ORDER BY row_id").equals(wanted)
