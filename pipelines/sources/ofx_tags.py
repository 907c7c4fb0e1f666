"""OFX, SGML or XML alike, as statements and transactions: their values as texts, each with its line.

Both are read by one small scanner: headers lie about which one follows, XML declarations stand before SGML, elements
with a value need no end tag. Aggregates (elements of elements) are known by name; whatever is not known holds values of
the aggregate around it. No entity is ever declared or expanded, a document type declaration is refused.

Source: Open Financial Exchange 1.6 and 2.2, sections 2 and 11. `ofxparse` loses rows on 9 of 56 public files and gives
no line numbers, `ofxtools` is under the GPL and reads 33 of them.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from pipelines.sources.base import SourceError
from pipelines.sources.swift import as_lines, text_of

NAME = "ofx"
STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
ENTRY, PENDING = "STMTTRN", "STMTTRNP"
AGGREGATES = frozenset(
    {
        *("OFX", "SONRS", "STATUS", "STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", *STATEMENTS, ENTRY, PENDING),
        *("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "BANKACCTTO", "CCACCTTO", "BANKTRANLIST", "BANKTRANLISTP"),
        *("LEDGERBAL", "AVAILBAL", "BALLIST", "BAL", "PAYEE", "CURRENCY", "ORIGCURRENCY", "IMAGEDATA"),
    }
)
ALONE = STATEMENTS | {ENTRY, PENDING}
"""What never stands inside its own kind: one that begins ends the one before it, whose end tag is missing."""
ONCE = frozenset({"TRNAMT", "DTPOSTED", "CURDEF", "CURSYM", "BALAMT"})
DEEPEST = 40

_TEXT = rb"((?:[^<]|<(?![/!?A-Za-z]))*)"
_TOKEN = re.compile(
    rb"<!--(?:.*?-->|.*)" + _TEXT + rb"|<!\[CDATA\[(.*?)(?:\]\]>|$)" + _TEXT + rb"|(<!DOCTYPE|<!ENTITY)|<\?.*?\?>"
    rb"|<(/?)(?:[A-Za-z0-9_]+:)?([A-Za-z][A-Za-z0-9._]*)[^<>]*>" + _TEXT,
    re.DOTALL | re.IGNORECASE,
)
_CHARSET = re.compile(rb"CHARSET:\s*([A-Za-z0-9-]+?)\s*(?:COMPRESSION|\n|\r|$)", re.IGNORECASE)
_ENTITY = re.compile(r"&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|amp|lt|gt|quot|apos|nbsp);")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}


@dataclass
class Element:
    """One aggregate: values by name (several of one name joined by a space), children by name."""

    name: str
    line: int
    offset: int
    values: dict[str, str] = field(default_factory=dict)
    children: dict[str, list[Element]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)

    def get(self, path: str) -> str:
        """Value by a path such as `PAYEE/NAME`, empty where there is none."""
        *above, name = path.split("/")
        here = self
        for step in above:
            found = here.children.get(step)
            if not found:
                return ""
            here = found[0]
        return here.values.get(name, "")

    def all(self, name: str) -> list[Element]:
        """Elements of this name anywhere below, in document order."""
        found: list[Element] = []
        for child in (each for several in self.children.values() for each in several):
            found += [child] if child.name == name else child.all(name)
        return sorted(found, key=lambda element: element.offset)


@dataclass
class Document:
    """All that a file holds: its root, and whether its end tag was there.

    loose: lines of amounts in no transaction and of transactions in no statement.
    """

    root: Element
    loose: list[int] = field(default_factory=list)
    unclosed: int = 0
    ended: bool = False


def as_utf8(data: bytes) -> bytes:
    """The file as UTF-8: it is that, or of the code page that the header names, else Windows or DOS line by line."""
    lines = as_lines(data)
    try:
        lines.decode()
    except UnicodeDecodeError:
        named = _CHARSET.search(lines[:2000])
        page = f"cp{named.group(1).decode()}" if named else ""
        if page not in {"", "cp1252", "cpNONE"} and _known(page):
            return lines.decode(page, errors="replace").encode()
        return b"\n".join(text_of(line.rstrip(b"\r")).encode() for line in lines.split(b"\n"))
    return lines


def _known(page: str) -> bool:
    try:
        return codecs.lookup(page) is not None
    except LookupError:
        return False


def plain(text: bytes) -> str:
    """A value without outer blanks, its entities as signs."""
    bare = " ".join(text.decode(errors="replace").split())
    return _ENTITY.sub(lambda found: _sign(found.group(1)), bare) if "&" in bare else bare


def _sign(name: str) -> str:
    if not name.startswith("#"):
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    fits = 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if fits else " "


class Scanner:
    """Builds the tree of one file, token by token."""

    def __init__(self, text: bytes):
        self.text = text
        self.found = Document(Element("", 1, 0))
        self.open = [self.found.root]
        self.leaf: tuple[Element, str] | None = None
        self.line, self.at = 1, 0

    def run(self) -> Document:
        """Read all tokens; SourceError on a document type declaration."""
        for token in _TOKEN.finditer(self.text):
            after_comment, cdata, after_cdata, doctype, closing, name, value = token.groups()
            if doctype:
                what = "the file carries a document type declaration, which is not read for safety"
                mend = "ask the bank for the file without it; OFX has none"
                raise SourceError(what, line=self._line(token.start()), mend=mend, profile=NAME)
            if name is None:
                self._add(cdata or b"", quoted=True)
                self._add(after_comment or after_cdata or b"")
            elif closing:
                self._close(name.decode().upper())
            else:
                self._begin(name.decode().upper(), value, token.start())
        return self.found

    def _line(self, offset: int) -> int:
        self.line += self.text.count(b"\n", self.at, offset)
        self.at = offset
        return self.line

    def _begin(self, name: str, value: bytes, offset: int) -> None:
        self.leaf = None
        if name in AGGREGATES:
            if name in ALONE and any(each.name == name for each in self.open):
                self.found.unclosed += 1
                self._close(name)
            element = Element(name, self._line(offset), offset)
            if name == ENTRY and not any(each.name in STATEMENTS for each in self.open):
                self.found.loose.append(element.line)
            if len(self.open) > DEEPEST:
                what = f"its elements are nested deeper than {DEEPEST}: end tags are missing"
                raise SourceError(what, line=element.line, mend="ask the bank for the whole file", profile=NAME)
            self.open[-1].children.setdefault(name, []).append(element)
            self.open.append(element)
            return
        if name == "TRNAMT" and not any(each.name in {ENTRY, PENDING} for each in self.open):
            self.found.loose.append(self._line(offset))
        self.leaf = self.open[-1], name
        self._set(plain(value))

    def _set(self, value: str) -> None:
        if self.leaf is None or not value:
            return
        element, name = self.leaf
        if name in element.values and name in ONCE:
            element.twice.append(name)
        element.values[name] = f"{element.values[name]} {value}" if name in element.values else value

    def _add(self, text: bytes, *, quoted: bool = False) -> None:
        """Text of the same value after a comment, or inside CDATA."""
        value = " ".join(text.decode(errors="replace").split()) if quoted else plain(text)
        if self.leaf is not None and value:
            element, name = self.leaf
            element.values[name] = element.values.get(name, "") + value

    def _close(self, name: str) -> None:
        self.leaf = None
        if any(each.name == name for each in self.open[1:]):
            while self.open[-1].name != name:
                self.open.pop()
            self.open.pop()
        self.found.ended |= name == "OFX"
