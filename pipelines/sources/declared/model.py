"""One `[[profiles]]` table of recon.toml."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key
from pydantic import field_validator, model_validator

from pipelines.sources.base import Side
from pipelines.sources.declared.checks import check
from pipelines.sources.declared.known import DELIMITERS
from pipelines.sources.declared.ready import with_base
from pipelines.sources.declared.tables import (
    Columns,
    Direction,
    Ignore,
    Regular,
    Regulars,
    RowsOfKind,
    Sign1,
    Text,
    Words,
)
from pipelines.sources.layout import Format, Minus, Sign


class Declaration(Columns):
    """One `[[profiles]]` table of recon.toml.

    like: a ready profile whose keys count where they are not given here. columns: canonical column = header name,
    1-based position or `{group}` of `head` or `pattern`; a list is joined by a space. sums: canonical amount = columns
    with their signs. constants: the same value on every row. defaults: the value of blank cells. formats: strptime
    formats of dates and times. batch_totals: regular expressions of lines that close a batch of a terminal, with
    named groups that are its totals. codes: the file's words = canonical codes. head: regular expressions over the
    lines before the rows. trailer: regular expressions, one of which a line at the end must fit. Named groups of both
    are control totals, and those of head and pattern also columns.
    """

    name: Text
    side: Side
    like: str | None = None
    format: Format = "delimited"
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = Key('"', max_length=1)
    header: bool = True
    preamble: int = Key(0, ge=0, le=1000)
    ragged: bool = False
    strip: str = ""
    blanks: Words | None = None
    places: dict[str, tuple[int, int]] = Key(default_factory=dict)
    width: int = Key(0, ge=0, le=65536)
    pattern: Regular | None = None
    head: Regulars = ()
    unit: Literal["major", "minor"] = "major"
    decimal: Sign1 = "."
    thousands: str = Key("", max_length=1)
    marks: Words | None = None
    minus: Minus = "leading"
    sign: Sign = "as-is"
    direction: Direction | None = None
    kinds: tuple[RowsOfKind, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    batch_totals: Regulars = ()
    trailer: Regulars = ()
    trailer_required: bool = True
    footer: Regular | None = None
    sheet: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _based(cls, table: Any) -> Any:
        return with_base(table)

    @field_validator("delimiter")
    @classmethod
    def _delimiter(cls, text: str) -> str:
        separator = DELIMITERS.get(text, text)
        if len(separator) != 1 or not separator.isascii() or separator in "\r\n":
            raise ValueError(f"{text!r} is no delimiter; write one sign, or {', '.join(DELIMITERS)}")
        return separator

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, name: str) -> str:
        try:
            b"ab".decode(name)
        except UnicodeError:
            pass  # a text encoding, of which these two bytes are no text
        except LookupError:
            raise ValueError(f"encoding {name!r} is not known; try utf-8 or gb18030") from None
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Declaration:
        check(self)
        return self
