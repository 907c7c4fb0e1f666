"""Profiles declared in recon.toml: every mistake is one plain line with the line and the mend."""

from pathlib import Path

import pytest
from config_text import wrong

MISTAKES = [
    ('side = "bank"', 'side = "till"', "profiles.side: 'till' is not allowed; write 'journal', 'settlement' or 'bank'"),
    (
        'side = "bank"',
        'side = "bank"\nencoding = "gbq"',
        "profiles.encoding: encoding 'gbq' is not known; try utf-8 or gb18030",
    ),
    (
        'side = "bank"',
        'side = "bank"\nencoding = "hex"',
        "profiles.encoding: encoding 'hex' is not known; try utf-8 or gb18030",
    ),
    (
        'side = "bank"',
        'side = "bank"\ntrailer = "(rows"',
        "profiles.trailer: '(rows' is no regular expression: missing )",
    ),
    (
        'side = "bank"',
        'side = "bank"\nfooter = "*"',
        "profiles.footer: '*' is no regular expression: nothing to repeat",
    ),
    (
        'side = "bank"',
        'side = "bank"\ntrailer = "(?P<gross>.)"',
        "profiles.trailer: it names gross; a bank has the totals rows, credit_rows, debit_rows",
    ),
    (
        'side = "bank"',
        'side = "bank"\ntrailer = "(?P<closing>.)"',
        "profiles.trailer: closing can only be checked against opening",
    ),
    (
        'side = "bank"',
        'side = "bank"\ndelimiter = "||"',
        "profiles.delimiter: '||' is no delimiter; write one sign, or comma, tab",
    ),
    ('side = "bank"', "side = \"bank\"\nquote = ','", "profiles.quote: the quote is the delimiter too"),
    ('side = "bank"', 'side = "bank"\nquote = "ab"', "profiles.quote: 'ab' is too long; write one sign"),
    (
        'side = "bank"',
        "side = \"bank\"\nthousands = '.'",
        "profiles.thousands: '.' is given for both decimal and thousands",
    ),
    (
        'side = "bank"',
        'side = "bank"\nsign = "by-type"',
        "profiles.sign: sign = 'by-type' is for settlement files; this is a bank",
    ),
    (
        'side = "bank"',
        'side = "bank"\nsign = "absolute"\ndirection = { column = "D", plus = "a", minus = "b" }',
        "profiles.direction: the sign comes from sign or from direction, not from both",
    ),
    (
        'side = "bank"',
        'side = "bank"\ndirection = { column = 2, plus = "a", minus = "b" }',
        "profiles.direction.column: column 2 is a position; say header = false",
    ),
    ('side = "bank"', 'side = "bank"\npreamble = -1', "profiles.preamble: -1 is not allowed; the least is 0"),
    (
        'side = "bank"',
        'side = "bank"\nformats = { booking_date = "%d.%m." }',
        "profiles.formats.booking_date: '%d.%m.' gives no full date; write it like %Y-%m-%d",
    ),
    (
        'side = "bank"',
        'side = "bank"\nformats = { amount = "%d" }',
        "profiles.formats.amount: amount is no date and takes no format",
    ),
    (
        'side = "bank"',
        'side = "bank"\ncodes = { amount = { a = "B" } }',
        "profiles.codes.amount: amount takes no codes; txn_type, record_type",
    ),
    (
        'side = "bank"',
        'side = "bank"\ncodes = { currency = { "元" = "RMB" } }',
        "'RMB' is no currency; allowed: an ISO 4217 code, such as CNY",
    ),
    (
        'constants = { currency = "CNY" }',
        'constants = { currency = "RMB" }',
        "profiles.constants.currency: 'RMB' is no currency; allowed: an ISO 4217 code",
    ),
    (
        'constants = { currency = "CNY" }',
        'constants = { currency = "CNY", amount = "1" }',
        "profiles.constants.amount: amount is given both as a column and as a constant",
    ),
    (
        'constants = { currency = "CNY" }',
        'constants = { currency = "CNY", rrn = "1" }',
        "profiles.constants.rrn: rrn is no column of a bank; there are account, amount",
    ),
    (
        'columns = { booking_date = "日期", amount = "金额" }',
        'columns = { booking_date = "日期", amount = 2 }',
        "profiles.columns.amount: column 2 is a position; say header = false",
    ),
    (
        'columns = { booking_date = "日期", amount = "金额" }',
        'columns = { booking_date = "日期" }',
        "profiles.columns: a bank needs amount",
    ),
    (
        'columns = { booking_date = "日期", amount = "金额" }',
        'columns = { booking_date = "日期", amount = [] }',
        "profiles.columns.amount: it is empty",
    ),
    (
        'columns = { booking_date = "日期", amount = "金额" }',
        "header = false\ncolumns = { booking_date = 1, amount = 0 }",
        "profiles.columns.amount: positions of columns begin at 1",
    ),
    (
        'columns = { booking_date = "日期", amount = "金额" }',
        'header = false\ncolumns = { booking_date = 1, amount = "b" }',
        "profiles.columns.amount: without a header 'b' must be a position",
    ),
]


@pytest.mark.parametrize(
    ("right", "mistake", "says"), MISTAKES, ids=[mistake.replace("\n", "; ") for _, mistake, _ in MISTAKES]
)
def test_a_mistake_in_a_profile_is_told_with_its_line_and_its_mend(
    right: str, mistake: str, says: str, tmp_path: Path
) -> None:
    said, line = wrong(tmp_path, right, mistake)
    lines = range(line, line + 1 + mistake.count("\n"))
    assert said.partition(": ")[0] in {f"line {number}" for number in lines}
    assert says in said.partition(": ")[2]


def test_what_a_side_needs_is_asked_for_at_its_columns(tmp_path: Path) -> None:
    said, _ = wrong(tmp_path, 'constants = { currency = "CNY" }', "constants = {}")
    assert said == "line 11: profiles.columns: a bank needs currency: map a column or give a constant"
