"""Profiles that a user declares in recon.toml: the table of one, checked, as a Layout."""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

import schemas
from pipelines.sources.base import Side
from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Amounts, Field, Kind, Layout, Sign

DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
KINDS: dict[str, Kind] = {
    "card_no": "card",
    "txn_time": "datetime",
    "settlement_date": "date",
    "booking_date": "date",
    "value_date": "date",
} | dict.fromkeys(("txn_type", "record_type", "status", "channel", "card_type", "currency"), "code")
AMOUNTS: dict[Side, tuple[str, ...]] = {
    "journal": ("amount",),
    "settlement": ("gross", "fee", "net"),
    "bank": ("amount", "balance"),
}
MUST: dict[Side, tuple[str, ...]] = {
    "journal": ("merchant_id", "txn_type", "channel", "status", "amount", "currency", "txn_time"),
    "settlement": ("settlement_date", "record_type", "gross", "currency"),
    "bank": ("booking_date", "amount", "currency"),
}
TOTALS: dict[Side, tuple[str, ...]] = {
    "journal": ("rows", "amount"),
    "settlement": ("rows", "gross", "fee", "net"),
    "bank": ("rows", "opening", "closing"),
}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Several = Annotated[tuple[str | int, ...], BeforeValidator(_listed)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Direction(BaseModel):
    """Column that says which way the money goes, and its words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str | int
    plus: Words
    minus: Words


class Declaration(BaseModel):
    """One `[[profiles]]` table of recon.toml.

    columns: canonical column = header name or 1-based position, or a list that is joined by a space. constants: the
    same value on every row. formats: strptime formats of dates and times. codes: the file's words = canonical codes.
    trailer: regular expression with named groups (rows, and the sums of the side) that the last lines must fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    side: Side
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    header: bool = True
    preamble: int = 0
    pattern: str | None = None
    columns: dict[str, Several] = {}
    constants: dict[str, str] = {}
    formats: dict[str, Words] = {}
    codes: dict[str, dict[str, str]] = {}
    unit: Literal["major", "minor"] = "major"
    decimal: str = "."
    thousands: str = ""
    sign: Sign = "as-is"
    direction: Direction | None = None
    trailer: str | None = None
    trailer_required: bool = True
    footer: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Declaration:
        self._check_names()
        self._check_patterns()
        positions = [p for source in self.columns.values() for p in source if isinstance(p, int)]
        if self.header and positions:
            raise ValueError("columns are given by position, so say header = false")
        if not self.header and any(isinstance(p, str) for source in self.columns.values() for p in source):
            raise ValueError("without a header columns are positions: 1, 2, 3 …")
        if any(p < 1 for p in positions):
            raise ValueError("positions of columns begin at 1")
        return self

    def _check_names(self) -> None:
        short = {c.removesuffix("_minor") for c in schemas.canonical(schemas.BY_SIDE[self.side])}
        known = short - {"line", "unreadable", "business_date"}
        given = [*self.columns, *self.constants]
        for name in [*given, *self.formats, *self.codes]:
            if name not in known:
                raise ValueError(f"{name} is no column of a {self.side}; there are {', '.join(sorted(known))}")
        twice = sorted(set(self.columns) & set(self.constants))
        if twice:
            raise ValueError(f"{', '.join(twice)} is given both as a column and as a constant")
        missing = [name for name in MUST[self.side] if name not in given]
        if missing:
            raise ValueError(f"a {self.side} needs {', '.join(missing)}: map a column or give a constant")

    def _check_patterns(self) -> None:
        try:
            codecs.lookup(self.encoding)
            groups = re.compile(self.trailer).groupindex if self.trailer else {}
            re.compile(self.footer or "")
            re.compile(self.pattern or "")
        except LookupError:
            raise ValueError(f"encoding {self.encoding!r} is not known; try utf-8 or gb18030") from None
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        wrong = sorted(set(groups) - set(TOTALS[self.side]))
        if wrong:
            allowed = ", ".join(TOTALS[self.side])
            raise ValueError(f"trailer names {', '.join(wrong)}; a {self.side} has the totals {allowed}")


def _field(declared: Declaration, name: str) -> Field:
    kind: Kind = "amount" if name in AMOUNTS[declared.side] else KINDS.get(name, "text")
    formats: tuple[str, ...] = declared.formats.get(name, ())
    if not formats and kind in ("date", "datetime"):
        formats = ISO_DATES if kind == "date" else ISO_TIMES
    return Field(
        kind,
        declared.columns.get(name, ()),
        declared.constants.get(name),
        formats,
        declared.codes.get(name, {}),
    )


def profile_of(declared: Declaration) -> Delimited:
    """The declared profile as a reader."""
    amounts = Amounts(
        unit=declared.unit,
        decimal=declared.decimal,
        thousands=declared.thousands,
        sign=declared.sign,
        direction=declared.direction.column if declared.direction else None,
        plus=declared.direction.plus if declared.direction else (),
        minus=declared.direction.minus if declared.direction else (),
    )
    return Delimited(
        Layout(
            profile=declared.name,
            side=declared.side,
            fields={name: _field(declared, name) for name in [*declared.columns, *declared.constants]},
            delimiter=DELIMITERS.get(declared.delimiter, declared.delimiter),
            encoding=declared.encoding,
            quote=declared.quote or None,
            header=declared.header,
            preamble=declared.preamble,
            amounts=amounts,
            trailer=declared.trailer,
            trailer_required=declared.trailer is not None and declared.trailer_required,
            footer=declared.footer,
            blank_rows=True,
            pattern=declared.pattern,
        )
    )
