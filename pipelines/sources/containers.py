"""What files come in: zip and gzip, one inside the other once, and workbooks. Names in them are never paths."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pipelines.sources import workbook
from pipelines.sources.base import Data, SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Keep = Callable[[Iterator[bytes]], Data]
"""Puts the pieces of an expanded member together, wherever the caller has room for it."""

CHUNK = 2**20
LONGEST_NAME = 200
ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
GZIP_BEGINS = b"\x1f\x8b"
NAME_IS_UTF8 = 0x800
ENCRYPTED = 0x1
WORKBOOK = {"[Content_Types].xml", "xl/workbook.xml"}
JUNK = (".", "~")
JUNK_FOLDER = "__MACOSX/"
"""How names of members begin that a computer has put in by itself."""

DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, struct.error, ValueError, IndexError)
SEND_AGAIN = "ask the sender to send it again"


@dataclass(frozen=True)
class Limits:
    """What an archive may cost: bytes when expanded (of a workbook: less), members, archives inside archives.

    ratio: expanded bytes per byte of the archive, asked once more than `unasked` bytes have been expanded: small
    files of zeros do no harm.
    """

    expanded: int = 8 * 2**30
    ratio: int = 300
    unasked: int = 64 * 2**20
    workbook: int = 2**30
    members: int = 1_000
    depth: int = 2


LIMITS = Limits()


@dataclass(frozen=True)
class Member:
    """One file of an archive, expanded; or the reason why it cannot be.

    name: as people find it, `outer.zip!inner.csv`; filename: its own name, by which patterns and dates are judged;
    lone: the archive holds no other file; sheet: whether it is a sheet of a workbook.
    """

    name: str
    filename: str
    lone: bool
    data: Data = b""
    error: SourceError | None = None
    sheet: bool = False


@dataclass
class _Opening:
    """What opening one archive has cost so far."""

    size: int
    keep: Keep
    limits: Limits
    expanded: int = 0
    seen: int = 0

    def within(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks, as long as the limits allow them."""
        for chunk in chunks:
            self.expanded += len(chunk)
            too_dense = self.expanded > self.limits.unasked and self.expanded > self.limits.ratio * self.size
            if too_dense or self.expanded > self.limits.expanded:
                raise SourceError(f"it expands to more than {self.expanded - 1:,} bytes", mend="unpack it yourself")
            yield chunk


def is_archive(data: Data) -> bool:
    """Whether the bytes begin as a zip, a gzip or a workbook does."""
    return data[:4] in ZIP_BEGINS or data[:2] == GZIP_BEGINS or data[:8] == workbook.OLE_BEGINS


def members(name: str, data: Data, keep: Keep = b"".join, limits: Limits = LIMITS) -> Iterator[Member]:
    """The files of an archive, each expanded when its turn comes; archives in it are opened as well.

    SourceError where the archive itself cannot be read; a member that cannot be read carries its error.
    """
    yield from _opened(name, name, data, _Opening(len(data), keep, limits), depth=1, lone=True)


def _opened(name: str, filename: str, data: Data, opening: _Opening, *, depth: int, lone: bool) -> Iterator[Member]:
    if data[:8] == workbook.OLE_BEGINS:
        yield from _sheets(name, filename, data, lone=lone)
    elif data[:2] == GZIP_BEGINS:
        _check_depth(depth, opening.limits)
        inner = filename[:-3] if filename.lower().endswith(".gz") else filename
        yield from _member(name, inner, _gunzipped(data), opening, depth=depth, lone=lone)
    else:
        with _directory(data) as archive:
            if {*archive.namelist()} >= WORKBOOK:
                _check_size(archive, opening)
                yield from _sheets(name, filename, data, lone=lone)
                return
            _check_depth(depth, opening.limits)
            held = _files_of(archive, opening)
            for info, inner in held:
                chunks, alone = _unzipped(archive, info), lone and len(held) == 1
                yield from _member(f"{name}!{inner}", _base(inner), chunks, opening, depth=depth, lone=alone)


def _check_depth(depth: int, limits: Limits) -> None:
    if depth > limits.depth:
        raise SourceError("it is an archive inside an archive inside an archive", mend="unpack it yourself")


