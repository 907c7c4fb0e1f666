"""Control totals: a file that was cut off, garbled or padded on the way is never taken for a whole one."""

from dataclasses import replace

import pytest
from native_files import bank_file, bank_line, journal_file, journal_line, settlement_file, settlement_line

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources import PROFILES
from pipelines.sources.base import Context, SourceError, Totals
from pipelines.sources.delimited import Delimited
from pipelines.sources.layout import Amounts
from pipelines.sources.native import POS_JOURNAL
from pipelines.sources.ums_portal import NETBANK, WAP

KNOWN = Context(acquirer="UMS", account="A1")
NAMES = (
    "清算日期\t交易日期\t交易时间\t终端号\t交易金额\t清算金额\t手续费\t流水号\t交易类型\t参考号\t卡号\t商户号\t发卡行\t卡类型"
    "\t商户订单号\t银商订单号\t支付类型"
)
NETBANK_ROW = (
    "20260303\t2026-03-03\t09:00:00\tT1\t10.00\t9.95\t0.05\t000001\t消费\t6030\t622280***0000\tM1\t01\t借记卡\t\t\t卡"
)
WAP_ROW = (
    "20260303\t2026-03-03\t09:00:00\t10.00\tT1\t9.95\t0.05\t000001\t消费\t6030\t622280***0000\tM1\t行\t借记卡"
    + "\t" * 7
)


def netbank(
    *rows: str, trailer: str = "总笔数：\t2\t\t交易金额：\t20.00\t\t结算金额：\t19.90\t\t手续费：\t0.10"
) -> bytes:
    """A portal export with its title, header and totals."""
    return "\r\n".join(["对账明细查询结果\t\t", NAMES, *rows, "\t" * 16, trailer + "\t" * 6, ""]).encode()


def wap(*rows: str) -> bytes:
    """A portal export without header: blank rows in front, a title behind."""
    return "\n".join(["\t" * 20, *rows, "对账明细查询结果（仅显示1000条记录）" + "\t" * 30, ""]).encode()


WHOLE = {
    "pos_journal": journal_file(journal_line(), journal_line(rrn="2"), amount="25.00"),
    "acquirer_csv": settlement_file(settlement_line(), settlement_line(rrn="2"), sums="gross=25.00 fee=0.12 net=24.88"),
    "bank_csv": bank_file(bank_line(), bank_line(balance="124.88"), sums="opening=100.00 closing=124.88"),
    "ums_portal": netbank(NETBANK_ROW, NETBANK_ROW),
    "ums_portal (wap)": wap(WAP_ROW, WAP_ROW),
}


def totals_of(profile: str, data: bytes) -> Totals:
    """Control totals of a file of a profile."""
    return PROFILES[profile].parse(data, KNOWN).totals


def refusal(profile: str, data: bytes) -> str:
    """Why the file is refused as a whole; empty where it is not."""
    source = Source(name="s", profile=profile, pattern="*", acquirer="UMS")
    try:
        found = intake.read(PROFILES[profile], data, Settings(), source).refusal
    except SourceError as error:
        return error.text
    return found.text if found else ""


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_file_is_taken(case: str) -> None:
    assert refusal(case.partition(" ")[0], WHOLE[case]) == ""


@pytest.mark.parametrize("case", WHOLE)
def test_a_file_cut_off_anywhere_never_gives_fewer_rows_in_silence(case: str) -> None:
    profile, whole = PROFILES[case.partition(" ")[0]], WHOLE[case]
    taken = []
    first = whole.rindex(b"\n20260303") if "wap" in case else 0  # before that there is no end to be taken for one
    for end in range(first, len(whole)):
        if not profile.identify("name", whole[:end]):
            continue
        try:
            parsed = profile.parse(whole[:end], KNOWN)
        except SourceError:
            continue
        if parsed.totals.agree is not False:
            taken.append(end)
            assert (parsed.data_rows, parsed.refused.height) == (2, 0), f"cut at byte {end}"
    assert all(len(whole) - end < 120 for end in taken)  # within the blank end of the last line, or its zeros


@pytest.mark.parametrize("case", [case for case in WHOLE if case != "ums_portal (wap)"])
def test_a_line_more_or_less_is_seen(case: str) -> None:
    lines = WHOLE[case].split(b"\n")
    row = next(n for n, line in enumerate(lines) if b"M1" in line or b"A1" in line)
    name = case.partition(" ")[0]
    assert "rows declared 2, computed 1" in refusal(name, b"\n".join(lines[:row] + lines[row + 1 :]))
    assert "rows declared 2, computed 3" in refusal(name, b"\n".join([*lines[:row], lines[row], *lines[row:]]))


