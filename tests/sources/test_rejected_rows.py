"""Rows that fail: each with its line, its raw text and a reason that a person understands, through the real call."""

import polars as pl
import pytest
from native_files import bank_file, bank_line, journal_file, journal_line, settlement_file, settlement_line

import schemas
from pipelines import intake
from pipelines.config import Settings
from pipelines.sources import PROFILES, text
from pipelines.sources.base import Context, SourceError

FILES = {"pos_journal": journal_file, "acquirer_csv": settlement_file, "bank_csv": bank_file}
LINES = {"pos_journal": journal_line, "acquirer_csv": settlement_line, "bank_csv": bank_line}
TYPES = "SALE, REFUND, VOID, REVERSAL, PREAUTH, PREAUTH_COMPLETION, PREAUTH_CANCEL"
RECORDS = (
    "SALE, REFUND, VOID, REVERSAL, CHARGEBACK, REPRESENTMENT, ADJUSTMENT, FEE, RESERVE_HOLD, RESERVE_RELEASE, PAYOUT"
)


def read(profile: str, *lines: str) -> intake.Read:
    """A file of the profile with these lines, as the night reads it; its sums need not agree."""
    return intake.read(PROFILES[profile], FILES[profile](*lines), Settings(), None)


def reason(profile: str, **given: str) -> str:
    """Why the second of three lines is rejected; the other two are accepted."""
    good = LINES[profile]()
    done = read(profile, good, LINES[profile](**given), good)
    assert done.accepted["line"].to_list() == [2, 4]
    assert done.rejected["line"].to_list() == [3]
    return str(done.rejected["reason"].item())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"merchant_id": ""}, "merchant_id is blank"),
        ({"txn_type": ""}, "txn_type is blank"),
        ({"txn_type": "GIFT"}, f"txn_type 'GIFT' is none of {TYPES}"),
        ({"channel": "CASH"}, "channel 'CASH' is none of CARD, ALIPAY, WECHAT, UNIONPAY_QR"),
        ({"card_type": "GOLD"}, "card_type 'GOLD' is none of DEBIT, CREDIT"),
        ({"status": "maybe"}, "status 'MAYBE' is none of APPROVED, DECLINED, TIMEOUT"),
        ({"amount": ""}, "amount is blank"),
        ({"amount": "abc"}, "amount 'abc' is not an amount"),
        ({"amount": "12.505"}, "amount '12.505' has more decimals than CNY allows"),
        ({"amount": "-5"}, "amount -5.00 CNY is negative; a journal states amounts without sign"),
        ({"amount": "1e3"}, "amount '1e3' is not an amount"),
        ({"currency": ""}, "currency is blank"),
        ({"currency": "RMB"}, "currency 'RMB' is not an ISO 4217 currency"),
        ({"currency": "JPY"}, "amount '12.50' has more decimals than JPY allows"),
        ({"txn_time": ""}, "txn_time is blank"),
        ({"txn_time": "yesterday"}, "txn_time 'yesterday' is not a time in the format of the profile"),
        (
            {"txn_time": "2026-02-30T10:00:00"},
            "txn_time '2026-02-30T10:00:00' is not a time in the format of the profile",
        ),
        ({"txn_time": "1926-03-02T10:00:00"}, "txn_time '1926-03-02 10:00:00' is no plausible time"),
        ({"merchant_id": "", "amount": ""}, "merchant_id is blank; amount is blank"),
        (
            {"amount": "x", "txn_time": "y"},
            "amount 'x' is not an amount; txn_time 'y' is not a time in the format of the profile",
        ),
    ],
)
def test_a_journal_row_that_fails_says_why(given: dict[str, str], says: str) -> None:
    assert reason("pos_journal", **given) == says


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"acquirer": ""}, "acquirer is blank"),
        ({"settlement_date": ""}, "settlement_date is blank"),
        ({"settlement_date": "03/03/2026"}, "settlement_date '03/03/2026' is not a date in the format of the profile"),
        ({"settlement_date": "2150-01-01"}, "settlement_date '2150-01-01' is no plausible date"),
        ({"record_type": "GIFT"}, f"record_type 'GIFT' is none of {RECORDS}"),
        ({"merchant_id": ""}, "merchant_id is blank on a transaction line"),
        ({"gross": ""}, "gross is blank"),
        ({"fee": ""}, "fee is blank"),
        ({"net": ""}, "net is blank"),
        ({"fee": "0.065"}, "fee '0.065' has more decimals than CNY allows"),
        ({"net": "12.43"}, "net 12.43 CNY is not gross 12.50 CNY less fee 0.06 CNY"),
        (
            {"gross": "-12.50", "net": "-12.56"},
            "gross -12.50 CNY has the wrong sign for a SALE (a sale is +, a refund is -)",
        ),
        ({"record_type": "REFUND"}, "gross 12.50 CNY has the wrong sign for a REFUND (a sale is +, a refund is -)"),
        ({"record_type": "PAYOUT", "payout_id": ""}, "payout_id is blank on a PAYOUT line"),
        ({"txn_time": "25:61"}, "txn_time '25:61' is not a time in the format of the profile"),
        ({"card_type": "PLATINUM"}, "card_type 'PLATINUM' is none of DEBIT, CREDIT"),
        ({"currency": "RMB"}, "currency 'RMB' is not an ISO 4217 currency"),
    ],
)
def test_a_settlement_line_that_fails_says_why(given: dict[str, str], says: str) -> None:
    assert reason("acquirer_csv", **given) == says


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"account": ""}, "account is blank"),
        ({"booking_date": ""}, "booking_date is blank"),
        ({"booking_date": "2026-3-45"}, "booking_date '2026-3-45' is not a date in the format of the profile"),
        ({"value_date": "soon"}, "value_date 'soon' is not a date in the format of the profile"),
        ({"amount": "12,44"}, "the row has 10 columns instead of 9"),
        ({"amount": "1 000.00"}, "amount '1 000.00' is not an amount"),
        ({"balance": "?"}, "balance '?' is not an amount"),
        ({"currency": "EURO"}, "currency 'EURO' is not an ISO 4217 currency"),
    ],
)
def test_a_bank_entry_that_fails_says_why(given: dict[str, str], says: str) -> None:
    assert reason("bank_csv", **given) == says


