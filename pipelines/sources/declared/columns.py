"""Checks of the columns of a declaration, or of one of its kinds of rows."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from pipelines.sources.declared.known import AMOUNTS, CODES, KINDS, MUST, SPLIT, columns_of
from pipelines.sources.declared.tables import Columns, MisfitError
from pipelines.sources.declared.times import holds_a_date

if TYPE_CHECKING:
    from pipelines.sources.declared.model import Declaration

MOST_TERMS = 9
"""More amounts of 18 digits might not fit 64 bits."""

Where = tuple[str | int, ...]


def check_columns(declared: Declaration, where: Where, given: AbstractSet[str], kind: Columns | None = None) -> None:
    """MisfitError where columns are named that the side has not, twice, or not at all. given: by head or name."""
    table = kind or declared
    _check_names(declared, table, where)
    _check_twice(declared, table, where)
    _check_sums(declared, table, where)
    _check_codes(declared, table, where)
    _check_formats(table, where)
    if not declared.kinds or kind:
        _check_must(declared, where, {*given, *_filled(declared, table), *_filled(declared, declared)})


def _check_names(declared: Declaration, table: Columns, where: Where) -> None:
    known = columns_of(declared.side)
    for key in ("columns", "sums", "constants", "defaults", "formats", "codes"):
        for name in getattr(table, key):
            if name not in known:
                there = ", ".join(sorted(known))
                raise MisfitError(f"{name} is no column of a {declared.side}; there are {there}", *where, key, name)


def _check_twice(declared: Declaration, table: Columns, where: Where) -> None:
    for name in table.constants:
        if name in table.columns or name in table.sums:
            raise MisfitError(f"{name} is given both as a column and as a constant", *where, "constants", name)
    for name in table.sums:
        if name in table.columns:
            raise MisfitError(f"{name} is given both as a column and as a sum", *where, "sums", name)
    for name in table.defaults:
        if name not in table.columns and name not in declared.columns:
            raise MisfitError(
                f"{name} is no column that could be blank; write it as a constant", *where, "defaults", name
            )


def _check_sums(declared: Declaration, table: Columns, where: Where) -> None:
    for name, terms in table.sums.items():
        if name not in AMOUNTS[declared.side]:
            allowed = ", ".join(AMOUNTS[declared.side])
            raise MisfitError(f"{name} is no amount and cannot be a sum; {allowed} can", *where, "sums", name)
        if len(terms) > MOST_TERMS:
            raise MisfitError(f"a sum has {MOST_TERMS} columns at most", *where, "sums", name)
        if any(isinstance(term, str) and not term.strip("+- ") for term in terms):
            raise MisfitError("a sign without a column", *where, "sums", name)


def _filled(declared: Declaration, table: Columns) -> set[str]:
    split = {SPLIT[declared.side]} if table.split else set()
    return {*table.columns, *table.sums, *table.constants, *split}


def _check_must(declared: Declaration, where: Where, filled: AbstractSet[str]) -> None:
    missing = [name for name in MUST[declared.side] if name not in filled]
    if missing:
        what = f"a {declared.side} needs {', '.join(missing)}: map a column or give a constant"
        raise MisfitError(what, *where, "columns")


def _check_codes(declared: Declaration, table: Columns, where: Where) -> None:
    for name, words in table.codes.items():
        if name not in CODES:
            raise MisfitError(f"{name} takes no codes; {', '.join(CODES)} do", *where, "codes", name)
        for word, code in words.items():
            _check_code(name, code, *where, "codes", name, word)
    for key in ("constants", "defaults"):
        for name, text in getattr(table, key).items():
            if name in CODES and name not in table.codes and name not in declared.codes:
                _check_code(name, text.upper(), *where, key, name)


def _check_code(column: str, code: str, *where: str | int) -> None:
    if code not in CODES[column]:
        allowed = "an ISO 4217 code, such as CNY" if column == "currency" else ", ".join(CODES[column])
        raise MisfitError(f"{code!r} is no {column}; allowed: {allowed}", *where)


def _check_formats(table: Columns, where: Where) -> None:
    for name, formats in table.formats.items():
        if KINDS.get(name) not in ("date", "datetime"):
            raise MisfitError(f"{name} is no date and takes no format", *where, "formats", name)
        for pattern in formats:
            if not holds_a_date(pattern) or (pattern.startswith("epoch") and KINDS[name] == "date"):
                what = f"{pattern!r} gives no full date; write it like %Y-%m-%d"
                raise MisfitError(what, *where, "formats", name)