@pytest.mark.parametrize(
    ("profile", "data", "says"),
    [
        ("pos_journal", journal_file(journal_line(), amount="12.49"), "amount declared 12.49, computed 12.50"),
        ("pos_journal", journal_file(journal_line(), amount="125.00"), "amount declared 125.00, computed 12.50"),
        (
            "acquirer_csv",
            settlement_file(settlement_line(), sums="gross=12.50 fee=0.07 net=12.43"),
            "fee declared 0.07, computed 0.06, net declared 12.43, computed 12.44",
        ),
        (
            "bank_csv",
            bank_file(bank_line(), sums="opening=100.00 closing=112.45"),
            "closing declared 112.45, computed 112.44",
        ),
        ("ums_portal", netbank(NETBANK_ROW), "rows declared 2, computed 1, gross declared 20.00, computed 10.00"),
    ],
)
def test_a_wrong_sum_is_told_in_major_units(profile: str, data: bytes, says: str) -> None:
    assert refusal(profile, data).startswith(f"control totals disagree: {says}")


@pytest.mark.parametrize(
    "trailer", ["# rows=x amount=12.50", "# rows=1", "# rows=1 amount=12,50", "#rows 1", "# rows=1 amount=1 2"]
)
def test_a_garbled_trailer_is_shown_with_its_line(trailer: str) -> None:
    data = journal_file(journal_line()).replace(b"# rows=1 amount=12.50", trailer.encode())
    assert refusal("pos_journal", data).startswith(
        f"line 3: the trailer {trailer!r} cannot be read; the file is cut off"
    )


@pytest.mark.parametrize("number", ["1.2.3", ".", "12.505", "--1"])
def test_a_trailer_sum_that_is_no_amount_is_refused(number: str) -> None:
    assert refusal("pos_journal", journal_file(journal_line(), amount=number)).startswith("line 3: the trailer")


def test_a_missing_trailer_is_told_by_the_last_line() -> None:
    data = journal_file(journal_line(), journal_line(rrn="2")).split(b"#")[0]
    assert refusal("pos_journal", data + b"\n\n").startswith("line 3: the trailer is missing; the file is cut off")
    assert refusal("ums_portal", netbank(NETBANK_ROW, trailer="")).startswith("line 3: the trailer is missing")
    assert refusal("ums_portal", wap(WAP_ROW).split("对账".encode())[0]).startswith("line 2: the trailer is missing")


def test_a_missing_trailer_shows_no_card_number() -> None:
    data = journal_file(journal_line()).split(b"#")[0] + b"# 6222800000000000000\n"
    assert "6222800000000000000" not in refusal("pos_journal", data)


def test_two_files_pasted_together_are_refused() -> None:
    one = journal_file(journal_line())
    assert "rows declared 1, computed 4" in refusal("pos_journal", one + one)


def test_an_empty_day_is_a_file_with_header_and_trailer() -> None:
    assert refusal("pos_journal", journal_file(amount="0.00")) == ""
    assert refusal("acquirer_csv", settlement_file(sums="gross=0.00 fee=0.00 net=0.00")) == ""
    assert refusal("bank_csv", bank_file(sums="opening=5.00 closing=5.00")) == ""
    assert "closing declared 6.00, computed 5.00" in refusal("bank_csv", bank_file(sums="opening=5.00 closing=6.00"))


def test_a_rejected_row_counts_in_the_trailer_with_its_amount() -> None:
    bad = journal_line(txn_type="GIFT", amount="1.00")
    assert totals_of("pos_journal", journal_file(journal_line(), bad, amount="13.50")).agree is True
    assert totals_of("pos_journal", journal_file(journal_line(), bad, amount="12.50")).agree is False


def test_a_sum_is_not_held_against_a_file_where_a_cell_cannot_be_read() -> None:
    bad = settlement_line(fee="?")
    found = totals_of("acquirer_csv", settlement_file(settlement_line(), bad, sums="gross=25.00 fee=0.12 net=24.88"))
    assert (found.agree, found.unchecked) == (True, {"fee"})
    wrong = totals_of("acquirer_csv", settlement_file(settlement_line(), bad, sums="gross=26.00 fee=0.12 net=24.88"))
    assert wrong.disagreement() == "gross declared 26.00, computed 25.00"
    ragged = totals_of("pos_journal", journal_file(journal_line(), "T1,M1", amount="99.00"))
    assert (ragged.agree, ragged.unchecked) == (True, {"amount"})


