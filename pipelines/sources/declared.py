"""Profiles that a user declares in recon.toml: the table of one, checked, as a Layout."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, field_validator, model_validator
from pydantic import Field as Key

import schemas
from pipelines.money import CURRENCIES
from pipelines.sources.base import Side
from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import ISO_DATES, ISO_TIMES, Amounts, Field, Kind, Layout, Sign
from schemas.journal import CARD_TYPES, CHANNELS, STATUSES, TXN_TYPES
from schemas.settlement import RECORD_TYPES

DELIMITERS = {"comma": ",", "tab": "\t", "pipe": "|", "semicolon": ";"}
CODES: dict[str, list[str]] = {
    "txn_type": TXN_TYPES,
    "record_type": RECORD_TYPES,
    "status": STATUSES,
    "channel": CHANNELS,
    "card_type": CARD_TYPES,
    "currency": CURRENCIES,
}
KINDS: dict[str, Kind] = {
    "card_no": "card",
    "txn_time": "datetime",
    "settlement_date": "date",
    "booking_date": "date",
    "value_date": "date",
    **dict.fromkeys(CODES, "code"),
}
AMOUNTS: dict[Side, tuple[str, ...]] = {
    "journal": ("amount",),
    "settlement": ("gross", "fee", "net", "commission", "markup", "scheme_fee", "interchange", "balance"),
    "bank": ("amount", "balance"),
}
MUST: dict[Side, tuple[str, ...]] = {
    "journal": ("merchant_id", "txn_type", "channel", "status", "amount", "currency", "txn_time"),
    "settlement": ("settlement_date", "record_type", "gross", "currency"),
    "bank": ("booking_date", "amount", "currency"),
}
NOT_DECLARED = ("fee_micro", "reversal", "batch_count")
"""Columns that no single cell of a declared profile gives."""
TOTALS: dict[Side, tuple[str, ...]] = {
    "journal": ("rows", "amount"),
    "settlement": ("rows", "gross", "fee", "net"),
    "bank": ("rows", "opening", "closing"),
}
SAMPLE_MOMENT = datetime(2026, 3, 2, 13, 4, 5)  # noqa: DTZ001 - any moment will do


class MisfitError(ValueError):
    """A setting that contradicts another; `where`: the keys below the table that lead to it."""

    def __init__(self, what: str, *where: str | int):
        self.where = where
        super().__init__(what)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Text = Annotated[str, StringConstraints(min_length=1)]
Sign1 = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Several = Annotated[tuple[Text | int, ...], BeforeValidator(_listed), Key(min_length=1)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_listed), Key(min_length=1)]


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

    name: Text
    side: Side
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = Key('"', max_length=1)
    header: bool = True
    preamble: int = Key(0, ge=0, le=1000)
    pattern: str | None = None
    columns: dict[str, Several] = {}
    constants: dict[str, Text] = {}
    formats: dict[str, Words] = {}
    codes: dict[str, dict[str, str]] = {}
    unit: Literal["major", "minor"] = "major"
    decimal: Sign1 = "."
    thousands: str = Key("", max_length=1)
    sign: Sign = "as-is"
    direction: Direction | None = None
    trailer: str | None = None
    trailer_required: bool = True
    footer: str | None = None
    sheet: Text | None = None

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

    @field_validator("pattern", "trailer", "footer")
    @classmethod
    def _regular(cls, text: str | None) -> str | None:
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"{text!r} is no regular expression: {error}") from None
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Declaration:
        self._check_signs()
        self._check_names()
        self._check_positions()
        self._check_codes()
        self._check_formats()
        self._check_trailer()
        return self

    def _check_signs(self) -> None:
        if self.quote == self.delimiter:
            raise MisfitError("the quote is the delimiter too", "quote")
        if self.decimal == self.thousands:
            raise MisfitError(f"{self.decimal!r} is given for both decimal and thousands", "thousands")
        if self.sign == "by-type" and self.side != "settlement":
            raise MisfitError(f"sign = 'by-type' is for settlement files; this is a {self.side}", "sign")
        if self.direction and self.sign != "as-is":
            raise MisfitError("the sign comes from sign or from direction, not from both", "direction")

    def _check_names(self) -> None:
        short = {c.removesuffix("_minor") for c in schemas.BY_SIDE[self.side].columns}
        known = short - {"line", "unreadable", "business_date", *NOT_DECLARED}
        for table in ("columns", "constants", "formats", "codes"):
            for name in getattr(self, table):
                if name not in known:
                    there = ", ".join(sorted(known))
                    raise MisfitError(f"{name} is no column of a {self.side}; there are {there}", table, name)
        for name in self.constants:
            if name in self.columns:
                raise MisfitError(f"{name} is given both as a column and as a constant", "constants", name)
        given = {*self.columns, *self.constants}
        missing = [name for name in MUST[self.side] if name not in given]
        if missing:
            raise MisfitError(f"a {self.side} needs {', '.join(missing)}: map a column or give a constant", "columns")

    def _check_positions(self) -> None:
        asked = [(("columns", name), p) for name, source in self.columns.items() for p in source]
        if self.direction:
            asked.append((("direction", "column"), self.direction.column))
        for where, place in asked:
            if self.header and isinstance(place, int):
                raise MisfitError(f"column {place} is a position; say header = false, or give its name", *where)
            if not self.header and isinstance(place, str):
                raise MisfitError(f"without a header {place!r} must be a position: 1, 2, 3 …", *where)
            if isinstance(place, int) and place < 1:
                raise MisfitError("positions of columns begin at 1", *where)

    def _check_codes(self) -> None:
        for name, words in self.codes.items():
            if name not in CODES:
                raise MisfitError(f"{name} takes no codes; {', '.join(CODES)} do", "codes", name)
            for word, code in words.items():
                _check_code(name, code, "codes", name, word)
        for name, constant in self.constants.items():
            if name in CODES and name not in self.codes:
                _check_code(name, constant.upper(), "constants", name)

    def _check_formats(self) -> None:
        for name, formats in self.formats.items():
            if KINDS.get(name) not in ("date", "datetime"):
                raise MisfitError(f"{name} is no date and takes no format", "formats", name)
            for pattern in formats:
                if not holds_a_date(pattern):
                    raise MisfitError(f"{pattern!r} gives no full date; write it like %Y-%m-%d", "formats", name)

    def _check_trailer(self) -> None:
        groups = set(re.compile(self.trailer or "").groupindex)
        wrong = sorted(groups - set(TOTALS[self.side]))
        if wrong:
            allowed = ", ".join(TOTALS[self.side])
            raise MisfitError(f"it names {', '.join(wrong)}; a {self.side} has the totals {allowed}", "trailer")
        if "closing" in groups and "opening" not in groups:
            raise MisfitError("closing can only be checked against opening: name both", "trailer")


def _check_code(column: str, code: str, *where: str) -> None:
    if code not in CODES[column]:
        allowed = "an ISO 4217 code, such as CNY" if column == "currency" else ", ".join(CODES[column])
        raise MisfitError(f"{code!r} is no {column}; allowed: {allowed}", *where)


def holds_a_date(pattern: str) -> bool:
    """Whether a strptime format reads back the day it writes."""
    moment = pl.Series([SAMPLE_MOMENT]).dt.replace_time_zone("UTC")
    try:
        written = moment.dt.strftime(pattern.replace("%#z", "%z"))
        return bool(written.str.to_date(pattern, strict=False).item() == SAMPLE_MOMENT.date())
    except pl.exceptions.PolarsError:
        return False


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
            delimiter=declared.delimiter,
            encoding=declared.encoding,
            exact="encoding" in declared.model_fields_set,
            sheet=declared.sheet,
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
