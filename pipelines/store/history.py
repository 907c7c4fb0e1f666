"""Questions to the books of all days, asked by key: the story of a transaction, what is still watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.matching.frames import CANCELS, EXPECTED
from pipelines.row_ids import LINES_PER_FILE
from pipelines.store import by_id, parts
from pipelines.store.by_id import JOURNAL
from pipelines.store.connection import Store
from pipelines.store.keys import REFERENCES, number_near

SALES = {
    "merchant_id": pl.String,
    "terminal_id": pl.String,
    "rrn": pl.String,
    "order_no": pl.String,
    "gross_minor": pl.Int64,
}


def watched_rows(store: Store) -> pl.DataFrame:
    """Journal rows that the last night left to be looked at again, with `kind`: why."""
    kinds = store.frame("SELECT row_id, kind FROM book.watched")
    return by_id.rows_of(store, "journal", kinds["row_id"]).join(kinds, on="row_id").sort("row_id")


def write_watched(store: Store, watched: pl.DataFrame) -> None:
    """Replace the watched rows: `kind`, `row_id`."""
    store.execute("DELETE FROM book.watched")
    store.append("watched", watched)


def journal_between(store: Store, spans: pl.DataFrame) -> pl.DataFrame:
    """Journal rows of other files whose time lies within a span of a file: `file_id`, `first`, `last` (local times)."""
    if spans.is_empty():
        return store.frame(f"SELECT {JOURNAL} FROM book.journal LIMIT 0")
    first, last = spans["first"].min(), spans["last"].max()
    return store.frame(
        f"""
        SELECT {JOURNAL} FROM {parts.but_of_files(store, "journal", spans["file_id"].to_list())} j
        WHERE txn_time BETWEEN ? AND ? AND EXISTS (FROM spans s WHERE j.txn_time BETWEEN s.first AND s.last)
        """,
        [first, last],
        spans=spans,
    )


def journal_story(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """Journal rows that carry one of the references of a merchant, or that name it: `merchant_id`, `ref`."""
    if keys.is_empty():
        return store.frame(f"SELECT {JOURNAL} FROM book.journal LIMIT 0")
    return _bearing(store, dict.fromkeys(REFERENCES["journal"], keys)).sort("row_id")


_WITHIN = "j.business_date BETWEEN k.first AND k.last AND (k.blank OR j.rrn IS NULL OR j.channel <> 'CARD')"
_STAN = f"j.terminal_id = k.terminal_id AND ltrim(j.stan, '0') = ltrim(k.stan_key, '0') AND {_WITHIN}"


def journal_history(
    store: Store, wanted: Mapping[str, pl.DataFrame], fresh: list[int], paired: pl.Series
) -> pl.DataFrame:
    """Journal rows of the wanted keys, any date, with `consumed`: paired in an earlier run.

    wanted: `rrn`, `order_no` and `cancels` (merchant_id, ref: what voids and reversals name), `stan` (merchant_id,
    terminal_id, stan_key, business dates first to last, blank: no RRN in the line, else only rows without one answer).
    What undid a row that is found is found, too. Rows that expect a settlement and are open, or of the files `fresh`,
    are left out: the caller has them, but for those that it has `paired` already: these are consumed.
    """
    named = _told({by: wanted[by] for by in ("rrn", "order_no") if by in wanted})
    stans = wanted.get("stan")
    asked = stans.with_columns(pl.col("stan_key").str.strip_chars_start("0")) if stans is not None else None
    by_name = parts.with_references(store, "journal", named)
    by_trace = _ids_between(store, stans, _STAN, "stan", asked)
    by_id.read_ahead(store, "journal", pl.concat([by_name, by_trace]))
    traced = _fitting(store, stans, _STAN, by_trace)
    answers = pl.concat([_of_named(store, named, by_name), traced]).unique("row_id")
    own = [answers.select("merchant_id", ref=name) for name in ("rrn", "order_no")]
    cancels = _bearing(store, {"original_rrn": pl.concat([*own, wanted.get("cancels", own[0].clear())])})
    found = pl.concat([answers, cancels.filter(pl.col("txn_type").is_in(list(CANCELS)))])
    return _not_open(store, found.unique("row_id").sort("row_id"), fresh, paired)


def _bearing(store: Store, asked: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Journal rows that bear one of the keys (`merchant_id`, `ref`) asked of a column, by column."""
    told = _told(asked)
    return _of_named(store, told, parts.with_references(store, "journal", told))


