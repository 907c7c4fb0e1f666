"""Lines without RRN: terminal, batch, STAN and date tell whose they are; several candidates are never decided."""

from __future__ import annotations

from collections.abc import Iterator

from scenario import FRI, MON, SUN, THU, TUE, WED, Shop
from week import WEEK

# each story has a terminal of its own: a STAN is unique only there


@WEEK.story
def test_a_line_with_blank_rrn_is_found_by_terminal_batch_stan_and_date(shop: Shop) -> Iterator[None]:
    shop.sale("N-found", "21.00", MON, terminal_id="N01", batch_no="000007", stan="000042")
    shop.settled("", "21.00", TUE, terminal_id="N01", batch_no="000007", stan="000042")
    yield
    assert shop.story("N-found") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_leading_zeros_of_batch_and_stan_come_and_go(shop: Shop) -> Iterator[None]:
    shop.sale("N-zeros", "21.00", MON, terminal_id="N02", batch_no="000007", stan="000042")
    shop.settled("", "21.00", TUE, terminal_id="N02", batch_no="7", stan="42")
    shop.sale("N-zero", "22.00", MON, terminal_id="N02", batch_no="000007", stan="000000")
    shop.settled("", "22.00", TUE, terminal_id="N02", batch_no="7", stan="0")
    yield
    assert shop.story("N-zeros") == shop.story("N-zero") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_a_journal_without_rrn_is_found_the_same_way(shop: Shop) -> Iterator[None]:
    shop.sale("", "23.00", MON, terminal_id="N03", stan="000043", order_no="N-slip")
    shop.settled("N-theirs", "23.00", TUE, terminal_id="N03", batch_no="000001", stan="000043")
    yield
    assert shop.story("N-slip") == [(MON, "waiting"), (TUE, "-")]


@WEEK.story
def test_the_date_may_differ_by_one_day_and_no_more(shop: Shop) -> Iterator[None]:
    shop.sale("N-after", "24.00", MON, terminal_id="N04", stan="000044")
    shop.settled("", "24.00", TUE, terminal_id="N04", batch_no="000001", stan="000044", sold=TUE)
    shop.sale("N-before", "25.00", TUE, terminal_id="N04", stan="000045")
    shop.settled("", "25.00", TUE, terminal_id="N04", batch_no="000001", stan="000045", sold=MON)
    shop.sale("N-two", "26.00", MON, terminal_id="N04", stan="000046")
    shop.settled("", "26.00", WED, terminal_id="N04", batch_no="000001", stan="000046", sold=WED, payout_id="N-PAY-2")
    yield
    assert shop.story("N-after") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("N-before") == []
    assert shop.story("N-two") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("N-PAY-2", leg="journal-settlement") == [(WED, "NOT_IN_JOURNAL")]


@WEEK.story
def test_another_batch_or_another_terminal_is_another_sale(shop: Shop) -> Iterator[None]:
    shop.sale("N-batch", "27.00", MON, terminal_id="N05", batch_no="000001", stan="000047")
    shop.settled("", "27.00", TUE, terminal_id="N05", batch_no="000002", stan="000047", payout_id="N-PAY-3")
    shop.settled("", "27.00", TUE, terminal_id="N06", batch_no="000001", stan="000047", payout_id="N-PAY-4")
    yield
    assert shop.story("N-batch") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert (
        shop.story("N-PAY-3", leg="journal-settlement")
        == shop.story("N-PAY-4", leg="journal-settlement")
        == [(TUE, "NOT_IN_JOURNAL")]
    )


@WEEK.story
def test_the_amount_is_compared_after_not_before(shop: Shop) -> Iterator[None]:
    shop.sale("N-amount", "28.00", MON, terminal_id="N07", stan="000048")
    shop.settled("", "28.80", TUE, terminal_id="N07", batch_no="000001", stan="000048", payout_id="N-PAY-5")
    yield
    assert shop.story("N-amount")[1] == (TUE, "AMOUNT_OVER"), "known by the RRN of the journal, too"
    assert shop.exception("N-PAY-5", "AMOUNT_OVER")["amount_minor"] == 80


