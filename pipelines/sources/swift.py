"""SWIFT category 9 messages as files hold them: lines, fields and messages, whatever surrounds them.

Source: SWIFT MT940 and MT942 field specifications. Written for this project and not taken from a library: mt-940
(the best kept one) gives no line numbers, reads `+0100` as 100 minutes, dies on two real files and drops what it does
not know.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from pipelines.sources.encoding import encoding_of

TAGS = frozenset(
    {
        *("20", "21", "25", "25P", "28", "28C", "13", "13C", "13D", "34F", "60F", "60M", "61", "86", "NS"),
        *("62F", "62M", "64", "64F", "64M", "65", "65F", "65M", "90C", "90D"),
    }
)
"""Fields of these messages; what looks like another one is text, for texts wrap at any place ("13:12:11")."""

_FIELD = re.compile(r":([0-9]{2}[A-Z]?|NS):", re.IGNORECASE)
_HEADER = re.compile(r"\{[1-5]:")
_OPENS = re.compile(r"\{[124]:")
_KIND = re.compile(r"\{2:[IO](9[0-9]{2})|^:?(9[0-9]{2}):?$", re.IGNORECASE)
_LAYOUT = re.compile(r"[A-Z0-9]{3,12}|:9[0-9]{2}:|[-{}$]+", re.IGNORECASE)
_END = re.compile(r"-(\}.*)?")
_CONTROL = dict.fromkeys((*range(9), *range(10, 32), 127), " ")
_UMLAUTS_OF_DOS = frozenset(b"\x81\x84\x8e\x94\x99\x9a\x82\x86\xa4\xa5\x98\xab\xbe")


@dataclass
class Field:
    """One field: tag in upper case, its texts line by line, and the line it begins on."""

    tag: str
    line: int
    texts: list[str]

    @property
    def text(self) -> str:
        """Its first line."""
        return self.texts[0].strip()


@dataclass
class Message:
    """One message; kind: 940, 942 … where an envelope says so; ended: its end mark was seen; enclosed: in braces."""

    line: int
    kind: str = ""
    fields: list[Field] = field(default_factory=list)
    ended: bool = False
    enclosed: bool = False

    def tags(self) -> set[str]:
        """Tags of its fields."""
        return {each.tag for each in self.fields}


@dataclass
class File:
    """Messages of a file; strangers: lines outside any message that are no layout; broken: where a message breaks off
    before its first field."""

    messages: list[Message]
    strangers: list[int]
    broken: int | None = None


def as_lines(data: bytes) -> bytes:
    """The bytes with LF between lines: UTF-16 and GBK become UTF-8, and a file with CR alone gets LF instead."""
    name = encoding_of(data, "utf-8")
    if name != "utf-8" and not (name == "gb18030" and _is_utf8(data)):
        data = data.decode(name, errors="replace").encode(errors="replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _is_utf8(data: bytes) -> bool:
    """Whether it may be: two letters of Latin in UTF-8 look like one hanzi of GBK as well."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def text_of(line: bytes) -> str:
    """One line as text: UTF-8 where it is, else the code page of Windows or DOS that its letters speak for."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        dos = sum(byte in _UMLAUTS_OF_DOS for byte in line) > sum(byte >= 0xC0 for byte in line)
        text = line.decode("cp852" if dos else "cp1252", errors="replace")
    return text.translate(_CONTROL) if not text.isprintable() else text


def split(data: bytes) -> File:
    """All messages of a file with their fields; every line is in a field, is layout, or is a stranger.

    data: as `as_lines` gives it.
    """
    found = File([], [])
    message: Message | None = None
    kind, begun, enclosed = "", 0, False
    for number, raw in enumerate(data.split(b"\n"), 1):
        line = text_of(raw.rstrip(b"\r"))
        bare = line.strip()
        if _END.fullmatch(bare) or _HEADER.match(bare):
            if message is not None:
                message.ended, message = bare.startswith("-"), None
            kind = _kind_in(bare) or ("" if bare.startswith("-") else kind)
            begun, enclosed = (number if _OPENS.search(bare) else begun), "{4:" in bare
            line = bare = bare[bare.rfind("{4:") + 3 :].strip() if "{4:" in bare else ""
        tag = _FIELD.match(bare)
        name = tag.group(1).upper() if tag else ""
        if tag and name in TAGS:
            if message is None or (name == "20" and message.fields):
                message, begun, enclosed = Message(number, kind, enclosed=enclosed), 0, False
                found.messages.append(message)
            message.fields.append(Field(name, number, [bare[tag.end() :]]))
        elif message is not None:
            message.fields[-1].texts.append(line)
        elif bare:
            kind = _kind_in(bare) or kind
            if not _LAYOUT.fullmatch(bare):
                found.strangers.append(number)
                begun = number if bare.startswith(":") else begun
    found.broken = begun or None
    return found


def _kind_in(text: str) -> str:
    kinds = [first or second for first, second in _KIND.findall(text)]
    return kinds[-1] if kinds else ""


def kind_of(messages: list[Message]) -> str:
    """What the messages are by the first that tells: 940 has balances, 942 floor limits and sums; else empty."""
    for message in messages:
        tags = message.tags()
        if "25" in tags or "25P" in tags:
            if tags & {"60F", "60M"}:
                return "942" if message.kind == "942" else "940"
            if tags & {"34F", "90C", "90D"}:
                return "942"
    return ""


def unfit(data: bytes) -> str:
    """Why bytes cannot be such a file at all; empty where they can."""
    if not data or data.isspace():
        return "the file is empty"
    wide = encoding_of(data, "utf-8").startswith("utf-16")
    return "it is not text" if b"\0" in data[:4096] and not wide else ""