def _member(
    name: str, filename: str, chunks: Iterator[bytes], opening: _Opening, *, depth: int, lone: bool
) -> Iterator[Member]:
    try:
        data = opening.keep(opening.within(chunks))
        if is_archive(data):
            yield from _opened(name, filename, data, opening, depth=depth + 1, lone=lone)
            return
    except SourceError as error:
        yield Member(name, filename, lone, error=error)
        return
    yield Member(name, filename, lone, data)


def _check_size(archive: zipfile.ZipFile, opening: _Opening) -> None:
    """SourceError where a workbook would not fit into memory."""
    before = opening.expanded
    for info in archive.infolist():
        chunks = opening.within(_unzipped(archive, info))
        if "/worksheets/" in info.filename:
            workbook.check_area(chunks)
        deque(chunks, maxlen=0)  # only counted
        if opening.expanded - before > opening.limits.workbook:
            raise SourceError("the workbook is too large", mend="ask for the file as text (CSV)")


def _sheets(name: str, filename: str, data: Data, *, lone: bool) -> Iterator[Member]:
    found = workbook.sheets(data[:])
    if not found:
        raise SourceError("the workbook is empty", mend=SEND_AGAIN)
    for sheet, text in found:
        alone = len(found) == 1
        yield Member(name if alone else f"{name}!{sheet}", filename, lone and alone, text, sheet=not alone)


def _gunzipped(data: Data) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=_opened_for_reading(data)) as file:
        yield from _pieces(file)


class _Raw(io.RawIOBase):
    """Bytes as a file: what is not asked for is not in memory."""

    def __init__(self, data: Data):
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        place = memoryview(buffer).cast("B")
        found = self._data[self._at : self._at + len(place)]
        place[: len(found)] = found
        self._at += len(found)
        return len(found)


def _opened_for_reading(data: Data) -> IO[bytes]:
    return io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(_Raw(data), CHUNK)


def _pieces(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    try:
        while chunk := file.read(CHUNK):
            yield chunk
    except DAMAGE as error:
        what = "the archive is cut off" if isinstance(error, EOFError) else "the archive is damaged"
        raise SourceError(what, mend=SEND_AGAIN) from None


def _directory(data: Data) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_opened_for_reading(data))
    except (*DAMAGE, NotImplementedError):
        raise SourceError("the zip is cut off or damaged", mend=SEND_AGAIN) from None


def _files_of(archive: zipfile.ZipFile, opening: _Opening) -> list[tuple[zipfile.ZipInfo, str]]:
    """What a sender has put in, with its name; SourceError where there is nothing, or too much."""
    opening.seen += len(archive.infolist())
    if opening.seen > opening.limits.members:
        raise SourceError(f"the archive holds more than {opening.limits.members:,} files", mend="unpack it yourself")
    named = [(info, name) for info in archive.infolist() if not (name := _name(info)).endswith("/")]
    held = [(i, name) for i, name in named if not name.startswith(JUNK_FOLDER) and not _base(name).startswith(JUNK)]
    if not held:
        raise SourceError("the archive holds no file", mend=SEND_AGAIN)
    if any(info.flag_bits & ENCRYPTED for info, _ in held):
        raise SourceError("the archive is encrypted", mend="ask for it without password, or unpack it yourself")
    if len({name for _, name in held}) < len(held):
        raise SourceError("the archive holds two files of one name", mend=SEND_AGAIN)
    return held


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        file = archive.open(info)
    except (NotImplementedError, RuntimeError):
        raise SourceError("the archive is packed in an unknown way", mend="unpack it yourself") from None
    except DAMAGE:
        raise SourceError("the archive is damaged", mend=SEND_AGAIN) from None
    with file:
        yield from _pieces(file)


def _name(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: many Chinese programs write GBK and do not say so."""
    name = info.filename
    if not info.flag_bits & NAME_IS_UTF8:
        for encoding in ("utf-8", "gb18030"):
            try:
                name = info.filename.encode("cp437").decode(encoding)
                break
            except UnicodeError:
                continue
    name = "".join(sign if sign.isprintable() else "?" for sign in name.replace("\\", "/"))
    return name[-LONGEST_NAME:]


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]