@WEEK.story
def test_two_candidates_are_ambiguous_and_wait_until_it_is_decided(shop: Shop) -> Iterator[None]:
    for name, day in (("N-one", MON), ("N-other", TUE)):
        shop.sale(name, "29.00", day, terminal_id="N08", batch_no="000009", stan="000049")
    shop.settled("", "29.00", WED, terminal_id="N08", batch_no="9", stan="49", sold=TUE, payout_id="N-PAY-6")
    yield
    assert shop.story("N-PAY-6", leg="journal-settlement") == [(WED, "AMBIGUOUS_MATCH")]
    assert shop.story("N-one") == [(MON, "waiting")], "long after its two days"
    assert shop.story("N-other") == [(TUE, "waiting")]
    found = shop.exception("N-PAY-6", "AMBIGUOUS_MATCH")
    assert (found["amount_minor"], found["direction"]) == (2900, "none")
    places = [(e["side"], e["file"]) for e in found["evidence"]]
    assert places == [
        ("settlement", "settlement_UNIONPAY_20260401.csv"),
        ("journal", "journal_20260330.csv"),
        ("journal", "journal_20260331.csv"),
    ]
    own = found["evidence"][0]["line"]
    assert "N-PAY-6" in (shop.inbox / places[0][1]).read_text().splitlines()[own - 1]
    assert "2 journal rows" in found["explanation"]


@WEEK.story
def test_a_candidate_that_is_settled_under_its_own_rrn_decides_it(shop: Shop) -> Iterator[None]:
    for name, day in (("N-first", MON), ("N-second", TUE)):
        shop.sale(name, "30.00", day, terminal_id="N09", batch_no="000009", stan="000050")
    shop.settled("", "30.00", WED, terminal_id="N09", batch_no="9", stan="50", sold=TUE, payout_id="N-PAY-7")
    shop.settled("N-first", "30.00", FRI, terminal_id="N09", sold=MON)
    yield
    assert shop.story("N-PAY-7", leg="journal-settlement") == [
        (WED, "AMBIGUOUS_MATCH"),
        (FRI, "AMBIGUOUS_MATCH cleared"),
    ]
    assert shop.story("N-first") == [(MON, "waiting"), (FRI, "-")]
    assert shop.story("N-second") == [(TUE, "waiting"), (FRI, "-")]


@WEEK.story
def test_an_rrn_at_two_terminals_and_a_line_that_names_none_are_ambiguous_too(shop: Shop) -> Iterator[None]:
    shop.sale("N-rrn", "33.00", MON, terminal_id="N12")
    shop.sale("N-rrn", "33.00", MON, terminal_id="N13")
    shop.settled("N-rrn", "33.00", TUE, terminal_id="", payout_id="N-PAY-9")
    yield
    assert shop.story("N-rrn") == [(MON, "waiting, waiting"), (TUE, "AMBIGUOUS_MATCH, waiting, waiting")]
    assert len(shop.exception("N-PAY-9", "AMBIGUOUS_MATCH")["evidence"]) == 3


@WEEK.story
def test_what_a_weaker_rule_takes_may_decide_a_stronger_one_in_the_same_night(shop: Shop) -> Iterator[None]:
    shop.sale("N-chain", "34.00", MON, terminal_id="N14", stan="000053")
    shop.sale("N-chain", "35.00", MON, terminal_id="N15", stan="000054")
    shop.settled("N-chain", "35.00", TUE, terminal_id="")
    shop.settled("", "34.00", TUE, terminal_id="N14", batch_no="1", stan="53")
    yield
    assert shop.story("N-chain") == [(MON, "waiting, waiting"), (TUE, "-")]
    assert shop.state("journal", "N-chain") == ["matched", "matched"]


@WEEK.story
def test_a_refund_without_reference_is_not_taken_for_a_sale(shop: Shop) -> Iterator[None]:
    shop.bought("N-elsewhere", "31.00")
    shop.refund("N-refund", "31.00", MON, of="N-elsewhere", terminal_id="N10", stan="000051")
    shop.settled("", "31.00", TUE, terminal_id="N10", batch_no="000001", stan="000051", payout_id="N-PAY-8")
    yield
    assert shop.story("N-refund") == [(MON, "waiting"), (SUN, "REFUND_NOT_SETTLED")]
    assert shop.story("N-PAY-8", leg="journal-settlement") == [(TUE, "NOT_IN_JOURNAL")]


@WEEK.story
def test_a_line_that_names_no_batch_is_found_by_terminal_stan_and_date(shop: Shop) -> Iterator[None]:
    shop.sale("N-stan", "32.00", MON, terminal_id="N11", batch_no="000004", stan="000052")
    shop.settled("", "32.00", TUE, terminal_id="N11", batch_no="", stan="000052")
    yield
    assert shop.story("N-stan") == [(MON, "waiting"), (TUE, "-")]
