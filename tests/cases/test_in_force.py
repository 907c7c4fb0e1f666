"""Which of many decisions counts: the newest word on a row, and never two partners for one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from pipelines.cases.decisions import IN_FORCE, LOST, MATCH, OVERRULED, UNMATCH, Act, InForce, in_force

THEIRS = 100
Word = tuple[str, int | None, int | None]
"""What is decided of which journal row and which line; None: the row is lost."""


def after(words: list[Word]) -> InForce:
    acts = [Act("Li", act, "because", datetime(2026, 3, 30), number) for number, (act, _, _) in enumerate(words)]  # noqa: DTZ001
    rows = {
        (number, side): row
        for number, (_, mine, theirs) in enumerate(words)
        for side, row in (("journal", mine), ("settlement", theirs))
        if row is not None
    }
    return in_force(reversed(acts), rows)


row = st.integers(1, 3)
words = st.lists(
    st.tuples(st.sampled_from([MATCH, UNMATCH]), st.none() | row, st.none() | row.map(lambda n: THEIRS + n)),
    max_size=12,
)


@given(words)
def test_a_row_has_one_partner_at_most_and_no_barred_one(told: list[Word]) -> None:
    found = after(told)
    assert all(count == 1 for count in Counter(row for pair in found.pairs for row in pair).values())
    assert not found.pairs & found.barred
    assert set(found.states) == set(range(len(told))), "every act has a state"
    standing = [told[number][1:] for number, state in found.states.items() if state == IN_FORCE]
    assert sorted(standing) == sorted([*found.pairs, *found.barred]), "and each that is in force is one pair"


@given(words, st.tuples(st.sampled_from([MATCH, UNMATCH]), row, row.map(lambda n: THEIRS + n)))
def test_the_last_word_is_in_force_whatever_was_said_before(told: list[Word], last: Word) -> None:
    found = after([*told, last])
    assert found.states[len(told)] == IN_FORCE
    assert last[1:] in (found.pairs if last[0] == MATCH else found.barred)


def test_a_later_match_ends_an_earlier_one_also_where_its_other_row_is_lost() -> None:
    assert after([(MATCH, 1, 101), (MATCH, 1, 102)]).states == {0: OVERRULED, 1: IN_FORCE}
    found = after([(MATCH, 1, 101), (MATCH, 1, None)])
    assert (found.states, found.pairs) == ({0: OVERRULED, 1: LOST}, frozenset())
    assert after([(MATCH, 1, 101), (UNMATCH, 1, None)]).states == {0: IN_FORCE, 1: LOST}


def test_an_unmatch_of_other_rows_leaves_a_match_alone() -> None:
    found = after([(MATCH, 1, 101), (UNMATCH, 1, 102), (UNMATCH, 2, 101)])
    assert found.pairs == {(1, 101)}
    assert found.barred == {(1, 102), (2, 101)}
