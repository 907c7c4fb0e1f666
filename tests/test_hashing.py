"""Large files are hashed before they are asked for; what is known of them is never of another content."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest

from pipelines import collect, config, hashing
from pipelines.hashing import Hashing, stamp


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "LEAST", 3)
    monkeypatch.setattr(collect, "HELD", 3)
    monkeypatch.setattr(collect, "SETTLED_NS", 0)


def key(path: Path) -> hashing.Key:
    return str(path), stamp(path.stat())


def put(folder: Path, name: str, content: bytes, age: int) -> Path:
    path = folder / name
    path.write_bytes(content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def test_files_of_the_newest_day_are_hashed_first_by_name_and_small_ones_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = list[str]()

    def noted(self: Hashing, file: hashing.Key) -> str | None:
        order.append(Path(file[0]).name)
        return hashed(self, file)

    hashed = Hashing._hashed
    monkeypatch.setattr(Hashing, "_hashed", noted)
    since_noon = int(time.time() + 12 * 3600) % (24 * 3600)  # of a day that is UTC's
    ages = {"a": since_noon + 48 * 3600, "c": since_noon + 1, "b": since_noon + 2}
    files = [put(tmp_path, name, name.encode() * 3, age) for name, age in ages.items()]
    put(tmp_path, "small", b"x", 0)
    begun = Hashing(tmp_path)
    deadline = time.monotonic() + 30
    while len(order) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.05)  # the last of them is done, too
    for path in files:
        assert begun.of(key(path)) == sha256(path.read_bytes()).hexdigest()
        assert begun.of(key(path)) is None, "it is given away once"
    assert order == ["b", "c", "a"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Hashing waits for this before its first file."""
    go = Event()
    work = Hashing._work

    def later(self: Hashing, files: dict[hashing.Key, hashing.Future[str | None]]) -> None:
        go.wait()
        work(self, files)

    monkeypatch.setattr(Hashing, "_work", later)
    yield go
    go.set()


def test_nobody_waits_for_a_file_whose_turn_has_not_come(tmp_path: Path, held: Event) -> None:
    path = put(tmp_path, "a", b"whole", 10)
    begun = Hashing(tmp_path)
    assert begun.of(key(path)) is None
    held.set()
    assert begun.of(key(path)) is None


def test_only_what_is_needed_is_hashed_any_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "a", b"whole", 10)
    begun = Hashing(tmp_path)
    begun.needed([])
    assert begun._hashed(key(path)) is None
    begun.needed([key(path)])
    assert begun._hashed(key(path)) is not None


def rewritten(path: Path, content: bytes) -> None:
    """In place: it is the same file for who holds it open."""
    with path.open("r+b") as file:
        file.write(content)


def exchanged(path: Path, content: bytes) -> None:
    """Another takes its place."""
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("change", [None, rewritten, exchanged])
@pytest.mark.parametrize("when", ["before it is listed", "after it is listed"])
def test_a_file_that_is_another_since_then_is_hashed_anew(
    tmp_path: Path, change: Callable[[Path, bytes], None] | None, when: str
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    path = put(inbox, "journal_20260302.csv", b"before", 20)
    (tmp_path / "recon.toml").write_text(
        '[[sources]]\nname = "pos"\nprofile = "pos_journal"\npattern = "journal_*.csv"\n'
    )
    settings, begun = config.load(tmp_path / "recon.toml"), Hashing(inbox)
    (future,) = begun._begun.values()
    assert future.result(30) == sha256(b"before").hexdigest()
    (candidate,) = collect.in_inbox(settings)
    if change:
        change(path, b"after!")
    if when == "before it is listed":
        (candidate,) = collect.in_inbox(settings)
    opened = collect.opened(candidate, begun)
    assert opened.digest == sha256(b"after!" if change else b"before").hexdigest()
    assert opened.data[:] == (b"after!" if change else b"before")
    assert bool(begun._begun) == bool(change), "what is known was used where it is the same, and only there"


def test_many_files_are_not_held_open(tmp_path: Path) -> None:
    for n in range(50):
        put(tmp_path, f"{n}", b"whole", 10)
    begun, before = Hashing(tmp_path), len(os.listdir("/proc/self/fd"))
    for future in begun._begun.values():
        assert future.result(30)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_whatever_goes_wrong_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(self: Hashing, file: hashing.Key) -> str | None:
        raise MemoryError

    monkeypatch.setattr(Hashing, "_hashed", none_left)
    path = put(tmp_path, "a", b"whole", 10)
    begun = Hashing(tmp_path)
    assert begun.of(key(path)) is None


def test_what_is_unreadable_or_gone_is_left_to_who_reads_it_for_good(tmp_path: Path) -> None:
    path = put(tmp_path, "a", b"whole", 10)
    known = key(path)
    path.unlink()
    begun = Hashing(tmp_path / "no such folder")
    assert begun.of(known) is None
    with pytest.raises(FileNotFoundError):
        begun._hashed(known)


@pytest.mark.parametrize("text", [None, "not toml [", "paths = 3\n", "[paths]\ninbox = 3\n", "\udcff"])
def test_a_configuration_that_cannot_be_used_begins_nothing(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "recon.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert hashing.of_config(path) is None


def test_the_inbox_is_that_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = put(tmp_path / "elsewhere", "a", b"whole", 10)
    (tmp_path / "recon.toml").write_text('[paths]\ninbox = "elsewhere"\n')
    begun = hashing.of_config(tmp_path / "recon.toml")
    assert begun is not None
    assert config.load(tmp_path / "recon.toml").paths.inbox == path.parent
    assert [*begun._begun] == [key(path)]


def test_it_begins_before_anything_that_takes_long_is_imported() -> None:
    slow = "{'polars', 'duckdb', 'pyarrow', 'pydantic', 'pandera'}"
    code = f"import sys, pipelines.hashing; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
