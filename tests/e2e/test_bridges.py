"""The bridge from the journal to the bank: every level is the one before it and its steps."""

from __future__ import annotations

from datetime import date

from scenario import FRI, MON, THU, TUE, WED, Shop

from pipelines.reporting import again
from pipelines.store import Published
from reports.books import Bridge


def bridge(shop: Shop, day: date) -> Bridge:
    with Published(shop.published) as copy:
        (found,) = again(copy, day).bridges
    return found


def steps(found: Bridge) -> dict[str, int]:
    return {step.label_en: step.amount_minor for step in found.steps}


def test_what_the_bank_took_by_rule_is_a_step_and_the_bank_is_reached(shop: Shop) -> None:
    rule = '\n[[contracts.bank_fees]]\nfixed = "5.00"\n'
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + rule, encoding="utf-8")
    shop.payout("P-WHOLE", "70.00", TUE)
    shop.banked("P-WHOLE", "70.00", WED)
    shop.payout("P-LESS", "100.00", TUE)
    shop.banked("P-LESS", "95.00", WED)
    shop.payout("P-SHORT", "200.00", TUE)
    shop.banked("P-SHORT", "194.99", WED)
    shop.payout("P-LATER", "50.00", WED)
    shop.nights(MON, WED)
    found = bridge(shop, WED)
    assert found.residue() == 0
    assert found.steps[-1].amount_minor == 7000 + 9500 + 19499
    told = steps(found)
    assert told["Taken by the bank, as agreed"] == -500
    assert told["Bank amount differs from the payout"] == -501
    assert told["In transit"] == -5000


def test_what_an_adjustment_settled_keeps_its_place(shop: Shop) -> None:
    shop.sale("owed", "80.00", MON)
    shop.settled("found", "30.00", TUE)
    shop.settled("found", "-30.00", WED, kind="ADJUSTMENT", sold=MON)
    shop.settled("owed", "80.00", FRI, kind="ADJUSTMENT", sold=MON)
    for day in (MON, TUE, WED, THU, FRI):
        shop.night(day)
        assert bridge(shop, day).residue() == 0, day
    assert shop.seen[-1].open == []
    told = steps(bridge(shop, FRI))
    assert told["Journal: sales less refunds"] == 8000
    assert told["Settled by an adjustment"] == 3000 - 8000
    assert told["Adjustment"] == 8000 - 3000


def test_one_lump_and_a_payout_of_a_negative_day(shop: Shop) -> None:
    shop.payout("P1", "101.00", TUE)
    shop.payout("P2", "202.00", TUE)
    shop.banked("银联商务 划付", "303.00", WED)
    shop.settled("gone", "-40.00", WED, kind="CHARGEBACK", payout_id="P3", sold=MON)
    shop.declared("P3", "-40.00", WED)
    shop.banked("P3", "-40.00", THU)
    for day in (MON, TUE, WED, THU):
        shop.night(day)
        assert bridge(shop, day).residue() == 0, day
    assert bridge(shop, THU).steps[-1].amount_minor == 26300
