"""The life of one transaction: all sides, all relatives, in the order of time, from whatever key a person has."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import BECAUSE, recon, refused, told
from reading import rows_of
from scenario import FRI, MON, THU, TUE, WED, Shop

LIFE = """\
sale-1: all that is known, in the order of time
2026-03-30 12:00:00  journal     sale of 45.60 CNY, approved, card 622848******1234, RRN sale-1, terminal 10000101
                                 journal_20260330.csv, line 2 · paired by rule rrn, but AMOUNT_OVER
2026-03-31           settlement  UNIONPAY settled a sale: 46.60 CNY gross, 0.23 CNY fee, 46.37 CNY net, RRN sale-1, payout P1
                                 settlement_UNIONPAY_20260331.csv, line 2 · paired by rule rrn, but AMOUNT_OVER
2026-03-31           payout      UNIONPAY declared the payout P1 of 46.37 CNY
                                 settlement_UNIONPAY_20260331.csv, line 3 · matched by rule payout_reference
2026-03-31           payout      payout P1 of UNIONPAY: sales 46.60 CNY, less fees 0.23 CNY, makes 46.37 CNY, declared 46.37 CNY, in the bank 46.37 CNY
2026-03-31           match       RRN sale-1 paired: journal 45.60 CNY against settlement 46.60 CNY, AMOUNT_OVER
                                 by rule rrn, version VERSION
2026-03-31           exception   ID AMOUNT_OVER opened: UNIONPAY settled 46.60 CNY where the terminal recorded 45.60 CNY (RRN sale-1): 1.00 CNY too much.
2026-04-01 12:00:00  journal     refund of 45.60 CNY, approved, CARD, RRN back-1, of sale-1, terminal 10000101
                                 journal_20260401.csv, line 2 · matched by rule rrn
2026-04-01           bank        account CMB-001: 46.37 CNY booked, reference B04011, text P1, from 银联商务股份有限公司
                                 bank_20260401.csv, line 2 · matched by rule payout_reference
2026-04-01           match       payout P1 paired: settlement 46.37 CNY = bank 46.37 CNY
                                 by rule payout_reference, version VERSION
2026-04-02           settlement  UNIONPAY settled a refund: -45.60 CNY gross, 0.00 CNY fee, -45.60 CNY net, RRN back-1, of sale-1
                                 settlement_UNIONPAY_20260402.csv, line 2 · matched by rule rrn
2026-04-02           match       RRN back-1 paired: journal -45.60 CNY = settlement -45.60 CNY
                                 by rule rrn, version VERSION
open: ID AMOUNT_OVER 1.00 CNY, due 2026-04-02
      → Compare with the receipt and refund the difference to the customer. (the customer)
