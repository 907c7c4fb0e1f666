"""A large text in parts of whole rows, so that memory holds a part of it and never all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.sources.base import Data, SourceError
from pipelines.sources.encoding import decoded, encoding_of
from pipelines.sources.layout import Layout
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
    """Whether a text can be cut at the bytes of its line ends: not a sheet, not UTF-16, with line feeds."""
    head = data[:HEAD]
    return not is_sheet(head) and not encoding_of(head, "utf-8").startswith("utf-16") and b"\n" in head


def pieces_of(data: Data, layout: Layout) -> Iterator[Piece]:
    """The text of a file of this layout in pieces; SourceError names the line that cannot be decoded."""
    encoding, first = layout.encoding, 1
    plain = not layout.exact
    for block, last in _blocks(data, (layout.quote or "").encode()):
        if plain and not block.isascii():  # what is not ASCII for the first time tells the encoding of the rest
            encoding, plain = encoding_of(block, layout.encoding), False
        yield Piece(_decoded(block, encoding, first), first, last)
        first += block.count(b"\n")


def _decoded(block: bytes, encoding: str, first: int) -> bytes:
    try:
        return decoded(block.removeprefix(codecs.BOM_UTF8) if first == 1 else block, encoding)
    except SourceError as error:
        error.line = (error.line or 1) + first - 1
        raise


def _blocks(data: Data, quote: bytes) -> Iterator[tuple[bytes, bool]]:
    """Bytes of whole rows, and whether they are the last; these are many enough to hold all that ends a file."""
    at, carried, grown = 0, b"", 0
    while at < len(data):
        end = at + CHUNK if len(data) - at > CHUNK * 3 // 2 else len(data)
        block = carried + data[at:end]
        at, grown = end, grown + 1
        cut = len(block) if end == len(data) else block.rfind(b"\n") + 1
        open_quote = quote and end < len(data) and grown < MOST_CHUNKS and block.count(quote, 0, cut) % 2
        if not cut or open_quote:
            carried = block
            continue
        yield block[:cut], end == len(data)
        carried, grown = block[cut:], 0
