"""Profiles declared in recon.toml: units, separators, signs and words as the file has them."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines import intake
from pipelines.config import Settings, Source
from pipelines.sources.amounts import plain_number
from pipelines.sources.declared import CODES, Declaration, holds_a_date, profile_of
from pipelines.sources.layout import Amounts

SETTLEMENT = {
    "name": "mine",
    "side": "settlement",
    "header": False,
    "delimiter": "|",
    "columns": {"settlement_date": 1, "record_type": 2, "gross": 3, "fee": 4, "net": 5},
    "constants": {"currency": "CNY", "merchant_id": "M"},
}
WITHOUT_NET = {"settlement_date": 1, "record_type": 2, "gross": 3, "fee": 4}


def read(lines: list[str], **given: Any) -> intake.Read:
    """Lines of a declared profile as the night reads them."""
    profile = profile_of(Declaration.model_validate(SETTLEMENT | given))
    source = Source(name="s", profile="mine", pattern="*", acquirer="A", account="B")
    return intake.read(profile, "\n".join(lines).encode(), Settings(), source)


def amounts(line: str, **given: Any) -> tuple[int | None, int | None, int | None]:
    """Gross, fee and net of one line, before validation."""
    return read([line], **given).parsed.rows.select("gross_minor", "fee_minor", "net_minor").row(0)


@pytest.mark.parametrize(
    ("line", "given", "signed"),
    [
        ("2026-03-03|SALE|10.00|0.05|9.95", {}, (1000, 5, 995)),
        ("2026-03-03|SALE|1000|5|995", {"unit": "minor"}, (1000, 5, 995)),
        ("2026-03-03|SALE|000000001000|0005|995", {"unit": "minor"}, (1000, 5, 995)),
        ("2026-03-03|SALE|1,234.50|0|1,234.50", {"thousands": ","}, (123450, 0, 123450)),
        ("2026-03-03|SALE|1.234,50|0|1234,50", {"thousands": ".", "decimal": ","}, (123450, 0, 123450)),
        ("2026-03-03|SALE|1 234|0|1234", {"thousands": " "}, (123400, 0, 123400)),
        ("2026-03-03|SALE|-10.00|0.05|-9.95", {"sign": "negate"}, (1000, 5, 995)),
        ("2026-03-03|REFUND|10.00|0.05|9.95", {"sign": "by-type"}, (-1000, -5, -995)),
        ("2026-03-03|REFUND|10.00|0.05|10.05", {"sign": "by-type"}, (-1000, 5, -1005)),
        ("2026-03-03|REFUND|-10.00|-0.05|-9.95", {"sign": "by-type"}, (-1000, -5, -995)),
        ("2026-03-03|CHARGEBACK|10.00|15.00|25.00", {"sign": "by-type"}, (-1000, 1500, -2500)),
        ("2026-03-03|SALE|10.00|0.05|9.95", {"sign": "by-type"}, (1000, 5, 995)),
        ("2026-03-03|PAYOUT|10.00|0.00|10.00", {"sign": "by-type"}, (1000, 0, 1000)),
        ("2026-03-03|SALE|10.00|0.05", {"columns": WITHOUT_NET}, (1000, 5, 995)),
        ("2026-03-03|SALE|10.00|", {"columns": WITHOUT_NET}, (1000, 0, 1000)),
        ("2026-03-03|REFUND|10.00|0.05", {"columns": WITHOUT_NET, "sign": "by-type"}, (-1000, -5, -995)),
        ("2026-03-03|CHARGEBACK|10.00|15", {"columns": WITHOUT_NET, "sign": "by-type"}, (-1000, 1500, -2500)),
    ],
)
def test_amounts_become_the_merchant_s(line: str, given: dict[str, Any], signed: tuple[int, int, int]) -> None:
    assert amounts(line, **given) == signed
    assert read([line], **given).rejected.filter(pl.col("reason").str.contains("net|gross|fee")).is_empty()


def test_what_a_column_leaves_blank_is_not_made_up() -> None:
    done = read(["2026-03-03|SALE|10.00|0.05|"])
    assert done.rejected["reason"].to_list() == ["net is blank"]


DIRECTION = {
    "columns": {"settlement_date": 1, "gross": 3, "fee": 4, "net": 5},
    "constants": {"currency": "CNY", "merchant_id": "M", "record_type": "ADJUSTMENT"},
    "direction": {"column": 2, "plus": ["C", "贷"], "minus": "D"},
}


@pytest.mark.parametrize(
    ("word", "signed"),
    [("C", (1000, 5, 995)), ("贷", (1000, 5, 995)), ("D", (-1000, -5, -995)), (" D ", (-1000, -5, -995))],
)
def test_a_word_may_say_which_way_the_money_goes(word: str, signed: tuple[int, int, int]) -> None:
    assert amounts(f"2026-03-03|{word}|10.00|0.05|9.95", **DIRECTION) == signed


@pytest.mark.parametrize(
    ("word", "says"), [("X", "direction 'X' is a word that the profile does not know"), ("", "direction '' is")]
)
def test_a_direction_nobody_declared_rejects_the_row(word: str, says: str) -> None:
    done = read([f"2026-03-03|{word}|10.00|0.05|9.95", "2026-03-03|C|1|0|1"], **DIRECTION)
    assert done.accepted["line"].to_list() == [2]
    assert done.rejected["reason"].item().startswith(says)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("12,50", {"thousands": ","}),
        ("1,2,3", {"thousands": ","}),
        ("1,2345.00", {"thousands": ","}),
        (",100", {"thousands": ","}),
        ("1.50", {"decimal": ","}),
        ("1.234,50", {"decimal": ","}),
        ("12.50", {"unit": "minor"}),
        ("1,250", {"unit": "minor"}),
        ("1e3", {}),
        ("¥10.00", {}),
        ("(10.00)", {}),
        ("10.00-", {}),
    ],
)
def test_an_amount_that_could_be_read_in_two_ways_is_not_read(text: str, given: dict[str, Any]) -> None:
    done = read([f"2026-03-03|SALE|{text}|0|0"], **given)
    assert done.accepted.is_empty()
    assert "gross '" in done.rejected["reason"].item()


@given(st.integers(0, 10**14), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_grouped_numbers_are_read_back(minor: int, separators: tuple[str, str]) -> None:
    comma, point = separators
    written = f"{minor // 100:,}".replace(",", comma) + point + f"{minor % 100:02}"
    assert plain_number(written, Amounts(thousands=comma, decimal=point)) == f"{minor // 100}.{minor % 100:02}"


def test_words_are_codes_and_dates_have_formats() -> None:
    done = read(
        ["03.03.2026|消费|1.00|0|1.00", "03.03.2026|Sale|1.00|0|1.00", "2026-03-03|消费|1.00|0|1.00"],
        codes={"record_type": {"消费": "SALE"}},
        formats={"settlement_date": ["%d.%m.%Y", "%Y/%m/%d"]},
    )
    assert done.accepted["record_type"].to_list() == ["SALE"]
    assert done.rejected["reason"].to_list() == [
        "record_type 'Sale' is a word that the profile does not know",
        "settlement_date '2026-03-03' is not a date in the format of the profile",
    ]


def test_canonical_words_need_no_codes_and_no_capitals() -> None:
    assert read(["2026-03-03|sale|1|0|1"]).accepted["record_type"].to_list() == ["SALE"]
    assert read(["2026-03-03|SALE|1|0|1"], constants={"currency": "cny", "merchant_id": "M"}).accepted.height == 1


def test_date_and_time_in_two_columns_are_one_time() -> None:
    columns = {**SETTLEMENT["columns"], "txn_time": [6, 7]}  # type: ignore[dict-item]
    done = read(
        ["2026-03-03|SALE|1|0|1|20260302|235959", "2026-03-03|SALE|1|0|1||"],
        columns=columns,
        formats={"txn_time": "%Y%m%d %H%M%S"},
    )
    assert done.accepted["txn_time"].cast(pl.String).to_list() == ["2026-03-02 23:59:59.000000", None]


def test_the_account_and_acquirer_come_from_the_source_where_the_file_names_none() -> None:
    assert read(["2026-03-03|SALE|1|0|1"]).accepted["acquirer"].to_list() == ["A"]
    bank = {"side": "bank", "columns": {"booking_date": 1, "amount": 3}, "constants": {"currency": "CNY"}}
    assert read(["2026-03-03|SALE|1|0|1"], **bank).accepted["account"].to_list() == ["B"]


def test_blank_rows_and_footers_are_layout() -> None:
    done = read(["title", "2026-03-03|SALE|1|0|1", "||||", "end of file", "|"], preamble=1, footer="^end of file")
    assert (done.parsed.data_rows, done.rejected.height) == (1, 0)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16", "big5"])
def test_any_text_encoding_will_do(encoding: str) -> None:
    declared = Declaration.model_validate(
        {
            "name": "mine",
            "side": "bank",
            "encoding": encoding,
            "columns": {"booking_date": "日期", "amount": "金額", "remittance": "摘要"},
            "constants": {"currency": "CNY"},
        }
    )
    data = "日期,金額,摘要\n2026-03-04,1.00,中文\n".encode(encoding)
    profile = profile_of(declared)
    assert profile.identify("x", data)
    done = intake.read(profile, data, Settings(), Source(name="s", profile="mine", pattern="*", account="A"))
    assert done.accepted["remittance"].to_list() == ["中文"]


@pytest.mark.parametrize(
    ("pattern", "full"),
    [
        *(
            (p, True)
            for p in ("%Y-%m-%d", "%d/%m/%Y", "%Y%m%d%H%M%S", "%Y年%m月%d日", "%d.%m.%y", "%Y-%m-%dT%H:%M:%S%.f%#z")
        ),
        *((p, False) for p in ("%m%d%H%M%S", "%H:%M", "", "YYYY-MM-DD", "%Q", "%")),
    ],
)
def test_a_format_must_hold_a_full_date(pattern: str, full: bool) -> None:
    assert holds_a_date(pattern) is full


def test_every_coded_column_of_the_schemas_can_be_declared() -> None:
    assert sorted(CODES) == ["card_type", "channel", "currency", "record_type", "status", "txn_type"]


def test_a_declaration_is_checked_on_its_own() -> None:
    with pytest.raises(ValidationError, match="needs gross"):
        Declaration.model_validate(SETTLEMENT | {"columns": {"settlement_date": 1, "record_type": 2}})
