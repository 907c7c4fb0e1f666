"""The tables inside a declaration, and the kinds of values they hold."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic import Field as Key


class MisfitError(ValueError):
    """A setting that contradicts another; `where`: the keys below the table that lead to it."""

    def __init__(self, what: str, *where: str | int):
        self.where = where
        super().__init__(what)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _regular(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Sign1 = Annotated[str, StringConstraints(min_length=1, max_length=1)]
Place = Text | int
Several = Annotated[tuple[Place, ...], BeforeValidator(_listed), Key(min_length=1)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_listed), Key(min_length=1)]
Regular = Annotated[str, AfterValidator(_regular)]
Regulars = Annotated[tuple[Regular, ...], BeforeValidator(_listed)]


class Table(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Direction(Table):
    """Column that says which way the money goes, and its words."""

    column: str | int
    plus: Words
    minus: Words


class Split(Table):
    """Two columns of which one holds the amount: what comes in, and what goes out."""

    credit: Place
    debit: Place


class Ignore(Table):
    """Rows that are passed over and told of: lines that fit `line`, or rows with one of `words` in `column`."""

    reason: Text
    line: Regular | None = None
    column: Place | None = None
    words: Words | None = None
    counted: bool = False


class Columns(Table):
    """Where columns come from; of a whole profile, or of one kind of row what differs."""

    columns: dict[str, Several] = {}
    sums: dict[str, Several] = {}
    split: Split | None = None
    constants: dict[str, Text] = {}
    defaults: dict[str, Text] = {}
    formats: dict[str, Words] = {}
    codes: dict[str, dict[str, str]] = {}


class RowsOfKind(Columns):
    """One of several kinds of rows: the lines that fit, and the columns that it has of its own."""

    line: Regular
