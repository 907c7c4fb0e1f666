"""The small rows of a journal: they say the same however its rows come in parts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks import summaries
from pipelines.signal_settings import Signals

OWN = Signals()
NOON = datetime.fromisoformat("2026-04-01")
SCHEMA = {
    "row_id": pl.Int64,
    "merchant_id": pl.String,
    "terminal_id": pl.String,
    "txn_type": pl.String,
    "status": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "txn_time": pl.Datetime("us"),
    "business_date": pl.Date,
    "stan": pl.String,
    "batch_no": pl.String,
    "operator_id": pl.String,
    "original_rrn": pl.String,
    "card_no": pl.String,
}

row = st.fixed_dictionaries(
    {
        "merchant_id": st.sampled_from(["8983", "1900"]),
        "terminal_id": st.sampled_from(["10000101", "10000102", "7", None]),
        "txn_type": st.sampled_from(["SALE", "REFUND", "VOID", "REVERSAL"]),
        "status": st.sampled_from(["APPROVED", "DECLINED", "TIMEOUT"]),
        "amount_minor": st.sampled_from([500, 1000, 1001, 28_499, 28_500, 29_999, 30_000]),
        "minute": st.integers(0, 1439),
        "stan": st.one_of(st.none(), st.integers(1, 999_999).map(str)),
        "operator_id": st.sampled_from(["01", None]),
        "original_rrn": st.sampled_from(["1", "2", None]),
    }
)


def journal(rows: list[dict[str, Any]]) -> pl.DataFrame:
    told = [
        dict.fromkeys(SCHEMA)
        | {name: value for name, value in row.items() if name != "minute"}
        | {"row_id": n, "currency": "CNY", "batch_no": "0007", "business_date": NOON.date()}
        | {"txn_time": NOON + timedelta(minutes=row["minute"])}
        for n, row in enumerate(rows)
    ]
    return pl.DataFrame(told, schema=SCHEMA)


def days_of(rows: pl.DataFrame) -> pl.DataFrame:
    return summaries.terminal_days(summaries.by_hour(rows, OWN))


@given(st.lists(row, min_size=1, max_size=30), st.integers(0, 30))
def test_parts_add_up_to_the_whole(rows: list[dict[str, Any]], cut: int) -> None:
    whole = journal(rows)
    parts = pl.concat([days_of(whole[:cut]), days_of(whole[cut:])])
    keys = ["unit", "terminal_id", "day"]
    counts = [pl.col(*summaries.COUNTS, "stans").sum()]
    ends = [pl.col(*summaries.LOWEST).min(), pl.col(*summaries.HIGHEST).max()]
    added = parts.group_by(keys).agg(*counts, *ends).sort(keys)
    assert added.equals(days_of(whole).select(added.columns).sort(keys))


@given(st.lists(row, min_size=1, max_size=30))
def test_counts_are_those_of_the_rows(rows: list[dict[str, Any]]) -> None:
    whole = journal(rows)
    told = days_of(whole)
    own = whole.filter(pl.col("terminal_id").is_not_null())
    sales = own.filter((pl.col("status") == "APPROVED") & (pl.col("txn_type") == "SALE"))
    assert told["row_count"].sum() == own.height
    assert told["sales"].sum() == sales.height == told["hour_sales"].list.sum().sum()
    assert told["small"].sum() == sales.filter(pl.col("amount_minor") <= 1000).height
    assert told["below"].sum() == sales.filter(pl.col("amount_minor").is_between(28_500, 29_999)).height
    assert summaries.merchant_days(summaries.by_hour(whole, OWN))["row_count"].sum() == whole.height


def test_parts_of_one_sale_given_back_are_one_case() -> None:
    usual = {"merchant_id": "8983", "terminal_id": "10000101", "txn_type": "REFUND", "status": "APPROVED"}
    rows = [
        usual | {"amount_minor": 100, "minute": n, "operator_id": "05", "original_rrn": o} for n, o in enumerate("1123")
    ]
    (told,) = summaries.given_days(journal([*rows, rows[0] | {"original_rrn": None}])).to_dicts()
    assert (told["operator_id"], told["terminal_id"], told["refunds"], told["voids"]) == ("05", None, 4, 0)


def test_a_card_that_comes_often_is_found_among_all() -> None:
    cards = ["622202******0001"] * 4 + [f"622202******1{n:03}" for n in range(200)] + [None]
    usual = {"merchant_id": "8983", "terminal_id": "1", "txn_type": "SALE", "status": "DECLINED", "amount_minor": 1}
    rows = journal([usual | {"minute": 1, "card_no": card} for card in cards])
    found = summaries.often_marked(summaries.card_marks(rows))
    assert set(found) == {0, 1, 2, 3}
    (told,) = summaries.card_days(rows).to_dicts()
    assert (told["card_no"], told["uses"], told["refused"]) == ("622202******0001", 4, 4)
