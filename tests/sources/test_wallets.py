"""Bills of WeChat Pay and Alipay: what no golden file shows."""

from pathlib import Path

import pytest

from pipelines.sources import PROFILES
from pipelines.sources.base import Context, Parsed, SourceError
from pipelines.sources.identify import identify
from pipelines.sources.strangers import stranger

GOLDEN = Path(__file__).parent / "golden"
BILLS = ("wechat_trade", "wechat_fund", "alipay_trade", "alipay_account")


def whole(bill: str) -> bytes:
    """The golden input of a bill."""
    return (GOLDEN / bill / "input.csv").read_bytes()


def read(bill: str, data: bytes) -> Parsed:
    """The bill as its profile reads it."""
    return PROFILES[bill].parse(data, Context(acquirer="A"))


@pytest.mark.parametrize("bill", BILLS)
def test_a_bill_cut_anywhere_is_refused_or_holds_all_its_rows(bill: str) -> None:
    data = whole(bill)
    rows = read(bill, data).data_rows
    for cut in range(0, len(data), 3):
        try:
            parsed = read(bill, data[:cut])
        except SourceError:
            continue
        assert parsed.data_rows == rows or parsed.totals.agree is False, data[:cut][-60:]


@pytest.mark.parametrize("bill", BILLS)
def test_each_bill_is_claimed_by_its_own_profile_only_in_either_encoding(bill: str) -> None:
    text = whole(bill).decode("gb18030" if bill == "alipay_trade" else "utf-8-sig")
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        assert identify("x.csv", text.encode(encoding), PROFILES).name == bill
        assert read(bill, text.encode(encoding)).totals.agree


def test_fees_are_kept_exactly_and_rounded_half_up_on_the_absolute_value_per_line() -> None:
    data = whole("wechat_trade").replace(b"`0.07404", b"`0.07500").replace(b"`-0.06000", b"`-0.06500")
    rows = read("wechat_trade", data).rows
    assert rows["fee_micro"].to_list() == [210_000, 75_000, 3_000, -65_000, 0, 6_000]
    assert rows["fee_minor"].to_list() == [21, 8, 0, -7, 0, 1]
    assert (rows["net_minor"] == rows["gross_minor"] - rows["fee_minor"]).all()


def test_totals_are_compared_to_the_last_decimal_where_every_line_can_be_read() -> None:
    lines = [line for line in whole("wechat_trade").split(b"\r\n") if b"18:31:00" not in line]
    right = b"\r\n".join(lines).replace(b"`7,`49.84", b"`6,`48.84").replace(b",`49.84", b",`48.84")
    right = right.replace(b"`0.23904", b"`0.23304")
    assert read("wechat_trade", right).totals.agree is True
    wrong = read("wechat_trade", right.replace(b"`0.23304", b"`0.23305")).totals
    assert wrong.disagreement() == "fee_micro declared 0.233050, computed 0.233040"


def test_balances_of_wechat_must_follow_and_those_of_alipay_need_not() -> None:
    broken = read("wechat_fund", whole("wechat_fund").replace(b"`124.79", b"`124.80"))
    assert broken.totals.contradiction == "line 4: the balance is not the balance before it plus the amount"
    odd = read("alipay_account", whole("alipay_account").replace(b"298.38", b"298.39"))
    assert odd.totals.agree is True
    assert len(odd.warnings) == 1


def test_entries_of_one_second_may_stand_in_any_order() -> None:
    lines = whole("wechat_fund").split(b"\n")
    lines[1], lines[2] = lines[2], lines[1]
    assert read("wechat_fund", b"\n".join(lines)).totals.agree is True


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("微信支付账单明细,,\n微信昵称：[甲],,\n", "a personal WeChat bill"),
        ("支付宝交易记录明细查询\n账号:[x]\n交易号,交易对方\n", "a personal Alipay bill"),
        ("#支付宝业务汇总查询\n#账号：[1]\n", "an Alipay summary"),
        ("<xml><return_code>FAIL</return_code><return_msg>No Bill Exist</return_msg></xml>", "no bill for the day"),
    ],
)
def test_what_is_sent_in_the_place_of_a_bill_is_named(text: str, what: str) -> None:
    for encoding in ("utf-8", "gb18030"):
        assert what in (stranger(text.encode(encoding)) or "")
        with pytest.raises(SourceError, match=what):
            identify("x.csv", text.encode(encoding), PROFILES)
