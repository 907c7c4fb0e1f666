"""What a terminal declares of a batch when it closes it, and what the rows of a file give of the same batch.

Credit is money to the merchant: approved sales and completions; debit: approved refunds and voids. What an approved
reversal undoes counts in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from pipelines.money import EXPONENTS, money_text, to_minor
from pipelines.sources.amounts import plain_number
from pipelines.sources.base import NO_BATCH_TOTALS, NO_REFUSALS
from pipelines.sources.layout import Layout
from schemas.validation import shown

KEYS = ("merchant_id", "terminal_id", "batch_no", "currency")
COUNTS = {"rows": "row_count", "credit_rows": "credit_rows", "debit_rows": "debit_rows"}
SUMS = {"amount": "amount_minor", "credit": "credit_minor", "debit": "debit_minor"}
GROUPS = (*KEYS, *COUNTS, *SUMS)
"""Named groups of a line that closes a batch."""

CREDIT, DEBIT = ("SALE", "PREAUTH_COMPLETION"), ("REFUND", "VOID")
_WORDS = {"row_count": "rows", "credit_rows": "sales", "debit_rows": "refunds and voids"}

Close = tuple[int, Mapping[str, str | None]]
"""Line and named groups of one closing."""


def batch_totals(closes: Sequence[Close], layout: Layout, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Closings in the columns of NO_BATCH_TOTALS, and `line`, `reason` of those that cannot be read.

    A closing without a currency is in that of the layout, else in the only one of the rows.
    """
    currencies = rows["currency"].drop_nulls().unique().to_list()
    usual = layout.fields["currency"].constant if "currency" in layout.fields else None
    usual = usual or (currencies[0] if len(currencies) == 1 else None)
    found, refused = [], []
    for line, told in closes:
        try:
            found.append(_read(line, {k: v.strip() for k, v in told.items() if v and v.strip()}, layout, usual))
        except ValueError as error:
            refused.append((line, f"batch total: {error}"))
    return (
        pl.DataFrame(found, schema=NO_BATCH_TOTALS.schema),
        pl.DataFrame(refused, schema=NO_REFUSALS.schema, orient="row"),
    )


def _read(line: int, told: Mapping[str, str], layout: Layout, usual: str | None) -> dict[str, object]:
    for key in ("terminal_id", "batch_no"):
        if key not in told:
            raise ValueError(f"{key} is blank")
    currency = told.get("currency", usual)
    found: dict[str, object] = {"line": line, **{key: told.get(key) for key in KEYS}, "currency": currency}
    for name, column in COUNTS.items():
        found[column] = _whole(told[name]) if name in told else None
    for name, column in SUMS.items():
        found[column] = _minor(told[name], layout, currency) if name in told else None
    return found


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError(f"{shown(text)!r} is no number of rows")
    return int(text)


def _minor(text: str, layout: Layout, currency: str | None) -> int:
    if currency not in EXPONENTS:
        raise ValueError(f"currency {shown(currency or '')!r} is not an ISO 4217 currency")
    plain = plain_number(text, layout.amounts)
    return int(plain) if layout.amounts.unit == "minor" else to_minor(plain, currency)


def standing(rows: pl.DataFrame) -> pl.DataFrame:
    """Of journal rows those that a terminal's totals count, in the columns that `contradictions` asks for."""
    approved = rows.filter(pl.col("status") == "APPROVED")
    undone = approved.filter(pl.col("txn_type") == "REVERSAL").select("merchant_id", rrn="original_rrn")
    counted = approved.filter(pl.col("txn_type").is_in([*CREDIT, *DEBIT]))
    return counted.join(undone, on=["merchant_id", "rrn"], how="anti").select(*KEYS, "txn_type", "amount_minor")


def contradictions(closings: pl.DataFrame, counted: pl.DataFrame) -> Iterator[str]:
    """One sentence for each closing that the rows of its own file do not give.

    counted: what `standing` gives. A batch may have begun in an earlier file, so that this refuses nothing.
    """
    for closing in closings.iter_rows(named=True):
        keys = [pl.col(key) == closing[key] for key in KEYS if closing[key] is not None]
        figures = _figures(counted.filter(*keys))
        wrong = [name for name in figures if closing[name] not in (None, figures[name])]
        if wrong:
            declared, held = (
                ", ".join(_shown(name, values[name], closing["currency"]) for name in wrong)
                for values in (closing, figures)
            )
            place = f"batch {closing['batch_no']} of terminal {closing['terminal_id']}"
            yield f"line {closing['line']}: {place} closes with {declared}; this file holds {held} of it"


def _figures(mine: pl.DataFrame) -> dict[str, int]:
    sides = {
        name: mine.filter(pl.col("txn_type").is_in(kinds)) for name, kinds in (("credit", CREDIT), ("debit", DEBIT))
    }
    found = {f"{name}_rows": side.height for name, side in sides.items()}
    found |= {f"{name}_minor": int(side["amount_minor"].sum()) for name, side in sides.items()}
    return {
        "row_count": mine.height,
        "amount_minor": found["credit_minor"] - found["debit_minor"],
        **found,
    }


def _shown(name: str, value: int, currency: str | None) -> str:
    return f"{value:,} {_WORDS[name]}" if name in _WORDS else money_text(value, currency or "")
