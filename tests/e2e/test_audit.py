"""What is on record stays as it was: a changed, added or removed event is named, at the end of the books too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import recon, refused, told
from scenario import FRI, MON, THU, TUE, Shop

from pipelines.store.seals import digest_of


@pytest.fixture(scope="module")
def worked(module_place: Path) -> Shop:
    """Two nights' exceptions, one of them a case with three acts."""
    shop = Shop(module_place / "shop")
    for name in ("one", "two", "three"):
        shop.sale(name, "10.00", MON)
    shop.settled("nobody", "7.00", TUE)
    shop.nights(MON, THU)
    key = str(shop.exception("one", "NOT_SETTLED")["exception_id"])
    for words in (("assign",), ("note", "--reason", "asked"), ("propose", "--remedy", "refund", "--reason", "r")):
        told(shop, "case", words[0], key, *words[1:], "--by", "Li Na")
    shop.night(FRI)
    return shop


@pytest.fixture
def tampering(worked: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The store as somebody with the database tool sees it; afterwards it is as it was."""
    store = worked.root / "var" / "recon.duckdb"
    before = store.read_bytes()
    seals = store.with_suffix(".seals").read_bytes()
    with duckdb.connect(str(store)) as connection:
        yield connection
    store.write_bytes(before)
    store.with_suffix(".seals").write_bytes(seals)


def named(shop: Shop) -> list[str]:
    done = recon(shop, "audit", "verify")
    assert done.stdout == ""
    assert done.exit_code == 1
    return done.stderr.splitlines()


def recon_audit(shop: Shop, *words: str) -> dict[str, object]:
    return dict(told(shop, "audit", *words))


def test_whole_books_are_said_to_be_whole(worked: Shop) -> None:
    found = recon_audit(worked, "verify")
    assert found["whole"] is True
    events = found["events"]
    assert isinstance(events, dict)
    assert events["case_events"] == 3
    assert events["exception_events"] >= 4
    assert found["named_beside_the_store"] == found["seals"]


def test_a_seal_that_a_report_told_is_looked_for(worked: Shop) -> None:
    page = (worked.root / "var" / "reports" / "recon-20260402.html").read_text()
    seal = re.findall(r"seal(?:<[^>]+>|\s)*([0-9]+ [0-9a-f]{16})", page)[-1]
    assert recon_audit(worked, "verify", "--seal", seal)["whole"] is True
    line = refused(worked, "audit", "verify", "--seal", seal[:-1] + "g", code=1)
    assert line.endswith("is not in the chain, though a report told it")


CHANGES = [
    ("exception_events", "UPDATE book.exception_events SET amount_minor = amount_minor + 1 WHERE event_no = 2"),
    ("exception_events", "UPDATE book.exception_events SET explanation = explanation || '.' WHERE event_no = 2"),
    ("exception_events", "UPDATE book.exception_events SET due_date = NULL WHERE event_no = 2"),
    ("case_events", "UPDATE book.case_events SET actor = 'Li  Na' WHERE event_no = 2"),
    ("case_events", "UPDATE book.case_events SET acted_at = acted_at + INTERVAL 1 SECOND WHERE event_no = 2"),
    ("case_events", "UPDATE book.case_events SET approved_by = 'Li Na' WHERE event_no = 2"),
    ("exception_events", "UPDATE book.exception_events SET evidence = [] WHERE event_no = 2"),
]


@pytest.mark.parametrize(("stream", "change"), CHANGES)
def test_a_changed_event_is_named(worked: Shop, tampering: duckdb.DuckDBPyConnection, stream: str, change: str) -> None:
    tampering.execute(change)
    tampering.close()
    assert named(worked) == [f"{stream} 2: was changed since it was sealed"]


@pytest.mark.parametrize("stream", ["exception_events", "case_events"])
def test_a_removed_event_is_named(worked: Shop, tampering: duckdb.DuckDBPyConnection, stream: str) -> None:
    tampering.execute(f"DELETE FROM book.{stream} WHERE event_no = 2")  # noqa: S608
    tampering.close()
    assert named(worked) == [f"{stream} 2: was removed"]


def test_an_event_put_in_is_named(worked: Shop, tampering: duckdb.DuckDBPyConnection) -> None:
    tampering.execute(
        "INSERT INTO book.case_events BY NAME SELECT * REPLACE (9 AS event_no) FROM book.case_events LIMIT 1"
    )
    tampering.execute("INSERT INTO book.case_events BY NAME SELECT * FROM book.case_events WHERE event_no = 1")
    tampering.close()
    assert named(worked) == ["case_events 9: was never sealed", "case_events 1: is there twice"]


def test_an_event_changed_with_its_own_digest_breaks_its_seal(
    worked: Shop, tampering: duckdb.DuckDBPyConnection
) -> None:
    tampering.execute("UPDATE book.case_events SET reason = 'never asked' WHERE event_no = 2")
    tampering.execute(
        "UPDATE book.event_digests SET digest = CAST('0x' || left((SELECT "  # noqa: S608
        + digest_of("case_events")
        + " FROM book.case_events e WHERE event_no = 2), 10) AS BIGINT) WHERE stream = 'case_events' AND event_no = 2"
    )
    tampering.close()
    (line,) = named(worked)
    assert line.startswith("case_events: between 2 and 2 something was changed (seal ")


def test_the_newest_events_cannot_be_cut_off(worked: Shop, tampering: duckdb.DuckDBPyConnection) -> None:
    """Event, digest and seal are all gone: only the file beside the store remembers."""
    ((last,),) = tampering.execute("SELECT max(seal_no) FROM book.seals WHERE stream = 'case_events'").fetchall()
    tampering.execute("DELETE FROM book.case_events WHERE event_no = 3")
    tampering.execute("DELETE FROM book.event_digests WHERE stream = 'case_events' AND event_no = 3")
    tampering.execute("DELETE FROM book.seals WHERE seal_no = ?", [last])
    tampering.close()
    assert f"seals {last}: is named beside the store but gone from it: its events were removed" in named(worked)


def test_a_seal_that_was_changed_is_named(worked: Shop, tampering: duckdb.DuckDBPyConnection) -> None:
    tampering.execute("UPDATE book.seals SET event_count = event_count + 1 WHERE seal_no = 2")
    tampering.close()
    assert "seals 2: was changed, or the one before it was" in named(worked)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_cell_of_any_event_can_be_changed_unnoticed(worked: Shop, data: st.DataObject) -> None:
    """Any text cell of any event, one sign more."""
    store = worked.root / "var" / "recon.duckdb"
    before = store.read_bytes()
    try:
        with duckdb.connect(str(store)) as books:
            stream = data.draw(st.sampled_from(["exception_events", "case_events"]))
            cells = [c for c, kind, *_ in books.execute(f"DESCRIBE book.{stream}").fetchall() if kind == "VARCHAR"]
            column = data.draw(st.sampled_from(cells))
            numbers = [n for (n,) in books.execute(f"SELECT event_no FROM book.{stream} ORDER BY 1").fetchall()]  # noqa: S608
            number = data.draw(st.sampled_from(numbers))
            change = f"{column} = coalesce({column}, '') || 'x'"
            books.execute(f"UPDATE book.{stream} SET {change} WHERE event_no = {number}")  # noqa: S608
        assert named(worked) == [f"{stream} {number}: was changed since it was sealed"]
    finally:
        store.write_bytes(before)


def test_books_that_are_not_there_yet_are_said_so(shop: Shop) -> None:
    line = refused(shop, "audit", "verify", code=1)
    assert line.endswith("there is no store yet; run `recon run --date …` first")
