"""XML of any size, element by element: what is in memory is a block of it and the elements that are still open.

Each element comes with its line and offset, which are counted in the text itself: libxml2 is exact about lines only up
to 65,535.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from pipelines.sources.base import Data, SourceError
from pipelines.sources.camt_xml import SAFE, begins, has_doctype, not_text

BLOCK = 2**20
"""Bytes read at a time."""

FED = 2**15
"""Bytes that the parser is given at a time: more of them leave the processor's cache before they are used."""

LONGEST = 16 * 2**20
"""Bytes of one tag, comment or text; libxml2 takes no more than ten million."""

_CLOSERS = {b"!--": b"-->", b"![C": b"]]>", b"?": b"?>"}


@dataclass(frozen=True)
class Recoded:
    """The end of a text that is not kept anywhere else, addressed as the text itself."""

    first: int
    held: bytes

    def __len__(self) -> int:
        return self.first + len(self.held)

    def __getitem__(self, part: slice) -> bytes:
        at, end, _ = part.indices(len(self))
        return self.held[max(at - self.first, 0) : max(end - self.first, 0)]


@dataclass(frozen=True)
class Shifted:
    """Data without its first bytes."""

    data: Data
    by: int

    def __len__(self) -> int:
        return len(self.data) - self.by

    def __getitem__(self, part: slice) -> bytes:
        at, end, _ = part.indices(len(self))
        return self.data[at + self.by : end + self.by]


