"""The inbox: which files are there, whose they may be, for which date, and each kept as it came."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines import collect
from pipelines.collect import archive, date_in_name, in_inbox, sha256
from pipelines.config import Paths, Settings, Source

POS = Source(name="pos", profile="pos_journal", pattern="journal_*.csv")
ALSO = Source(name="also", profile="pos_journal", pattern="*_20260302.csv")


def settings_of(folder: Path, *sources: Source) -> Settings:
    """Settings whose inbox is a folder."""
    return Settings(paths=Paths(inbox=folder), sources=sources)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("journal_20260302.csv", date(2026, 3, 2)),
        ("20170625.txt.netbank", date(2017, 6, 25)),
        ("STL-20260302.R1.A.001.CSV", date(2026, 3, 2)),
        ("20260228_20260302.csv", date(2026, 3, 2)),
        ("settlement_20260302_resent.csv", date(2026, 3, 2)),
        ("x20260230.csv", None),
        ("2026-03-02.csv", None),
        ("journal_20261399_20260302.csv", date(2026, 3, 2)),
        ("20260302_part_99999999.csv", date(2026, 3, 2)),
        ("20260302101530.csv", date(2026, 3, 2)),
        ("INN17071888ZM_898319849000018", None),
        ("journal.csv", None),
        ("19991231.csv", None),
    ],
)
def test_the_date_in_a_name_is_its_last_eight_digits_that_are_one(name: str, day: date | None) -> None:
    assert date_in_name(name) == day


def test_files_come_in_the_order_of_their_dates_then_names(tmp_path: Path) -> None:
    for name in ("b_20260302.csv", "a_20260303.csv", "a_20260302.csv", "undated.csv"):
        (tmp_path / name).touch()
    assert [c.name for c in in_inbox(settings_of(tmp_path))] == [
        "undated.csv",
        "a_20260302.csv",
        "b_20260302.csv",
        "a_20260303.csv",
    ]


def test_a_file_may_fit_no_source_one_or_several(tmp_path: Path) -> None:
    for name in ("journal_20260301.csv", "journal_20260302.csv", "JOURNAL_20260303.csv"):
        (tmp_path / name).touch()
    found = {c.name: [s.name for s in c.sources] for c in in_inbox(settings_of(tmp_path, POS, ALSO))}
    assert found == {
        "journal_20260301.csv": ["pos"],
        "journal_20260302.csv": ["pos", "also"],
        "JOURNAL_20260303.csv": [],
    }


@pytest.mark.parametrize(
    "name", ["a.csv.tmp", "a.csv.PART", "a.filepart", "a.crdownload", ".hidden.csv", "~lock.csv", "a.partial", ".a.swp"]
)
def test_files_that_are_still_being_written_are_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    assert in_inbox(settings_of(tmp_path)) == []


def test_folders_and_dead_links_are_no_files_and_links_are(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dead.csv").symlink_to(tmp_path / "gone")
    target = tmp_path / "folder.csv" / "real"
    target.write_text("x")
    (tmp_path / "link.csv").symlink_to(target)
    assert [c.name for c in in_inbox(settings_of(tmp_path))] == ["link.csv"]


def test_an_inbox_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert in_inbox(settings_of(tmp_path / "none")) == []
    (tmp_path / "file").touch()
    assert in_inbox(settings_of(tmp_path / "file")) == []


def test_a_file_has_arrived_when_it_was_last_written(tmp_path: Path) -> None:
    path = tmp_path / "journal_20260302.csv"
    path.write_bytes(b"12345")
    moment = datetime(2026, 3, 3, 1, 2, 3, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    (candidate,) = in_inbox(settings_of(tmp_path, POS))
    assert candidate.arrived_at == moment.replace(tzinfo=None)
    assert (candidate.size, candidate.named_for, candidate.path) == (5, date(2026, 3, 2), path)


def test_however_many_ask_for_it_a_file_is_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = list[str]()

    def counted(data: bytes, digest: str, folder: Path) -> Path:
        copied.append(digest)
        return archive(data, digest, folder)

    monkeypatch.setattr(collect, "archive", counted)
    file = collect.Opened(b"a zip of many")
    assert not copied, "nobody needs it yet"
    kept = [file.keep(tmp_path).result() for _ in range(3)]
    assert copied == [sha256(b"a zip of many")]
    assert {path.read_bytes() for path in kept} == {b"a zip of many"}
    blocked = tmp_path / "no folder"
    blocked.write_bytes(b"")
    with pytest.raises(OSError, match="no folder"):
        collect.Opened(b"x").keep(blocked).result()


def test_a_file_is_kept_once_as_it_came_and_for_its_owner_only(tmp_path: Path) -> None:
    data = b"card 4111111111111111\r\n\xff"
    digest = sha256(data)
    kept = archive(data, digest, tmp_path / "archive")
    assert kept == tmp_path / "archive" / digest[:2] / digest
    assert kept.read_bytes() == data
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    before = kept.stat().st_mtime_ns
    assert archive(data, digest, tmp_path / "archive") == kept
    assert kept.stat().st_mtime_ns == before
    assert [p.name for p in kept.parent.iterdir()] == [digest]


def test_a_copy_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    data = b"x"
    digest = sha256(data)
    (tmp_path / digest[:2]).mkdir()
    (tmp_path / digest[:2] / digest).mkdir()  # stands in the way, so that the copy cannot take its place
    kept = archive(data, digest, tmp_path)
    assert kept.is_dir()
    assert list(kept.parent.iterdir()) == [kept]


def test_the_digest_is_that_of_sha_256() -> None:
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
