"""The made-up exceptions of the sample night: every type of the policy table at least once."""
# ruff: noqa: E501  one exception a line reads as the table it is

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from pipelines.cases.taxonomy import POLICY
from reports.model import Evidence, ExceptionItem

DAY = date(2026, 3, 5)

_STORES = {
    "898310053110001": "上海静安旗舰店",
    "898310053110002": "Hangzhou West Lake Department Store of Fine Porcelain, Tea and Household Goods Co., Ltd.",
    "1900012345": "苏州观前街店",
    "2088123412341234": "南京新街口店",
    "TestMerchantEU": "Berlin Hackescher Markt",
}


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def item(number: int, code: str, minor: int, explanation: str, **fields: object) -> ExceptionItem:
    """One exception with the policy's defaults; `age` moves first_seen back."""
    policy = POLICY[code]
    age = int(str(fields.pop("age", 0)))
    seen = DAY - timedelta(days=age)
    values: dict[str, object] = {
        "exception_id": f"{code[:4]}-{sha(f'{code}{number}')[:10]}",
        "type": code,
        "status": "open",
        "severity": policy.severity,
        "leg": policy.leg,
        "business_date": seen - timedelta(days=1),
        "first_seen": seen,
        "age_days": age,
        "amount_minor": minor,
        "currency": "CNY",
        "direction": policy.direction or "none",
        "due_date": None if policy.due.basis in ("acquirer-date", "retest") else seen + timedelta(days=2),
        "acquirer": "UNIONPAY",
        "merchant_id": "898310053110001",
        "explanation": explanation,
        "next_action": policy.action_en,
        "contact": policy.contact_en,
    }
    values |= fields
    values["merchant_name"] = _STORES.get(str(values["merchant_id"]), "")
    return ExceptionItem(**values)  # type: ignore[arg-type]


def _journal(line: int, day: str = "20260303") -> Evidence:
    return Evidence("journal", f"journal_{day}.csv", line)


def _union(line: int, day: str = "20260305") -> Evidence:
    return Evidence("settlement", f"settlement_UNIONPAY_{day}.csv", line)


