"""What the narrow look pairs is what the rules over whole rows would have paired, whatever else there is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.matching.engine import without
from pipelines.matching.journal_settlement import identify
from pipelines.matching.narrow import narrowed, pairs_at_once, seated
from pipelines.matching.rulebook import Rulebook
from pipelines.matching.verdicts import judge

DAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2)  # noqa: DTZ001 - local by definition

JOURNAL = {
    "row_id": pl.Int64,
    **dict.fromkeys(["merchant_id", "terminal_id", "batch_no", "stan", "rrn", "txn_type", "channel"], pl.String),
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "txn_time": pl.Datetime("us"),
    "business_date": pl.Date,
    **dict.fromkeys(["status", "original_rrn", "order_no", "card_no"], pl.String),
}
SETTLEMENT = {
    "row_id": pl.Int64,
    "acquirer": pl.String,
    "settlement_date": pl.Date,
    **dict.fromkeys(["payout_id", "record_type", "merchant_id", "terminal_id", "batch_no", "stan", "rrn"], pl.String),
    "txn_time": pl.Datetime("us"),
    "business_date": pl.Date,
    "gross_minor": pl.Int64,
    **dict.fromkeys(["currency", "original_rrn", "order_no"], pl.String),
}

few = st.sampled_from
reference = few([None, "7", "007", "8"])
SIDES = {
    "merchant_id": few(["M1", "M1", "M1", "M2"]),
    "terminal_id": few(["T1", "T1", "T1", "T2", None]),
    "rrn": reference,
    "order_no": reference,
    "currency": few(["CNY", "CNY", "CNY", "USD"]),
}
ROWS = st.fixed_dictionaries(
    {
        **SIDES,
        "txn_type": few(["SALE", "SALE", "SALE", "REFUND", "VOID", "PREAUTH_COMPLETION"]),
        "channel": few(["CARD", "WECHAT"]),
        "amount_minor": few([100, 100, 200]),
        "txn_time": few([MIDNIGHT, MIDNIGHT + timedelta(minutes=1)]),
        "original_rrn": reference,
    }
)
LINES = st.fixed_dictionaries(
    {
        **SIDES,
        "record_type": few(["SALE", "SALE", "SALE", "REFUND", "VOID"]),
        "size": few([100, 100, 200]),
        "settlement_date": few([DAY, DAY + timedelta(days=1)]),
        "original_rrn": reference,
        "acquirer": few(["UNIONPAY", "OTHER"]),
    }
)


def journal(rows: list[dict[str, Any]]) -> pl.DataFrame:
    more = {"business_date": DAY, "status": "APPROVED", "batch_no": None, "stan": None, "card_no": None}
    return pl.DataFrame([{**row, **more, "row_id": n} for n, row in enumerate(rows)], schema=JOURNAL)


def settlement(lines: list[dict[str, Any]]) -> pl.DataFrame:
    more = {"business_date": None, "txn_time": None, "payout_id": None, "batch_no": None, "stan": None}
    signed = [
        {"gross_minor": line["size"] if line["record_type"] == "SALE" else -line["size"], **line} for line in lines
    ]
    return pl.DataFrame([{**line, **more, "row_id": n} for n, line in enumerate(signed)], schema=SETTLEMENT)


def left_at_once(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of the narrow look, without the seats of their rows."""
    found = pairs_at_once(seated(narrowed("journal", mine)), seated(narrowed("settlement", theirs)), ())
    return found.drop("journal_seat", "settlement_seat")


def judged(mine: pl.DataFrame, theirs: pl.DataFrame, at_once: pl.DataFrame) -> list[tuple[object, ...]]:
    """Pairs of the identity tier with rule, verdict and amounts, after some have left at once."""
    left, lines = without(mine, at_once["journal_row_id"]), without(theirs, at_once["settlement_row_id"])
    found = identify(left, lines, Rulebook())
    pairs = found.pairs.with_columns(reversed=pl.lit(value=False))
    rest = judge(pairs, found.journal, found.settlement)
    return sorted(pl.concat([at_once, rest.select(at_once.columns)]).rows())


@given(st.lists(ROWS, max_size=14), st.lists(LINES, max_size=14))
def test_rows_that_leave_at_once_are_paired_as_the_rules_pair_them(
    rows: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> None:
    mine, theirs = journal(rows), settlement(lines)
    at_once = left_at_once(mine, theirs)
    assert judged(mine, theirs, at_once) == judged(mine, theirs, at_once.clear())


@given(st.lists(ROWS, max_size=8), st.lists(LINES, max_size=8))
def test_lines_of_an_acquirer_with_rules_of_its_own_are_left_to_them(
    rows: list[dict[str, Any]], lines: list[dict[str, Any]]
) -> None:
    mine, theirs = seated(narrowed("journal", journal(rows))), seated(narrowed("settlement", settlement(lines)))
    assert "OTHER" not in pairs_at_once(mine, theirs, ["OTHER"])["acquirer"].to_list()


def test_a_plain_day_leaves_at_once_and_what_differs_stays() -> None:
    plain = {"merchant_id": "M1", "terminal_id": "T1", "order_no": None, "currency": "CNY", "original_rrn": None}
    row = {**plain, "txn_type": "SALE", "channel": "CARD", "amount_minor": 100, "txn_time": MIDNIGHT}
    line = {**plain, "record_type": "SALE", "size": 100, "settlement_date": DAY, "acquirer": "UNIONPAY"}
    mine = journal([{**row, "rrn": "1"}, {**row, "rrn": "2"}, {**row, "rrn": "007"}])
    theirs = settlement([{**line, "rrn": "1"}, {**line, "rrn": "2", "size": 200}, {**line, "rrn": "7"}])
    at_once = left_at_once(mine, theirs)
    assert at_once.select("journal_row_id", "settlement_row_id", "verdict").rows() == [(0, 0, "MATCHED")]
