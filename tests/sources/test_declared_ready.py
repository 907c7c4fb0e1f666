"""Ready declarations: known by name, claimed by no file by themselves, and right about files of their layout."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines import inspection, intake
from pipelines.config import Settings, Source
from pipelines.sources.declared import READY, Declaration, profile_of, ready_profile

ALLINPAY = (
    "商户号,门店名称,终端号,交易时间,交易类型\n"
    "M1,店,T1,09:10:11,消费,000001,000007,606100000101,622202******0127,借记卡,1,银行,1200.00,6.00,2026-03-02,77,O1,,,"
    "1200.00,1194.00,,,,,,,,,,,,,2026-03-02\n"
    "M1,店,T1,18:42:03,退货,000001,000009,606100000102,622202******0127,贷记卡,1,银行,80.00,0.40,2026-03-02,78,O2,,,"
    "80.00,79.60,,,,,,,,77,,,,2026-03-02\n"
    "M1,店,T1,18:50:00,积分消费,000001,000010,606100000103,,,1,银行,1.00,0.00,2026-03-02,79,O3,,,1.00,1.00,,,,,,,,,,,,,\n"
)
LESHUA = (
    "BH,2\n"
    "BT,1001,2026-03-02 09:10:11,O1,M1,38,10000,38,9962,1,1,WX\n"
    "BV,1002,2026-03-02 19:10:11,O2,M1,38,5000,19,4981,2,1,WX\n"
)
ICBC = (
    '明细查询文件下载\n\n卡号: 6222****0127,"卡别名: "\n\n子账户序号: 00000,子账户类别: 活期,"子账户别名: "\n\n'
    "交易日期,摘要,交易场所,交易国家或地区简称,钞/汇,交易金额(收入),交易金额(支出),交易币种,记账金额(收入),记账金额(支出),"
    "记账币种,余额,对方户名\n"
    '2026-03-05   \t,"转账  \t","  \t","CHN ",钞 ,"-  ","-  ",- ,"   \t",'
    '"13.40  \t",人民币 ,"1,221.16 \t","某公司 \t",\n'
    '2026-03-04   \t,"清算款\t","P1\t","CHN ",钞 ,"-  ","-  ",- ,"1,234.56\t",'
    '"  \t",人民币 ,"1,234.56 \t","某支付 \t",\n'
    ' \n人民币合计,,,,,,,,"1,234.56\t","13.40\t",\n'
)
CMB = (
    "记账日期,货币,交易金额,联机余额,交易摘要,对手信息,客户摘要\n"
    '2026-03-04,CNY,"1,234.00","1,271.66",清算款,某支付,P1\n'
)
ABC = (
    "交易日期,交易时间,交易摘要,交易金额,本次余额,对手信息,日 志 号,交易渠道,交易附言\n"
    "20260304,123456,转存,+10000.00,11000.00,某支付,369396693,超级网银,P1\n"
    "20260304,,还款,-12.89,10987.11,--,111222333\n"
)
BOC = (
    "中国银行交易流水明细单\n"
    "记账日期,记账时间,币别,金额,余额,交易名称,渠道,网点名称,附言,对方账户名,对方卡号/账号,对方开户行,借记卡号\n"
    '2026-03-05,09:11:00,人民币,-13.40,"1,221.16",网上支付,手机银行,-------------------,----------,某公司,'
    "6226******0001,-------------------,3167\n"
    '2026-03-04,12:20:00,人民币,"1,234.56","1,234.56",转账,银企对接,-------------------,清算款P1,某支付,'
    "8000******0002,某银行\n"
)


def read(name: str, text: str, filename: str = "x.txt") -> intake.Read:
    source = Source(name="s", profile=name, pattern="*", acquirer="A", account="B")
    return intake.read(ready_profile(name), text.encode("gb18030"), Settings(), source, filename)


def test_each_ready_profile_is_a_whole_declaration() -> None:
    assert READY == ["abc_csv", "allinpay", "boc_csv", "cmb_csv", "icbc_csv", "leshua"]
    for name in READY:
        assert ready_profile(name).name == name


def test_allinpay() -> None:
    done = read("allinpay", ALLINPAY)
    columns = ("line", "record_type", "rrn", "stan", "card_type", "gross_minor", "fee_minor", "net_minor")
    assert done.accepted.select(columns).rows() == [
        (2, "SALE", "606100000101", "000007", "DEBIT", 120_000, 600, 119_400),
        (3, "REFUND", "606100000102", "000009", "CREDIT", -8_000, -40, -7_960),
    ]
    assert done.rejected["reason"].to_list() == ["record_type '积分消费' is a word that the profile does not know"]
    assert done.parsed.warnings == ("1 row passed over, the first on line 1: it names the columns",)


def test_leshua() -> None:
    done = read("leshua", LESHUA, "A7_trade_new_20260303.txt")
    assert done.accepted.select("record_type", "order_no", "gross_minor", "fee_minor", "net_minor").rows() == [
        ("SALE", "O1", 10_000, 38, 9_962),
        ("REFUND", "O2", -5_000, -19, -4_981),
    ]
    assert done.accepted["settlement_date"].cast(pl.String).to_list() == ["2026-03-03"] * 2
    assert done.parsed.warnings


def test_icbc() -> None:
    done = read("icbc_csv", ICBC)
    columns = ("account", "amount_minor", "balance_minor", "remittance", "counterparty")
    assert done.accepted.select(columns).rows() == [
        ("6222****0127", -1_340, 122_116, "转账", "某公司"),
        ("6222****0127", 123_456, 123_456, "清算款 P1", "某支付"),
    ]
    assert done.parsed.totals.agree
    assert read("icbc_csv", ICBC.replace('13.40\t",\n', '13.41\t",\n')).refusal


def test_cmb_and_abc() -> None:
    assert read("cmb_csv", CMB).accepted.select("amount_minor", "remittance").rows() == [(123_400, "清算款 P1")]
    assert read("abc_csv", ABC).accepted.select("amount_minor", "counterparty", "bank_ref").rows() == [
        (1_000_000, "某支付", "369396693"),
        (-1_289, None, "111222333"),
    ]


def test_boc() -> None:
    done = read("boc_csv", BOC)
    columns = ("booking_date", "currency", "amount_minor", "balance_minor", "remittance", "counterparty")
    assert done.accepted.with_columns(pl.col("booking_date").cast(pl.String)).select(columns).rows() == [
        ("2026-03-05", "CNY", -1_340, 122_116, "网上支付", "某公司"),
        ("2026-03-04", "CNY", 123_456, 123_456, "转账 清算款P1", "某支付"),
    ]
    assert done.parsed.balances["amount_minor"].to_list() == [0, 122_116]
    assert done.parsed.warnings == ()


def test_a_row_that_is_missing_shows_in_the_balances_of_a_statement_without_totals() -> None:
    head = "记账日期,币别,金额,余额,交易名称,附言,对方账户名\n"
    rows = [f"2026-03-0{9 - n},CNY,1.00,{9 - n}.00,转账,,某公司\n" for n in range(5)]
    assert read("boc_csv", head + "".join(rows)).parsed.warnings == ()
    told = read("boc_csv", head + "".join(rows[:2] + rows[3:])).parsed.warnings
    assert told == ("line 3: the balance is not the balance before it plus the amount: a row may be missing",)


def test_a_declaration_like_a_ready_one_differs_where_it_says_so() -> None:
    like = {"name": "mine", "like": "allinpay", "codes": {"record_type": {"积分消费": "SALE"}}}
    profile = profile_of(Declaration.model_validate(like))
    source = Source(name="s", profile="mine", pattern="*", acquirer="A")
    done = intake.read(profile, ALLINPAY.encode("gb18030"), Settings(), source)
    assert done.accepted["record_type"].to_list() == ["SALE", "REFUND", "SALE"]


@pytest.mark.parametrize("text", [CMB, ABC, ICBC, BOC])
def test_no_ready_profile_claims_a_file_before_a_source_names_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    assert inspection.inspect([path], None, None)[0]["profile"] is None
    named = {"CMB": "cmb_csv"} if text == CMB else {}
    for name in named.values():
        assert inspection.inspect([path], None, name)[0]["accepted"] == 1
        assert name in Settings(sources=(Source(name="s", profile=name, pattern="*", account="1"),)).readers


def test_inspect_says_why_a_file_is_not_of_a_chosen_profile(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(CMB.replace("联机余额", "余额"), encoding="utf-8")
    said = inspection.inspect([path], None, "cmb_csv")[0]["error"]
    assert said == "line 1: column 联机余额 of cmb_csv missing in the header"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    said = inspection.inspect([path], None, "cmb_csv")[0]["error"]
    assert said.startswith("no header of cmb_csv is there: wanted 记账日期, 交易金额")
    assert said.endswith("line 1 reads 'a,b'")
    path.write_text(LESHUA.replace("2026-03-02", "02.03.2026"), encoding="utf-8")
    entry = inspection.inspect([path], None, "leshua")[0]
    assert entry["error"].startswith("the file's name 'x.csv' gives no settlement_date")
