"""XML from outside, read safely: no DTD, no entities, no network; and single elements of it for a person to see."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pipelines.sources.base import Data, SourceError
from pipelines.sources.pan import mask_text
from pipelines.sources.text import LONGEST_RAW, RawText

# Entities need a DTD, and a file with a DTD is refused before it is parsed: this is the second lock.
# Without comments a text is one piece: `12<!-- -->.34` would otherwise read as 12.
SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "remove_blank_text": True,
    "collect_ids": False,
    "encoding": "utf-8",
}

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_BEGINNING = 4096  # a file is large: nothing that copies it whole, to find out how it begins
_PACKED = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive"}


def _encoding(data: bytes) -> str:
    """Encoding of an XML file by its first bytes, else as it declares it (XML 1.0, appendix F)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    declared = _DECLARED.match(data[:200])
    return declared.group(1).decode() if declared else "utf-8"


def begins(head: bytes, *, profile: str | None = None) -> tuple[str, int]:
    """Encoding of an XML file by its first bytes, empty for UTF-8, and how many of them are its byte order mark.

    SourceError where it is empty, packed, in no known encoding or not XML.
    """
    if not head[:_BEGINNING].strip(b" \t\r\n\0"):
        raise SourceError("the file is empty", mend="ask the sender to send it again")
    for magic, what in _PACKED.items():
        if head.startswith(magic):
            raise SourceError(f"this is {what}, not XML", mend="unpack it and put the files in the inbox")
    encoding, mark = _encoding(head), 0
    try:
        b"".decode(encoding)  # some codecs are none of text
        decoder = codecs.getincrementaldecoder(encoding)("ignore")
    except LookupError:
        raise SourceError(f"unknown encoding {encoding!r}", line=1, profile=profile) from None
    if _is_ascii_or_utf8(encoding):
        encoding, mark = "", len(codecs.BOM_UTF8) * head.startswith(codecs.BOM_UTF8)
        text = head[mark : mark + _BEGINNING]
    else:
        text = decoder.decode(head[:_BEGINNING]).encode(errors="replace")
    if not text.lstrip().startswith(b"<"):
        raise SourceError("this is not XML: it does not begin with `<`", line=1)
    return encoding, mark


def head_as_utf8(head: bytes) -> bytes:
    """The first bytes of a file as UTF-8, without what cannot be decoded; SourceError as in `begins`."""
    encoding, mark = begins(head)
    return codecs.getincrementaldecoder(encoding)("ignore").decode(head).encode() if encoding else head[mark:]


def not_text(encoding: str, line: int, profile: str | None) -> SourceError:
    """A file that is not of the encoding it declares."""
    mend = "ask the sender for the file in UTF-8"
    return SourceError(f"not {encoding.upper()} text", line=line, mend=mend, profile=profile)


def has_doctype(line: int, profile: str | None) -> SourceError:
    """A file with a document type declaration, through which it could reach for other files, or for all memory."""
    what = "the XML carries a document type declaration (DOCTYPE), which is not read for safety"
    mend = "ask the sender for the file without DOCTYPE; such files have none"
    return SourceError(what, line=line, mend=mend, profile=profile)


def _is_ascii_or_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}


def opening_tags(head: bytes) -> list[str]:
    """Qualified names of the elements that begin in the head of a file, as far as it can be read."""
    parser = etree.XMLPullParser(events=("start",), **SAFE)
    tags: list[str] = []
    with suppress(etree.XMLSyntaxError):  # the head may end anywhere, and what is malformed is told by `elements`
        parser.feed(head)
    with suppress(etree.XMLSyntaxError):
        tags.extend(str(found.tag) for _, found in parser.read_events() if isinstance(found, etree._Element))
    return tags


@dataclass(frozen=True)
class RawElements:
    """Gives the text of the elements that begin on a line, first those under suspicion.

    A line of XML is a bare `<Ntry>` or the whole file: what a person needs is the element, from tag to tag.
    offsets, lines: of each element, ascending; suspects: offsets of those that could not be read.
    """

    data: Data
    local: str
    offsets: Sequence[int]
    lines: Sequence[int]
    suspects: frozenset[int]

    def __call__(self, lines: list[int]) -> dict[int, str]:
        """Text by line, 1 = first; longer ones are cut, card numbers masked."""
        found = {line: self._elements(line) for line in set(lines)}
        none = [line for line, text in found.items() if not text]
        others = RawText(self.data[:])(none) if none else {}
        return {line: text or others[line] for line, text in sorted(found.items()) if text or line in others}

    def _elements(self, line: int) -> str:
        here = self.offsets[bisect_left(self.lines, line) : bisect_right(self.lines, line)]
        chosen = [offset for offset in here if offset in self.suspects] or here
        # Masked before it is cut: a card number that straddles the cut would pass for another number.
        text = mask_text("\n".join(self._element(offset) for offset in chosen[:20]))
        return text[:LONGEST_RAW] + ("…" if len(text) > LONGEST_RAW else "")

    def _element(self, offset: int) -> str:
        end = re.compile(rb"</(?:[^\s<>/:]+:)?" + self.local.encode() + rb"\s*>")
        text = self.data[offset : offset + 4 * (LONGEST_RAW + 100)]
        found = end.search(text)
        return text[: found.end() if found else None].decode(errors="ignore")