def _told(asked: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return {column: keys.drop_nulls().unique() for column, keys in asked.items()}


def _of_named(store: Store, told: Mapping[str, pl.DataFrame], ids: pl.Series) -> pl.DataFrame:
    """Those of the rows that bear one of the keys told of a column."""
    found = by_id.rows_of(store, "journal", ids)
    bears = [
        found.join(keys, left_on=["merchant_id", column], right_on=["merchant_id", "ref"], how="semi")
        for column, keys in told.items()
    ]
    return pl.concat([found.clear(), *bears]).unique("row_id")


def journal_near(store: Store, wanted: pl.DataFrame, width: int, fresh: list[int], paired: pl.Series) -> pl.DataFrame:
    """Journal rows as `journal_history` gives them, by merchant_id, bucket (amount // width), dates and blank."""
    amounts = pl.int_ranges(pl.col("bucket") * width, (pl.col("bucket") + 1) * width)
    keys = wanted.with_columns(amount_minor=amounts).explode("amount_minor") if width <= MOST_WIDE else None
    fits = f"j.amount_minor // {int(width)} = k.bucket AND {_WITHIN}"
    found = _fitting(store, wanted, fits, _ids_between(store, wanted, fits, "amount", keys))
    return _not_open(store, found, fresh, paired)


MOST_WIDE = 200
"""Amounts that are asked for one by one; a tolerance that takes more is looked for in the rows themselves."""


def _ids_between(
    store: Store, keys: pl.DataFrame | None, condition: str, number: str, asked: pl.DataFrame | None
) -> pl.Series:
    """Ids of journal rows that may be of the merchants and dates of the keys and fit a condition.

    number, asked: the numbers to look for (`keys.NEAR`) and their columns, but for the dates; None: all rows are read.
    """
    if keys is None or keys.is_empty():
        return pl.Series("row_id", [], pl.Int64)
    source = "book.journal" if asked is None else f"({parts.without_number(store, 'journal', number)})"
    fits, span = _where(keys, condition)
    ids = [store.frame(f"SELECT j.row_id FROM {source} j {fits}", span, keys=keys)["row_id"]]
    if asked is not None:
        days = asked.with_columns(business_date=pl.date_ranges("first", "last")).explode("business_date")
        ids.append(parts.with_numbers_of(store, "journal", {number: days.select(number_near(number)).to_series()}))
    return pl.concat(ids).unique()


def _fitting(store: Store, keys: pl.DataFrame | None, condition: str, ids: pl.Series) -> pl.DataFrame:
    """Journal rows of these ids that are of the merchants and dates of the keys and fit a condition."""
    found = by_id.rows_of(store, "journal", ids)
    if keys is None or found.is_empty():
        return found.clear()
    fits, span = _where(keys, condition)
    return store.frame(f"SELECT j.* FROM found j {fits}", span, keys=keys, found=found)


def _where(keys: pl.DataFrame, condition: str) -> tuple[str, list[Any]]:
    """How rows `j` are held against keys (merchant_id, first, last, blank), with the values of its marks."""
    # said once more for all keys, so that most rows are passed over before they are joined
    few = "" if keys["blank"].any() else "AND (j.rrn IS NULL OR j.channel <> 'CARD')"
    joined = f"SEMI JOIN keys k ON j.merchant_id = k.merchant_id AND {condition}"
    return f"{joined} WHERE j.business_date BETWEEN ? AND ? {few}", [keys["first"].min(), keys["last"].max()]


def _not_open(store: Store, found: pl.DataFrame, fresh: list[int], paired: pl.Series) -> pl.DataFrame:
    """Rows that the caller has not, or has paired already, with `consumed`."""
    ids = found.select("row_id")
    is_open = store.frame(
        "SELECT row_id FROM book.open_rows SEMI JOIN ids USING (row_id) WHERE side = 'journal'", ids=ids
    )
    taken = store.frame(
        "SELECT journal_row_id AS row_id FROM book.matches SEMI JOIN ids ON ids.row_id = journal_row_id", ids=ids
    )
    tonight = pl.col("row_id").is_in(paired.filter(paired.is_in(found["row_id"].implode())).implode())
    mine = (pl.col("row_id") // LINES_PER_FILE).is_in(fresh) | pl.col("row_id").is_in(is_open["row_id"].implode())
    expects = (pl.col("status") == "APPROVED") & pl.col("txn_type").is_in(EXPECTED)
    left = found.filter(tonight | ~(expects & mine))
    return left.with_columns(consumed=tonight | pl.col("row_id").is_in(taken["row_id"].implode()))


def no_sales() -> pl.DataFrame:
    """No settled sale at all."""
    return pl.DataFrame(schema=SALES)


def settled_sales(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """SALE lines of settlement that carry one of the references (`merchant_id`, `ref`), in the columns of SALES."""
    references = REFERENCES["settlement"]
    ids = parts.with_references(store, "settlement", dict.fromkeys(references, keys))
    lines = by_id.rows_of(store, "settlement", ids, (*SALES, "row_id", "record_type"))
    named = [
        lines.join(keys, left_on=["merchant_id", r], right_on=["merchant_id", "ref"], how="semi") for r in references
    ]
    found = pl.concat(named).unique("row_id").sort("row_id")
    return found.filter(pl.col("record_type") == "SALE").select(list(SALES))
