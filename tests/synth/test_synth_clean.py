"""The life without faults: every file adds up, every line has its row, nothing looks like an exception."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path

import pytest
from synth_oracle import CHINA, Folder, moment, verdicts
from synth_oracle_money import due_fee

from pipelines.synth import generate


def by_rrn(folder: Folder) -> dict[str, dict]:
    return {row["rrn"]: row for row in folder.rows("journal")}


def test_every_trailer_adds_up_and_nothing_comes_late(clean: Folder) -> None:
    assert not clean.bad
    assert not (clean.path / "later").exists()
    assert all(file.day == arrives for file, arrives in clean.files.values())


def test_the_expected_files_are_there(clean: Folder) -> None:
    business = {day for day in clean.runs if CHINA.is_working_day(day)}
    assert {day for side, _, day in clean.files if side == "journal"} == set(clean.runs)
    assert {day for side, _, day in clean.files if side == "bank"} == business
    for acquirer in ("UNIONPAY", "WECHAT", "ALIPAY"):
        assert {day for _, name, day in clean.files if name == acquirer} == set(clean.runs[1:])


def test_journal_rows_are_of_their_day_and_about_as_many_as_asked(clean: Folder) -> None:
    counts = Counter(row["_file"] for row in clean.rows("journal"))
    assert all(390 <= count <= 400 for count in counts.values())
    assert all(row["_file"] == f"journal_{moment(row['txn_time']):%Y%m%d}.csv" for row in clean.rows("journal"))


def test_nothing_is_listed_on_any_night(clean: Folder) -> None:
    assert clean.truth() == []
    assert verdicts(clean) == set()


def test_every_part_of_life_occurs(clean: Folder) -> None:
    journal, lines = clean.rows("journal"), clean.rows("settlement")
    types = Counter(row["txn_type"] for row in journal)
    assert set(types) == {
        "SALE", "VOID", "REVERSAL", "REFUND", "PREAUTH", "PREAUTH_COMPLETION", "PREAUTH_CANCEL",
    }  # fmt: skip
    assert {row["status"] for row in journal} == {"APPROVED", "DECLINED", "TIMEOUT"}
    assert {row["channel"] for row in journal} == {"CARD", "WECHAT", "ALIPAY"}
    assert {row["card_type"] for row in journal} == {"DEBIT", "CREDIT", ""}
    assert {row["record_type"] for row in lines} == {"SALE", "REFUND", "VOID", "REVERSAL", "PAYOUT"}
    assert any(row["fee"] == "20.00" for row in lines), "the debit cap is reached"
    assert any(moment(row["txn_time"]).hour == 23 for row in journal)


def test_twins_are_bought_in_one_minute_with_different_cards(clean: Folder) -> None:
    minutes = defaultdict(set)
    for row in clean.rows("journal"):
        if row["txn_type"] == "SALE" and row["card_no"]:
            minutes[row["terminal_id"], row["amount"], row["txn_time"][:16]].add(row["card_no"])
    assert any(len(cards) > 1 for cards in minutes.values())


def test_no_two_card_sales_look_like_a_double_charge(clean: Folder) -> None:
    sales = defaultdict(list)
    undone = {row["original_rrn"] for row in clean.rows("journal") if row["original_rrn"]}
    for row in clean.rows("journal"):
        if row["txn_type"] == "SALE" and row["status"] == "APPROVED" and row["card_no"] and row["rrn"] not in undone:
            sales[row["merchant_id"], row["card_no"], row["amount"]].append(moment(row["txn_time"]))
    for times in sales.values():
        times.sort()
        assert all(b - a > timedelta(minutes=10) for a, b in pairwise(times))


def test_refunds_stay_within_their_sale(clean: Folder) -> None:
    sales, refunds = by_rrn(clean), defaultdict(list)
    for row in clean.rows("journal"):
        if row["txn_type"] == "REFUND":
            refunds[row["original_rrn"]].append(Decimal(row["amount"]))
    assert any(len(amounts) == 3 for amounts in refunds.values())
    assert any(len(amounts) == 2 for amounts in refunds.values())
    for rrn, amounts in refunds.items():
        assert sum(amounts) <= Decimal(sales[rrn]["amount"])


def test_undone_sales_are_shown_with_what_undid_them_or_not_at_all(clean: Folder) -> None:
    lines = {row["rrn"]: row for row in clean.rows("settlement") if row["rrn"]}
    undoing = [row for row in clean.rows("journal") if row["txn_type"] in ("VOID", "REVERSAL")]
    known = [row for row in undoing if moment(row["txn_time"]).date() < clean.last]
    both = [row for row in known if row["rrn"] in lines]
    assert both
    assert len(both) < len(known)
    for row in known:
        assert (row["rrn"] in lines) == (row["original_rrn"] in lines)
    for row in both:
        line, sale = lines[row["rrn"]], lines[row["original_rrn"]]
        assert line["original_rrn"] == sale["rrn"]
        assert [Decimal(line[c]) for c in ("gross", "fee", "net")] == [
            -Decimal(sale[c]) for c in ("gross", "fee", "net")
        ]


def test_rrns_and_order_numbers_are_unique(clean: Folder) -> None:
    journal = clean.rows("journal")
    rrns = [row["rrn"] for row in journal if row["rrn"]]
    assert len(set(rrns)) == len(rrns)
    orders = [row["order_no"] for row in journal if row["order_no"]]
    assert len(set(orders)) == len(orders)
    places = Counter(
        (row["terminal_id"], int(row["batch_no"]), int(row["stan"]))
        for row in journal
        if row["batch_no"] and row["stan"]
    )
    assert max(places.values()) == 1


def test_a_line_without_rrn_is_found_by_its_counters(clean: Folder) -> None:
    rows = defaultdict(list)
    for row in clean.rows("journal"):
        if row["stan"]:
            rows[row["merchant_id"], row["terminal_id"], int(row["stan"])].append(row)
    blank = [r for r in clean.rows("settlement") if r["acquirer"] == "UNIONPAY" and not r["rrn"] and r["stan"]]
    assert any(not line["batch_no"] for line in blank)
    for line in blank:
        near = rows[line["merchant_id"], line["terminal_id"], int(line["stan"])]
        (row,) = [r for r in near if abs(moment(r["txn_time"]) - moment(line["txn_time"])) < timedelta(minutes=2)]
        assert row["amount"] == line["gross"]


def test_either_side_leaves_cells_blank_and_writes_counters_its_own_way(clean: Folder) -> None:
    cards = {
        "journal": [row for row in clean.rows("journal") if row["channel"] == "CARD"],
        "settlement": [row for row in clean.rows("settlement") if row["acquirer"] == "UNIONPAY" and row["card_no"]],
    }
    for side, rows in cards.items():
        for column in ("rrn", "stan", "batch_no"):
            assert any(not row[column] for row in rows), (side, column)
        for column in ("stan", "batch_no"):
            texts = {row[column] for row in rows if row[column]}
            assert any(text.startswith("0") for text in texts), (side, column)
            assert {text for text in texts if len(text) < 6}, (side, column)


def test_stans_wrap_and_clocks_differ(clean: Folder) -> None:
    journal = {row["rrn"]: row for row in clean.rows("journal") if row["rrn"]}
    stans = defaultdict(list)
    for row in journal.values():
        if row["stan"]:
            stans[row["terminal_id"]].append(int(row["stan"]))
    assert any(max(used) > 999_900 and min(used) < 100 for used in stans.values())
    pairs = [(row, journal[row["rrn"]]) for row in clean.rows("settlement") if row["rrn"] in journal]
    errors = {(moment(line["txn_time"]) - moment(row["txn_time"])).total_seconds() for line, row in pairs}
    assert min(errors) < -30
    assert max(errors) > 30
    assert any(line["txn_time"][:10] != row["txn_time"][:10] for line, row in pairs)


def test_fees_follow_the_written_contracts(clean: Folder) -> None:
    for line in clean.rows("settlement"):
        if line["record_type"] == "PAYOUT":
            continue
        assert Decimal(line["fee"]) == due_fee(clean.config["contracts"], line)
        assert Decimal(line["net"]) == Decimal(line["gross"]) - Decimal(line["fee"])


def check_payouts(folder: Folder) -> dict[str, dict]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    declared = {}
    for line in folder.rows("settlement"):
        if line["record_type"] == "PAYOUT":
            assert line["payout_id"] not in declared
            declared[line["payout_id"]] = line
        elif line["currency"] == "CNY":
            sums[line["payout_id"]] += Decimal(line["net"])
    broken = {row["payout_id"] for row in folder.truth() if row["type"] == "NET_BREAK"}
    assert {p for p, line in declared.items() if Decimal(line["net"]) != sums[p]} == broken
    assert declared.keys() == sums.keys()
    assert all(line["gross"] == line["net"] and line["fee"] == "0.00" for line in declared.values())
    assert all(total > 0 for total in sums.values())
    return declared


def test_payouts_are_the_positive_sum_of_their_lines(clean: Folder, faulty: Folder) -> None:
    assert check_payouts(clean)
    assert check_payouts(faulty)


def test_payouts_are_credited_when_due(clean: Folder) -> None:
    contracts = {c["acquirer"]: c for c in clean.config["contracts"]}
    due: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for line in check_payouts(clean).values():
        contract, day = contracts[line["acquirer"]], date.fromisoformat(line["settlement_date"])
        later = (day + timedelta(days=n) for n in range(1, 20))
        working = [d for d in later if CHINA.is_working_day(d)]
        due[line["acquirer"], str(working[contract["payout_lag_business_days"] - 1])].append(Decimal(line["net"]))
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in clean.rows("bank"):
        for name, contract in contracts.items():
            if fnmatch(row["counterparty"], contract["bank_counterparty"]):
                booked[name, row["booking_date"]] += Decimal(row["amount"])
    assert set(booked) == {key for key in due if key[1] <= str(clean.last)}
    for key, total in booked.items():
        (fee,) = [Decimal(rule["fixed"]) for rule in contracts[key[0]].get("bank_fees", ())] or [Decimal(0)]
        assert total in {sum(due[key]), sum(due[key]) - fee * len(due[key])}
    assert max(day for _, day in due) > str(clean.last)


def test_payouts_come_in_many_forms(tmp_path: Path) -> None:
    generate(tmp_path, days=30, rows_per_day=40, seed=4, faults="none")
    folder = Folder(tmp_path)
    texts = [row["remittance"] for row in folder.rows("bank")]
    wholes = [re.findall(r"(?:UP|WX|AL)\d{8}-M\d{3}", text) for text in texts]
    assert any(len(names) > 1 for names in wholes), "one sum for several, all named"
    assert any("合并" in text and not names for text, names in zip(texts, wholes, strict=True)), "and none named"
    assert any(text.endswith("1/2") for text in texts), "in parts"
    assert any(re.search(r"(UP|WX|AL)\d{3} \d{5}M", text) for text in texts), "a reference that was cut"
    assert verdicts(folder) == set()


def test_balances_run_on_from_entry_to_entry_and_day_to_day(clean: Folder) -> None:
    closing = None
    for (side, *_), (file, _) in sorted(clean.files.items()):
        for row in file.rows if side == "bank" else []:
            balance = Decimal(row["balance"])
            assert closing is None or closing + Decimal(row["amount"]) == balance
            closing = balance
    assert closing is not None


def test_settlement_has_only_lines_of_the_day_before_or_of_refunds(clean: Folder) -> None:
    for line in clean.rows("settlement"):
        if line["record_type"] not in ("PAYOUT", "REFUND"):
            # the acquirer's clock may be minutes off, and its day may end before midnight
            sold = moment(line["txn_time"])
            eve = date.fromisoformat(line["settlement_date"]) - timedelta(days=1)
            assert {eve, eve - timedelta(days=1)} & {(sold + timedelta(minutes=m)).date() for m in (-2, 2)}


@pytest.mark.parametrize(("days", "rows"), [(1, 1), (2, 3), (3, 1), (12, 7)])
def test_the_smallest_worlds_are_whole_too(tmp_path: Path, days: int, rows: int) -> None:
    generate(tmp_path, days=days, rows_per_day=rows, seed=3, faults="none")
    folder = Folder(tmp_path)
    assert verdicts(folder) == set()
    assert len(folder.rows("journal")) <= days * rows
    check_payouts(folder)
