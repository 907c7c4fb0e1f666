"""Amounts that stand in several columns, or with words and signs around them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from declaring import BANK, SETTLEMENT, read, reasons
from hypothesis import given
from hypothesis import strategies as st

SPLIT = {
    **{key: value for key, value in BANK.items() if key != "columns"},
    "columns": {"booking_date": "日期", "remittance": "摘要"},
    "split": {"credit": "贷方", "debit": "借方"},
    "thousands": ",",
    "delimiter": ";",
}


def split(*rows: str, **declared: Any) -> Any:
    return read("\n".join(["日期;摘要;贷方;借方", *rows]), SPLIT | declared)


@pytest.mark.parametrize(
    ("cells", "minor"),
    [
        ("1,234.50;", 123_450),
        (";1,234.50", -123_450),
        ("0.00;12.30", -1_230),
        ("12.30;0.00", 1_230),
        (";-5.00", 500),
        ("-5.00;", -500),
        ("0.00;0.00", 0),
        ("0.00;", 0),
    ],
)
def test_one_of_two_columns_holds_the_amount(cells: str, minor: int) -> None:
    done = split(f"2026-03-04;x;{cells}")
    assert done.accepted["amount_minor"].to_list() == [minor]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (";", "amount is blank"),
        ("1.00;2.00", "amount '1.00 2.00' stands in more than one column"),
        ("1.00;x", "amount '1.00 x' is not an amount"),
        ("1,00;", "amount '1,00' is not an amount"),
    ],
)
def test_what_two_columns_do_not_say_plainly_is_no_amount(cells: str, says: str) -> None:
    assert reasons(split(f"2026-03-04;x;{cells}")) == [(2, says)]


def test_sums_and_differences_of_columns_are_amounts() -> None:
    columns = {"settlement_date": 1, "record_type": 2}
    sums = {"gross": 3, "fee": [4, 5], "net": [3, -4, -5]}
    done = read(
        "2026-03-03|SALE|10.00|0.05|0.01\n2026-03-03|SALE|10.00||", SETTLEMENT | {"columns": columns, "sums": sums}
    )
    assert done.accepted.select("gross_minor", "fee_minor", "net_minor").rows() == [(1000, 6, 994)]
    assert reasons(done) == [(2, "fee is blank")]


def test_terms_have_names_and_signs() -> None:
    declared = {
        **SETTLEMENT,
        "header": True,
        "columns": {"settlement_date": "d", "record_type": "t", "gross": "g"},
        "sums": {"fee": ["handling", "+ service"], "net": ["g", "-handling", "-service"]},
    }
    done = read("d|t|g|handling|service\n2026-03-03|SALE|10.00|0.05|0.02\n", declared)
    assert done.accepted.select("fee_minor", "net_minor").rows() == [(7, 993)]


amounts = st.integers(-(10**12), 10**12)


@given(st.lists(amounts, min_size=1, max_size=9), st.data())
def test_a_sum_is_exact(values: list[int], data: st.DataObject) -> None:
    signs = data.draw(st.lists(st.sampled_from([1, -1]), min_size=len(values), max_size=len(values)))
    cells = [f"{'-' * (value < 0)}{abs(value) // 100}.{abs(value) % 100:02}" for value in values]
    terms = [sign * place for place, sign in enumerate(signs, start=2)]
    declared = {**BANK, "header": False, "columns": {"booking_date": 1}, "sums": {"amount": terms}}
    done = read(",".join(["2026-03-04", *cells]), declared)
    assert done.accepted["amount_minor"].to_list() == [sum(s * v for s, v in zip(signs, values, strict=True))]


@pytest.mark.parametrize(
    ("text", "declared", "minor"),
    [
        ("¥10.00", {"marks": ["¥", "￥"]}, 1000),
        ("-¥10.00", {"marks": ["¥", "￥"]}, -1000),
        ("CNY 1,234.50", {"marks": "CNY", "thousands": ","}, 123450),
        ("CNY13.50", {"marks": "CNY"}, 1350),
        ("13.50元", {"marks": "元"}, 1350),
        ("13.50 元-", {"marks": "元", "minus": "trailing"}, -1350),
        ("10.00-", {"minus": "trailing"}, -1000),
        ("1.234,50-", {"minus": "trailing", "thousands": ".", "decimal": ","}, -123450),
        ("(10.00)", {"minus": "brackets"}, -1000),
        ("10.00", {"minus": "brackets"}, 1000),
        ("-10.00", {"minus": "brackets"}, -1000),
    ],
)
def test_marks_and_minus_are_as_declared(text: str, declared: dict[str, Any], minor: int) -> None:
    assert read(f"日期|金额|摘要\n2026-03-04|{text}|x", BANK | {"delimiter": "|"} | declared).accepted[
        "amount_minor"
    ].to_list() == [minor]


@pytest.mark.parametrize("text", ["10.00-", "(10.00)", "¥10.00", "--10.00", "-(10.00)", "(10.00", "¥"])
def test_what_is_not_declared_is_not_read(text: str) -> None:
    assert read(f"日期,金额,摘要\n2026-03-04,{text},x", BANK).accepted.is_empty()


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
WRITTEN = st.lists(
    st.tuples(DAYS, st.sampled_from(["SALE", "REFUND"]), st.integers(1, 10**10), st.integers(0, 10**6)),
    min_size=1,
    max_size=8,
)


@given(
    WRITTEN,
    st.sampled_from(["|", "\t", ",", ";"]),
    st.sampled_from(["major", "minor"]),
    st.sampled_from(["as-is", "negate", "by-type", "direction", "split"]),
)
def test_the_same_rows_come_back_however_they_were_written(
    rows: list[Any], delimiter: str, unit: str, way: str
) -> None:
    """Written with any delimiter, unit and convention of signs, a file reads back as the rows it was made of."""

    def text(minor: int) -> str:
        return str(minor) if unit == "minor" else f"{'-' * (minor < 0)}{abs(minor) // 100}.{abs(minor) % 100:02}"

    lines, expected = [], []
    for day, kind, size, fee in rows:
        gross = size if kind == "SALE" else -size
        expected.append((day, kind, gross, fee, gross - fee))
        shown = {"as-is": gross, "negate": -gross}.get(way, size)
        both = [text(size), ""] if kind == "SALE" else ["", text(size)]
        cells = [day.isoformat(), kind, text(shown), text(fee), *both, "C" if kind == "SALE" else "D"]
        lines.append(delimiter.join(cells))
    columns: dict[str, Any] = {"settlement_date": 1, "record_type": 2, "gross": 3, "fee": 4}
    declared: dict[str, Any] = {"delimiter": delimiter, "unit": unit}
    if way == "split":
        del columns["gross"]
        declared["split"] = {"credit": 5, "debit": 6}
    elif way == "direction":
        declared["direction"] = {"column": 7, "plus": "C", "minus": "D"}
    else:
        declared["sign"] = way
    done = read("\n".join(lines), SETTLEMENT | declared | {"columns": columns})
    found = done.parsed.rows.select("settlement_date", "record_type", "gross_minor", "fee_minor", "net_minor").rows()
    if way in ("by-type", "direction"):  # without a net a refund gives its fee back
        expected = [(d, k, g, f if g > 0 else -f, g - f if g > 0 else g + f) for d, k, g, f, _ in expected]
    assert found == expected
