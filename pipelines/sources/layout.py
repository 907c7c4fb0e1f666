"""How a text file is laid out, as data: which cell becomes which canonical column, and how."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import polars as pl

from pipelines.sources.base import Side
from pipelines.sources.slots import Slot

Kind = Literal["text", "card", "code", "amount", "micro", "date", "datetime"]
Sign = Literal["as-is", "absolute", "negate", "by-type"]
Minus = Literal["leading", "trailing", "brackets"]
Format = Literal["delimited", "jsonl", "fixed"]

ISO_TIMES = (
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M%#z",
)
ISO_DATES = ("%Y-%m-%d",)


@dataclass(frozen=True)
class Given:
    """A text that the file's name or the lines at its head give: a named group of a regular expression."""

    name: str


@dataclass(frozen=True)
class Field:
    """Where one canonical column comes from.

    source: header names, or 1-based positions where there is no header, or what name and head give; several are
    joined by a space (date and time in two columns). signs: the sources are amounts instead, added up with these
    signs; alone: only one of them may be other than zero. constant: the value of every row instead. default: the
    value of blank cells. codes: canonical codes by the file's words; of an amount: "+" or "-" by the word that stands
    before or behind it and gives its sign. near: the date beside a time without a year, which gives it. optional: not
    every file of the format has the column. Kind micro is an amount in millionths of a major unit.
    """

    kind: Kind = "text"
    source: tuple[str | int | Given, ...] = ()
    constant: str | None = None
    formats: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    signs: tuple[int, ...] = ()
    alone: bool = False
    near: str | int | None = None
    optional: bool = False


@dataclass(frozen=True)
class Amounts:
    """How the file writes amounts.

    unit: major ("12.34") or minor ("1234") units. sign: as-is; absolute; negate; by-type (the record type decides:
    SALE +, REFUND, VOID, REVERSAL, CHARGEBACK and PAYOUT's sign as canonical). direction: header name or position
    of a column whose code gives the sign, with its words. marks: words around the number. minus: where a minus
    stands; brackets: `(12.34)`.
    """

    unit: Literal["major", "minor"] = "major"
    decimal: str = "."
    thousands: str = ""
    sign: Sign = "as-is"
    direction: str | int | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    negative: Minus = "leading"


@dataclass(frozen=True)
class RowKind:
    """One of several kinds of rows: the regular expression its lines fit, and the columns it has of its own."""

    line: str
    fields: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Ignored:
    """Rows that are no entries, and why: lines that fit `line`, or rows with one of `words` in a column.

    counted: the file's own number of rows includes them.
    """

    reason: str
    line: str | None = None
    column: str | int | None = None
    words: tuple[str, ...] = ()
    counted: bool = False


@dataclass(frozen=True)
class Layout:
    """One text format.

    header: names stand in the first line that holds all names the fields ask for, after at most `preamble` others;
    False: fields are positions, after exactly `preamble` lines. columns: cells of a row without header (0: as most
    rows have). trailer: regular expression whose named groups are control totals (`totals.TOTALS`). footer: lines
    that end the data and say nothing. head: regular expressions over the lines before the rows, whose groups are
    control totals or given texts. pattern: regular expression that the file's name must fit, whose groups are given
    texts. from_name: one whose named groups are fields that only the file's name gives, if it fits. blank_rows: rows
    of blank cells are layout, not data. ragged: rows may lack blank cells at their end, or have more of them. strip:
    signs around cells that say nothing. blanks: words that stand for a blank cell. slots: where the cells of a line
    of fixed width stand; width: its bytes (0: up to the last slot, and more may follow). kinds: the kinds of rows,
    where there are several. batches: regular expressions of lines that close a batch, whose groups are its totals
    (`batches.GROUPS`). lead: sign that stands before each cell of a row, so that a delimiter within a cell does
    no harm. timezone: IANA zone of times where the format fixes it. synonyms: other names of a column and ours; with
    them, names are compared without regard to full-width signs. derive: canonical columns from fields of any other
    name, once those are typed.
    """

    profile: str
    side: Side
    fields: Mapping[str, Field]
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str | None = '"'
    header: bool = True
    preamble: int = 0
    columns: int = 0
    amounts: Amounts = Amounts()
    trailer: str | None = None
    trailer_required: bool = False
    footer: str | None = None
    blank_rows: bool = False
    ragged: bool = False
    pattern: str | None = None
    from_name: str | None = None
    exact: bool = False
    respaced: str = ""
    sheet: str | None = None
    format: Format = "delimited"
    head: tuple[str, ...] = ()
    strip: str = ""
    blanks: tuple[str, ...] = ()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    width: int = 0
    kinds: tuple[RowKind, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    batches: tuple[str, ...] = ()
    lead: str = ""
    timezone: str | None = None
    synonyms: Mapping[str, str] = field(default_factory=dict)
    derive: Callable[[pl.DataFrame], pl.DataFrame] | None = None

    def named(self, cell: str) -> str:
        """Our name of a column that the file calls so."""
        if not self.synonyms:
            return cell
        plain = "".join(unicodedata.normalize("NFKC", cell).removeprefix(self.lead).split())
        return self.synonyms.get(plain, plain)

    def told_by(self, filename: str) -> Layout:
        """This layout with the fields filled that the named groups of `from_name` find in the file's name."""
        found = re.search(self.from_name, filename) if self.from_name else None
        given = {n: replace(self.fields[n], constant=text) for n, text in (found.groupdict() if found else {}).items()}
        return replace(self, fields={**self.fields, **given}) if given else self

    @property
    def _asked(self) -> list[str | int]:
        specs = [*self.fields.values(), *(spec for kind in self.kinds for spec in kind.fields.values())]
        needed = [spec for spec in specs if not spec.optional]
        asked = [place for spec in needed for place in spec.source if not isinstance(place, Given)]
        others = [self.amounts.direction, *(spec.near for spec in specs), *(rule.column for rule in self.ignored)]
        return [*asked, *(place for place in others if place is not None)]

    @property
    def names(self) -> list[str]:
        """Header names the fields ask for, each once, in order."""
        return list(dict.fromkeys(name for name in self._asked if isinstance(name, str)))

    @property
    def last_position(self) -> int:
        """The highest position the fields ask for; 0 where they ask for names."""
        return max((name for name in self._asked if isinstance(name, int)), default=0)

    @property
    def stated(self) -> frozenset[str]:
        """Fields that the file or a constant gives."""
        return frozenset(n for n, spec in self.fields.items() if spec.source or spec.constant is not None)
