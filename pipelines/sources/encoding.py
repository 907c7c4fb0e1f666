"""Bytes of a text to UTF-8: in the encoding of its byte order mark, in what its bytes plainly are, or as agreed."""

from __future__ import annotations

import codecs
import re

from pipelines.sources.base import SourceError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LOOKED_AT = 65_536
HALF_BLANK = 0.2
"""UTF-16 of files like ours: the share of signs from ASCII (digits, commas, line ends), which have one byte zero."""

MOSTLY = 0.75
LINE_WITHIN = 65_536
"""Bytes within which the first line ends."""

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_FAR_EAST = re.compile("[\u2e80-\uffef]")
_GBK_SIGN = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_GB2312_COMMON = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
"""Punctuation and the 3,755 hanzi of daily use: most of any text in GBK, and little of UTF-8 read as GBK."""


def encoding_of(data: bytes, agreed: str) -> str:
    """Name of the encoding that the first bytes show, or the agreed one where they show nothing.

    Where the text begins in ASCII its first other signs decide. UTF-8 with a damaged byte stays UTF-8.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return name
    wide = _wide(data[:LOOKED_AT])
    if wide:
        return wide
    first = None if data.isascii() else _NOT_ASCII.search(data)
    if first is None:
        return agreed
    window = data[first.start() : first.start() + LOOKED_AT]
    if _utf8_of_the_far_east(window):
        return "utf-8"
    if codecs.lookup(agreed).name == "utf-8" and _plainly_gbk(window):
        return "gb18030"
    return agreed


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is often zero, and those between never are."""
    pairs = len(head) // 2
    low, high = head[0::2].count(0), head[1::2].count(0)
    if pairs and high > HALF_BLANK * pairs and not low:
        return "utf-16-le"
    if pairs and low > HALF_BLANK * pairs and not high:
        return "utf-16-be"
    return None


def _utf8_of_the_far_east(window: bytes) -> bool:
    """Whether the bytes are UTF-8 and hold signs that take three bytes in it; two may be chance."""
    try:
        return bool(_FAR_EAST.search(codecs.getincrementaldecoder("utf-8")().decode(window)))
    except UnicodeDecodeError:
        return False


def _plainly_gbk(window: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("gb18030")().decode(window)
    except UnicodeDecodeError:
        return False
    signs = _GBK_SIGN.findall(window)
    common = sum(1 for sign in signs if _GB2312_COMMON.fullmatch(sign))
    return bool(signs) and common >= MOSTLY * len(signs)


def utf8(data: bytes, encoding: str) -> bytes:
    """The text as UTF-8 bytes without byte order mark; SourceError names the line that cannot be decoded."""
    if not data or data.isspace():
        raise SourceError("the file is empty", mend="ask the sender to send it again")
    return decoded(data, encoding)


def decoded(data: bytes, encoding: str) -> bytes:
    """`utf8` for a part of a text."""
    if codecs.lookup(encoding).name == "utf-8":
        data = data.removeprefix(codecs.BOM_UTF8)
    else:
        try:
            data = data.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            raise _undecodable(data, error.start, encoding) from None
    if b"\0" in data:
        raise SourceError("the file is not text", line=1 + data[: data.index(b"\0")].count(b"\n"))
    return _with_line_ends(data)


def _with_line_ends(text: bytes) -> bytes:
    """The text with line feeds, where lines end with a carriage return alone."""
    return text.replace(b"\r", b"\n") if b"\r" in text[:LINE_WITHIN] and b"\n" not in text[:LINE_WITHIN] else text


def utf8_head(head: bytes, encoding: str) -> bytes:
    """The whole lines of a file's first bytes as UTF-8; what cannot be decoded is replaced, for `utf8` names it."""
    if codecs.lookup(encoding).name == "utf-8":
        text = head.removeprefix(codecs.BOM_UTF8)
    else:
        decoded = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
        text = decoded.removeprefix("\ufeff").encode(errors="replace")
    text = _with_line_ends(text)
    return text[: text.rfind(b"\n") + 1] or text


def checked_utf8(data: bytes, first: int = 1) -> None:
    """SourceError on the first line that is no UTF-8; first: line number of the first line given."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise _undecodable(data, error.start, "UTF-8", first) from None


def _undecodable(data: bytes, at: int, encoding: str, first: int = 1) -> SourceError:
    return undecodable(encoding, first + data.count(b"\n", 0, at))


def undecodable(encoding: str, line: int) -> SourceError:
    """That a line is not text in an encoding."""
    mend = "ask the sender for the right encoding, or declare it as `encoding` of the profile"
    return SourceError(f"not {encoding.upper()} text", line=line, mend=mend)