def new_items() -> list[ExceptionItem]:
    """What this night found."""
    wechat = {"acquirer": "WECHAT", "merchant_id": "1900012345"}
    adyen = {"acquirer": "ADYEN", "merchant_id": "TestMerchantEU", "currency": "EUR"}
    nobody = {"merchant_id": "", "acquirer": ""}
    bank = Evidence("bank", "bank_20260305.csv", 9)
    return [
        item(1, "FILE_INVALID", 0, "The file settlement_ALIPAY_20260305.csv declares 412 rows and holds 398; it was not used.",
             **{**nobody, "acquirer": "ALIPAY", "currency": "", "due_date": DAY},
             evidence=(Evidence("settlement", "settlement_ALIPAY_20260305.csv"),)),
        item(1, "ROW_REJECTED", 4590, 'The amount "45.9O" is no number.', **nobody, due_date=DAY,
             evidence=(_journal(77, "20260305"),)),
        item(1, "NOT_SETTLED", 128800, "The terminal approved 1,288.00 CNY on 2026-03-02; the acquirer has settled 0.00 CNY in two days.",
             explanation_zh="终端 2026-03-02 批准 1,288.00 元，收单机构两天内未清算。",
             terminal_id="31000217", rrn="506114238801", evidence=(_journal(17, "20260302"),)),
        item(2, "NOT_SETTLED", 6600, "The terminal approved 66.00 CNY on 2026-03-02; the acquirer has settled 0.00 CNY in two days.",
             terminal_id="31000218", rrn="506114238844", merchant_id="898310053110002",
             next_action="Ask for batch 000231 of terminal 31000218 as a whole: eleven sales of it are missing.",
             evidence=(_journal(1204, "20260302"),)),
        item(1, "NOT_IN_JOURNAL", 35900, "The acquirer settled 359.00 CNY that the terminal's journal does not know.",
             terminal_id="31000217", rrn="506314240017", evidence=(_union(88),)),
        item(1, "FAILED_BUT_SETTLED", 19900, "The terminal said TIMEOUT (98), yet the acquirer settled 199.00 CNY: the customer was charged.",
             terminal_id="31000221", rrn="506314239555", parent_id="CHAN-incident", evidence=(_journal(611, "20260304"), _union(91))),
        item(1, "REVERSAL_NOT_SETTLED", 45000, "The sale of 450.00 CNY was reversed at the terminal, but settled without its reversal.",
             terminal_id="31000221", rrn="506114238901", evidence=(_journal(402), _journal(403), _union(93))),
        item(1, "VOID_NOT_SETTLED", 23800, "The sale of 238.00 CNY was voided at the terminal, but settled without its void.",
             terminal_id="31000219", rrn="506114239002", evidence=(_journal(500), _union(94))),
        item(1, "AMOUNT_OVER", 90000, "Sold for 100.00 CNY, settled for 1,000.00 CNY: 900.00 CNY too much.",
             terminal_id="31000217", rrn="506314240101", evidence=(_journal(15, "20260304"), _union(14))),
        item(1, "AMOUNT_UNDER", 1000, "Sold for 68.00 CNY, settled for 58.00 CNY: 10.00 CNY too little.", **wechat,
             order_no="SH20260304-000912", evidence=(_journal(912, "20260304"), Evidence("settlement", "wechat_trade_20260305.csv", 41))),
        item(1, "CURRENCY_MISMATCH", 4200, "Sold for 42.00 USD, settled as 42.00 EUR.", **adyen, order_no="BER-77120",
             evidence=(Evidence("settlement", "adyen_settlement_20260305.csv", 12),)),
        item(1, "TYPE_MISMATCH", 5000, "The journal says REFUND 50.00 CNY, the acquirer says SALE 50.00 CNY.", rrn="506314240155",
             evidence=(_journal(90, "20260304"), _union(101))),
        item(1, "DUPLICATE_CHARGE", 32800, "The same card paid 328.00 CNY twice within 3 minutes; the second charge is 506414241077.",
             terminal_id="31000218", rrn="506414241077", evidence=(_journal(310, "20260305"), _journal(312, "20260305"))),
        item(1, "DUPLICATE_SETTLEMENT", 12000, "Sold once for 120.00 CNY, settled twice: 240.00 CNY.", rrn="506314240202", evidence=(_union(120), _union(131))),
        item(1, "PREAUTH_EXCESS", 8500, "Completed for 1,235.00 CNY; 115 % of the pre-authorisation is 1,150.00 CNY.", rrn="506414241201"),
        item(1, "REFUND_UNLINKED", 59900, "A refund of 599.00 CNY names the sale 506014230000, which nobody has.", rrn="506414241300",
             due_date=DAY, evidence=(_journal(871, "20260305"),)),
        item(1, "REFUND_EXCESS", 10000, "The sale was 200.00 CNY; its refunds add up to 300.00 CNY.", rrn="506414241333", due_date=DAY),
        item(1, "REFUND_DUPLICATE", 8800, "The sale of 88.00 CNY was refunded twice, 88.00 CNY each, within 2 minutes.", rrn="506414241340"),
        item(1, "CHARGEBACK", 26500, "The issuer took back the sale of 265.00 CNY (reason code 4837).", rrn="505914220011",
             due_date=DAY + timedelta(days=7), evidence=(_union(140),)),
        item(1, "ADJUSTMENT_UNEXPLAINED", 1500, "The acquirer debited an adjustment of 15.00 CNY; no open exception explains it.", direction="short",
             payout_id="UP20260305-01", evidence=(_union(141),)),
        item(1, "AMBIGUOUS_MATCH", 2500, "A settlement line of 25.00 CNY without RRN fits two sales of 25.00 CNY; neither was picked.",
             payout_id="UP20260305-01", evidence=(_union(150), _journal(700, "20260304"), _journal(702, "20260304"))),
        *[item(n, "FEE_VARIANCE", 1 + n % 3, f"Charged 0.{12 + n:02d} CNY; the contract gives 0.{11 + n - n % 3:02d} CNY.", direction="short",
               rrn=f"5063142405{n:02d}", due_date=date(2026, 3, 31), evidence=(_union(200 + n),)) for n in range(14)],
        item(1, "NET_BREAK", 3000, "Payout declared 18,240.55 CNY; its lines add up to 18,270.55 CNY.", direction="short",
             payout_id="UP20260305-02", evidence=(_union(310),)),
        item(1, "DEPOSIT_AMOUNT_DIFF", 2500, "The acquirer paid out 4,120.00 EUR; the bank shows 4,095.00 EUR.", **adyen, direction="short",
             payout_id="AD-2026-0063", bank_ref="CMB0305-0009", evidence=(bank,)),
        item(1, "DEPOSIT_UNIDENTIFIED", 77700, "The bank credited 777.00 CNY from 银联商务; no payout explains it.", direction="long",
             merchant_id="", bank_ref="CMB0305-0011", due_date=DAY + timedelta(days=7), evidence=(Evidence("bank", "bank_20260305.csv", 11),)),
        item(1, "CHANNEL_INCIDENT", 214300, "23 of 25 exceptions of UNIONPAY fall between 19:05 and 19:40 on 2026-03-04; usual are 1 to 3 a day.",
             exception_id="CHAN-incident", merchant_id="", due_date=DAY),
        item(1, "UNUSUAL_PATTERN", 960, "Terminal 31000230 took 48 payments under 1.00 CNY between 02:00 and 03:00; usual are none.",
             terminal_id="31000230", due_date=DAY),
        item(1, "TERMINAL_HEALTH", 0, "Terminal 31000221 timed out on 18 % of its sales; usual is 0.4 %. Batch 000231 is not closed.",
             terminal_id="31000221", currency="", due_date=DAY),
        item(1, "CUSTOMER_CLAIM", 19900, "The customer says a payment of 199.00 CNY failed and was charged.", direction="long", rrn="506314239555",
             owner="li.na", due_date=DAY),
    ]  # fmt: skip


