"""Validate one parsed file: rows that pass, and rows that do not, each with its reason in plain words."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandera.errors
import pandera.polars as pa
import polars as pl

from pipelines.money import EXPONENTS, money_text

LONGEST_SHOWN = 60
DERIVED = ("business_date",)
"""Columns that no file holds: what is wrong with them is wrong with the column they come from."""

_DIGIT_RUN = re.compile(r"(?<![0-9])([0-9]{6})[0-9]{6,9}([0-9]{4})(?![0-9])")


@dataclass(frozen=True)
class Checked:
    """accepted: the canonical columns without `unreadable`; rejected: `line`, `reason`, in line order."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame


def canonical(schema: pa.DataFrameSchema, also: Collection[str] = ()) -> dict[str, pl.DataType]:
    """Column names and polars types that every frame of a side has, in their order; `also`: optional ones beside."""
    return {n: column.dtype.type for n, column in schema.columns.items() if column.required or n in also}


def optional(schema: pa.DataFrameSchema) -> list[str]:
    """Columns that only some formats have."""
    return [name for name, column in schema.columns.items() if not column.required]


def mask_digit_runs(text: str) -> str:
    """Keep six and four of every run of 16 to 19 digits, the usual lengths of card numbers.

    For text of which nobody knows what it is: there a card number need not pass any check (PCI DSS 3.3). Shorter
    runs are merchant numbers, times and references, by which the line is found again.
    """
    return _DIGIT_RUN.sub(r"\1***\2", text)


def shown(text: str) -> str:
    """A cell as a message may quote it: cut, and without card numbers."""
    masked = mask_digit_runs(text[: LONGEST_SHOWN + 20])
    return masked if len(masked) <= LONGEST_SHOWN else masked[:LONGEST_SHOWN] + "…"


def _money(name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    return money_text(value, row["currency"]) if value is not None and row["currency"] in EXPONENTS else str(value)


def _of_row(error: str, row: Mapping[str, Any]) -> str:
    """A rule over several columns, with the row's own values in its braces."""
    amounts = {name.removesuffix("_minor"): _money(name, row) for name in row if name.endswith("_minor")}
    return error.format_map({**row, **amounts})


def _of_blank(name: str, row: Mapping[str, Any]) -> str:
    if row["unreadable"] is not None:
        return ""
    if name.endswith("_minor") and row["currency"] not in EXPONENTS:  # the currency is to blame, and says so
        return ""
    return f"{name.removesuffix('_minor')} is blank"


def _reason(failure: tuple[str, str, str | None], row: Mapping[str, Any], columns: Mapping[str, Any]) -> str:
    name, check, value = failure
    if name not in columns:
        return _of_row(check, row)
    if name == "unreadable":
        return str(value)
    if name in DERIVED:
        return ""
    if check == "not_nullable":
        return _of_blank(name, row)
    if name.endswith("_minor"):
        return f"{name.removesuffix('_minor')} {_money(name, row)} {check}"
    return f"{name} {shown(str(value).removesuffix('.000000'))!r} {check}"


def _rejected(schema: pa.DataFrameSchema, rows: pl.DataFrame, failures: pl.DataFrame) -> pl.DataFrame:
    """`index`, `line`, `reason` of the rows that failed."""
    found: dict[int, list[tuple[str, str, str | None]]] = {}
    for index, *failure in failures.select("index", "column", "check", "failure_case").iter_rows():
        found.setdefault(int(index), []).append((failure[0], failure[1], failure[2]))
    bad = sorted(found)
    reasons = []
    for index, row in zip(bad, rows[bad].iter_rows(named=True), strict=True):
        told = [_reason(failure, row, schema.columns) for failure in found[index]]
        reasons.append("; ".join(dict.fromkeys(reason for reason in told if reason)))
    return pl.DataFrame(
        {"index": bad, "line": rows["line"].gather(bad), "reason": reasons},
        schema={"index": pl.Int64, "line": pl.Int64, "reason": pl.String},
    )


def ready(schema: pa.DataFrameSchema) -> None:
    """Have pandera load what it checks with, which it does no sooner than it is asked.

    Where hypothesis is installed it would load that, too, to make data with, which takes longer than all the rest.
    """
    with _absent("hypothesis"):
        check(schema, pl.DataFrame(schema=canonical(schema)))


@contextmanager
def _absent(module: str) -> Iterator[None]:
    """As if a module that nobody has imported yet were not installed."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    try:
        yield
    finally:
        del sys.modules[module]


def check(schema: pa.DataFrameSchema, rows: pl.DataFrame) -> Checked:
    """Validate eagerly and split by the index of each failure; nothing is dropped without a reason.

    rows: canonical columns of the schema. A failure without an index is a fault of the whole frame, which only a
    defect in a parser can cause: it is raised, never swallowed.
    """
    try:
        schema.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as error:
        failures = error.failure_cases
        if failures["index"].null_count():
            raise
        rejected = _rejected(schema, rows, failures)
        keep = ~pl.int_range(pl.len()).is_in(rejected["index"].implode())
        return Checked(rows.filter(keep).drop("unreadable"), rejected.drop("index").sort("line"))
    nothing = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String})
    return Checked(rows.drop("unreadable"), nothing)
