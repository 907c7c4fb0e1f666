"""Payouts against their lines: what adds up, what is carried on, and what is said of everything else."""

from __future__ import annotations

from reading import rows_of
from scenario import FRI, MON, THU, TUE, WED, Shop


def sold(shop: Shop, rrn: str, gross: str, payout_id: str, *, fee: str = "0.00") -> None:
    shop.sale(rrn, gross, MON)
    shop.settled(rrn, gross, TUE, sold=MON, fee=fee, payout_id=payout_id)


def bridge(shop: Shop, payout_id: str) -> dict[str, object]:
    found = rows_of(shop, f"SELECT * FROM payout_bridge WHERE payout_id = '{payout_id}'")  # noqa: S608
    (row,) = found
    assert row["expected_net_minor"] == (
        row["gross_minor"]
        - row["refunds_minor"]
        - row["fees_minor"]
        - row["chargebacks_minor"]
        + row["adjustments_minor"]
    )
    return row


def test_a_payout_that_is_not_the_sum_of_its_lines_is_a_break_with_its_bridge(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P1", fee="0.50")
    sold(shop, "two", "50.00", "P1", fee="0.25")
    shop.declared("P1", "148.00", TUE)
    shop.nights(MON, WED)
    found = shop.exception("P1", "NET_BREAK")
    assert (found["amount_minor"], found["direction"], found["first_seen"]) == (125, "short", str(TUE))
    assert (found["leg"], found["merchant_id"]) == ("settlement", "898310158120001")
    assert "148.00 CNY" in found["explanation"]
    assert "gross 150.00 CNY - refunds 0.00 CNY - fees 0.75 CNY" in found["explanation"]
    row = bridge(shop, "P1")
    assert (row["unexplained_minor"], row["net_verdict"]) == (-125, "NET_BREAK")


def test_every_kind_of_line_counts(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P1", fee="0.50")
    shop.refund("back", "10.00", MON, of="one")
    shop.settled("back", "-10.00", TUE, kind="REFUND", original_rrn="one", payout_id="P1", fee="-0.05")
    shop.settled("one", "-30.00", TUE, kind="CHARGEBACK", payout_id="P1")
    shop.settled("", "-2.00", TUE, kind="FEE", payout_id="P1")
    shop.settled("", "-5.00", TUE, kind="RESERVE_HOLD", payout_id="P1")
    shop.settled("", "3.00", TUE, kind="RESERVE_RELEASE", payout_id="P1")
    shop.declared("P1", "55.55", TUE)
    shop.nights(MON, TUE)
    row = bridge(shop, "P1")
    assert row["net_verdict"] == "agrees"
    assert [row[f"{n}_minor"] for n in ("gross", "refunds", "fees", "chargebacks", "adjustments", "declared")] == [
        *(10_000, 1_000, 45, 3_000, -400, 5_555)
    ]
    assert [row[f"{n}_minor"] for n in ("separate_fees", "reserve_held", "reserve_released")] == [200, 500, 300]


def test_the_readable_net_of_a_rejected_line_counts(shop: Shop) -> None:
    sold(shop, "good", "100.00", "P1")
    shop.sale("bad", "20.00", MON)
    shop.settled("bad", "20.00", TUE, payout_id="P1", txn_time="2026-02-30T12:00:00")
    shop.declared("P1", "120.00", TUE)
    shop.nights(MON, TUE)
    assert "ROW_REJECTED" in shop.seen[-1].open_types
    row = bridge(shop, "P1")
    assert (row["net_verdict"], row["rejected_minor"], row["unexplained_minor"]) == ("agrees", 2000, 0)


def test_a_payout_with_no_lines_is_said(shop: Shop) -> None:
    shop.declared("P-EMPTY", "10.00", TUE)
    shop.nights(MON, TUE)
    found = shop.exception("P-EMPTY", "NET_BREAK")
    assert (found["amount_minor"], found["direction"]) == (1000, "long")
    assert "no line of it is there" in found["explanation"]


def test_lines_with_no_payout_are_said(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P-SILENT")
    shop.nights(MON, TUE)
    found = shop.exception("P-SILENT", "NET_BREAK")
    assert (found["amount_minor"], found["direction"]) == (10000, "short")
    assert "nothing declares it" in found["explanation"]


def test_a_line_that_bears_another_currency_is_no_break_of_its_payout_as_well(shop: Shop) -> None:
    for payout, declared in (("P-COUNTED", "107.00"), ("P-LEFT-OUT", "100.00"), ("P-BROKEN", "90.00")):
        sold(shop, f"{payout}-1", "100.00", payout)
        shop.sale(f"{payout}-2", "7.00", MON)
        shop.settled(f"{payout}-2", "7.00", TUE, payout_id=payout, currency="USD")
        shop.declared(payout, declared, TUE)
    shop.nights(MON, TUE)
    register = [e for e in shop.seen[-1].register if e["type"] in {"CURRENCY_MISMATCH", "NET_BREAK"}]
    assert sorted((e["type"], e["rrn"] or e["payout_id"], e["amount_minor"], e["currency"]) for e in register) == [
        ("CURRENCY_MISMATCH", "P-BROKEN-2", 700, "USD"),
        ("CURRENCY_MISMATCH", "P-COUNTED-2", 700, "USD"),
        ("CURRENCY_MISMATCH", "P-LEFT-OUT-2", 700, "USD"),
        ("NET_BREAK", "P-BROKEN", 1000, "CNY"),
    ]


def test_a_payout_that_is_declared_twice_is_said(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P-TWICE")
    shop.declared("P-TWICE", "100.00", TUE)
    shop.declared("P-TWICE", "100.00", TUE)
    shop.nights(MON, TUE)
    found = shop.exception("P-TWICE", "NET_BREAK")
    assert (found["amount_minor"], found["direction"]) == (10000, "long")
    assert "declared 2 times" in found["explanation"]


def test_lines_that_come_later_make_it_add_up(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P1")
    shop.declared("P1", "130.00", TUE)
    shop.sale("late", "30.00", TUE)
    shop.settled("late", "30.00", WED, payout_id="P1")
    shop.nights(MON, WED)
    assert [(day, event) for day, kind, event in shop.history("P1") if kind == "NET_BREAK"] == [
        (str(TUE), "opened"),
        (str(WED), "cleared"),
    ]


def test_a_corrected_file_clears_it(shop: Shop) -> None:
    sold(shop, "one", "100.00", "P1")
    shop.declared("P1", "90.00", TUE)
    shop.nights(MON, TUE)
    shop.put("settlement_UNIONPAY_20260331.csv", shop.text("unionpay", TUE).replace("90.00", "100.00"))
    shop.night(WED)
    assert ("cleared") in [event for _, kind, event in shop.history("P1") if kind == "NET_BREAK"]
    assert bridge(shop, "P1")["declared_minor"] == 10000


def test_a_negative_day_is_carried_into_the_next_payout(shop: Shop) -> None:
    shop.bought("old", "80.00")
    shop.refund("back", "80.00", TUE, of="old")
    shop.settled("back", "-80.00", WED, kind="REFUND", original_rrn="old", payout_id="P-WED")
    shop.declared("P-WED", "0.00", WED)
    shop.sale("new", "100.00", WED)
    shop.settled("new", "100.00", THU, payout_id="P-THU")
    shop.declared("P-THU", "20.00", THU)
    shop.sale("more", "7.00", THU)
    shop.settled("more", "7.00", FRI, payout_id="P-FRI")
    shop.declared("P-FRI", "7.00", FRI)
    shop.nights(MON, FRI)
    assert "NET_BREAK" not in {e["type"] for e in shop.seen[-1].register}
    rows = rows_of(
        shop, "SELECT payout_id, carried_minor, unexplained_minor, net_verdict FROM payout_bridge ORDER BY 1"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("P-FRI", 0, 0, "agrees"),
        ("P-THU", -8000, 0, "agrees"),
        ("P-WED", 8000, 0, "carried"),
    ]


def test_a_payout_that_forgets_what_was_carried_keeps_it_open(shop: Shop) -> None:
    shop.bought("old", "80.00")
    shop.refund("back", "80.00", TUE, of="old")
    shop.settled("back", "-80.00", WED, kind="REFUND", original_rrn="old", payout_id="P-WED")
    shop.declared("P-WED", "0.00", WED)
    shop.sale("new", "100.00", WED)
    shop.settled("new", "100.00", THU, payout_id="P-THU")
    shop.declared("P-THU", "30.00", THU)
    shop.nights(MON, THU)
    found = shop.exception("P-THU", "NET_BREAK")
    assert (found["amount_minor"], found["direction"]) == (7000, "short")
    assert "-80.00 CNY was carried from days before" in found["explanation"]


def test_reserves_are_followed_until_they_are_released(shop: Shop) -> None:
    for day, held in ((TUE, "-5.00"), (WED, "-6.00")):
        shop.settled("", held, day, kind="RESERVE_HOLD", payout_id="")
    shop.settled("", "7.00", THU, kind="RESERVE_RELEASE", payout_id="")
    shop.nights(MON, THU)
    rows = rows_of(shop, "SELECT held_minor, released_minor, outstanding_minor, age_days FROM reserves ORDER BY row_id")
    assert [tuple(row.values()) for row in rows] == [(500, 500, 0, 2), (600, 200, 400, 1)]


def test_what_follows_a_sale_is_told_in_its_stages(shop: Shop) -> None:
    shop.bought("sale", "80.00")
    shop.settled("cb", "-80.00", WED, kind="CHARGEBACK", sold=MON, original_rrn="sale")
    shop.settled("re", "80.00", THU, kind="REPRESENTMENT", sold=MON, original_rrn="sale")
    shop.settled("cb2", "-80.00", FRI, kind="CHARGEBACK", sold=MON, original_rrn="sale")
    shop.nights(MON, FRI)
    rows = rows_of(shop, "SELECT sale, stage, record_type, left_minor, sale_minor FROM afterwards ORDER BY stage")
    assert [tuple(row.values()) for row in rows] == [
        ("sale", 1, "CHARGEBACK", 0, 8000),
        ("sale", 2, "REPRESENTMENT", 8000, 8000),
        ("sale", 3, "CHARGEBACK", 0, 8000),
    ]


def test_the_books_roll_from_night_to_night_and_tie_to_the_bank(shop: Shop) -> None:
    shop.sale("one", "10.00", MON)
    shop.settled("one", "10.00", TUE, payout_id="P1")
    shop.sale("never", "5.00", MON)
    shop.declared("P1", "10.00", TUE)
    shop.banked("P1", "10.00", WED)
    shop.banked("其他", "3.00", WED)
    shop.nights(MON, THU)
    rows = rows_of(shop, "SELECT * FROM roll_forward ORDER BY business_date, side")
    assert {row["difference_minor"] for row in rows} == {0}
    assert {row["bank_difference_minor"] for row in rows if row["side"] == "bank"} == {0}
    journal = [(row["rows_opening"], row["rows_new"], row["rows_cleared"], row["rows_closing"])
               for row in rows if row["side"] == "journal"]  # fmt: skip
    assert journal == [(0, 2, 0, 2), (2, 0, 1, 1), (1, 0, 0, 1), (1, 0, 0, 1)]
    (tie,) = rows_of(shop, "SELECT payouts_minor, open_minor, others_minor, difference_minor FROM bank_tie")
    assert tuple(tie.values()) == (1000, 300, 0, 0)
    open_ = rows_of(shop, "SELECT side, reason, row_count, amount_minor FROM unreconciled ORDER BY side")
    assert [tuple(row.values()) for row in open_] == [
        ("bank", "DEPOSIT_UNIDENTIFIED", 1, 300),
        ("journal", "NOT_SETTLED", 1, 500),
    ]