def test_what_an_unreadable_line_leaves_open_is_told_and_cannot_be_less_than_nothing() -> None:
    bad = journal_line(amount="1x.00")
    parsed = PROFILES["pos_journal"].parse(journal_file(journal_line(), bad, amount="20.00"), KNOWN)
    assert parsed.totals.agree is True
    assert parsed.warnings == ("not compared, for a line cannot be read: amount declared 20.00, read 12.50",)
    assert PROFILES["pos_journal"].parse(journal_file(journal_line(), bad), KNOWN).warnings == ()
    less = totals_of("pos_journal", journal_file(journal_line(), bad, amount="12.49"))
    assert (less.agree, less.disagreement()) == (
        False,
        "the lines that can be read add up to more than the amount declared",
    )


def test_payout_lines_count_in_rows_and_not_in_the_sums() -> None:
    payout = settlement_line(record_type="PAYOUT", gross="12.44", fee="0.00", net="12.44")
    assert totals_of("acquirer_csv", settlement_file(settlement_line(), payout)).agree is True


def test_sums_over_several_currencies_add_what_is_printed() -> None:
    lines = [journal_line(), journal_line(amount="1200", currency="JPY"), journal_line(amount="1.234", currency="KWD")]
    assert totals_of("pos_journal", journal_file(*lines, amount="1213.734")).agree is True
    assert totals_of("pos_journal", journal_file(lines[1], amount="1200.00")).agree is True
    assert "too many decimals" in refusal("pos_journal", journal_file(lines[1], amount="1200.50"))


def test_sums_beyond_64_bits_do_not_wrap_round() -> None:
    huge = [journal_line(amount="999999999999999.99")] * 200
    assert totals_of("pos_journal", journal_file(*huge, amount="199999999999999998.00")).agree is True


@pytest.mark.parametrize("newest_first", [False, True])
def test_balances_chain_in_either_order(newest_first: bool) -> None:
    lines = [bank_line(amount="1.00", balance="101.00"), bank_line(amount="-5.00", balance="96.00")]
    lines = lines[::-1] if newest_first else lines
    assert refusal("bank_csv", bank_file(*lines, sums="opening=100.00 closing=96.00")) == ""


def test_a_balance_that_does_not_follow_is_refused_by_its_line() -> None:
    lines = [bank_line(amount="1.00", balance="101.00"), bank_line(amount="2.00", balance="102.00")]
    said = refusal("bank_csv", bank_file(*lines, sums="opening=100.00 closing=103.00"))
    assert said.startswith("control totals disagree: line 3: the balance is not the balance before it plus the amount")


def test_several_accounts_in_one_file_have_no_common_chain() -> None:
    lines = [bank_line(account="A1", balance="1.00"), bank_line(account="A2", balance="9.00")]
    assert refusal("bank_csv", bank_file(*lines, sums="opening=0.00 closing=24.88")) == ""


def declared(trailer: str, amounts: Amounts) -> Delimited:
    """A journal whose amounts and trailer are written in some other way."""
    return Delimited(replace(POS_JOURNAL.layout, trailer=trailer, amounts=amounts))


@pytest.mark.parametrize(
    ("amounts", "cell", "written", "minor"),
    [
        (Amounts(unit="minor"), "1250", "1250", 1250),
        (Amounts(thousands=","), '"1,250.00"', "1,250.00", 125_000),
        (Amounts(decimal=",", thousands="."), '"1.250,00"', "1.250,00", 125_000),
        (Amounts(sign="negate"), "-12.50", "-12.50", 1250),
    ],
)
def test_a_trailer_is_written_as_the_file_writes_its_amounts(
    amounts: Amounts, cell: str, written: str, minor: int
) -> None:
    profile = declared(r"^# rows=(?P<rows>\S+) amount=(?P<amount>\S+)$", amounts)
    found = profile.parse(journal_file(journal_line(amount=cell), amount=written), KNOWN).totals
    assert (found.declared, found.agree) == ({"rows": 1, "amount": minor}, True)


def test_a_wap_export_declares_nothing_but_its_end() -> None:
    assert totals_of("ums_portal", WHOLE["ums_portal (wap)"]).agree is None
    assert NETBANK.layout.trailer_required
    assert WAP.layout.trailer_required


@pytest.mark.parametrize("digits", [19, 30])
def test_a_balance_that_is_too_long_is_refused_in_one_line(digits: int) -> None:
    text = WHOLE["bank_csv"]
    data = (text.encode() if isinstance(text, str) else text).replace(b"closing=", b"closing=" + b"9" * digits)
    with pytest.raises(SourceError, match=r"closing '9+.*' is too long to be a balance"):
        PROFILES["bank_csv"].parse(data, KNOWN)