def test_every_line_that_fails_is_kept_with_its_raw_text_and_amount() -> None:
    bad = [
        journal_line(txn_type="GIFT", amount="3.00"),
        "only,two",
        '"never closed,' + journal_line(),
        journal_line(amount="?"),
    ]
    done = read("pos_journal", journal_line(), *bad, journal_line())
    assert done.accepted["line"].to_list() == [2, 7]
    assert done.rejected.select("line", "raw").rows() == [*enumerate(bad, start=3)]
    assert done.rejected["reason"].to_list() == [
        f"txn_type 'GIFT' is none of {TYPES}",
        "the row has 2 columns instead of 18",
        "a quote is opened and never closed",
        "amount '?' is not an amount",
    ]
    assert done.rejected["amount_minor"].to_list() == [300, None, None, None]
    assert done.rejected["currency"].to_list() == ["CNY", None, None, "CNY"]
    assert done.parsed.data_rows == 6


def test_lines_are_those_of_the_file_after_blank_lines_and_long_cells() -> None:
    data = journal_file(journal_line(), "", journal_line(operator_id='"till\n\n2"'), journal_line(amount="?"), rows=3)
    done = intake.read(PROFILES["pos_journal"], b"\n\xef\xbb\xbf".strip() + data, Settings(), None)
    assert done.accepted["line"].to_list() == [2, 4]
    assert done.rejected.select("line", "raw").rows() == [(7, journal_line(amount="?"))]


def test_a_line_that_is_no_utf8_is_named_as_in_the_file() -> None:
    data = journal_file(journal_line(), journal_line(operator_id="张三"))
    broken = data.replace("张三".encode(), b"\xd5\xff")
    with pytest.raises(SourceError) as error:
        PROFILES["pos_journal"].parse(broken, Context())
    assert error.value.text.startswith("line 3: not UTF-8 text; ask the sender for the right encoding")
    assert error.value.profile == "pos_journal"


@pytest.mark.parametrize("size", [1, 100, 250])
def test_a_file_read_in_pieces_gives_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [journal_line(amount=f"{n}.00", rrn=str(n)) for n in range(20)]
    lines[7], lines[13] = "T1,M1", journal_line(amount="?")
    whole = read("pos_journal", *lines)
    monkeypatch.setattr(text, "PIECE", size)
    parts = read("pos_journal", *lines)
    assert parts.accepted.equals(whole.accepted)
    assert parts.rejected.equals(whole.rejected)
    assert parts.parsed.totals == whole.parsed.totals


def test_many_bad_rows_cost_no_good_one() -> None:
    lines = [journal_line(amount="?") if n % 3 else journal_line(rrn=str(n)) for n in range(3_000)]
    done = read("pos_journal", *lines)
    assert (done.accepted.height, done.rejected.height) == (1_000, 2_000)


def test_no_rule_of_a_schema_is_told_in_the_words_of_a_library() -> None:
    """Every check of every schema has a sentence of its own, and the column says what it means."""
    for side in schemas.BY_SIDE.values():
        assert all(column.description for column in side.columns.values())
        checks = [*side.checks, *(check for column in side.columns.values() for check in column.checks)]
        assert all(check.error for check in checks if "greater_than_or_equal_to(1)" not in str(check))


def test_what_only_a_defect_can_cause_is_raised() -> None:
    frame = PROFILES["bank_csv"].parse(bank_file(bank_line()), Context()).rows
    with pytest.raises(Exception, match="amount_minor"):
        schemas.check(schemas.BANK, frame.with_columns(pl.col("amount_minor").cast(pl.String)))
