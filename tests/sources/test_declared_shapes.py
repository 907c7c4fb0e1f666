"""Shapes of files that a declaration can describe: kinds of rows, heads, trailers, names, fixed width, JSON Lines."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from declaring import BANK, SETTLEMENT, read, read_or_refused, reasons
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.sources.base import SourceError
from pipelines.sources.declared import Declaration, profile_of

KINDS = {
    "name": "mine",
    "side": "settlement",
    "header": False,
    "delimiter": "|",
    "constants": {"currency": "CNY", "merchant_id": "M"},
    "columns": {"settlement_date": 2},
    "kinds": [
        {"line": "^T", "columns": {"record_type": 3, "gross": 4, "fee": 5, "rrn": 6}},
        {
            "line": "^P",
            "columns": {"gross": 3, "payout_id": 4},
            "constants": {"record_type": "PAYOUT"},
        },
    ],
    "ignore": [{"line": "^H", "reason": "head of a batch"}],
    "trailer": r"^E\|(?P<rows>\d+)\|(?P<gross>[\d.-]+)$",
}


def test_kinds_of_rows_have_columns_of_their_own() -> None:
    lines = ["H|1", "T|2026-03-03|SALE|10.00|0.05|R1", "P|2026-03-03|9.95|P1", "", "H|2", "T|2026-03-03|SALE|2.00|0|R2"]
    done = read("\n".join([*lines, "E|3|12.00"]), KINDS)
    assert done.accepted.select("line", "record_type", "gross_minor", "rrn", "payout_id").rows() == [
        (2, "SALE", 1000, "R1", None),
        (3, "PAYOUT", 995, None, "P1"),
        (6, "SALE", 200, "R2", None),
    ]
    assert done.parsed.totals.agree
    assert done.parsed.warnings == ("2 rows passed over, the first on line 1: head of a batch",)


def test_a_line_of_no_kind_is_refused_and_counted() -> None:
    done = read("X|2026-03-03|1.00\nT|2026-03-03|SALE|10.00|0.05|R1\nE|2|10.00", KINDS)
    assert reasons(done) == [(1, "the line is of no kind that the profile knows")]
    assert done.parsed.totals.declared["rows"] == done.parsed.totals.computed["rows"] == 2


def test_each_kind_has_a_width_of_its_own() -> None:
    done = read("T|2026-03-03|SALE|10.00|0.05|R1\nT|2026-03-03|SALE|1\nE|2|11.00", KINDS)
    assert reasons(done) == [(2, "the row has 4 columns instead of 6")]


def test_rows_with_a_word_are_passed_over_told_and_counted_as_declared() -> None:
    declared = SETTLEMENT | {
        "columns": {"settlement_date": 1, "record_type": 2, "gross": 3},
        "ignore": [
            {"column": 4, "words": ["失败", "处理中"], "reason": "payments that did not happen", "counted": True}
        ],
        "trailer": r"^共(?P<rows>\d+)笔 (?P<credit>[\d.]+) (?P<debit>[\d.]+) (?P<credit_rows>\d+) (?P<debit_rows>\d+)$",
    }
    lines = [
        "2026-03-03|SALE|10.00|成功",
        "2026-03-03|SALE|9.00|失败",
        "2026-03-03|REFUND|-4.00|成功",
        "共3笔 10.00 4.00 1 1",
    ]
    done = read("\n".join(lines), declared)
    assert done.accepted["line"].to_list() == [1, 3]
    assert done.parsed.totals.agree
    assert done.parsed.warnings == ("1 row passed over, the first on line 2: payments that did not happen",)


@pytest.mark.parametrize(
    ("group", "text", "agrees"),
    [
        ("credit", "12.00", True),
        ("credit", "12.01", False),
        ("debit", "4.00", True),
        ("debit", "-4.00", True),
        ("debit", "0.00", False),
        ("sum", "16.00", True),
        ("credit_rows", "2", True),
        ("debit_rows", "1", True),
        ("debit_rows", "2", False),
    ],
)
def test_totals_of_each_direction_are_checked(group: str, text: str, agrees: bool) -> None:
    data = f"日期,金额,摘要\n2026-03-04,10.00,a\n2026-03-04,-4.00,b\n2026-03-04,2.00,c\n合计 {text}\n"
    done = read(data, BANK | {"trailer": rf"^合计 (?P<{group}>\S+)$"})
    assert done.parsed.totals.agree is agrees


HEAD = BANK | {
    "preamble": 4,
    "head": [r"账号[::]\s*(?P<account>\d+)", r"收入(?P<credit_rows>\d+)笔(?P<credit>[\d,.]+)元"],
    "thousands": ",",
    "trailer": [r"^支出(?P<debit>[\d,.]+)", r"^期初(?P<opening>[\d,.]+)期末(?P<closing>[\d,.]+)"],
}
HEADED = "明细\n账号: 6001\n收入2笔1,002.00元\n\n日期,金额,摘要\n2026-03-04,1000,a\n2026-03-04,2,b\n2026-03-04,-3,c\n"
FOOT = "期初10.00期末1,009.00\n支出3.00\n"


def test_head_and_foot_name_account_and_totals() -> None:
    done = read(HEADED + FOOT, HEAD)
    assert done.accepted["account"].to_list() == ["6001"] * 3
    totals = done.parsed.totals
    assert totals.agree
    assert totals.declared == {
        "credit_rows": 2,
        "credit": 100_200,
        "debit": 300,
        "opening": 1_000,
        "closing": 100_900,
    }


def test_a_total_of_the_head_that_is_not_met_is_a_fault_of_the_file() -> None:
    done = read(HEADED.replace("1,002.00元", "1,003.00元") + FOOT, HEAD)
    assert done.refusal is not None
    assert done.refusal.text.startswith("control totals disagree: credit declared 1003.00, computed 1002.00")


def test_a_head_that_names_no_account_is_told() -> None:
    with pytest.raises(SourceError, match=r"nothing before the rows fits '账号"):
        read(HEADED.replace("账号", "户名") + FOOT, HEAD)
    assert not profile_of(Declaration.model_validate(HEAD)).identify("x", HEADED.replace("账号", "户名").encode())


@given(st.integers(0, len((HEADED + FOOT).encode())))
def test_no_cut_goes_unnoticed_where_head_or_foot_declare_totals(cut: int) -> None:
    whole = (HEADED + FOOT).encode()
    done = read_or_refused(whole[:cut], HEAD)
    assert done is None or done.accepted.height == 3 or done.refusal or done.rejected.height


def test_the_days_of_a_statement_come_from_its_head() -> None:
    declared = HEAD | {"head": r"(?P<period_from>\d{8})-(?P<period_to>\d{8})", "formats": {"booking_date": "%Y%m%d"}}
    declared |= {"trailer": []}
    done = read("20260304-20260306\n日期,金额,摘要\n20260304,1,a\n", declared)
    assert done.parsed.covered == ("2026-03-04", "2026-03-05", "2026-03-06")
    with pytest.raises(SourceError, match="period"):
        read("20260304-20269999\n日期,金额,摘要\n20260304,1,a\n", declared)


NAMED = SETTLEMENT | {
    "pattern": r"(?P<payout_id>P\d+)_(?P<day>\d{8})",
    "columns": {"record_type": 1, "gross": 2, "settlement_date": "{day}", "txn_time": ["{day}", 3]},
    "formats": {"settlement_date": "%Y%m%d", "txn_time": "%Y%m%d %H:%M:%S"},
}


def test_the_name_of_a_file_gives_columns_and_the_day_of_its_times() -> None:
    done = read("SALE|1.00|09:10:11\nSALE|1.00|\n", NAMED, "P77_20260303.txt")
    assert done.accepted["payout_id"].to_list() == ["P77", "P77"]
    assert done.accepted["settlement_date"].cast(pl.String).to_list() == ["2026-03-03"] * 2
    assert done.accepted["txn_time"].cast(pl.String).to_list() == ["2026-03-03 09:10:11.000000", None]


def test_a_name_that_does_not_fit_is_told() -> None:
    with pytest.raises(SourceError, match=r"'other.txt' gives no payout_id and no day: it does not fit"):
        read("SALE|1.00|09:10:11\n", NAMED, "other.txt")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026年3月2日", "%Y年%m月%d日"),
        ("02/03/2026", "%d/%m/%Y"),
        ("20260302", "%Y%m%d"),
        ("2-Mar-26", "%d-%b-%y"),
        ("46083", "excel"),
        ("46083.75", "excel"),
    ],
)
def test_dates_are_read_as_their_place_writes_them(text: str, pattern: str) -> None:
    done = read(f"日期,金额,摘要\n{text},1,x", BANK | {"formats": {"booking_date": pattern}})
    assert done.accepted["booking_date"].cast(pl.String).to_list() == ["2026-03-02"]


@pytest.mark.parametrize("text", ["46083", "2026-03-02"])
def test_a_number_is_a_day_only_where_that_is_declared(text: str) -> None:
    declared = BANK | ({} if text == "46083" else {"formats": {"booking_date": "excel"}})
    assert read(f"日期,金额,摘要\n{text},1,x", declared).accepted.is_empty()


def test_cells_may_be_guarded_padded_and_blank_in_words() -> None:
    declared = BANK | {
        "columns": {"booking_date": "日期", "amount": "金额", "remittance": "摘要", "bank_ref": "流水号"},
        "strip": "`'=\"",
        "blanks": ["-", "--"],
        "defaults": {"remittance": "no text"},
        "ragged": True,
    }
    lines = [
        "`日期\t,`金额\t,`摘要,`流水号,,",
        '`2026-03-04\t,`1.00 ,`--,="0012",',
        '2026-03-04,2,\'a,"=""7"""',
        "2026-03-04,3",
    ]
    done = read("\n".join(lines), declared)
    assert done.accepted.select("amount_minor", "remittance", "bank_ref").rows() == [
        (100, "no text", "0012"),
        (200, "a", "7"),
        (300, "no text", None),
    ]


