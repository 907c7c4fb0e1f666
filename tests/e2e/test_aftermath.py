"""After the settlement: chargebacks and what answers them, adjustments and what they settle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reading import rows_of
from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop
from week import WEEK


def after(shop: Shop, kind: str, gross: str, day: object, of: str, **cells: str) -> None:
    """A line that follows a sale, in the file named for the day."""
    shop.settled(cells.pop("rrn", ""), gross, day, kind=kind, original_rrn=of, **cells)  # type: ignore[arg-type]


@WEEK.story
def test_a_chargeback_is_listed_a_representment_clears_it_and_a_second_opens_it_again(shop: Shop) -> Iterator[None]:
    shop.bought("CB-sold", "80.00")
    after(shop, "CHARGEBACK", "-80.00", WED, of="CB-sold", reason_code="4837")
    after(shop, "REPRESENTMENT", "80.00", FRI, of="CB-sold")
    after(shop, "CHARGEBACK", "-80.00", SUN, of="CB-sold", reason_code="4999")
    yield
    assert shop.story("CB-sold")[-3:] == [(WED, "CHARGEBACK"), (FRI, "CHARGEBACK cleared"), (SUN, "CHARGEBACK")]
    found = shop.exception("CB-sold", "CHARGEBACK")
    assert (found["amount_minor"], found["direction"], found["leg"]) == (8000, "short", "settlement")
    assert "4999" in found["explanation"]


@WEEK.story
def test_a_representment_of_another_amount_clears_nothing(shop: Shop) -> Iterator[None]:
    shop.bought("CB-part", "80.00")
    after(shop, "CHARGEBACK", "-80.00", WED, of="CB-part")
    after(shop, "REPRESENTMENT", "50.00", FRI, of="CB-part")
    yield
    assert shop.story("CB-part")[-1] == (WED, "CHARGEBACK")


@WEEK.story
def test_a_wallets_chargeback_is_known_by_the_order(shop: Shop) -> Iterator[None]:
    shop.bought("CB-order", "12.00", wallet=True)
    after(shop, "CHARGEBACK", "-12.00", WED, of="CB-order", order_no="CB-claim", acquirer="WECHAT", terminal_id="")
    yield
    assert shop.exception("CB-order", "CHARGEBACK")["amount_minor"] == 1200


@WEEK.story
def test_an_adjustment_settles_the_open_exception_that_it_names(shop: Shop) -> Iterator[None]:
    shop.sale("AJ-unsettled", "60.00", MON)
    after(shop, "ADJUSTMENT", "60.00", SAT, of="AJ-unsettled")
    shop.sale("AJ-more", "10.00", MON)
    shop.settled("AJ-more", "100.00", TUE)
    after(shop, "ADJUSTMENT", "-90.00", FRI, of="", rrn="AJ-more")
    yield
    assert shop.story("AJ-unsettled") == [(MON, "waiting"), (THU, "NOT_SETTLED"), (SAT, "NOT_SETTLED cleared")]
    assert shop.state("journal", "AJ-unsettled") == ["out_of_scope"]
    assert shop.story("AJ-more")[-1] == (FRI, "AMOUNT_OVER cleared")
    evidence = shop.exception("AJ-unsettled", "NOT_SETTLED")["evidence"]
    assert {e["side"] for e in evidence} == {"journal", "settlement"}


@WEEK.story
def test_an_adjustment_of_another_amount_leaves_both_open(shop: Shop) -> Iterator[None]:
    shop.sale("AJ-short", "60.00", MON)
    after(shop, "ADJUSTMENT", "59.00", SAT, of="AJ-short")
    yield
    assert shop.story("AJ-short")[-1] == (SAT, "ADJUSTMENT_UNEXPLAINED, NOT_SETTLED")
    found = shop.exception("AJ-short", "ADJUSTMENT_UNEXPLAINED")
    assert (found["amount_minor"], found["direction"]) == (5900, "long")
    assert shop.exception("AJ-short", "NOT_SETTLED")["exception_id"] in found["explanation"]


@WEEK.story
def test_the_wrong_way_round_settles_nothing(shop: Shop) -> Iterator[None]:
    shop.sale("AJ-wrong", "60.00", MON)
    after(shop, "ADJUSTMENT", "-60.00", SAT, of="AJ-wrong")
    yield
    assert shop.story("AJ-wrong")[-1] == (SAT, "ADJUSTMENT_UNEXPLAINED, NOT_SETTLED")


@WEEK.story
def test_an_adjustment_for_nothing_is_unexplained(shop: Shop) -> Iterator[None]:
    after(shop, "ADJUSTMENT", "-7.00", WED, of="AJ-nothing")
    yield
    found = shop.exception("AJ-nothing", "ADJUSTMENT_UNEXPLAINED")
    assert (found["amount_minor"], found["direction"]) == (700, "short")


def test_an_adjustment_that_came_first_settles_what_is_listed_later(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.sale("AJ-late", "60.00", MON)
    after(shop, "ADJUSTMENT", "60.00", TUE, of="AJ-late")
    shop.nights(MON, FRI)
    assert shop.story("AJ-late")[1:] == [
        (TUE, "ADJUSTMENT_UNEXPLAINED, waiting"),
        (THU, "ADJUSTMENT_UNEXPLAINED cleared, NOT_SETTLED cleared"),
    ]


def test_when_the_file_of_the_adjustment_is_corrected_the_exception_is_open_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.sale("AJ-taken", "60.00", MON)
    shop.bought("AJ-fine", "1.00")
    shop.settled("AJ-fine-2", "1.00", SAT, sold=FRI)
    shop.sale("AJ-fine-2", "1.00", FRI)
    after(shop, "ADJUSTMENT", "60.00", SAT, of="AJ-taken")
    shop.nights(MON, SAT)
    with_it = shop.text("unionpay", SAT)
    shop.rows[next(f for f in shop.rows if f.source == "unionpay" and f.day == SAT)].pop()
    assert shop.text("unionpay", SAT) != with_it
    shop.put("settlement_UNIONPAY_20260404.csv", shop.text("unionpay", SAT))
    shop.night(SUN)
    assert [kind for _, kind in shop.story("AJ-taken")][-2:] == ["NOT_SETTLED cleared", "NOT_SETTLED"]


def test_a_corrected_file_with_the_same_adjustment_leaves_what_it_settled_settled(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.sale("AJ-pair", "10.00", MON)
    shop.settled("AJ-pair", "100.00", TUE)
    shop.sale("AJ-other", "1.00", TUE)
    shop.settled("AJ-other", "1.00", WED)
    after(shop, "ADJUSTMENT", "-90.00", WED, of="AJ-pair")
    shop.nights(MON, WED)
    assert shop.story("AJ-pair")[-1] == (WED, "AMOUNT_OVER cleared")
    corrected = shop.text("unionpay", WED).replace("AJ-other", "AJ-0ther")
    shop.put("settlement_UNIONPAY_20260401.csv", corrected)
    shop.nights(THU, FRI)
    assert shop.story("AJ-pair")[-1] == (WED, "AMOUNT_OVER cleared")
    assert [event for _, kind, event in shop.history("AJ-pair") if kind == "AMOUNT_OVER"] == ["opened", "cleared"]


def test_a_corrected_file_without_the_adjustment_opens_the_difference_of_a_pair_again(tmp_path: Path) -> None:
    fees = "\n[[contracts.fees]]\nrate_bp = 50\n"
    shop = Shop(tmp_path / "shop")
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + fees, encoding="utf-8")
    shop.sale("AJ-pair", "10.00", MON)
    shop.settled("AJ-pair", "100.00", TUE, fee="0.50")
    shop.sale("AJ-fee", "100.00", MON)
    shop.settled("AJ-fee", "100.00", TUE, fee="0.70")
    after(shop, "ADJUSTMENT", "-90.00", WED, of="AJ-pair")
    after(shop, "ADJUSTMENT", "0.20", WED, of="AJ-fee")
    shop.nights(MON, WED)
    assert shop.story("AJ-fee")[-1] == (WED, "FEE_VARIANCE cleared")
    file = next(f for f in shop.rows if f.source == "unionpay" and f.day == WED)
    shop.rows[file].clear()
    shop.put("settlement_UNIONPAY_20260401.csv", shop.text("unionpay", WED))
    shop.nights(THU, FRI)
    assert shop.story("AJ-pair")[-2:] == [(WED, "AMOUNT_OVER cleared"), (THU, "AMOUNT_OVER")]
    assert shop.story("AJ-fee")[-2:] == [(WED, "FEE_VARIANCE cleared"), (THU, "FEE_VARIANCE")]
    assert shop.exception("AJ-pair", "AMOUNT_OVER")["first_seen"] == str(TUE)
    assert [e["file"] for e in shop.exception("AJ-fee", "FEE_VARIANCE")["evidence"]] == [
        "settlement_UNIONPAY_20260331.csv"
    ]
    (claim,) = rows_of(shop, "SELECT fee_cause, fee_contract FROM exceptions WHERE type = 'FEE_VARIANCE'")
    assert claim["fee_cause"] == "rate"
    assert "50 bp" in claim["fee_contract"]
