"""What fields 86, NS and the second line of 61 say of an entry: remittance text, references, the other party.

Source: SWIFT field 86; DFÜ agreement of the German banks (DK), annex 3, chapter 8 (?nn subfields, `EREF+` keys); Dutch
banks' `/EREF/` keys; MultiCash `:NS:`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.sources.wrapped import joined, told

LINE, SUBFIELD = 65, 27

_STRUCTURED = re.compile(r"[0-9]{3}([^A-Za-z0-9\s])(?=[0-9]{2})")
_END_TO_END = (
    re.compile(r"\bEREF[+:]\s*(.*?)\s*(?=\b(?:[A-Z]{4}|BIC)[+:]|$)"),
    re.compile(r"/EREF/(.*?)\s*(?=/[A-Z]{4}/|$)"),
)
_NAMES = (
    re.compile(r"/NAME/(.*?)\s*(?=/[A-Z]{4}/|$)"),
    re.compile(r"/CNTP/[^/]*/[^/]*/([^/]*)/"),
    re.compile(r"/NAAM:\s*(.*?)\s*$"),
)
_PARTY = ("32", "33")
_TEXT = (*map(str, range(20, 30)), *map(str, range(60, 64)))
_BOOKING = "00"
_NS_TEXT = tuple(f"{number:02}" for number in range(1, 15))
_NS_BOOKING = "17"
_NS_NAME = ("15", "16")


class Details(NamedTuple):
    """What is said of one entry."""

    remittance: str | None = None
    end_to_end_id: str | None = None
    counterparty: str | None = None


def _wrapped(pieces: Sequence[str], full: int) -> tuple[str, list[str]]:
    return joined(pieces, [len(piece) >= full for piece in pieces])


def details_of(texts: Sequence[str], also: Sequence[str] = ()) -> Details:
    """What the lines of field 86 say; also: further lines of field 61, which add to the text."""
    lines = list(texts)
    start = _STRUCTURED.match(lines[0].strip()) if lines else None
    if start:
        return _structured(lines, start.group(1), also)
    text, others = _wrapped(_full_first(lines), LINE)
    plain = " ".join(text.split())
    name = next((found.group(1) for found in (rule.search(plain) for rule in _NAMES) if found), "")
    return Details(told(" ".join((text, *also)), others), _end_to_end(plain), name or None)


def _full_first(lines: Sequence[str]) -> list[str]:
    """The lines, the first one padded where it was wrapped with its tag counted in."""
    if len(lines) > 1 and len(lines[0]) == LINE - len(":86:"):
        return [lines[0], *lines[1:]] if lines[1][:1].isspace() else [lines[0] + lines[1], *lines[2:]]
    return list(lines)


def _end_to_end(text: str) -> str | None:
    plain = " ".join(text.split())
    found = next(filter(None, (rule.search(plain) for rule in _END_TO_END)), None)
    return (found.group(1).strip("/ ") or None) if found else None


def _structured(lines: Sequence[str], sign: str, also: Sequence[str]) -> Details:
    """Subfields `?nn` of German banks and those who follow them (other signs than `?` in Poland)."""
    text = last = ""
    for line in _full_first(lines):
        new = line.lstrip().startswith(sign) or text.endswith(sign)
        text += ("" if not text or new or len(last) >= LINE else " ") + line
        last = line
    parts: dict[str, list[str]] = {}
    pieces = re.split(re.escape(sign) + r"([0-9]{2})", text)
    for key, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        parts.setdefault(key, []).append(piece)
    said, others = _wrapped([piece for key in _TEXT for piece in parts.get(key, ())], SUBFIELD)
    booking = [piece for piece in parts.get(_BOOKING, ()) if piece.strip()]
    name, _ = _wrapped([piece for key in _PARTY for piece in parts.get(key, ())], SUBFIELD)
    return Details(told(" ".join((said, *booking, *also)), others), _end_to_end(said), " ".join(name.split()) or None)


def striped(texts: Sequence[str], also: Sequence[str]) -> Details:
    """Field NS of MultiCash: two digits before each line say what it is."""
    parts = [(text.strip()[:2], text.strip()[2:]) for text in texts]
    said, others = _wrapped([text for key, text in parts if key in _NS_TEXT], SUBFIELD)
    booking = [text for key, text in parts if key == _NS_BOOKING]
    name = " ".join(text for key, text in parts if key in _NS_NAME)
    return Details(told(" ".join((said, *booking, *also)), others), _end_to_end(said), " ".join(name.split()) or None)
