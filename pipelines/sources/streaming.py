"""A large text in parts of whole rows, so that memory holds a part of it and never all."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pipelines.sources.base import Data, SourceError
from pipelines.sources.encoding import decoded, encoding_of, undecodable, utf8_head
from pipelines.sources.layout import Layout
from pipelines.sources.signs import count
from pipelines.sources.text import PIECE
from pipelines.sources.workbook import is_sheet

CHUNK = PIECE
"""Bytes read at a time: some 100,000 rows, which are cut and converted in one piece."""

HEAD = 65_536
MOST_CHUNKS = 4
"""Chunks after which a quote that is still open counts as a slip."""


@dataclass(frozen=True)
class Piece:
    """Whole rows as UTF-8: their text, the number of its first line, and whether the file ends with it."""

    text: bytes
    first: int = 1
    last: bool = True


def comes_in_pieces(data: Data) -> bool:
    """Whether a text can be cut at its line ends: not a sheet, with line feeds."""
    head = data[:HEAD]
    return not is_sheet(head) and b"\n" in utf8_head(head, encoding_of(head, "utf-8"))


def pieces_of(data: Data, layout: Layout) -> Iterator[Piece]:
    """The text of a file of this layout in pieces; SourceError names the line that cannot be decoded."""
    quote = (layout.quote or "").encode()
    wide = codecs.lookup(layout.encoding if layout.exact else encoding_of(data[:HEAD], "utf-8")).name
    if wide.startswith("utf-16"):
        yield from _numbered(_blocks_of(_of_wide(data, wide), quote))
        return
    encoding, plain = layout.encoding, not layout.exact
    for piece in _numbered(_blocks(data, quote)):
        if plain and not piece.text.isascii():  # what is not ASCII for the first time tells the encoding of the rest
            encoding, plain = encoding_of(piece.text, layout.encoding), False
        yield replace(piece, text=_decoded(piece.text, encoding, piece.first))


def lines_of(data: Data) -> Iterator[Piece]:
    """The bytes of a file in pieces of whole lines, whatever their encoding, which must be one with plain line feeds.

    What is left of one behind its last line is read again instead of being carried.
    """
    at, first, size = 0, 1, CHUNK
    while at < len(data):
        block = data[at : at + size]
        last = at + size >= len(data) or len(block) < size  # a file may have become shorter since it was opened
        cut = len(block) if last else block.rfind(b"\n") + 1
        if not cut and not last:
            size *= 2
            continue
        yield Piece(block[:cut], first, last)
        if last:
            return
        first += count(block[:cut], b"\n")
        at, size = at + cut, CHUNK


def _numbered(blocks: Iterable[tuple[bytes, bool]]) -> Iterator[Piece]:
    first = 1
    for block, last in blocks:
        yield Piece(block, first, last)
        first += count(block, b"\n")


def _decoded(block: bytes, encoding: str, first: int) -> bytes:
    try:
        return decoded(block.removeprefix(codecs.BOM_UTF8) if first == 1 else block, encoding)
    except SourceError as error:
        error.line = (error.line or 1) + first - 1
        raise


def _blocks(data: Data, quote: bytes) -> Iterator[tuple[bytes, bool]]:
    """Bytes of whole rows, and whether they are the last; these are many enough to hold all that ends a file.

    Each is read once, to the end of a line: a copy of it would be made within Python's lock.
    """
    at, chunks = 0, 1
    while at < len(data):
        last = len(data) - at <= CHUNK * (chunks + 0.5)
        end = len(data) if last else _line_end(data, at, at + chunks * CHUNK)
        block = data[at:end]
        if not last and (not block or _open_quote(block, quote, chunks)):
            chunks += 1
            continue
        yield block, last
        at, chunks = end, 1


def _line_end(data: Data, start: int, stop: int) -> int:
    """Where the last line ends that lies between these places; `start` where none does."""
    while stop > start:
        before = max(start, stop - HEAD)
        if found := data[before:stop].rfind(b"\n") + 1:
            return before + found
        stop = before
    return start


def _open_quote(block: bytes, quote: bytes, chunks: int) -> bool:
    """Whether a block may end within a cell in quotes; one that is open for too long counts as a slip."""
    return bool(quote) and chunks < MOST_CHUNKS and count(block, quote) % 2 == 1


def _chunks(data: Data) -> Iterator[tuple[bytes, bool]]:
    """The bytes as they are read, and whether they are the last."""
    at = 0
    while at < len(data):
        end = at + CHUNK if len(data) - at > CHUNK * 3 // 2 else len(data)
        yield data[at:end], end == len(data)
        at = end


def _of_wide(data: Data, encoding: str) -> Iterator[tuple[bytes, bool]]:
    """`_chunks` of a text in UTF-16, as UTF-8."""
    decoder, lines = codecs.getincrementaldecoder(encoding)(), 0
    for chunk, last in _chunks(data):
        try:
            text = decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            lines += error.object[: error.start].decode(encoding, errors="replace").count("\n")
            raise undecodable(encoding, lines + 1) from None
        if "\0" in text:
            raise SourceError("the file is not text", line=1 + lines + text[: text.index("\0")].count("\n"))
        lines += text.count("\n")
        yield text.removeprefix("\ufeff").encode(), last


def _blocks_of(chunks: Iterable[tuple[bytes, bool]], quote: bytes) -> Iterator[tuple[bytes, bool]]:
    """`_blocks` of a text that comes in chunks."""
    carried, grown = b"", 0
    for chunk, last in chunks:
        block = carried + chunk
        grown += 1
        cut = len(block) if last else block.rfind(b"\n") + 1
        if not cut or (not last and _open_quote(block[:cut], quote, grown)):
            carried = block
            continue
        yield block[:cut], last
        carried, grown = block[cut:], 0
