"""Which of the bank entries count that several files tell."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.repeats import told_again

MON, TUE = date(2026, 6, 15), date(2026, 6, 16)
ENTRIES = {
    "row_id": pl.Int64,
    "file_id": pl.Int32,
    "account": pl.String,
    "currency": pl.String,
    "booking_date": pl.Date,
    "amount_minor": pl.Int64,
    "bank_ref": pl.String,
    "end_to_end_id": pl.String,
    "remittance": pl.String,
    "counterparty": pl.String,
}
FILES = {"file_id": pl.Int32, "account": pl.String, "standing": pl.String, "day": pl.Date}
ENDS = {"file_id": pl.Int32, "account": pl.String, "currency": pl.String, "opening": pl.Int64, "closing": pl.Int64}
CORRECTED = {"file_id": pl.Int32, "account": pl.String, "by_file_id": pl.Int32}
Told = tuple[str, date, list[tuple[int, str | None]]]


def repeats(
    *told: Told, ends: tuple[tuple[int, int] | None, ...] = (), corrected: tuple[tuple[int, str, int], ...] = ()
) -> dict[int, tuple[int, int | None]]:
    """By row (file × 100 + number): the file and row that count in its place. told: standing, day, amounts and refs."""
    entries = [
        (n * 100 + at, n, "A", "EUR", day, amount, ref, None, None, None)
        for n, (_, day, booked) in enumerate(told, 1)
        for at, (amount, ref) in enumerate(booked)
    ]
    files = [(n, "A", standing, day) for n, (standing, day, _) in enumerate(told, 1)]
    both = [(n, "A", "EUR", *end) for n, end in enumerate(ends, 1) if end]
    found = told_again(
        pl.DataFrame(entries, schema=ENTRIES, orient="row"),
        pl.DataFrame(files, schema=FILES, orient="row"),
        pl.DataFrame(both, schema=ENDS, orient="row"),
        pl.DataFrame(corrected, schema=CORRECTED, orient="row"),
    )
    return {row: (file, by) for row, file, by in found.iter_rows()}


def test_a_statement_takes_over_its_day_with_and_without_references() -> None:
    found = repeats(("interim", TUE, [(5, "x"), (7, "y"), (9, "z")]), ("final", TUE, [(7, "other"), (5, "x")]))
    assert found == {100: (2, 201), 101: (2, 200), 102: (2, None)}


def test_a_statement_of_another_day_takes_over_only_the_entries_it_holds() -> None:
    found = repeats(("interim", MON, [(5, "x"), (7, "y")]), ("final", TUE, []))
    assert found == {}


def test_a_statement_counts_before_a_report_and_a_report_before_a_notice() -> None:
    found = repeats(("notice", TUE, [(5, "x")]), ("interim", TUE, [(5, "x")]))
    assert found == {100: (2, 200)}


def test_equal_entries_are_numbered() -> None:
    found = repeats(("interim", TUE, [(5, None)] * 2), ("interim", TUE, [(5, None)] * 3))
    assert found == {200: (1, 100), 201: (1, 101)}


def test_statements_that_continue_each_other_share_nothing() -> None:
    first, second = ("final", TUE, [(5, "x")]), ("final", TUE, [(5, "x")])
    assert repeats(first, second, ends=((0, 5), (5, 10))) == {}
    assert repeats(first, second, ends=((5, 10), (0, 5))) == {}
    assert repeats(first, second, first, ends=((0, 5), (5, 10), (0, 5))) == {300: (1, 100)}
    assert repeats(first, second, second, ends=((0, 5), (5, 10), (5, 10))) == {300: (2, 200)}
    assert repeats(first, second) == {200: (1, 100)}


def test_a_statement_told_twice_counts_once_whatever_its_entries_are_called() -> None:
    one, other = ("final", TUE, [(5, "x"), (5, "y"), (-3, None)]), ("final", TUE, [(5, "p"), (-3, "q"), (5, None)])
    assert repeats(one, other, ends=((0, 7), (0, 7))) == {200: (1, 100), 201: (1, 102), 202: (1, 101)}
    assert repeats(one, other, ends=((0, 7), (1, 8))) == {}


booked = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from([None, "x", "y"])), max_size=6)


@given(st.lists(st.tuples(st.sampled_from(["final", "interim", "notice"]), st.just(TUE), booked), max_size=5))
def test_nothing_is_told_by_what_does_not_count_itself_and_one_file_alone_loses_nothing(told: list[Told]) -> None:
    found = repeats(*told)
    assert not {by for _, by in found.values()} & found.keys()
    for row, (file_id, by) in found.items():
        assert file_id != row // 100
        assert by is None or by // 100 == file_id
    finals = [n for n, (standing, _, _) in enumerate(told, 1) if standing == "final"]
    if finals:
        assert not [row for row in found if row // 100 == finals[0]], "the first statement counts whole"
        early = [n * 100 + at for n, told_ in enumerate(told, 1) if told_[0] != "final" for at in range(len(told_[2]))]
        assert set(early) <= found.keys(), "what was told before it does not"
