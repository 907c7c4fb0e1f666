"""Ten consecutive days of real statements: the balances hold, a day that is missing is named, nothing doubles."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from statements import Bank

from pipelines.sources.base import Context
from pipelines.sources.camt053 import CAMT053

SERIES = Path(__file__).resolve().parents[2].parent / "shared" / "formats" / "real" / "camt_series"
DAYS = sorted(SERIES.glob("*.xml"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DAYS, reason=f"the real sample files are not beside the project ({SERIES})"),
]


def bank(root: Path) -> Bank:
    return Bank(root, {"camt053": "*.xml"})


def play(books: Bank, days: list[Path]) -> None:
    for day in days:
        books.put(day.name, day.read_bytes())
        books.night(date.fromisoformat(day.stem))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    books = bank(tmp_path_factory.mktemp("whole"))
    play(books, DAYS)
    return books


def test_the_chain_of_both_accounts_holds(whole: Bank) -> None:
    assert [night.register for night in whole.seen] == [[]] * 10
    assert whole.rows("SELECT count(*) AS n FROM bank") == [{"n": 72}]
    first, last = (CAMT053.parse(day.read_bytes(), Context()).balances for day in (DAYS[0], DAYS[-1]))
    opening = dict(first.filter(pl.col("kind") == "opening").select("account", "amount_minor").iter_rows())
    closing = dict(last.filter(pl.col("kind") == "closing").select("account", "amount_minor").iter_rows())
    assert whole.counted() == {account: closing[account] - opening[account] for account in whole.counted()}


@pytest.mark.parametrize("gone", DAYS[1:-1:3], ids=lambda day: day.stem)
def test_a_day_that_is_missing_is_named_and_clears_when_it_comes(gone: Path, tmp_path: Path) -> None:
    books = bank(tmp_path)
    play(books, [day for day in DAYS if day != gone])
    (gap,) = books.seen[-1].open
    before, after = next((a, c) for (a, b), (_, c) in pairwise(pairwise(DAYS)) if b == gone)
    assert gap["type"] == "BALANCE_BREAK"
    assert f"Missing is the statement of {gone.stem}:" in gap["explanation"]
    assert [place["file"] for place in gap["evidence"]] == [before.name, after.name]
    assert gap["business_date"] == after.stem
    books.put(gone.name, gone.read_bytes())
    assert books.night(date.fromisoformat(DAYS[-1].stem)).open == []


def test_a_day_sent_twice_does_not_double(whole: Bank, tmp_path: Path) -> None:
    books = bank(tmp_path)
    day = DAYS[4]
    for each in DAYS:
        books.put(each.name, each.read_bytes())
        books.put(f"again-{each.stem}.xml", each.read_bytes())
        if each == day:
            books.put(
                "anew.xml", each.read_bytes().replace(b"<MsgId>MSG", b"<MsgId>NEW").replace(b"<Id>MSG", b"<Id>NEW")
            )
        books.night(date.fromisoformat(each.stem))
    assert books.seen[-1].register == []
    assert books.counted() == whole.counted()