def test_the_newest_entry_may_come_first() -> None:
    declared = BANK | {
        "columns": {"booking_date": "日期", "amount": "金额", "balance": "余额"},
        "trailer": r"期初(?P<opening>\S+)期末(?P<closing>\S+)",
    }
    data = "日期,金额,余额\n2026-03-05,-1,14\n2026-03-04,5,15\n期初10期末14"
    assert read(data, declared).parsed.totals.agree
    wrong = data.replace("04,5,15", "04,5,16")
    assert not read(wrong, declared).parsed.totals.agree


FIXED = {
    "name": "mine",
    "side": "settlement",
    "format": "fixed",
    "encoding": "gb18030",
    "unit": "minor",
    "places": {"日期": [1, 8], "商户名": [9, 8], "商户": [17, 3], "金额": [20, 10], "借贷": [30, 1], "卡号": [31, 19]},
    "columns": {"settlement_date": "日期", "merchant_id": "商户", "gross": "金额", "card_no": "卡号"},
    "constants": {"currency": "CNY", "record_type": "ADJUSTMENT"},
    "formats": {"settlement_date": "%Y%m%d"},
    "direction": {"column": "借贷", "plus": "C", "minus": "D"},
    "ignore": [{"line": "^HDR", "reason": "head"}],
    "trailer": r"^TRL(?P<rows>\d{6})",
}


