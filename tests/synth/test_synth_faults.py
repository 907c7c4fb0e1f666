"""The truth agrees with a slow judge that sees only the files, fault by fault and all together."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_oracle import Folder, cents, moment, told, verdicts

from pipelines.synth import CATALOGUE, generate
from pipelines.synth.day import _unlike

NAMES = [fault.name for fault in CATALOGUE if fault.strikes != "trouble"]
WITH_TRUTH = {*NAMES} - {"WEAK_KEYS", "ADJUSTMENT", "RESTATED", "AMBIGUOUS_DEPOSIT"}
RARE = {"REFUND_NOT_SETTLED": (10, 200), "REVERSAL_NOT_SETTLED": (5, 600), "VOID_NOT_SETTLED": (5, 300)}
"""Days and rows a day that show what few transactions can suffer."""

CONSEQUENCES = {"ROW_REJECTED": {"NOT_IN_JOURNAL", "NOT_SETTLED"}, "FILE_INVALID": {"FILE_LATE"}}


def test_every_fault_appears(faulty: Folder) -> None:
    counts = Counter(row["type"] for row in faulty.truth())
    assert set(counts) == WITH_TRUTH
    assert sum(counts.values()) < 0.03 * 4000


def test_truth_is_what_the_files_show(faulty: Folder) -> None:
    assert told(faulty) == verdicts(faulty)


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    days=st.integers(4, 9),
    rows=st.integers(20, 150),
    start=st.dates(date(2026, 1, 1), date(2026, 12, 1)),
)
def test_truth_is_what_the_files_show_in_any_world(seed: int, days: int, rows: int, start: date) -> None:
    with tempfile.TemporaryDirectory() as out:
        generate(Path(out), days=days, rows_per_day=rows, seed=seed, start=start, faults=",".join(NAMES))
        folder = Folder(Path(out))
        assert told(folder) == verdicts(folder)


@pytest.mark.parametrize("name", sorted(WITH_TRUTH))
def test_one_fault_alone_brings_only_itself_and_its_consequences(tmp_path: Path, name: str) -> None:
    days, rows = RARE.get(name, (5, 100))
    generate(tmp_path, days=days, rows_per_day=rows, seed=8, faults=name)
    folder = Folder(tmp_path)
    types = {row["type"] for row in folder.truth()}
    assert name in types
    assert types - {name} <= CONSEQUENCES.get(name, set())
    assert told(folder) == verdicts(folder)


def test_equal_payouts_and_one_sum_for_half_of_them_are_undecided_until_the_others_come(tmp_path: Path) -> None:
    generate(tmp_path, days=14, rows_per_day=100, seed=3, faults="AMBIGUOUS_DEPOSIT")
    folder = Folder(tmp_path)
    truth = folder.truth()
    assert {row["type"] for row in truth} == {"AMBIGUOUS_MATCH"}
    assert {bool(row["cleared_on"]) for row in truth} == {True, False}
    assert told(folder) == verdicts(folder)


def test_truth_names_the_row_it_speaks_of(faulty: Folder) -> None:
    rows = {(r["_file"], r["_line"]): r for side in ("journal", "settlement", "bank") for r in faulty.rows(side)}
    for truth in faulty.truth():
        if truth["type"].startswith("FILE_") or truth["type"] == "BALANCE_BREAK":
            continue
        if truth["note"].startswith("first version"):
            continue
        row = rows[truth["file"], int(truth["line"])]
        for name in ("merchant_id", "terminal_id", "rrn", "order_no", "payout_id", "bank_ref"):
            # what an acquirer says of a sale later on may bear a number of its own
            theirs = {row.get(name), row.get("original_rrn")} if name == "rrn" else {row.get(name)}
            assert not truth[name] or name not in row or truth[name] in theirs
        nameless = truth["note"] == "names nothing"
        assert nameless or truth["rrn"] or truth["order_no"] or truth["payout_id"] or truth["bank_ref"]


def test_rejected_rows_cannot_be_read(faulty: Folder) -> None:
    rows = {(r["_file"], r["_line"]): r for side in ("journal", "settlement") for r in faulty.rows(side)}
    rejected = [rows[t["file"], int(t["line"])] for t in faulty.truth() if t["type"] == "ROW_REJECTED"]
    assert rejected
    for row in rejected:
        amount = row["amount"] if "amount" in row else row["gross"]
        assert cents(amount) is None or moment(row["txn_time"]) is None


def test_invalid_files_have_only_a_wrong_trailer(tmp_path: Path) -> None:
    generate(tmp_path, days=14, rows_per_day=30, seed=4, faults="FILE_INVALID")
    folder = Folder(tmp_path)
    assert folder.bad
    for bad in folder.bad:
        good, arrives = folder.files[bad.side, bad.acquirer, bad.day]
        assert "_fixed_" in good.name
        assert (arrives - bad.day).days == 1
        assert [{**row, "_file": ""} for row in good.rows] == [{**row, "_file": ""} for row in bad.rows]


def test_few_days_have_no_file_faults(tmp_path: Path) -> None:
    generate(tmp_path, days=3, rows_per_day=50, seed=4)
    assert not any(row["type"].startswith("FILE_") for row in Folder(tmp_path).truth())


def test_lookalikes_differ_by_a_fen_also_across_midnight() -> None:
    sales = {
        "merchant_id": ["a"] * 4,
        "card": [1, 1, 1, None],
        "amount": [500] * 4,
        "second": [60, 90, 9999, 60],
    }
    sale = pl.DataFrame({**sales, "n": range(4)})
    yesterday = pl.DataFrame({"merchant_id": ["a"], "card": [1], "amount": [500], "second": [-60]})
    assert _unlike(sale, yesterday.clear())["amount"].to_list() == [500, 501, 500, 500]
    assert _unlike(sale, yesterday)["amount"].to_list() == [501, 502, 500, 500]


def test_an_unknown_fault_is_refused_with_the_valid_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'NOT_SETLED'.*NOT_SETTLED.*FILE_INVALID"):
        generate(tmp_path, days=5, rows_per_day=50, seed=1, faults="NOT_SETLED, FILE_LATE")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("days", "rows"), [(0, 10), (10, 0), (-1, 5)])
def test_senseless_sizes_are_refused(tmp_path: Path, days: int, rows: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate(tmp_path, days=days, rows_per_day=rows, seed=1)


def test_a_restated_file_tells_its_mistakes_until_it_comes_again(tmp_path: Path) -> None:
    generate(tmp_path, days=7, rows_per_day=150, seed=2, faults="RESTATED")
    folder = Folder(tmp_path)
    ((key, (first, _)),) = folder.before.items()
    again, arrives = folder.files[key]
    assert (first.name, len(first.rows)) == (again.name, len(again.rows))
    types = {row["type"] for row in folder.truth()}
    assert types == {"AMOUNT_OVER", "AMOUNT_UNDER", "NOT_IN_JOURNAL"}
    assert {row["cleared_on"] for row in folder.truth()} == {arrives.isoformat()}
    assert told(folder) == verdicts(folder)


def test_a_rate_says_how_many_rows_are_faulty(tmp_path: Path) -> None:
    counts = {}
    for rate in ("0.01", "0.04"):
        generate(tmp_path / rate, days=5, rows_per_day=400, seed=2, faults=f"{rate}, AMOUNT_OVER, NOT_IN_JOURNAL")
        counts[rate] = Counter(row["type"] for row in Folder(tmp_path / rate).truth())
    assert counts == {
        "0.01": {"AMOUNT_OVER": 10, "NOT_IN_JOURNAL": 10},
        "0.04": {"AMOUNT_OVER": 40, "NOT_IN_JOURNAL": 40},
    }


@pytest.mark.parametrize("rate", ["0", "0.2", "0.01,0.02", "0.o1"])
def test_a_senseless_rate_is_refused(tmp_path: Path, rate: str) -> None:
    with pytest.raises(ValueError, match="fault rate"):
        generate(tmp_path, days=5, rows_per_day=50, seed=1, faults=rate)
