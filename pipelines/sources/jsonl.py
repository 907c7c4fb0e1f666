"""JSON Lines: one object per line, as Android terminals write their journals. Numbers stay the text they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from pipelines.sources.base import NO_REFUSALS
from pipelines.sources.encoding import checked_utf8
from pipelines.sources.quoted import PADDING
from pipelines.sources.text import Cells


class _TwiceError(ValueError):
    """A key that stands twice in one object: nobody knows which one counts."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=_no_number, strict=True
)
"""No number becomes a float, nor an integer whose leading or trailing zeros are lost."""


def json_cells(body: bytes, first: int, keys: Sequence[str]) -> Cells:
    """The values of the keys, line by line; blank lines say nothing, lines that are no object are refused.

    keys: as the objects have them; `a.b` is key b of the object at a, unless there is a key `a.b`. first: line
    number of the first line. An absent key and null are a blank cell; true and false are these words.
    """
    checked_utf8(body, first)
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    refused: list[tuple[int, str]] = []
    for number, line in enumerate(body.decode().split("\n"), start=first):
        if not line.strip(PADDING):
            continue
        try:
            found = _DECODER.decode(line)
            if not isinstance(found, dict):
                raise TypeError("it is no object in braces")
            rows.append([_text(found, key) for key in keys])
            numbers.append(number)
        except _TwiceError as error:
            refused.append((number, f"the key {str(error)[:40]!r} stands twice"))
        except TypeError as error:
            refused.append((number, str(error)))
        except (ValueError, RecursionError):
            refused.append((number, "the line is no JSON object: it is cut off or garbled"))
    schema = {str(n): pl.String() for n in range(1, len(keys) + 1)}
    frame = pl.DataFrame(rows, schema=schema, orient="row").insert_column(0, pl.Series("line", numbers, pl.Int64))
    return Cells(frame, pl.DataFrame(refused, schema=NO_REFUSALS.schema, orient="row"))


def _text(found: dict[str, Any], key: str) -> str | None:
    value = _value(found, key)
    if isinstance(value, dict | list):
        raise TypeError(f"{key} is a list or an object, not one value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return None
    str(value).encode()  # half a surrogate pair is no text: ValueError
    return str(value).strip(PADDING) or None


def _value(found: dict[str, Any], key: str) -> Any:
    if key in found:
        return found[key]
    inner, dot, rest = key.partition(".")
    below = found.get(inner)
    return _value(below, rest) if dot and isinstance(below, dict) else None