def fixed(*rows: tuple[str, str, str]) -> bytes:
    lines = [f"20260303{name}M01{amount:0>10}{way}6222021234567890127" for name, amount, way in rows]
    return "\r\n".join(["HDR店", *lines, f"TRL{len(rows):06}", ""]).encode("gb18030")


def test_places_are_counted_in_bytes_of_the_encoding() -> None:
    done = read(fixed(("小店甲乙", "1250", "C"), ("shop    ", "50", "D"), ("小店  AB", "7", "C")), FIXED)
    assert done.accepted["gross_minor"].to_list() == [1250, -50, 7]
    assert done.accepted["card_no"].to_list()[0] == "622202*********0127"
    assert done.parsed.totals.agree
    assert done.parsed.warnings == ("1 row passed over, the first on line 1: head",)


def test_a_line_of_another_width_is_refused_without_its_card_number() -> None:
    data = fixed(("小店甲乙", "1250", "C"), ("小店甲", "50", "D"))
    done = read(data, FIXED)
    assert done.accepted.height == 1
    assert reasons(done) == [(3, "the line has 47 bytes instead of 49")]
    assert "6222021234567890127" not in done.rejected["raw"].item()
    assert "1234567890" not in done.rejected["raw"].item()


JOURNAL: dict[str, Any] = {
    "name": "mine",
    "side": "journal",
    "format": "jsonl",
    "columns": {
        "merchant_id": "merchant.id",
        "terminal_id": "sn",
        "txn_type": "type",
        "status": "ok",
        "amount": "amt",
        "txn_time": "ts",
        "rrn": "ref",
        "card_no": "card.pan",
    },
    "constants": {"currency": "CNY", "channel": "CARD"},
    "codes": {"txn_type": {"0": "SALE", "refund": "REFUND"}, "status": {"true": "APPROVED", "false": "DECLINED"}},
    "formats": {"txn_time": ["epoch-ms", "%Y-%m-%d %H:%M:%S"]},
}
ROW = {
    "merchant": {"id": "M1"},
    "sn": "T1",
    "type": 0,
    "ok": True,
    "amt": "12.50",
    "ts": 1772414105123,
    "ref": "000012",
    "card": {"pan": "6222021234567890127"},
    "extra": [1, {"x": None}],
}


