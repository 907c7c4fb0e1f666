"""The small rows of a journal in the books: the same however it came, and asked for without leaving anything out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.checks import habits
from pipelines.signal_settings import Signals
from pipelines.store import Store, baselines, daybook
from pipelines.store.connection import SQL

OWN = Signals(min_history_days=5, fewest=2)
FIRST = date(2026, 4, 1)
SCHEMA = {
    **dict.fromkeys(("merchant_id", "terminal_id", "txn_type", "status", "currency", "stan", "batch_no"), pl.String),
    **dict.fromkeys(("operator_id", "original_rrn", "card_no"), pl.String),
    "row_id": pl.Int64,
    "amount_minor": pl.Int64,
    "txn_time": pl.Datetime("us"),
    "business_date": pl.Date,
}
ORDER = ("unit", "terminal_id", "day")

row = st.fixed_dictionaries(
    {
        "merchant_id": st.sampled_from(["8983", "1900"]),
        "terminal_id": st.sampled_from(["10000101", "10000102", "7", None]),
        "txn_type": st.sampled_from(["SALE", "REFUND", "VOID"]),
        "status": st.sampled_from(["APPROVED", "APPROVED", "TIMEOUT"]),
        "hour": st.integers(0, 23),
        "day": st.integers(0, 7),
        "operator_id": st.sampled_from(["01", None]),
    }
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("books") / "recon.duckdb") as found:
        yield found


def journal(rows: list[dict[str, Any]]) -> pl.DataFrame:
    told = []
    for n, cells in enumerate(rows):
        own = {name: value for name, value in cells.items() if name in SCHEMA}
        day = FIRST + timedelta(days=cells["day"])
        time = datetime.combine(day, datetime.min.time()) + timedelta(hours=cells["hour"], seconds=n)
        fixed = {"currency": "CNY", "amount_minor": 100 * n, "stan": f"{n}", "batch_no": "7", "original_rrn": f"{n}"}
        told.append(dict.fromkeys(SCHEMA) | fixed | own | {"row_id": n, "txn_time": time, "business_date": day})
    return pl.DataFrame(told, schema=SCHEMA)


@contextmanager
def undone(store: Store) -> Iterator[None]:
    """The store is as empty afterwards as before."""
    with suppress(InterruptedError), store.transaction():
        yield
        raise InterruptedError


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are put together, too."""
    monkeypatch.setattr(daybook, "MOST_PARTED", 0)


def keep(store: Store, rows: pl.DataFrame) -> None:
    """A part of file 1, and what is kept of it put in."""
    daybook.keep(store, 1, rows, OWN)
    store.later.put(store)


def kept(store: Store, parts: list[pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """What the books hold of a file in parts."""
    tables = ("terminal_days", "merchant_days", "given_days")
    found: dict[str, pl.DataFrame] = {}
    with undone(store):
        for part in parts:
            keep(store, part)
        if len(parts) > 1:
            daybook.put_together(store, 1)
        found |= {name: store.frame(f"SELECT * FROM book.{name} ORDER BY ALL") for name in tables}  # noqa: S608
    return found


def by_hour(days: pl.DataFrame) -> pl.DataFrame:
    """The lists of hours as rows: a file in parts has an hour once for each part."""
    lists = days.select(*ORDER, "hours", "hour_sales").explode("hours", "hour_sales").drop_nulls("hours")
    return lists.group_by(*ORDER, "hours").agg(pl.col("hour_sales").sum()).sort(*ORDER, "hours")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=2, max_size=40), cut=st.integers(1, 39))
def test_a_file_in_parts_is_kept_as_if_it_had_come_in_one(store: Store, rows: list[dict[str, Any]], cut: int) -> None:
    whole = journal(rows)
    parted, one = kept(store, [whole[:cut], whole[cut:]]), kept(store, [whole])
    for name in ("merchant_days", "given_days"):
        assert parted[name].equals(one[name])
    lists, shop = ("hours", "hour_sales"), "merchant_id"
    assert parted["terminal_days"].drop(*lists, shop).equals(one["terminal_days"].drop(*lists, shop))
    assert by_hour(parted["terminal_days"]).equals(by_hour(one["terminal_days"]))


def test_a_file_told_terminal_by_terminal_is_left_as_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daybook, "MOST_PARTED", 2)
    one, other = (
        journal([{"day": 0, "hour": h, **SALE, "terminal_id": t} for h in (9, 10)]) for t in ("10000101", "10000102")
    )
    assert kept(store, [one, other])["terminal_days"].height == 2
    assert kept(store, [one, one])["terminal_days"].height == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(row, min_size=10, max_size=60))
def test_whose_hours_are_not_new_sold_at_no_odd_hour(store: Store, rows: list[dict[str, Any]]) -> None:
    last = FIRST + timedelta(days=7)
    span = (FIRST, last - timedelta(days=1))
    told = []
    with undone(store):
        keep(store, journal(rows))
        for who in (baselines.new_hours(store, last, [1], *span), baselines.terminals_on(store, [last], [1])):
            hours, before = baselines.hours_on(store, last, who), baselines.hours_before(store, who, *span)
            told.append(habits.odd_hours(hours, before, OWN))
    narrow, wide = told
    assert narrow == wide


SALE = {"merchant_id": "8983", "terminal_id": "10000101", "txn_type": "SALE", "status": "APPROVED"}


def test_stores_of_older_versions_learn_their_hours(store: Store) -> None:
    text = (SQL / "migrations" / "0021_hours_as_bits.sql").read_text(encoding="utf-8")
    bits, told = "SELECT hour_bits FROM book.terminal_days ORDER BY day", []
    with undone(store):
        keep(store, journal([{"day": 0, "hour": h, **SALE} for h in (0, 9, 23)]))
        keep(store, journal([{"day": 1, "hour": 9, **SALE, "status": "TIMEOUT"}]))
        told.append(store.execute(bits))
        store.execute("UPDATE book.terminal_days SET hour_bits = NULL")
        store.execute(text[text.index("UPDATE") :])
        told.append(store.execute(bits))
    assert told == [[(1 + 2**9 + 2**23,), (0,)]] * 2


def test_days_that_no_night_asks_for_go(store: Store) -> None:
    left = []
    with undone(store):
        keep(store, journal([{"day": d, "hour": 9, **SALE} for d in range(8)]))
        daybook.prune(store, FIRST + timedelta(days=5))
        left += [store.execute(f"SELECT min(day), count(*) FROM book.{name}") for name in daybook.OF_FILES[:2]]  # noqa: S608
    assert left == [[(FIRST + timedelta(days=5), 3)]] * 2