def carried_items() -> list[ExceptionItem]:
    """What earlier nights found and nobody has closed."""
    return [
        item(9, "FILE_LATE", 0, "The file of adyen for 2026-03-04 has not arrived.", age=1, merchant_id="",
             acquirer="ADYEN", currency="", due_date=DAY - timedelta(days=1)),
        item(3, "NOT_SETTLED", 450000, "The terminal approved 4,500.00 CNY on 2026-02-25; the acquirer has settled 0.00 CNY.", age=6,
             rrn="505614200119", terminal_id="31000217", owner="li.na", evidence=(_journal(33, "20260225"),)),
        item(2, "NOT_IN_JOURNAL", 8900, "The acquirer settled 89.00 CNY that the journal does not know.", age=3, rrn="506014229871", evidence=(_union(71, "20260302"),)),
        item(1, "PREAUTH_NOT_COMPLETED", 200000, "A pre-authorisation of 2,000.00 CNY was neither completed nor cancelled in 30 days.", age=2, rrn="503214100001"),
        item(1, "REFUND_NOT_SETTLED", 30000, "A refund of 300.00 CNY was promised on 2026-02-20; the acquirer has not settled it.", age=8,
             rrn="505114190007", due_date=DAY + timedelta(days=7), evidence=(_journal(210, "20260220"),)),
        item(1, "DEPOSIT_MISSING", 1824055, "Payout UP20260302-02 of 18,240.55 CNY was due on 2026-03-03; the bank has not received it.", age=2,
             payout_id="UP20260302-02", evidence=(_union(300, "20260302"),)),
        item(2, "DEPOSIT_MISSING", 91250, "Payout AD-2026-0059 of 912.50 EUR was due on 2026-01-30; the bank has not received it.", age=34,
             acquirer="ADYEN", merchant_id="TestMerchantEU", currency="EUR", payout_id="AD-2026-0059"),
        item(1, "BALANCE_BREAK", 50000, "The statement opens with 81,200.00 CNY; the account last closed with 81,700.00 CNY.", age=1,
             acquirer="", merchant_id="", bank_ref="CMB-001", evidence=(Evidence("bank", "bank_20260304.csv", 2),)),
        *[item(40 + n, "FEE_VARIANCE", 2, "Charged 0.22 CNY; the contract gives 0.20 CNY.", age=12, direction="short",
               rrn=f"5050142300{n:02d}", due_date=date(2026, 2, 28)) for n in range(5)],
    ]  # fmt: skip


def cleared_items() -> list[ExceptionItem]:
    """What this night's files settled."""
    done = {"status": "cleared"}
    return [
        item(7, "NOT_SETTLED", 52000, "The terminal approved 520.00 CNY on 2026-02-28; the acquirer had settled nothing.", age=2, **done,
             rrn="505914220107", resolution="Settled late in settlement_UNIONPAY_20260305.csv, line 58.", evidence=(_union(58),)),
        item(8, "FILE_LATE", 0, "The file of unionpay for 2026-03-04 had not arrived.", age=1, merchant_id="", currency="", **done,
             resolution="Arrived on 2026-03-05 at 10:31."),
        item(9, "DEPOSIT_MISSING", 930010, "Payout UP20260227-01 of 9,300.10 CNY was due on 2026-03-02.", age=3, **done,
             payout_id="UP20260227-01", bank_ref="CMB0305-0004", resolution="Credited on 2026-03-05 as CMB0305-0004.",
             resolution_zh="已于 2026-03-05 入账，流水号 CMB0305-0004。"),
    ]  # fmt: skip
