"""XML from outside, read safely: no DTD, no entities, no network; and on which line its elements begin."""

from __future__ import annotations

import codecs
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lxml import etree

from pipelines.sources.base import SourceError
from pipelines.sources.pan import mask_text
from pipelines.sources.text import LONGEST_RAW, RawText

# Entities need a DTD, and a file with a DTD is refused before it is parsed: this is the second lock.
# Without comments a text is one piece: `12<!-- -->.34` would otherwise read as 12.
_SAFE: dict[str, Any] = {
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
# An unclosed comment runs to the end: looking for its end again from each `<!--` would be quadratic.
_SKIPPED = rb"!--(?:.*?-->|.*)|!\[CDATA\[(?:.*?\]\]>|.*)|\?(?:.*?\?>|.*)"


def _encoding(data: bytes) -> str:
    """Encoding of an XML file by its first bytes, else as it declares it (XML 1.0, appendix F)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    declared = _DECLARED.match(data[:200])
    return declared.group(1).decode() if declared else "utf-8"


def as_utf8(data: bytes, *, errors: str = "strict", profile: str | None = None) -> bytes:
    """The file as UTF-8 whatever its encoding; SourceError where it is empty, packed, not text or not XML."""
    if not data[:_BEGINNING].strip(b" \t\r\n\0"):
        raise SourceError("the file is empty", mend="ask the sender to send it again")
    for magic, what in _PACKED.items():
        if data.startswith(magic):
            raise SourceError(f"this is {what}, not XML", mend="unpack it and put the files in the inbox")
    encoding = _encoding(data)
    try:
        text = data if _is_ascii_or_utf8(encoding) else data.decode(encoding, errors).encode()
    except LookupError:
        raise SourceError(f"unknown encoding {encoding!r}", line=1, profile=profile) from None
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = 1 + data[:at].count(b"\n")
        mend = "ask the sender for the file in UTF-8"
        raise SourceError(f"not {encoding.upper()} text", line=line, mend=mend, profile=profile) from None
    text = text.removeprefix(codecs.BOM_UTF8)
    if not text[:_BEGINNING].lstrip().startswith(b"<"):
        raise SourceError("this is not XML: it does not begin with `<`", line=1)
    return text


def _is_ascii_or_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}


def opening_tags(head: bytes) -> list[str]:
    """Qualified names of the elements that begin in the head of a file, as far as it can be read."""
    parser = etree.XMLPullParser(events=("start",), **_SAFE)
    tags: list[str] = []
    with suppress(etree.XMLSyntaxError):  # the head may end anywhere, and what is malformed is told by `elements`
        parser.feed(head)
    with suppress(etree.XMLSyntaxError):
        tags.extend(str(found.tag) for _, found in parser.read_events() if isinstance(found, etree._Element))
    return tags


def starts(data: bytes, local: str, *, profile: str | None = None) -> list[int]:
    """Byte offsets of all start tags of that local name in UTF-8 XML; SourceError on a DOCTYPE.

    libxml2 is exact about lines only up to 65,535, hence this count in the text itself.
    """
    name = local.encode()
    plain = b"<!" not in data and data.find(b"<?", 2) < 0 and b":" + name not in data
    if plain:
        return [found.start() for found in re.finditer(rb"<" + name + rb"[\s/>]", data)]
    pattern = rb"<(?:(" + _SKIPPED + rb")|(!DOCTYPE)|(?:[^\s<>/!?:]+:)?" + name + rb"[\s/>])"
    offsets = []
    for found in re.finditer(pattern, data, re.DOTALL):
        if found.group(2):
            line = 1 + data.count(b"\n", 0, found.start())
            mend = "ask the sender for the file without DOCTYPE; such files have none"
            what = "the XML carries a document type declaration (DOCTYPE), which is not read for safety"
            raise SourceError(what, line=line, mend=mend, profile=profile)
        if found.group(1) is None:
            offsets.append(found.start())
    return offsets


def line_numbers(data: bytes, offsets: list[int]) -> list[int]:
    """Line of each offset (ascending), 1 = first."""
    line, at, lines = 1, 0, []
    for offset in offsets:
        line += data.count(b"\n", at, offset)
        at = offset
        lines.append(line)
    return lines


def elements(data: bytes, locals_: tuple[str, ...], *, profile: str) -> Iterator[etree._Element]:
    """Elements of these names in any namespace, each when it is complete; SourceError on malformed XML."""
    tags = tuple(f"{{*}}{name}" for name in locals_)
    steps = etree.iterparse(io.BytesIO(data), events=("end",), tag=tags, **_SAFE)
    try:
        for _event, element in steps:
            yield element
    except etree.XMLSyntaxError as error:
        # The exception's own log is shared by all parsers of the thread; that of the parser is not.
        fatal = [(entry.message, entry.line) for entry in steps.error_log if entry.level_name == "FATAL"]
        what, line = fatal[0] if fatal else (error.msg or "no element found", error.lineno)
        raise SourceError(
            f"the XML breaks off or is malformed here ({' '.join(what.split())})",
            line=line or None,
            mend="ask the sender for the whole file again",
            profile=profile,
        ) from None


@dataclass(frozen=True)
class RawElements:
    """Gives the text of the elements that begin on a line, first those under suspicion.

    A line of XML is a bare `<Ntry>` or the whole file: what a person needs is the element, from tag to tag.
    offsets, lines: of each element, ascending; suspects: offsets of those that could not be read.
    """

    data: bytes
    local: str
    offsets: list[int]
    lines: list[int]
    suspects: frozenset[int]

    def __call__(self, lines: list[int]) -> dict[int, str]:
        """Text by line, 1 = first; longer ones are cut, card numbers masked."""
        found = {line: self._elements(line) for line in set(lines)}
        others = RawText(self.data)([line for line, text in found.items() if not text])
        return {line: text or others[line] for line, text in sorted(found.items()) if text or line in others}

    def _elements(self, line: int) -> str:
        here = self.offsets[bisect_left(self.lines, line) : bisect_right(self.lines, line)]
        chosen = [offset for offset in here if offset in self.suspects] or here
        # Masked before it is cut: a card number that straddles the cut would pass for another number.
        text = mask_text("\n".join(self._element(offset) for offset in chosen[:20]))
        return text[:LONGEST_RAW] + ("…" if len(text) > LONGEST_RAW else "")

    def _element(self, offset: int) -> str:
        end = re.compile(rb"</(?:[^\s<>/:]+:)?" + self.local.encode() + rb"\s*>")
        most = offset + 4 * (LONGEST_RAW + 100)
        found = end.search(self.data, offset, most)
        return self.data[offset : found.end() if found else most].decode(errors="ignore")
