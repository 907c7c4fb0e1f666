"""Adyen's settlement details report: sides, batches that add up to nothing, words, zones, columns in any order."""

import csv
import io
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources import PROFILES
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.identify import claims, identify

ADYEN = PROFILES["adyen_settlement_detail"]
GOLDEN = (Path(__file__).parent / "golden" / "adyen_settlement_detail" / "input.csv").read_text(encoding="utf-8")
HEAD, *ROWS = list(csv.reader(io.StringIO(GOLDEN)))
SALE = dict(zip(HEAD, ROWS[0], strict=True))


def table(*rows: dict[str, str], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """A report of rows that are like the first sale unless they say otherwise."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD, delimiter=delimiter, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows({**SALE, **row} for row in rows)
    return text.getvalue().encode()


def parse(data: bytes, **context: Any) -> Parsed:
    return ADYEN.parse(data, Context(**context))


def only(data: bytes, **context: Any) -> dict[str, Any]:
    """The one row of a report."""
    (row,) = parse(data, **context).rows.to_dicts()
    return row


def payout(amount: str, **row: str) -> dict[str, str]:
    blank = dict.fromkeys(("Gross Credit (GC)", "Net Credit (NC)", "Markup (NC)", "Scheme Fees (NC)"), "")
    return {**blank, "Interchange (NC)": "", "Type": "MerchantPayout", "Net Debit (NC)": amount, **row}


@given(st.randoms(use_true_random=False), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_columns_are_found_by_name_wherever_they_stand(random: Random, delimiter: str, quoted: bool) -> None:
    order = random.sample(range(len(HEAD)), len(HEAD))
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerows([row[place] for place in order] for row in [HEAD, *ROWS])
    data = b"\xef\xbb\xbf" + text.getvalue().encode()
    assert claims("x", data, PROFILES) == ["adyen_settlement_detail"]
    assert parse(data).rows.equals(parse(GOLDEN.encode()).rows)


@pytest.mark.parametrize("gone", ["Net Credit (NC)", "Type", "Batch Number"])
def test_a_column_that_it_needs_is_named_when_it_is_gone(gone: str) -> None:
    data = GOLDEN.replace(gone, "Other", 1).encode()
    with pytest.raises(
        SourceError, match=rf"line 1: column {gone.lower().replace('(', '.').replace(')', '.')} of adyen"
    ):
        identify("x", data, PROFILES)


def test_the_side_is_the_column_that_is_filled_and_never_the_type() -> None:
    row = only(table({"Net Credit (NC)": "", "Net Debit (NC)": "0.15", "Gross Credit (GC)": "0.25"}))
    assert (row["record_type"], row["gross_minor"], row["fee_minor"], row["net_minor"]) == ("SALE", 25, 40, -15)
    taken = only(table({"Net Credit (NC)": "", "Net Debit (NC)": "5"}))
    assert (taken["record_type"], taken["reason_code"], taken["gross_minor"]) == ("ADJUSTMENT", "Settled", -460)


def test_both_sides_filled_is_no_amount() -> None:
    parsed = parse(table({"Net Debit (NC)": "1"}, payout("24.6")))
    assert "debit 1 and credit 24.6" in parsed.rows["unreadable"][0]
    assert parsed.totals.agree is None


@pytest.mark.parametrize(
    ("word", "credit", "kind"),
    [
        ("SETTLED", True, "SALE"),
        ("SettledReversed", False, "REVERSAL"),
        ("ChargebackReversed", True, "REPRESENTMENT"),
        ("Second Chargeback", False, "CHARGEBACK"),
        ("DepositCorrection", True, "RESERVE_RELEASE"),
        ("DepositCorrection", False, "RESERVE_HOLD"),
        ("MiscCosts", False, "FEE"),
        ("Tea levy", False, "ADJUSTMENT"),
    ],
)
def test_words_become_our_types_and_stay_as_reason(word: str, credit: bool, kind: str) -> None:
    sides = {} if credit else {"Net Credit (NC)": "", "Net Debit (NC)": "24.6"}
    row = only(table({"Type": word, **sides}))
    assert (row["record_type"], row["reason_code"]) == (kind, word)


def test_unknown_words_are_told_but_not_without_end() -> None:
    warnings = parse(table(*({"Type": f"Levy {n}"} for n in range(9)))).warnings
    assert sum("unknown" in w for w in warnings) == 6
    assert "4 more types are unknown" in warnings


def test_a_batch_and_its_payout_add_up_to_nothing() -> None:
    assert parse(GOLDEN.encode()).totals.agree is True
    short = parse(table({}, {}, payout("24.6"))).totals
    assert short.disagreement() == "net declared 24.60, computed 49.20"


def test_batches_that_are_off_the_same_way_do_not_hide_each_other() -> None:
    totals = parse(table({}, payout("24.5"), {"Batch Number": "42"}, payout("24.7", **{"Batch Number": "42"}))).totals
    assert totals.declared == totals.computed
    assert totals.disagreement() == "batch 41, TeaShopEU: 24.50 EUR paid out, its lines add up to 24.60 EUR"


def test_a_batch_without_payout_cannot_be_checked_and_says_so() -> None:
    parsed = parse(table({}))
    assert parsed.totals.agree is None
    assert parsed.warnings == (
        "batch 41, TeaShopEU has no MerchantPayout line: nothing tells whether all its lines are here",
    )


@given(st.data())
def test_no_line_is_lost_unseen_before_the_payout(data: st.DataObject) -> None:
    lines = GOLDEN.split("\n")
    place = data.draw(st.integers(1, 14))
    totals = parse("\n".join(lines[:place] + lines[place + 1 :]).encode()).totals
    assert totals.agree is False


@pytest.mark.parametrize(
    ("zone", "printed", "utc"),
    [
        ("PST", "2026-01-10 20:00:00", "2026-01-11 04:00:00"),
        ("PDT", "2026-07-10 20:00:00", "2026-07-11 03:00:00"),
        ("CET", "2026-07-10 20:00:00", "2026-07-10 18:00:00"),
        ("CEST", "2026-10-25 02:30:00", "2026-10-25 00:30:00"),
        ("CET", "2026-10-25 02:30:00", "2026-10-25 01:30:00"),
        ("CET", "2026-03-29 02:30:00", "2026-03-29 01:30:00"),
        ("Asia/Singapore", "2026-07-10 20:00:00", "2026-07-10 12:00:00"),
        ("GMT+05:30", "2026-07-10 20:00:00", "2026-07-10 14:30:00"),
        ("", "2026-07-10 20:00:00", "2026-07-10 20:00:00"),
    ],
)
def test_times_are_those_of_the_zone_the_row_names(zone: str, printed: str, utc: str) -> None:
    data = table({"Creation Date": printed, "TimeZone": zone})
    parsed = parse(data, timezone="UTC", source_timezone="UTC")
    assert str(parsed.rows["txn_time"][0]) == utc
    assert [str(day) for day in parsed.printed or ()] == [printed[:10]] * 2


def test_an_abbreviation_of_several_places_means_the_source_s_own() -> None:
    data = table({"Creation Date": "2026-01-10 20:00:00", "TimeZone": "CST"})
    assert str(only(data, timezone="UTC", source_timezone="Asia/Shanghai")["txn_time"]) == "2026-01-10 12:00:00"
    assert str(only(data, timezone="UTC", source_timezone="UTC")["txn_time"]) == "2026-01-11 02:00:00"


def test_an_unknown_zone_is_that_of_the_source_and_told() -> None:
    parsed = parse(table({"TimeZone": "XQT"}, payout("24.6")), timezone="UTC", source_timezone="UTC")
    assert str(parsed.rows["txn_time"][0]) == SALE["Creation Date"]
    assert parsed.warnings == ("the time zone 'XQT' is unknown: its times are taken as those of UTC",)


def test_amounts_as_other_countries_write_them() -> None:
    cells = {"Net Credit (NC)": "1.234,60", "Markup (NC)": "0,15", "Gross Credit (GC)": "1.235"}
    row = only(table(cells, delimiter=";"))
    assert (row["net_minor"], row["markup_minor"]) == (123_460, 15)


def test_a_gross_that_is_not_net_and_fees_is_told() -> None:
    parsed = parse(table({"Gross Credit (GC)": "26"}, payout("24.6")))
    assert parsed.warnings == ("1 line(s), the first line 2: gross is not net and the fees stated",)


def test_a_cell_may_go_over_several_lines() -> None:
    parsed = parse(table({"Metadata": 'one\ntwo, "three"'}, payout("24.6")))
    assert parsed.rows["line"].to_list() == [2, 4]
    assert parsed.totals.agree is True
