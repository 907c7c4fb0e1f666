"""What a declaration must not say: keys that contradict each other, places that do not exist, unknown totals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipelines.sources.batches import GROUPS as BATCH_GROUPS
from pipelines.sources.declared.columns import check_columns
from pipelines.sources.declared.groups import given_columns, groups_of, used_groups
from pipelines.sources.declared.known import PERIOD, SPLIT, columns_of
from pipelines.sources.declared.tables import MisfitError, Place
from pipelines.sources.totals import TOTALS

if TYPE_CHECKING:
    from pipelines.sources.declared.model import Declaration
    from pipelines.sources.declared.tables import Columns

Where = tuple[str | int, ...]


def check(declared: Declaration) -> None:
    """MisfitError on the first contradiction, with the keys that lead to it."""
    _check_signs(declared)
    check_columns(declared, (), given_columns(declared))
    for number, kind in enumerate(declared.kinds):
        check_columns(declared, ("kinds", number), given_columns(declared), kind)
    _check_format(declared)
    for where, place in _places(declared):
        _check_place(declared, where, place)
    _check_ignored(declared)
    _check_batches(declared)
    _check_groups(declared)


def _check_signs(declared: Declaration) -> None:
    side = declared.side
    if declared.quote == declared.delimiter:
        raise MisfitError("the quote is the delimiter too", "quote")
    if declared.decimal == declared.thousands:
        raise MisfitError(f"{declared.decimal!r} is given for both decimal and thousands", "thousands")
    if declared.sign == "by-type" and side != "settlement":
        raise MisfitError(f"sign = 'by-type' is for settlement files; this is a {side}", "sign")
    if declared.direction and declared.sign != "as-is":
        raise MisfitError("the sign comes from sign or from direction, not from both", "direction")
    if declared.split and (declared.direction or declared.sign not in ("as-is", "negate")):
        raise MisfitError("the sign comes from the two columns of split, and from nothing else", "split")


def _check_format(declared: Declaration) -> None:
    if declared.format == "fixed" and not declared.places:
        raise MisfitError("a fixed width needs places: name = [first byte, bytes]", "format")
    if declared.format != "fixed" and declared.places:
        raise MisfitError('places are for format = "fixed"', "places")
    last = 0
    for name, (first, length) in declared.places.items():
        if first < 1 or length < 1:
            raise MisfitError(f"[{first}, {length}] is no place; the first byte of a line is 1", "places", name)
        last = max(last, first + length - 1)
    if declared.width and declared.width < last:
        raise MisfitError(f"a line of {declared.width} bytes has no byte {last}, for which places ask", "width")


def _places(declared: Declaration) -> Iterator[tuple[Where, Place]]:
    yield from _places_of(declared, ())
    for number, kind in enumerate(declared.kinds):
        yield from _places_of(kind, ("kinds", number))
    if declared.direction:
        yield ("direction", "column"), declared.direction.column
    for number, rule in enumerate(declared.ignore):
        if rule.column is not None:
            yield ("ignore", number, "column"), rule.column


def _places_of(table: Columns, where: Where) -> Iterator[tuple[Where, Place]]:
    for name, source in table.columns.items():
        yield from (((*where, "columns", name), place) for place in source if not groups_in(place))
    for name, terms in table.sums.items():
        yield from (((*where, "sums", name), unsigned(term)[1]) for term in terms)
    if table.split:
        yield (*where, "split", "credit"), table.split.credit
        yield (*where, "split", "debit"), table.split.debit


def groups_in(place: Place) -> bool:
    """Whether a place is a group in braces."""
    return isinstance(place, str) and place.startswith("{") and place.endswith("}")


def unsigned(term: Place) -> tuple[int, Place]:
    """Sign of a term of a sum, and its column: `-fee`, `+fee`, `fee`, `-3`."""
    if isinstance(term, int):
        return (-1, -term) if term < 0 else (1, term)
    return (-1 if term[0] == "-" else 1), (term[1:].strip() if term[0] in "+-" else term)


def _check_place(declared: Declaration, where: Where, place: Place) -> None:
    if declared.format == "jsonl" and isinstance(place, int):
        raise MisfitError(f"{place} is a position; objects have keys: give a name", *where)
    if declared.format == "fixed":
        if place not in declared.places:
            there = ", ".join(declared.places)
            raise MisfitError(f"{place!r} is none of the places; there are {there}", *where)
        return
    if declared.header and isinstance(place, int):
        raise MisfitError(f"column {place} is a position; say header = false, or give its name", *where)
    if not declared.header and declared.format == "delimited" and isinstance(place, str):
        raise MisfitError(f"without a header {place!r} must be a position: 1, 2, 3 …", *where)
    if isinstance(place, int) and place < 1:
        raise MisfitError("positions of columns begin at 1", *where)


def _check_ignored(declared: Declaration) -> None:
    for number, rule in enumerate(declared.ignore):
        if (rule.line is None) == (rule.column is None):
            raise MisfitError("it needs either line, or column with words", "ignore", number)
        if (rule.column is None) != (rule.words is None):
            raise MisfitError("column and words go together", "ignore", number)


def _check_batches(declared: Declaration) -> None:
    if declared.batch_totals and declared.side != "journal":
        raise MisfitError(f"only terminals close batches; this is a {declared.side}", "batch_totals")
    for pattern in declared.batch_totals:
        told = groups_of(pattern)
        if wrong := sorted(told - set(BATCH_GROUPS)):
            raise MisfitError(f"it names {', '.join(wrong)}; a batch has {', '.join(BATCH_GROUPS)}", "batch_totals")
        if lacking := sorted({"terminal_id", "batch_no"} - told):
            raise MisfitError(f"it needs a group {lacking[0]}", "batch_totals")


def _check_groups(declared: Declaration) -> None:
    side = declared.side
    told = groups_of(*declared.trailer)
    totals = TOTALS[side]
    if wrong := sorted(told - set(totals)):
        raise MisfitError(f"it names {', '.join(wrong)}; a {side} has the totals {', '.join(totals)}", "trailer")
    heads = groups_of(*declared.head)
    if twice := sorted(told & heads):
        raise MisfitError(f"{', '.join(twice)} is a total of the trailer as well", "head")
    if "closing" in told | heads and "opening" not in told | heads:
        raise MisfitError("closing can only be checked against opening: name both", "trailer")
    known = {*columns_of(side), *used_groups(declared), *(PERIOD if side == "bank" else ())}
    for key, found in (("head", heads - set(totals)), ("pattern", groups_of(declared.pattern))):
        if wrong := sorted(found - known):
            what = f"{', '.join(wrong)} is no column of a {side}; name a column, or use it in one as {{{wrong[0]}}}"
            raise MisfitError(what, key)
    if lost := sorted(used_groups(declared) - heads - groups_of(declared.pattern)):
        raise MisfitError(f"neither head nor pattern has a group {lost[0]}", "columns")
    if declared.split and SPLIT[side] in declared.columns:
        raise MisfitError(f"{SPLIT[side]} is given both as a column and by split", "split")
