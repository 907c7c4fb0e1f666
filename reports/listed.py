"""Exceptions of a report in columns: of very many that are open a page shows some hundreds, and only these are made.

What is asked of all of them (order, sums, cells of the workbook) is asked of the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import polars as pl

from reports.model import Evidence, ExceptionItem, TypeGroup

PLACE: dict[str, pl.DataType | type[pl.DataType]] = {"side": pl.String, "file": pl.String, "line": pl.Int32}
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(ExceptionItem._fields, pl.String),
    **dict.fromkeys(("business_date", "first_seen", "due_date"), pl.Date),
    **dict.fromkeys(("age_days", "amount_minor"), pl.Int64),
    "evidence": pl.List(pl.Struct(PLACE)),
}
"""The fields of ExceptionItem. Only `due_date`, and the `line` of a record, may be null."""


class Listed(Sequence[ExceptionItem]):
    """Exceptions in the columns of SCHEMA; each becomes an ExceptionItem when it is asked for."""

    def __init__(self, frame: pl.DataFrame):
        self.frame = frame
        self._made: tuple[ExceptionItem, ...] | None = None

    @classmethod
    def of(cls, items: Iterable[ExceptionItem]) -> Listed:
        """The same exceptions in columns."""
        if isinstance(items, Listed):
            return items
        columns = [*zip(*items, strict=True)] or [()] * len(SCHEMA)
        told: dict[str, Sequence[Any]] = dict(zip(SCHEMA, columns, strict=True))
        told["evidence"] = [[place._asdict() for place in places] for places in told["evidence"]]
        return cls(pl.DataFrame([column(name, kind, told[name]) for name, kind in SCHEMA.items()]))

    @classmethod
    def together(cls, groups: Iterable[TypeGroup]) -> Listed:
        """The exceptions of several groups, one after the other."""
        return cls(pl.concat([pl.DataFrame(schema=SCHEMA), *(cls.of(group.items).frame for group in groups)]))

    def where(self, condition: pl.Expr) -> Listed:
        """Those that fit a condition on the columns."""
        return Listed(self.frame.filter(condition))

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, at: int) -> ExceptionItem: ...
    @overload
    def __getitem__(self, at: slice) -> Listed: ...
    def __getitem__(self, at: int | slice) -> ExceptionItem | Listed:
        return Listed(self.frame[at]) if isinstance(at, slice) else self._items()[at]

    def __iter__(self) -> Iterator[ExceptionItem]:
        return iter(self._items())

    def __eq__(self, other: object) -> bool:
        return self._items() == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Listed({[*self]!r})"

    def _items(self) -> tuple[ExceptionItem, ...]:
        if self._made is None:
            columns = [self.frame[name].to_list() for name in SCHEMA]
            at = ExceptionItem._fields.index("evidence")
            columns[at] = [tuple(Evidence(**place) for place in places) for places in columns[at]]
            self._made = tuple(map(ExceptionItem._make, zip(*columns, strict=True)))
        return self._made


def column(name: str, kind: pl.DataType | type[pl.DataType], values: Sequence[Any]) -> pl.Series:
    """Values as a column; half a character in a text is no character."""
    try:
        return pl.Series(name, values, dtype=kind)
    except UnicodeEncodeError:
        whole = [value and value.encode(errors="replace").decode() for value in values]
        return pl.Series(name, whole, dtype=kind)
