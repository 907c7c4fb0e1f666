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

from pipelines.store import Store, anchors
from pipelines.store.seals import STREAMS, digest_of


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
    pair = ("journal_20260330.csv:3", "settlement_UNIONPAY_20260331.csv:2")
    told(shop, "case", "match", *pair, "--by", "Li Na", "--reason", "the same slip")
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
    assert events["case_events"] == 4
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


SEALED = ("exception_events", "case_events", "event_digests", "seals")


def other(column: str, kind: str) -> str:
    """Another value of a column, as SQL; of a struct, with another value of one of its fields."""
    if "." in column:
        struct, _, field = column.partition(".")
        return f"struct_update({struct}, {field} := {_another(column, kind)})"
    return _another(column, kind)


def _another(value: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"coalesce({value}, []) || [{{'side': 'bank', 'file': 'x', 'line': 1}}]"
    match kind:
        case "DATE":
            return f"CAST(coalesce({value}, DATE '2026-01-01') + 1 AS DATE)"
        case "TIMESTAMP":
            return f"coalesce({value}, TIMESTAMP '2026-01-01') + INTERVAL 1 SECOND"
        case "VARCHAR":
            return f"coalesce({value}, '') || 'x'"
    return f"CAST(coalesce({value}, 0) + 1 AS {kind})"


def cells_of(books: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """Columns and their types; of a struct its fields."""
    found = []
    for name, kind, *_ in books.execute(f"DESCRIBE book.{table}").fetchall():
        fields = re.findall(r"(\w+) (\w+)", kind) if kind.startswith("STRUCT(") and not kind.endswith("[]") else []
        found += [(f"{name}.{field}", of) for field, of in fields] or [(name, kind)]
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_of_what_is_sealed_can_be_changed_unnoticed(worked: Shop, data: st.DataObject) -> None:
    """Any cell of any event, digest or seal; a row that is gone, there twice, or in another's place."""
    store = worked.root / "var" / "recon.duckdb"
    before = store.read_bytes()
    try:
        with duckdb.connect(str(store)) as books:
            table = data.draw(st.sampled_from(SEALED))
            column, kind = data.draw(st.sampled_from(cells_of(books, table)))
            set_, filled = column.partition(".")[0], f"WHERE {column} IS NOT NULL" if "." in column else ""
            ids = [n for (n,) in books.execute(f"SELECT rowid FROM book.{table} {filled} ORDER BY 1").fetchall()]  # noqa: S608
            row = data.draw(st.sampled_from(ids))
            one = f"book.{table} WHERE rowid = {row}"
            number, again = "seal_no" if table == "seals" else "event_no", f"book.{table} BY NAME"
            books.execute(
                data.draw(
                    st.sampled_from(
                        [
                            *[f"UPDATE book.{table} SET {set_} = {other(column, kind)} WHERE rowid = {row}"] * 3,  # noqa: S608
                            f"DELETE FROM {one}",  # noqa: S608
                            f"INSERT INTO {again} SELECT * FROM {one}",  # noqa: S608
                            f"INSERT INTO {again} SELECT * REPLACE ({number} + 100 AS {number}) FROM {one}",  # noqa: S608
                        ]
                    )
                )
            )
        lines = named(worked)
        assert all(re.match(r"(exception_events|case_events|seals)[ :]", line) for line in lines), lines
        assert lines
    finally:
        store.write_bytes(before)


def test_two_events_in_each_others_place_are_named(worked: Shop, tampering: duckdb.DuckDBPyConnection) -> None:
    tampering.execute("UPDATE book.case_events SET event_no = 3 - event_no WHERE event_no IN (1, 2)")
    tampering.close()
    assert named(worked) == [f"case_events {n}: was changed since it was sealed" for n in (1, 2)]


def test_a_seal_vouches_for_every_column(worked: Shop) -> None:
    """A column that somebody adds to an event and forgets here could be changed unnoticed."""
    with duckdb.connect(str(worked.root / "var" / "recon.duckdb"), read_only=True) as books:
        for stream, columns in STREAMS.items():
            there = {name for name, *_ in books.execute(f"DESCRIBE book.{stream}").fetchall()}
            assert there == set(columns)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_file_beside_the_store_cannot_be_changed_unnoticed(worked: Shop, data: st.DataObject) -> None:
    """Any byte of it; a line that is gone. The last line alone may be missing: a crash could have done that."""
    path = worked.root / "var" / "recon.seals"
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    try:
        at = data.draw(st.integers(0, len(before) - len(lines[-1]) - 1))
        sign = data.draw(st.sampled_from(b"0123456789abcdef x\n\xff").filter(lambda each: each != before[at]))
        gone = data.draw(st.integers(0, len(lines) - 2))
        changed = before[:at] + bytes([sign]) + before[at + 1 :]
        path.write_bytes(data.draw(st.sampled_from([changed, b"".join(lines[:gone] + lines[gone + 1 :])])))
        assert all(line.startswith("seals") for line in named(worked))
    finally:
        path.write_bytes(before)


def test_a_file_beside_the_store_that_is_gone_is_said_so(worked: Shop) -> None:
    path = worked.root / "var" / "recon.seals"
    before = path.read_bytes()
    path.unlink()
    assert named(worked) == ["seals: recon.seals beside the store is gone or empty; bring it back from the backup"]
    path.write_bytes(before)


def test_a_line_that_a_crash_cut_off_is_no_fault_and_is_written_again(worked: Shop) -> None:
    path = worked.root / "var" / "recon.seals"
    before = path.read_bytes()
    for left in (20, 66, len(before.splitlines()[-1]) + 1):
        path.write_bytes(before[: len(before) - left])
        assert recon_audit(worked, "verify")["whole"] is True
    path.write_bytes(before[:-20])
    with Store(worked.root / "var" / "recon.duckdb") as store:
        anchors.write(store)
    found = recon_audit(worked, "verify")
    assert found["named_beside_the_store"] == found["seals"]
    path.write_bytes(before)


def test_books_that_are_not_there_yet_are_said_so(shop: Shop) -> None:
    line = refused(shop, "audit", "verify", code=1)
    assert line.endswith("there is no store yet; run `recon run --date …` first")