@dataclass
class XmlReader:
    """Elements of these local names in any namespace, each when it is complete; to drop them is the caller's part.

    placed: names whose places are wanted; none of them may stand inside its own kind. SourceError where the file is
    no XML, is malformed, carries a DOCTYPE or is not text, with its line.
    """

    data: Data
    locals_: tuple[str, ...]
    placed: tuple[str, ...]
    profile: str | None = None
    read: int = 0
    """Bytes of text read so far."""

    places: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)
    """Offset and line of the start tags that were met and whose element was not yet asked for."""

    _kept: deque[tuple[int, bytes]] = field(default_factory=deque)
    _line: int = 1

    def __post_init__(self) -> None:
        self._encoding, self._mark = begins(self.data[:BLOCK], profile=self.profile)
        self.places = {name: deque() for name in self.placed}
        names = b"|".join(name.encode() for name in self.placed)
        self._plain = {name: re.compile(rb"<" + name.encode() + rb"[\s/>]") for name in self.placed}
        self._colons = [b":" + name.encode() for name in self.placed]
        self._every = re.compile(
            rb"<(?:(?P<skipped>!--|!\[C|\?)|(?P<doctype>!DOCTYPE)|(?:[^\s<>/!?:]+:)?(?P<name>" + names + rb")[\s/>])"
        )

    def __iter__(self) -> Iterator[etree._Element]:
        tags = tuple(f"{{*}}{name}" for name in self.locals_)
        parser = etree.XMLPullParser(events=("end",), tag=tags, **SAFE)
        try:
            for block in self.blocks():
                for at in range(0, len(block), FED):
                    parser.feed(block[at : at + FED])
                    for _, element in parser.read_events():
                        yield element  # type: ignore[misc]
                self.read += len(block)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise self._malformed(parser, error) from None

    def check(self) -> None:
        """Read to the end without a look at its elements: SourceError where it is not text or carries a DOCTYPE."""
        deque(self.blocks(), maxlen=0)

    def take(self, name: str) -> tuple[int, int]:
        """Offset and line of the first element of a name that was not yet taken; SourceError where there is none."""
        if not self.places[name]:
            raise SourceError("its elements cannot be told apart by line", profile=self.profile)
        return self.places[name].popleft()

    def text(self) -> Data:
        """The text that was read, addressed by offset; of one that is not UTF-8, what was not yet forgotten."""
        if self._encoding:
            first = self._kept[0][0] if self._kept else self.read
            return Recoded(first, b"".join(block for _, block in self._kept))
        return Shifted(self.data, self._mark) if self._mark else self.data

    def forget(self, before: int) -> None:
        """Text before an offset is not asked for any more."""
        while len(self._kept) > 1 and self._kept[1][0] <= before:
            self._kept.popleft()

    def _malformed(self, parser: etree.XMLPullParser, error: etree.XMLSyntaxError) -> SourceError:
        # The exception's own log is shared by all parsers of the thread; that of the parser is not.
        log = parser.feed_error_log
        fatal = [(entry.message, entry.line) for entry in log if entry.level_name == "FATAL"]
        what, line = fatal[0] if fatal else (error.msg or "no element found", error.lineno or 0)
        return SourceError(
            f"the XML breaks off or is malformed here ({' '.join(what.split())})",
            line=line or None,
            mend="ask the sender for the whole file again",
            profile=self.profile,
        )

    def blocks(self) -> Iterator[bytes]:
        """The text in blocks that end where a tag does, and never within a comment; places of each are noted."""
        at, carried = 0, b""
        for piece, last in self._utf8():
            block = carried + piece if carried else piece
            end = self._noted(block, at, last=last)
            if len(block) - end > LONGEST:
                what = f"a tag, comment or text of more than {LONGEST:,} bytes begins here"
                raise SourceError(what, line=self._line, mend="ask the sender for a valid file", profile=self.profile)
            whole, carried = (block, b"") if end == len(block) else (block[:end], block[end:])
            if self._encoding:
                self._kept.append((at, whole))
            self._line += whole.count(b"\n")
            yield whole
            at += end

    def _noted(self, block: bytes, at: int, *, last: bool) -> int:
        """Note where the placed elements of a block begin; returns where the block can be cut."""
        end = len(block) if last else block.rfind(b">") + 1
        plain = b"<!" not in block and block.find(b"<?", 0 if at else 2) < 0
        if plain and not any(colon in block for colon in self._colons):
            for name, pattern in self._plain.items():
                self._place(name, block, at, [found.start() for found in pattern.finditer(block, 0, end)])
            return end
        begun, end = self._begun(block, end, last=last)
        for name, offsets in begun.items():
            self._place(name, block, at, offsets)
        return end

    def _place(self, name: str, block: bytes, at: int, offsets: list[int]) -> None:
        line, before, places = self._line, 0, self.places[name]
        for offset in offsets:
            line += block.count(b"\n", before, offset)
            before = offset
            places.append((at + offset, line))

    def _begun(self, block: bytes, end: int, *, last: bool) -> tuple[dict[str, list[int]], int]:
        """The same for a block with prefixes, comments, instructions or CDATA; nothing begins in the last three."""
        begun: dict[str, list[int]] = {name: [] for name in self.placed}
        found = self._every.search(block, 0, end)
        while found:
            on = found.end()
            if found["doctype"]:
                raise has_doctype(self._line + block.count(b"\n", 0, found.start()), self.profile)
            if found["skipped"]:
                closer = _CLOSERS[found["skipped"]]
                on = block.find(closer, on) + len(closer)
                if on < len(closer):  # it goes on in the next block, or to the end of the file
                    return begun, end if last else found.start()
            else:
                begun[found["name"].decode()].append(found.start())
            found = self._every.search(block, on, end)
        return begun, end

    def _utf8(self) -> Iterator[tuple[bytes, bool]]:
        """The file as UTF-8, whatever its encoding, and whether it ends there."""
        decoder = codecs.getincrementaldecoder(self._encoding)() if self._encoding else None
        size, lines = len(self.data), 1
        for at in range(self._mark, size, BLOCK):
            raw = self.data[at : at + BLOCK]
            last = at + BLOCK >= size
            try:
                yield (decoder.decode(raw, final=last).encode() if decoder else raw), last
            except UnicodeError as error:
                within = error.start if isinstance(error, UnicodeDecodeError) else 0
                line = lines + raw.count(b"\n", 0, within)
                raise not_text(self._encoding, line, self.profile) from None
            lines += raw.count(b"\n")
