"""Fees of real nights: what differs from the contract is listed once, claimed, and cleared by what explains it."""

from __future__ import annotations

from typing import Any

from reading import rows_of
from scenario import MON, THU, TUE, WED, Shop

FEES = """
[[contracts.fees]]
card_type = "DEBIT"
valid_from = 2026-01-01
rate_bp = 50
cap = "20.00"

[[contracts.fees]]
card_type = "CREDIT"
valid_from = 2026-01-01
rate_bp = 60
"""


def with_fees(shop: Shop, fees: str = FEES) -> Shop:
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + fees, encoding="utf-8")
    return shop


def sold(shop: Shop, rrn: str, gross: str, fee: str, **cells: Any) -> None:
    shop.sale(rrn, gross, MON, card_type=cells.get("card_type", "DEBIT"))
    shop.settled(rrn, gross, TUE, fee=fee, **({"card_type": "DEBIT"} | cells))


def claims(shop: Shop) -> dict[str, tuple[int, int, int]]:
    rows = rows_of(shop, "SELECT cause, line_count, claim_minor, owed_minor FROM fee_claims")
    return {row["cause"]: (row["line_count"], row["claim_minor"], row["owed_minor"]) for row in rows}


def test_each_line_that_differs_is_listed_in_the_run_that_loads_it(shop: Shop) -> None:
    with_fees(shop)
    sold(shop, "fair", "100.00", "0.50")
    sold(shop, "dear", "100.00", "0.51")
    sold(shop, "cheap", "100.00", "0.49")
    sold(shop, "capless", "10000.00", "50.00")
    sold(shop, "as-credit", "100.00", "0.60")
    shop.nights(MON, WED)
    assert shop.story("fair") == [(MON, "waiting"), (TUE, "-")]
    found = {rrn: shop.exception(rrn, "FEE_VARIANCE") for rrn in ("dear", "cheap", "capless", "as-credit")}
    assert {rrn: (e["amount_minor"], e["direction"]) for rrn, e in found.items()} == {
        "dear": (1, "short"),
        "cheap": (1, "long"),
        "capless": (3000, "short"),
        "as-credit": (10, "short"),
    }
    assert {e["first_seen"] for e in found.values()} == {str(TUE)}
    assert {(e["leg"], e["severity"], e["due_date"]) for e in found.values()} == {("settlement", "low", "2026-03-31")}
    assert "50.00 CNY" in found["capless"]["explanation"]
    assert "20.00 CNY" in found["capless"]["explanation"]
    assert [e["line"] for e in found["capless"]["evidence"]] == [5]
    assert claims(shop) == {"rate": (2, 1, 1), "cap ignored": (1, 3000, 0), "card type": (1, 10, 0)}
    assert shop.seen[1].summary["exceptions"]["new"]["FEE_VARIANCE"] == 4
    assert "FEE_VARIANCE" not in shop.seen[2].summary["exceptions"]["new"]
    assert shop.seen[2].summary["exceptions"]["open"]["FEE_VARIANCE"] == 4


def test_refunds_give_their_fee_back_and_completions_are_sales(shop: Shop) -> None:
    with_fees(shop)
    shop.sale("auth", "100.00", MON, kind="PREAUTH")
    shop.sale("done", "100.00", MON, kind="PREAUTH_COMPLETION", original_rrn="auth")
    shop.settled("done", "100.00", TUE, fee="0.55", card_type="DEBIT")
    sold(shop, "sale", "80.00", "0.40")
    shop.refund("back", "80.00", MON, of="sale")
    shop.settled("back", "-80.00", TUE, kind="REFUND", fee="0.00", original_rrn="sale", card_type="DEBIT")
    shop.nights(MON, TUE)
    assert shop.exception("done", "FEE_VARIANCE")["amount_minor"] == 5
    back = shop.exception("back", "FEE_VARIANCE")
    assert (back["amount_minor"], back["direction"]) == (40, "short")
    assert claims(shop)["refund fee kept"] == (1, 40, 0)


def test_no_contract_for_a_line_is_said_not_skipped(shop: Shop) -> None:
    with_fees(shop, FEES.replace("2026-01-01", "2026-04-01"))
    sold(shop, "early", "100.00", "9.00")
    shop.nights(MON, TUE)
    assert shop.story("early") == [(MON, "waiting"), (TUE, "-")]
    (row,) = rows_of(shop, "SELECT verdict, detail, expected_minor FROM fee_check")
    assert (row["verdict"], row["expected_minor"]) == ("no contract", None)
    assert row["detail"] == "no fee of the contract is in force on 2026-03-30 for DEBIT"
    (claim,) = rows_of(shop, "SELECT cause, why, line_count, claim_minor FROM fee_claims")
    assert claim == {"cause": "no contract", "why": row["detail"], "line_count": 1, "claim_minor": 0}


def test_an_acquirer_whose_contract_states_no_fees_is_said_too(shop: Shop) -> None:
    sold(shop, "free", "100.00", "9.00")
    shop.nights(MON, TUE)
    (row,) = rows_of(shop, "SELECT verdict, detail FROM fee_check")
    assert row == {"verdict": "no contract", "detail": "no contract of the acquirer states fees"}


def test_an_adjustment_of_the_difference_clears_it_for_good(shop: Shop) -> None:
    with_fees(shop)
    sold(shop, "dear", "100.00", "0.51")
    shop.settled("dear", "0.01", WED, kind="ADJUSTMENT", sold=MON)
    shop.nights(MON, THU)
    assert shop.story("dear")[1:] == [(TUE, "FEE_VARIANCE"), (WED, "FEE_VARIANCE cleared")]
    assert claims(shop) == {}


def test_a_contract_that_is_put_right_clears_what_it_had_wrong(shop: Shop) -> None:
    with_fees(shop, FEES.replace("rate_bp = 50", "rate_bp = 40"))
    sold(shop, "fair", "100.00", "0.50")
    sold(shop, "dear", "200.00", "1.01")
    shop.nights(MON, TUE)
    assert shop.exception("dear", "FEE_VARIANCE")["amount_minor"] == 21
    shop.config.write_text(shop.config.read_text(encoding="utf-8").replace("rate_bp = 40", "rate_bp = 50"))
    shop.nights(WED, THU)
    assert shop.story("fair")[1:] == [(TUE, "FEE_VARIANCE"), (WED, "FEE_VARIANCE cleared")]
    assert [kind for _, _, kind in shop.history("dear")] == ["opened", "changed"]
    assert shop.exception("dear", "FEE_VARIANCE")["amount_minor"] == 1


def test_a_corrected_file_takes_its_variances_back(shop: Shop) -> None:
    with_fees(shop)
    sold(shop, "dear", "100.00", "0.51")
    shop.nights(MON, TUE)
    corrected = shop.text("unionpay", TUE).replace("0.51", "0.50").replace("99.49", "99.50")
    shop.put("settlement_UNIONPAY_20260331.csv", corrected)
    shop.night(WED)
    assert shop.story("dear")[1:] == [(TUE, "FEE_VARIANCE"), (WED, "FEE_VARIANCE cleared")]
    assert {row["verdict"] for row in rows_of(shop, "SELECT verdict FROM fee_check")} == {"agrees"}


def test_the_same_night_again_tells_nothing_twice(shop: Shop) -> None:
    with_fees(shop)
    sold(shop, "dear", "100.00", "0.51")
    shop.nights(MON, TUE)
    shop.night(TUE)
    assert [event for _, kind, event in shop.history("dear") if kind == "FEE_VARIANCE"] == ["opened"]
