"""Runs that fail, are killed, or meet another: nothing half done is ever published, and the next run heals."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from reading import books_of, rows_of
from scenario import MON, TUE, Shop

import pipelines
from pipelines import config, nightly, reconcile
from pipelines.checks.proof import ProofError
from pipelines.store import Store
from pipelines.store.connection import StoreError

ROOT = Path(pipelines.__file__).resolve().parents[1]

BOMB = """
import importlib, os, signal, sys
module, name, when = sys.argv[1:4]
del sys.argv[1:4]
place = importlib.import_module(module)
real = getattr(place, name)
def bomb(*args, **kwargs):
    if when == "after":
        real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(place, name, bomb)
from pipelines.cli import main
main()
"""


def story(root: Path) -> Shop:
    """Monday has been run; Tuesday's files lie in the inbox."""
    shop = Shop(root / "shop")
    shop.sale("ok", "10.00", MON)
    shop.sale("over", "11.00", MON)
    shop.sale("late", "13.00", MON)
    shop.settled("ok", "10.00", TUE)
    shop.settled("over", "12.00", TUE)
    shop.settled("unknown", "14.00", TUE)
    shop.sale("bad", "1.00", TUE, currency="XXY")
    shop.declared("P1", "36.00", TUE)
    shop.banked("P1", "35.00", TUE)
    shop.night(MON)
    return shop


@pytest.fixture(scope="module")
def undisturbed(module_place: Path) -> dict[str, list[str]]:
    """What the books say after MON and TUE when nothing goes wrong."""
    shop = story(module_place / "twin")
    shop.night(TUE)
    return books_of(shop)


@pytest.fixture(scope="module")
def monday(module_place: Path) -> Shop:
    """Run once for all tests that begin on Tuesday."""
    shop = story(module_place / "monday")
    shop.arrive(TUE)
    return shop


@pytest.fixture
def shop(monday: Shop, place: Path) -> Shop:
    """A copy of Monday's shop with a store and an inbox of its own."""
    shutil.copytree(monday.root, place / "shop")
    copy = Shop.__new__(Shop)
    copy.__dict__.update(monday.__dict__ | {"root": place / "shop", "seen": list(monday.seen)})
    copy.delivered = set(monday.delivered)
    return copy


def recon(shop: Shop, *words: str) -> list[str]:
    """The command line of a run of Tuesday, in a process of its own."""
    return [*words, "run", "--config", str(shop.config), "--date", str(TUE), "--no-prefect"]


def run_tuesday(shop: Shop) -> None:
    nightly.run(config.load(shop.config), TUE, lambda line: None)


MOMENTS = {
    "while a file is loaded": ("pipelines.store.files", "_insert_file", "after"),
    "between two files": ("pipelines.arriving", "_say_rejects", "after"),
    "before the night is written": ("pipelines.reconcile", "failures", "before"),
    "before the report": ("pipelines.nightly", "_report", "before"),
    "while it is published": ("os", "fsync", "after"),
    "after it is published": ("pipelines.nightly", "publish", "after"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_at_any_moment_is_healed_by_the_next(
    shop: Shop, undisturbed: dict[str, list[str]], moment: str
) -> None:
    before = shop.published.read_bytes()
    killed = subprocess.run(
        recon(shop, sys.executable, "-c", BOMB, *MOMENTS[moment]), cwd=ROOT, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    if moment != "after it is published":
        assert shop.published.read_bytes() == before, "readers see the last good night"
    run_tuesday(shop)
    assert books_of(shop) == undisturbed
    left = [p.name for p in (shop.root / "var").rglob("*") if p.name.startswith(".") and p.is_file()]
    assert left == [], "no half-written file stays behind"


def test_a_real_run_killed_in_the_middle_is_healed_by_the_next(shop: Shop, undisturbed: dict[str, list[str]]) -> None:
    command = recon(shop, sys.executable, "-m", "pipelines")
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first file is in the books
        process.kill()
    run_tuesday(shop)
    assert books_of(shop) == undisturbed


def test_a_proof_that_does_not_balance_publishes_nothing(
    shop: Shop, undisturbed: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.published.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(reconcile, "failures", lambda lines: ["journal CNY: 3 rows came in, 2 are accounted for"])
        with pytest.raises(ProofError, match="proof does not balance: journal CNY: 3 rows came in"):
            run_tuesday(shop)
    assert shop.published.read_bytes() == before
    assert not (shop.root / "var/reports/recon-20260331.html").exists()
    run_tuesday(shop)
    assert books_of(shop) == undisturbed


def test_a_disk_that_is_full_when_it_is_published_keeps_the_last_good_night(
    shop: Shop, undisturbed: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.published.read_bytes()

    def full(source: object, target: object) -> None:
        Path(str(target)).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.store.published.shutil.copyfile", full)
        with pytest.raises(OSError, match="No space left"):
            run_tuesday(shop)
    assert shop.published.read_bytes() == before
    left = sorted(p.name for p in shop.published.parent.iterdir())
    assert left == ["investigate.duckdb", "last-failure.json", "parts"], "what failed is told by recon status"
    run_tuesday(shop)
    assert books_of(shop) == undisturbed


def test_a_published_path_that_cannot_be_written_fails_in_one_plain_line(shop: Shop) -> None:
    shop.published.unlink()
    shop.published.mkdir()
    (shop.published / "something").touch()
    failed = subprocess.run(
        recon(shop, sys.executable, "-m", "pipelines"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    (said,) = [line for line in failed.stderr.splitlines() if " rows of " not in line and ".csv: line" not in line]
    assert "investigate.duckdb" in said
    assert failed.stdout == ""
    shutil.rmtree(shop.published)
    run_tuesday(shop)
    assert len(books_of(shop)["files"]) == 2 + 3


def test_two_runs_at_once_are_one_run_and_one_plain_line(shop: Shop) -> None:
    with Store(shop.root / "var" / "recon.duckdb"):
        second = subprocess.run(
            recon(shop, sys.executable, "-m", "pipelines"), cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    (said,) = second.stderr.splitlines()
    assert "another run is working on the store" in said


READER = """
import sys
import duckdb
open_copy = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    print(open_copy.execute("SELECT count(*) FROM runs").fetchall()[0][0], flush=True)
"""


def test_an_analyst_reads_the_last_night_while_the_next_one_runs(shop: Shop) -> None:
    command = [sys.executable, "-c", READER, str(shop.published)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        question, answer = process.stdin, process.stdout
        assert question is not None
        assert answer is not None
        counted = []

        def ask(line: str) -> None:
            print("how many runs?", file=question, flush=True)
            counted.append(answer.readline().strip())

        ask("before")
        nightly.run(config.load(shop.config), TUE, ask)
        ask("after")
        question.close()
    assert counted == ["1"] * (1 + 4 + 1), "an open copy stays the night on which it was opened"
    assert rows_of(shop, "SELECT count(*) AS n FROM runs") == [{"n": 2}], "who opens it now sees the new night"


def test_a_store_that_is_no_database_is_one_plain_line(place: Path) -> None:
    (place / "recon.duckdb").write_text("this is no database")
    with pytest.raises(StoreError, match=r"recon\.duckdb: cannot be opened"):
        Store(place / "recon.duckdb")
