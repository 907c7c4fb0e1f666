"""Archives: what is in them under which name, and one plain line for those that cannot be opened."""

import gzip
import io
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.base import SourceError
from pipelines.sources.containers import LIMITS, Limits, is_archive, members


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of named contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def held(name: str, data: bytes) -> list[tuple[str, str, bool, bytes]]:
    """Members without errors, each as (name, filename, lone, data)."""
    found = list(members(name, data))
    assert [member.error for member in found] == [None] * len(found)
    return [(m.name, m.filename, m.lone, m.data) for m in found]


def why(data: bytes, limits: Limits = LIMITS) -> str:
    """The one line in which an archive, or its only member, is refused."""
    try:
        (member,) = members("x", data, limits=limits)
    except SourceError as error:
        return error.text
    assert member.error is not None
    return member.error.text


def test_a_zip_gives_its_files_in_order_and_a_gzip_the_one_it_is() -> None:
    assert held("a.zip", zipped(("b.csv", b"1"), ("c.csv", b"2"))) == [
        ("a.zip!b.csv", "b.csv", False, b"1"),
        ("a.zip!c.csv", "c.csv", False, b"2"),
    ]
    assert held("b.csv.GZ", gzip.compress(b"1")) == [("b.csv.GZ", "b.csv", True, b"1")]
    assert held("b", gzip.compress(b"1") + gzip.compress(b"2")) == [("b", "b", True, b"12")]


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_way_of_packing_is_read(how: int) -> None:
    assert held("a.zip", zipped(("b.csv", b"x" * 3_000_000), how=how)) == [
        ("a.zip!b.csv", "b.csv", True, b"x" * 3_000_000)
    ]


def test_an_archive_in_an_archive_is_opened_once_more_and_not_again() -> None:
    inner = zipped(("b.csv", b"1"))
    assert held("a.zip", zipped(("i.zip", inner), ("c.csv.gz", gzip.compress(b"2")))) == [
        ("a.zip!i.zip!b.csv", "b.csv", False, b"1"),
        ("a.zip!c.csv.gz", "c.csv", False, b"2"),
    ]
    assert held("b.zip.gz", gzip.compress(inner)) == [("b.zip.gz!b.csv", "b.csv", True, b"1")]
    assert "archive inside an archive inside an archive" in why(zipped(("i.zip", zipped(("j.zip", inner)))))


def test_what_computers_put_in_by_themselves_is_no_file() -> None:
    junk = (("__MACOSX/._b.csv", b"x"), ("d/", b""), (".DS_Store", b"x"), ("d/~$b.csv", b"x"), ("d/b.csv", b"1"))
    assert held("a.zip", zipped(*junk)) == [("a.zip!d/b.csv", "b.csv", True, b"1")]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x\\passwd", "..\\passwd"])
def test_a_name_is_a_name_and_never_a_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ((_, filename, _, data),) = held("a.zip", zipped((name, b"1")))
    assert (filename, data) == ("passwd", b"1")
    assert list(tmp_path.iterdir()) == []


def test_chinese_names_are_read_as_their_writer_meant_them() -> None:
    data = zipped(("??????.csv", b"1"))
    for encoding, flag in (("gbk", 0), ("utf-8", 0)):
        raw = "业务明细".encode(encoding)
        plain = b"?" * len(raw)
        made = zipped((plain.decode() + ".csv", b"1")).replace(plain, raw)
        assert flag == 0
        assert held("a.zip", made)[0][1] == "业务明细.csv"
    assert held("a.zip", zipped(("业务明细.csv", b"1")))[0][1] == "业务明细.csv"
    assert held("a.zip", data.replace(b"??????", b"a\x1b[2Jb"[:6]))[0][1].isprintable()


def test_two_files_of_one_name_are_not_mixed_up() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(("b.csv", b"1"), ("b.csv", b"2"))
    assert "two files of one name" in why(data)


SMALL = Limits(expanded=5_000_000, ratio=50, unasked=100_000, members=5)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(("b", bytes(2_000_000))), "it expands to more than"),
        (gzip.compress(bytes(2_000_000)), "it expands to more than"),
        (gzip.compress(gzip.compress(bytes(2_000_000))), "it expands to more than"),
        (zipped(("i.zip", zipped(("b", bytes(2_000_000))))), "it expands to more than"),
        (zipped(("b", bytes(6_000_000)), how=zipfile.ZIP_STORED), "it expands to more than"),
        (zipped(*((str(n), b"") for n in range(6))), "the archive holds more than 5 files"),
        (zipped(), "the archive holds no file"),
        (zipped(("d/", b"")), "the archive holds no file"),
        (zipped(("b.csv", b"1" * 500))[:-30], "the zip is cut off or damaged"),
        (gzip.compress(b"123" * 500)[:-9], "the archive is cut off"),
        (gzip.compress(b"123" * 500) + b"rubbish", "the archive is damaged"),
        (gzip.compress(b"123")[:-8] + bytes(8), "the archive is damaged"),
        (b"PK\x03\x04" + bytes(400), "the zip is cut off or damaged"),
        (b"\x1f\x8b", "the archive is cut off"),
    ],
)
def test_bombs_and_damaged_archives_are_one_plain_line(data: bytes, says: str) -> None:
    assert is_archive(data)
    assert why(data, SMALL).startswith(says)


def test_limits_are_kept_over_all_members_together() -> None:
    data = zipped(*((f"{n}.csv", bytes(range(256)) * 8_000) for n in range(3)), how=zipfile.ZIP_STORED)
    found = [member.error for member in members("a.zip", data, limits=SMALL)]
    assert found[:2] == [None, None]
    assert found[2] is not None


def test_an_encrypted_zip_says_so() -> None:
    data = bytearray(zipped(("b.csv", b"1"), ("c.csv", b"2")))
    for begins, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(begins)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(begins, at + 1)
    assert why(bytes(data)) == "the archive is encrypted; ask for it without password, or unpack it yourself"


def test_a_small_file_may_be_packed_as_tightly_as_it_likes() -> None:
    assert held("a.zip", zipped(("b.csv", bytes(5_000_000))))[0][3] == bytes(5_000_000)


SOUND = zipped(("b.csv", b"a,b\n1,2\n" * 50), ("i.gz", gzip.compress(b"3,4\n" * 50)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SOUND)), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 9))
def test_whatever_happens_to_an_archive_it_is_opened_or_refused(damage: Iterable[tuple[int, int]], cut: int) -> None:
    data = bytearray(SOUND)
    for at, byte in damage:
        data[at % len(data)] = byte
    with suppress(SourceError):
        found = list(members("a.zip", bytes(data[: len(data) - cut])))
        assert all(member.error or member.data for member in found)
