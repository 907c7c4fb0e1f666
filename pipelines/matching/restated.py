"""A corrected file against what it replaces: which rows are new, which are gone, and which say something else now."""

from __future__ import annotations

import polars as pl

AMOUNT = {"journal": "amount_minor", "settlement": "gross_minor", "bank": "amount_minor"}
_IDENTITY = {
    "journal": (("merchant_id",), ("rrn", "order_no", "stan")),
    "settlement": (("merchant_id", "record_type"), ("rrn", "order_no", "original_rrn", "stan", "payout_id")),
    "bank": (("account", "booking_date"), ("bank_ref", "end_to_end_id", "remittance")),
}
"""What a row must share to be the same one in the corrected file: these columns, and the first reference it has."""

SHOWN = ("merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref")
RESTATED: dict[str, pl.DataType | type[pl.DataType]] = {
    "change": pl.String,
    "changed": pl.List(pl.String),
    "currency": pl.String,
    "old_file_id": pl.Int32,
    "old_line": pl.Int32,
    "new_line": pl.Int32,
    "old_amount_minor": pl.Int64,
    "new_amount_minor": pl.Int64,
    "old_net_minor": pl.Int64,
    "new_net_minor": pl.Int64,
    **dict.fromkeys(SHOWN, pl.String),
}
"""One row per difference. change: added, removed or changed; changed: the columns that differ."""

_PLACE = ("row_id", "file_id", "line")


def restated(side: str, old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Differences of the rows that are not in both files as they are, in the columns of RESTATED.

    old, new: stored rows of a side, equal ones left out. The n-th row of an identity is the n-th of the other file; a
    row without any reference is only ever removed and added. Every row is told once.
    """
    before, after = _known(side, old), _known(side, new)
    both = before.join(after, on=["identity", "turn"], how="full", suffix="_new", maintain_order="left_right")
    there, here = pl.col("row_id").is_not_null(), pl.col("row_id_new").is_not_null()
    columns = [c for c in old.columns if c not in _PLACE]
    differing = [pl.when(pl.col(c).ne_missing(pl.col(f"{c}_new"))).then(pl.lit(c)) for c in columns]
    change = pl.when(there & here).then(pl.lit("changed")).when(here).then(pl.lit("added")).otherwise(pl.lit("removed"))
    told = both.with_columns(
        change=change,
        changed=pl.when(there & here).then(pl.concat_list(differing).list.drop_nulls()).otherwise(pl.lit([])),
    )
    amount, net = AMOUNT[side], "net_minor" if "net_minor" in columns else AMOUNT[side]
    shown = {c: pl.coalesce(f"{c}_new", c) if c in columns else pl.lit(None) for c in ("currency", *SHOWN)}
    found = told.select(
        "change",
        "changed",
        **shown,
        old_file_id="file_id",
        old_line="line",
        new_line="line_new",
        old_amount_minor=amount,
        new_amount_minor=f"{amount}_new",
        old_net_minor=net,
        new_net_minor=f"{net}_new",
    )
    return found.select(**{name: pl.col(name).cast(dtype) for name, dtype in RESTATED.items()})


def _known(side: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `identity` (null where they have no reference) and `turn`: how often it stood before."""
    shared, references = _IDENTITY[side]
    reference = pl.coalesce(pl.format(name + " {}", pl.col(name).cast(pl.String)) for name in references)
    identity = pl.when(reference.is_not_null()).then(
        pl.concat_str([*(pl.col(name).cast(pl.String).fill_null("") for name in shared), reference], separator="|")
    )
    named = rows.sort("row_id").with_columns(identity=identity)
    return named.with_columns(turn=pl.int_range(pl.len()).over("identity"))