def test_objects_of_a_terminal_are_rows() -> None:
    lines = [json.dumps(ROW), "", json.dumps(ROW | {"type": "refund", "ok": False, "ts": "2026-03-02 09:15:05"})]
    done = read("\n".join(lines), JOURNAL)
    columns = ("line", "merchant_id", "txn_type", "status", "amount_minor", "rrn", "card_no")
    assert done.accepted.select(columns).rows() == [
        (1, "M1", "SALE", "APPROVED", 1250, "000012", "622202*********0127"),
        (3, "M1", "REFUND", "DECLINED", 1250, "000012", "622202*********0127"),
    ]
    assert done.accepted["txn_time"].cast(pl.String).str.slice(0, 19).to_list() == ["2026-03-02 09:15:05"] * 2


@pytest.mark.parametrize(
    ("number", "minor"),
    [("0.07", 7), ("12.50", 1250), ("90071992547409.93", 9007199254740993), ("100", 10000), ("1.10", 110)],
)
def test_numbers_are_read_as_they_are_written(number: str, minor: int) -> None:
    line = json.dumps(ROW).replace('"12.50"', number)
    assert read(line, JOURNAL).accepted["amount_minor"].to_list() == [minor]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (json.dumps(ROW)[:-3], "the line is no JSON object: it is cut off or garbled"),
        ("[1]", "it is no object in braces"),
        ('{"amt": 1, "amt": 2}', "the key 'amt' stands twice"),
        ('{"amt": NaN}', "the line is no JSON object: it is cut off or garbled"),
        ('{"sn": "\\ud800"}', "the line is no JSON object: it is cut off or garbled"),
        ("[" * 100_000, "the line is no JSON object: it is cut off or garbled"),
        (json.dumps(ROW | {"amt": [1]}), "amt is a list or an object, not one value"),
        (json.dumps(ROW | {"amt": "1e3"}), "amount '1e3' is not an amount"),
        (json.dumps(ROW).replace('"12.50"', "1.005"), "amount '1.005' has more decimals than CNY allows"),
    ],
    ids=lambda text: text[:30],
)
def test_a_damaged_line_costs_only_itself(line: str, says: str) -> None:
    done = read("\n".join([json.dumps(ROW), line, json.dumps(ROW)]), JOURNAL)
    assert done.accepted["line"].to_list() == [1, 3]
    assert reasons(done) == [(2, says)]


