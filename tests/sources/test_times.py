"""Times of the source in the time of the books, and the business date after the source's cut-off."""

from datetime import date, datetime, time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_files import journal_file, journal_line, settlement_file, settlement_line

from pipelines.sources import PROFILES
from pipelines.sources.base import Context
from pipelines.sources.times import parsed_times

SHANGHAI = Context()
at = datetime.fromisoformat


def read(printed: str, context: Context = SHANGHAI) -> tuple[datetime | None, date | None]:
    """Time and business date of a journal row printed so."""
    rows = PROFILES["pos_journal"].parse(journal_file(journal_line(txn_time=printed)), context).rows
    return rows.select("txn_time", "business_date").row(0)


@pytest.mark.parametrize(
    "printed",
    [
        *(
            "2026-03-02T10:00:00",
            "2026-03-02 10:00:00",
            "2026-03-02T10:00",
            "2026-03-02 10:00",
            " 2026-03-02T10:00:00 ",
        ),
        *("2026-03-02T10:00:00.000", "2026-03-02T10:00:00+08:00", "2026-03-02T02:00:00Z", "2026-03-02 02:00:00+0000"),
        *("2026-03-01T21:00:00-05:00", "2026-03-02T10:00:00.000+08:00", "2026-03-02T02:00Z", "2026-03-02 10:00+08:00"),
    ],
)
def test_all_the_ways_of_iso_8601_name_the_same_moment(printed: str) -> None:
    assert read(printed) == (at("2026-03-02T10:00"), date(2026, 3, 2))


@pytest.mark.parametrize(
    "printed",
    [
        "-2026-03-02T10:00:00",
        "+12026-03-02T10:00:00",
        "10:00",
        "2026-03-02",
        "2026-13-02T10:00:00",
        "02.03.2026 10:00:00",
        "20260302100000",
    ],
)
def test_what_is_no_iso_time_is_not_guessed(printed: str) -> None:
    assert read(printed) == (None, None)


def test_a_time_without_offset_is_the_source_s_own() -> None:
    utc = Context(source_timezone="UTC")
    assert read("2026-03-02T20:00:00", utc) == (at("2026-03-03T04:00"), date(2026, 3, 3))
    assert read("2026-03-02T20:00:00+08:00", utc) == (at("2026-03-02T20:00"), date(2026, 3, 2))


@pytest.mark.parametrize("pattern", ["%+", "%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%dT%H:%M:%S%:z"])
def test_a_declared_format_reads_its_offset(pattern: str) -> None:
    found = parsed_times(pl.Series(["2026-03-02T10:00:00+00:00", "10:00"]), (pattern,), SHANGHAI)
    assert found.to_list() == [at("2026-03-02T18:00"), None]
    assert found.dtype == pl.Datetime("us")


def test_rows_with_and_without_offset_stand_in_one_file() -> None:
    lines = [journal_line(txn_time="2026-03-02T10:00:00"), journal_line(txn_time="2026-03-02T02:00:00Z")]
    rows = PROFILES["pos_journal"].parse(journal_file(*lines), SHANGHAI).rows
    assert rows["txn_time"].to_list() == [at("2026-03-02T10:00")] * 2


def test_an_hour_that_the_clock_skips_is_no_time_and_one_it_repeats_is_the_first() -> None:
    berlin = Context(timezone="UTC", source_timezone="Europe/Berlin")
    assert read("2026-03-29T02:30:00", berlin) == (None, None)
    assert read("2026-10-25T02:30:00", berlin)[0] == at("2026-10-25T00:30")


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("2026-03-02T22:59:59", date(2026, 3, 2)),
        ("2026-03-02T23:00:00", date(2026, 3, 3)),
        ("2026-03-03T22:59:59.999", date(2026, 3, 3)),
        ("2026-12-31T23:00:00", date(2027, 1, 1)),
    ],
)
def test_after_the_cut_off_the_next_business_date_begins(printed: str, day: date) -> None:
    assert read(printed, Context(cutoff=time(23)))[1] == day


@given(st.datetimes(at("2001-01-01T00:00"), at("2099-01-01T00:00")), st.times())
def test_the_business_date_is_the_date_or_the_next(moment: datetime, cutoff: time) -> None:
    cutoff = cutoff.replace(microsecond=0)
    _, day = read(moment.isoformat(), Context(cutoff=cutoff))
    ahead = bool(cutoff != time(0)) and moment.time() >= cutoff
    assert day is not None
    assert (day - moment.date()).days == int(ahead)


def test_a_settlement_line_keeps_its_printed_settlement_date() -> None:
    data = settlement_file(settlement_line(txn_time="2026-03-02T23:30:00", settlement_date="2026-03-03"))
    (row,) = PROFILES["acquirer_csv"].parse(data, Context(cutoff=time(23))).rows.to_dicts()
    assert (row["settlement_date"], row["business_date"]) == (date(2026, 3, 3), date(2026, 3, 3))
    assert row["txn_time"] == at("2026-03-02T23:30")
