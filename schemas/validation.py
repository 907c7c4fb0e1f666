"""Validate one parsed file: rows that pass, and rows that do not, each with its reason in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import pandera.errors
import pandera.polars as pa
import polars as pl


@dataclass(frozen=True)
class Checked:
    """accepted: the canonical columns without `unreadable`; rejected: `line`, `reason`, in line order."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame


def canonical(schema: pa.DataFrameSchema) -> dict[str, pl.DataType]:
    """Column names and polars types of a side, in their order."""
    return {name: column.dtype.type for name, column in schema.columns.items()}


def _reason(column: str | None, check: str, value: str | None, *, unreadable: bool) -> str:
    if column is None:
        return check
    if column == "unreadable":
        return str(value)
    name = column.removesuffix("_minor")
    if check == "not_nullable":
        return "" if unreadable else f"{name} is blank"
    return f"{name} {value!r} {check}"


def _reasons(failures: pl.DataFrame, unreadable: set[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in failures.sort("index", maintain_order=True).iter_rows(named=True):
        index = int(row["index"])
        reason = _reason(row["column"], row["check"], row["failure_case"], unreadable=index in unreadable)
        known = found.setdefault(index, [])
        if reason and reason not in known:
            known.append(reason)
    return found


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
        unreadable = set(rows.with_row_index().filter(pl.col("unreadable").is_not_null())["index"].to_list())
        reasons = _reasons(failures, unreadable)
        bad = sorted(reasons)
        rejected = pl.DataFrame(
            {"line": rows["line"].gather(bad), "reason": ["; ".join(reasons[i]) for i in bad]},
            schema={"line": pl.Int64, "reason": pl.String},
        )
        keep = ~pl.int_range(pl.len()).is_in(bad)
        return Checked(rows.filter(keep).drop("unreadable"), rejected.sort("line"))
    nothing = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String})
    return Checked(rows.drop("unreadable"), nothing)
