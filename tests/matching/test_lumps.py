"""Payouts and entries that name nothing: what has one answer is tied, what has several is a doubt."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.lumps import Claim, Credit, Doubt, Tie, tied

MON = date(2026, 3, 2)


def claim(row: int, amount: int, due: int = 1, settled: int = 0, merchant: str = "M1") -> Claim:
    day = MON + timedelta(days=due)
    return Claim(row, amount, merchant, MON + timedelta(days=settled), day, day + timedelta(days=7))


def credit(row: int, amount: int, booked: int = 1) -> Credit:
    return Credit(row, amount, MON + timedelta(days=booked))


def no_fees(amount: int) -> tuple[int, ...]:
    return ()


def told(
    claims: list[Claim], entries: list[Credit]
) -> tuple[list[tuple[tuple[int, ...], tuple[int, ...], str]], list[Doubt]]:
    ties, doubts = tied(claims, entries, no_fees)
    return [(t.payouts, t.entries, t.rule) for t in ties], doubts


def test_amount_and_due_date() -> None:
    assert told([claim(1, 100), claim(2, 200)], [credit(9, 200)]) == ([((2,), (9,), "amount_on_due_date")], [])


def test_the_due_date_decides_between_equal_amounts() -> None:
    assert told([claim(1, 100, due=1), claim(2, 100, due=2)], [credit(9, 100, booked=2)])[0] == [
        ((2,), (9,), "amount_on_due_date")
    ]


def test_days_later_the_amount_alone_is_enough() -> None:
    assert told([claim(1, 100)], [credit(9, 100, booked=5)])[0] == [((1,), (9,), "amount_in_window")]
    assert told([claim(1, 100)], [credit(9, 100, booked=9)]) == ([], [])
    assert told([claim(1, 100, settled=1)], [credit(9, 100, booked=0)]) == ([], [])


def test_two_equal_payouts_and_one_entry_are_a_doubt() -> None:
    assert told([claim(1, 100), claim(2, 100)], [credit(9, 100)]) == ([], [Doubt(9, (1, 2))])


def test_one_payout_and_two_equal_entries_leave_the_later_one() -> None:
    assert told([claim(1, 100)], [credit(8, 100, 1), credit(9, 100, 3)]) == ([((1,), (8,), "amount_on_due_date")], [])


def test_as_many_payouts_as_entries_of_one_amount_tie_together() -> None:
    assert told([claim(1, 100), claim(2, 100)], [credit(8, 100), credit(9, 100)])[0] == [
        ((1, 2), (8, 9), "amount_on_due_date")
    ]


def test_one_sum_for_all_that_is_due() -> None:
    claims = [claim(1, 100), claim(2, 200), claim(3, 999, due=2)]
    assert told(claims, [credit(9, 300)])[0] == [((1, 2), (9,), "due_together")]


def test_one_sum_for_the_payouts_of_a_merchant() -> None:
    claims = [claim(1, 110), claim(2, 210, merchant="M2"), claim(3, 310), claim(4, 7)]
    assert told(claims, [credit(9, 427)])[0] == [((1, 3, 4), (9,), "due_together")]


def test_one_sum_for_any_choice_if_there_is_one_only() -> None:
    claims = [claim(1, 101), claim(2, 210), claim(3, 307), claim(4, 1009)]
    assert told(claims, [credit(9, 408)])[0] == [((1, 3), (9,), "sum_of_payouts")]


def test_several_choices_are_a_doubt_and_nothing_is_picked() -> None:
    amounts = (100, 1000, 200, 2000, 300, 3000, 400)
    claims = [claim(n, amount) for n, amount in enumerate(amounts, start=1)]
    assert told(claims, [credit(9, 500)]) == ([], [Doubt(9, (1, 3, 5, 7))])


def test_a_payout_in_parts() -> None:
    assert told([claim(1, 500)], [credit(7, 120), credit(8, 380, 2), credit(9, 77)])[0] == [
        ((1,), (7, 8), "paid_in_parts")
    ]


def test_several_for_several() -> None:
    claims, entries = [claim(1, 100), claim(2, 250)], [credit(8, 170), credit(9, 180)]
    assert told(claims, entries)[0] == [((1, 2), (8, 9), "sums_of_both_sides")]


def test_what_the_bank_takes_is_known_by_rule_alone() -> None:
    ties, _ = tied([claim(1, 1000)], [credit(9, 990)], lambda amount: (10,))
    assert ties == [Tie((1,), (9,), "amount_on_due_date", 10)]
    assert tied([claim(1, 1000)], [credit(9, 991)], lambda amount: (10,)) == ([], [])


def test_sixty_open_payouts_and_a_sum_of_eleven_that_were_due_together() -> None:
    dice = random.Random(1)  # noqa: S311 - no secret
    claims = [claim(n, dice.randint(10_000, 5_000_000), due=1 + n // 11, settled=n // 11) for n in range(60)]
    began = time.process_time()
    ties, doubts = tied(claims, [credit(99, sum(c.amount for c in claims[11:22]), booked=5)], no_fees)
    assert [t.payouts for t in ties] == [tuple(range(11, 22))]
    assert doubts == []
    assert time.process_time() - began < 2


def test_sixty_open_payouts_and_a_sum_of_any_eleven_if_only_they_fit() -> None:
    dice = random.Random(2)  # noqa: S311 - no secret
    chosen = sorted(dice.sample(range(60), 11))
    amounts = [dice.randint(5, 50) * 100_000 for _ in range(60)]
    for turn, place in enumerate(chosen):
        amounts[place] += 1 << turn
    claims = [claim(n, amount) for n, amount in enumerate(amounts)]
    began = time.process_time()
    ties, _ = tied(claims, [credit(99, sum(amounts[n] for n in chosen))], no_fees)
    assert [(t.payouts, t.rule) for t in ties] == [(tuple(chosen), "sum_of_payouts")]
    assert time.process_time() - began < 2


def test_forty_equal_payouts_and_a_sum_of_twenty_are_a_doubt() -> None:
    began = time.process_time()
    ties, doubts = tied([claim(n, 123_456) for n in range(40)], [credit(99, 20 * 123_456)], no_fees)
    assert (ties, doubts) == ([], [Doubt(99, tuple(range(40)))])
    assert time.process_time() - began < 2


def test_a_sum_with_one_answer_is_a_doubt_where_it_needs_what_another_may_be_made_of() -> None:
    claims = [claim(n, amount) for n, amount in enumerate((1, 1, 2, 13, 25, 40))]
    ties, doubts = tied(claims, [credit(100, 14), credit(101, 69)], no_fees)
    assert ties == []
    assert {doubt.entry for doubt in doubts} == {100, 101}


def test_a_fee_that_brings_a_payout_to_two_amounts_is_a_doubt() -> None:
    ties, doubts = tied([claim(1, 1000)], [credit(8, 990), credit(9, 980)], lambda amount: (10, 20))
    assert ties == []
    assert doubts == [Doubt(8, (1,)), Doubt(9, (1,))]


def test_parts_that_two_payouts_want_are_nobody_s() -> None:
    claims, entries = [claim(1, 50), claim(2, 70)], [credit(7, 20), credit(8, 30), credit(9, 40)]
    ties, doubts = tied(claims, entries, no_fees)
    assert ties == []
    assert Doubt(8, (1, 2)) in doubts


@given(
    amounts=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), max_size=8),
    booked=st.lists(st.tuples(st.integers(1, 90), st.integers(0, 4)), max_size=5),
)
def test_whatever_is_tied_ties_and_is_used_once(amounts: list[tuple[int, int]], booked: list[tuple[int, int]]) -> None:
    claims = [claim(n, amount, due=due) for n, (amount, due) in enumerate(amounts)]
    entries = [credit(100 + n, amount, day) for n, (amount, day) in enumerate(booked)]
    ties, doubts = tied(claims, entries, no_fees)
    worth = {c.row_id: c.amount for c in claims} | {e.row_id: e.amount for e in entries}
    for tie in ties:
        assert sum(worth[n] for n in tie.payouts) == sum(worth[n] for n in tie.entries)
    used = [row for tie in ties for row in (*tie.payouts, *tie.entries)] + [doubt.entry for doubt in doubts]
    assert len(used) == len(set(used))
    assert not {row for doubt in doubts for row in doubt.payouts} & set(used)
