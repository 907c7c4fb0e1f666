"""BAI2 files as records: what stands between commas and slashes, with continuations joined.

Source: Cash Management Balance Reporting Specifications, version 2 (BAI). Written for this project: the `bai2` package
gives no line numbers, dies on unknown type codes and funds types, and stops at counts that do not fit instead of saying
which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LINE = 80
CODES = frozenset({"01", "02", "03", "16", "49", "88", "98", "99"})
TEXTUAL = frozenset({"16", "88"})
"""Records whose last field is free text: commas and slashes in it are data."""

_NEXT = re.compile(r"/\s*(?=(?:01|02|03|16|49|98|99|88),)")
_NEXT_AFTER_TEXT = re.compile(r"/\s{2,}(?=(?:02|03|16|49|98|99|88),[0-9A-Za-z])")
_NEXT_CLOSE_AFTER_TEXT = re.compile(r"/\s+(?=(?:02|03|16|49|98|99|88),[0-9A-Za-z+-])")
_BEGINS = re.compile(r".{0,6}[,:]")
_HEADER = re.compile(r"\s*01,[^,/]*,[^,/]*,[0-9]{6,8},[^,/]*,[^,/]*,[^,/]*,[^,/]*,\s*2\s*(/|$)", re.MULTILINE)


@dataclass
class Record:
    """One record with its continuations: code, line, and its texts after the code, one a physical record."""

    code: str
    line: int
    texts: list[str]
    full: list[bool] = field(default_factory=list)

    @property
    def physical(self) -> int:
        """How many physical records it takes."""
        return len(self.texts)

    def fields(self) -> list[str]:
        """Its fields, continuations included."""
        return [cell.strip() for cell in ",".join(map(closed, self.texts)).split(",")]


def closed(text: str) -> str:
    """The text of a record without the slash that ends it."""
    bare = text.rstrip()
    return bare.removesuffix("/")


def looks_like(head: bytes) -> bool:
    """Whether a file begins with a file header of version 2."""
    return _HEADER.match(head[:4096].removeprefix(b"\xef\xbb\xbf").decode("latin-1")) is not None


def _pieces(line: str, *, close: bool) -> Iterator[str]:
    """Records of one line: mostly one; some senders put several on a line, blanks between them."""
    text, at = line.strip(), 0
    after_text = _NEXT_CLOSE_AFTER_TEXT if close else _NEXT_AFTER_TEXT
    while at < len(text):
        found = (after_text if text[at : at + 2] in TEXTUAL else _NEXT).search(text, at)
        yield text[at : found.start() + 1] if found else text[at:]
        at = found.end() if found else len(text)


def _wrapped(record: Record, piece: str) -> bool:
    """Whether a line goes on with the text of a transaction that was wrapped: it begins as no record does."""
    is_open = record.code in TEXTUAL and not record.texts[-1].rstrip().endswith("/")
    return is_open and _BEGINS.match(piece) is None


def records(text: str, *, close: bool = False) -> tuple[list[Record], list[tuple[int, str]]]:
    """Records in order, continuations with the record they continue; beside them lines that are none.

    close: a single blank, too, parts the text of a transaction from a record on the same line; a text may look so.
    """
    found: list[Record] = []
    strangers: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        for piece in _pieces(line, close=close):
            code, comma, rest = piece.partition(":" if piece.startswith("88:") else ",")
            full = len(line.rstrip("\r")) >= LINE
            if found and _wrapped(found[-1], piece):
                found[-1].texts[-1] += f" {piece}"
            elif not comma or code not in CODES or (code == "88" and not found):
                strangers.append((number, piece))
            elif code == "88":
                found[-1].texts.append(rest)
                found[-1].full.append(full)
            else:
                found.append(Record(code, number, [rest], [full]))
    return found, strangers