"""  # noqa: E501 - as a terminal shows it


@pytest.fixture(scope="module")
def shop(module_place: Path) -> Shop:
    """A sale with its refund, payout and deposit; one of two candidates; a void, a chargeback, a refused line."""
    shop = Shop(module_place / "shop", acquirers=("UNIONPAY", "WECHAT"))
    shop.sale("sale-1", "45.60", MON, card_no="622848******1234", card_type="DEBIT")
    shop.settled("sale-1", "46.60", TUE, fee="0.23", payout_id="P1")
    shop.declared("P1", "46.37", TUE)
    shop.banked("P1", "46.37", WED)
    shop.refund("back-1", "45.60", WED, of="sale-1")
    shop.settled("back-1", "-45.60", THU, kind="REFUND", original_rrn="sale-1")
    for name, day in (("one", MON), ("other", TUE)):
        shop.sale(name, "29.00", day, batch_no="000009", stan="000049")
    shop.settled("", "29.00", WED, batch_no="9", stan="49", sold=TUE, payout_id="P2")
    shop.sale("taken", "8.00", TUE)
    shop.void("void", "8.00", TUE, of="taken")
    shop.bought("disputed", "70.00")
    shop.settled("disputed", "-70.00", THU, kind="CHARGEBACK", original_rrn="disputed", reason_code="4853")
    shop.wallet("O-1", "3.00", TUE)
    shop.wallet_settled("O-1", "3.00", WED)
    shop.sale("broken", "1.00", TUE, currency="XXY")
    shop.nights(MON, THU)
    return shop


def trace(shop: Shop, key: str) -> list[tuple[str, str | None, int | None]]:
    """Kind, file and line of every entry."""
    return [(entry["kind"], entry["file"], entry["line"]) for entry in told(shop, "trace", key)["entries"]]


def kinds(shop: Shop, key: str) -> list[str]:
    return [kind for kind, _, _ in trace(shop, key)]


def test_a_whole_life_as_a_shop_manager_reads_it(shop: Shop) -> None:
    ((version,),) = (row.values() for row in rows_of(shop, "SELECT DISTINCT rules_version FROM matches"))
    over = str(shop.exception("sale-1", "AMOUNT_OVER")["exception_id"])
    assert recon(shop, "trace", "sale-1").stdout == LIFE.replace("VERSION", str(version)).replace("ID", over)


def test_every_key_of_it_tells_the_same_life(shop: Shop) -> None:
    whole = trace(shop, "sale-1")
    assert trace(shop, "back-1") == whole, "the refund names its sale"
    assert trace(shop, str(shop.exception("sale-1", "AMOUNT_OVER")["exception_id"])) == whole


def test_json_gives_amounts_in_minor_units_and_where_each_record_stands(shop: Shop) -> None:
    found = told(shop, "trace", "sale-1")
    first = found["entries"][0]
    assert (first["date"], first["time"], first["kind"]) == ("2026-03-30", "12:00:00", "journal")
    assert (first["file"], first["line"], first["facts"]["amount_minor"]) == ("journal_20260330.csv", 2, 4560)
    assert "amount" not in first["facts"]
    assert found["open"] == [shop.exception("sale-1", "AMOUNT_OVER")["exception_id"]]
    assert found["not_listed"] == {}
    assert set(found) == {"key", "entries", "open", "not_listed"}


def test_a_payout_is_its_sums_its_deposit_and_what_is_open_in_it(shop: Shop) -> None:
    assert kinds(shop, "P1") == ["payout", "payout", "exception", "bank", "match"]
    assert kinds(shop, "B04011") == ["payout", "payout", "bank", "match"], "by the bank's reference"


def test_voids_chargebacks_and_wallets_are_found_by_what_they_name(shop: Shop) -> None:
    assert kinds(shop, "taken") == kinds(shop, "void") == ["journal", "journal", "exception", "exception"], "they wait"
    assert kinds(shop, "disputed") == ["journal", "settlement", "match", "settlement", "exception"]
    assert kinds(shop, "O-1") == ["journal", "settlement", "match"]
    assert "waiting for its counterpart" in recon(shop, "trace", "void").stdout


def test_a_refused_line_is_told_by_what_stands_in_it(shop: Shop) -> None:
    assert kinds(shop, "broken") == ["rejected", "exception"]


def test_an_undecided_line_shows_its_candidates_and_a_candidate_its_case(shop: Shop) -> None:
    key = str(shop.exception("P2", "AMBIGUOUS_MATCH")["exception_id"])
    seen = kinds(shop, key)
    assert seen[:7] == ["journal", "exception", "journal", "exception", "settlement", "payout", "exception"]
    assert seen[7:] == ["exception"], "its payout declares no total"
    assert kinds(shop, "one") == ["journal", "exception", "exception"], "it waits, and the case lists it"


def test_an_unknown_key_is_one_plain_line(shop: Shop) -> None:
    for key in ("nothing", "'; DROP TABLE x; --", "%", "(", ""):
        assert "nothing in the books bears this key" in refused(shop, "trace", key, code=1)


def test_a_trace_goes_on_with_what_people_and_corrected_files_do(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.sale("S", "10.00", MON)
    shop.settled("S", "12.00", TUE)
    shop.nights(MON, TUE)
    told(shop, "case", "unmatch", "journal_20260330.csv:2", *BECAUSE)
    assert kinds(shop, "S")[-1] == "decision", "at once"
    shop.night(WED)
    shop.put("settlement_UNIONPAY_20260331.csv", shop.text("unionpay", TUE).replace("12.00", "10.00"))
    shop.night(THU)
    lines = recon(shop, "trace", "S").stdout
    assert "a corrected file of unionpay changed this row (gross, net): 12.00 CNY → 10.00 CNY" in lines
    assert "decision 1, Li Na: unmatch SALE 10.00 CNY" in lines
    assert "reason: slip seen · lost" in lines, "the line that was meant has another amount now"
    (file,) = told(shop, "files", "--state", "loaded", "--source", "pos", "--date", str(MON))
    told(shop, "retract", str(file["file_id"]), *BECAUSE)
    assert "journal" not in kinds(shop, "S")
    assert shop.night(FRI).summary["proof"]["balanced"] is True


def test_a_key_on_very_many_rows_lists_some_and_counts_the_rest(place: Path) -> None:
    shop = Shop(place / "shop")
    for _ in range(250):
        shop.sale("same", "1.00", MON)
    shop.night(MON)
    found = told(shop, "trace", "same")
    assert found["not_listed"] == {"journal": 50}
    assert "and 50 rows more of the journal" in recon(shop, "trace", "same").stdout
