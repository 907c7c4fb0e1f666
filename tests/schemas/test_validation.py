"""Validation: every row is accepted or rejected with a reason, and nothing is lost between the two."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from pipelines.sources import PROFILES
from pipelines.sources.base import Context
from schemas.validation import mask_digit_runs, shown

ROOT = Path(__file__).resolve().parents[2]

GOOD = {
    "pos_journal": {
        "terminal_id": ["T1", ""],
        "merchant_id": ["M1", "M2"],
        "txn_type": ["SALE", "refund", "VOID"],
        "channel": ["CARD", "WECHAT"],
        "card_type": ["", "DEBIT"],
        "amount": ["0", "12.50", ".5"],
        "currency": ["CNY"],
        "txn_time": ["2026-03-02T10:00:00", "2026-03-02T02:00:00Z"],
        "status": ["APPROVED", "TIMEOUT"],
    },
    "acquirer_csv": {
        "acquirer": ["UNIONPAY"],
        "settlement_date": ["2026-03-03"],
        "payout_id": ["P1"],
        "record_type": ["SALE", "ADJUSTMENT"],
        "merchant_id": ["M1"],
        "gross": ["1.00"],
        "fee": ["0.01"],
        "net": ["0.99"],
        "currency": ["CNY"],
    },
    "bank_csv": {
        "account": ["A1"],
        "booking_date": ["2026-03-04"],
        "amount": ["1.00", "-1.00"],
        "currency": ["EUR", "JPY"],
    },
}
BAD = ["", "?", "-1", "1.005", "12,50", "RMB", "yesterday", "1999-12-31T23:59:59", "6222801234567890123", "9" * 30]
TRAILERS = {
    "pos_journal": "# rows=1 amount=0.00",
    "acquirer_csv": "# rows=1 gross=0 fee=0 net=0",
    "bank_csv": "# rows=1 opening=0 closing=0",
}


def names(profile: str) -> list[str]:
    """The header of a native profile."""
    return PROFILES[profile].layout.names  # type: ignore[attr-defined,no-any-return]


def row(profile: str) -> st.SearchStrategy[list[str]]:
    """One line: mostly good cells, some that cannot be."""
    cells = [st.one_of(st.sampled_from(GOOD[profile].get(name, [""])), st.sampled_from(BAD)) for name in names(profile)]
    good = [st.sampled_from(GOOD[profile].get(name, [""])) for name in names(profile)]
    return st.one_of(st.tuples(*good), st.tuples(*cells)).map(list)


@pytest.mark.parametrize("profile", GOOD)
@settings(max_examples=25)
@given(st.data())
def test_every_row_is_accepted_or_rejected_with_a_reason(profile: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(row(profile), min_size=1, max_size=6))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([names(profile), *rows])
    text = out.getvalue() + TRAILERS[profile]
    parsed = PROFILES[profile].parse(text.encode(), Context())
    schema = schemas.BY_SIDE[parsed.side]
    checked = schemas.check(schema, parsed.rows)

    lines = [*checked.accepted["line"], *checked.rejected["line"]]
    assert sorted(lines) == parsed.rows["line"].to_list() == [*range(2, 2 + len(rows))]
    assert all(reason and len(reason) < 1_500 for reason in checked.rejected["reason"])
    assert not re.search(r"6222801234567890123|None|_minor|unreadable", " ".join(checked.rejected["reason"]))
    again = checked.accepted.with_columns(unreadable=pl.lit(None, pl.String))
    assert schemas.check(schema, again).rejected.is_empty()


def test_accepted_rows_have_the_columns_of_the_side_and_no_others() -> None:
    text = ",".join(names("bank_csv")) + "\n# rows=0 opening=0 closing=0"
    checked = schemas.check(schemas.BANK, PROFILES["bank_csv"].parse(text.encode(), Context()).rows)
    assert dict(checked.accepted.schema) == {
        name: kind for name, kind in schemas.canonical(schemas.BANK).items() if name != "unreadable"
    }
    assert checked.rejected.schema == {"line": pl.Int64, "reason": pl.String}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("6222801234567890", "622280***7890"),
        ("x6222801234567890123y", "x622280***0123y"),
        ("898319849000018", "898319849000018"),
        ("20260302100000", "20260302100000"),
        ("603020000001", "603020000001"),
        ("12345678901234567890", "12345678901234567890"),
        ("", ""),
    ],
)
def test_long_runs_of_digits_are_masked_and_references_stay(text: str, masked: str) -> None:
    assert mask_digit_runs(text) == masked


def test_a_quoted_cell_is_cut() -> None:
    assert shown("x" * 60) == "x" * 60
    assert shown("x" * 99) == "x" * 60 + "…"
    assert "4111111111" not in shown("x" * 50 + "4111111111111111" + "y" * 50)


def test_every_side_has_its_columns_described() -> None:
    for side, schema in schemas.BY_SIDE.items():
        assert schema.name == side
        assert next(iter(schemas.canonical(schema))) == "line"
        assert "unreadable" in schema.columns


def test_what_pandera_needs_for_tests_alone_is_not_imported() -> None:
    told = (
        "import sys, schemas; schemas.ready(schemas.JOURNAL); print('hypothesis' in sys.modules); "
        "import hypothesis; print(hypothesis.__name__); schemas.ready(schemas.BANK); print('hypothesis' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.split() == ["False", "hypothesis", "True"]