def test_objects_may_end_with_a_trailer() -> None:
    declared = JOURNAL | {"trailer": r'^\{"rows":\s*(?P<rows>\d+),\s*"total":\s*"(?P<amount>[\d.]+)"\}$'}
    data = f'{json.dumps(ROW)}\n{json.dumps(ROW)}\n{{"rows": 2, "total": "25.00"}}\n'
    assert read(data, declared).parsed.totals.agree
    with pytest.raises(SourceError, match="the trailer is missing"):
        read(data[:-5], declared)


def test_a_terminal_s_file_is_recognised_by_its_objects() -> None:
    profile = profile_of(Declaration.model_validate(JOURNAL))
    assert profile.identify("x", (json.dumps(ROW) + "\n").encode())
    assert not profile.identify("x", b'{"a": 1}\n')
    assert not profile.identify("x", b"terminal_id,merchant_id\nT,M\n")
    assert profile.explain("x", b'{"sn": "T1"}\n').startswith("line 1: merchant_id is blank")


SHAPES = {
    "kinds": (KINDS, b"H|1\nT|2026-03-03|SALE|10.00|0.05|R1\nP|2026-03-03|9.95|P1\nE|2|10.00\n"),
    "head": (HEAD, (HEADED + FOOT).encode()),
    "fixed": (FIXED, fixed(("小店甲乙", "1250", "C"), ("shop    ", "50", "D"))),
    "jsonl": (JOURNAL, f"{json.dumps(ROW)}\n{json.dumps(ROW)}\n".encode()),
}


@pytest.mark.parametrize("shape", SHAPES)
@given(st.data())
@settings(max_examples=60)
def test_whatever_happens_to_a_file_it_is_read_or_refused_in_one_line(shape: str, data: st.DataObject) -> None:
    declared, whole = SHAPES[shape]
    damaged = bytearray(whole)
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        damaged[at] = byte
    cut = data.draw(st.integers(0, len(whole)))
    damaged = damaged[:cut] or damaged
    profile = profile_of(Declaration.model_validate(declared))
    assert "\n" not in profile.explain("x", bytes(damaged))
    done = read_or_refused(bytes(damaged), declared)
    assert done is None or done.accepted.height + done.rejected.height == done.parsed.data_rows


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kinds": [{"line": "^T", "columns": {"record_type": 3}}]}, "needs gross"),
        ({"kinds": [{"line": "("}]}, "no regular expression"),
        ({"ignore": [{"reason": "r"}]}, "either line, or column with words"),
        ({"ignore": [{"reason": "r", "column": 1}]}, "column and words go together"),
        ({"pattern": "(?P<shop>.)"}, "shop is no column of a settlement; name a column, or use it in one as {shop}"),
        ({"columns": {"settlement_date": "{day}"}}, "neither head nor pattern has a group day"),
        ({"sums": {"rrn": [1]}}, "rrn is no amount and cannot be a sum"),
        ({"sums": {"fee": [1] * 10}}, "a sum has 9 columns at most"),
        ({"defaults": {"rrn": "x"}}, "rrn is no column that could be blank"),
        ({"format": "fixed"}, "a fixed width needs places"),
        ({"places": {"a": [1, 2]}}, 'places are for format = "fixed"'),
        ({"like": "nobody"}, "'nobody' is no ready profile; there are"),
        ({"head": "(?P<rows>.)"}, "rows is a total of the trailer as well"),
        ({"formats": {"settlement_date": "epoch"}}, "gives no full date"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says.replace("(", r"\(")):
        Declaration.model_validate(KINDS | change)
