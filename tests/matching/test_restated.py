"""A corrected file against the old one: every row is told once, and the sums of both are explained."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.restated import RESTATED, restated

COLUMNS = {
    "row_id": pl.Int64,
    "file_id": pl.Int32,
    "line": pl.Int32,
    "merchant_id": pl.String,
    "rrn": pl.String,
    "order_no": pl.String,
    "stan": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
}
Told = tuple[str | None, str | None, int]
"""RRN, order number, amount."""


def rows(told: list[Told], file_id: int) -> pl.DataFrame:
    """Journal rows as the store hands them over."""
    cells = [
        (file_id * 100 + line, file_id, line, "M", rrn, order, None, amount, "CNY")
        for line, (rrn, order, amount) in enumerate(told, start=2)
    ]
    return pl.DataFrame(cells, schema=COLUMNS, orient="row")


def changes(old: list[Told], new: list[Told]) -> list[tuple[object, ...]]:
    found = restated("journal", rows(old, 1), rows(new, 2))
    return sorted(
        found.select("change", "changed", "old_line", "new_line", "old_amount_minor", "new_amount_minor").rows(),
        key=str,
    )


reference = st.none() | st.sampled_from(["A", "B"])
told = st.lists(st.tuples(reference, reference, st.integers(1, 3)), max_size=6)


@given(told, told)
def test_every_row_is_told_once_and_the_sums_are_explained(old: list[Told], new: list[Told]) -> None:
    found = restated("journal", rows(old, 1), rows(new, 2))
    assert dict(found.schema) == {
        name: pl.DataFrame(schema={name: kind}).schema[name] for name, kind in RESTATED.items()
    }
    assert Counter(found["old_line"].drop_nulls()) == Counter(range(2, len(old) + 2))
    assert Counter(found["new_line"].drop_nulls()) == Counter(range(2, len(new) + 2))
    before, after = (sum(amount for _, _, amount in told) for told in (old, new))
    assert found["new_amount_minor"].sum() - found["old_amount_minor"].sum() == after - before
    for change, mine, theirs in found.select("change", "old_line", "new_line").iter_rows():
        assert (
            change
            == {(True, True): "changed", (True, False): "removed", (False, True): "added"}[
                mine is not None, theirs is not None
            ]
        )


def test_a_row_is_known_by_its_first_reference_and_tells_what_changed() -> None:
    assert changes([("A", "O", 1)], [("A", None, 1)]) == [("changed", ["order_no"], 2, 2, 1, 1)]
    assert changes([("A", "O", 1)], [("B", "O", 1)]) == [
        ("added", [], None, 2, None, 1),
        ("removed", [], 2, None, 1, None),
    ]
    assert changes([(None, "O", 1)], [(None, "O", 5)]) == [("changed", ["amount_minor"], 2, 2, 1, 5)]


def test_rows_without_reference_are_never_taken_for_each_other() -> None:
    assert [change for change, *_ in changes([(None, None, 1)], [(None, None, 2)])] == ["added", "removed"]


def test_the_nth_of_equal_references_is_the_nth_of_the_other_file() -> None:
    assert changes([("A", None, 1), ("A", None, 2)], [("A", None, 3)]) == [
        ("changed", ["amount_minor"], 2, 2, 1, 3),
        ("removed", [], 3, None, 2, None),
    ]
