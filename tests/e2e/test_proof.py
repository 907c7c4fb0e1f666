"""The proof: every row in exactly one place, by hand on one small day."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest
from reading import rows_of
from scenario import MON, TUE, WED, WED2, Shop
from week import WEEK

from pipelines import config, nightly
from pipelines.checks.proof import ProofError


def test_the_proof_of_a_small_day_by_hand(shop: Shop) -> None:
    shop.sale("matched", "100.00", MON)
    shop.sale("over", "50.00", MON)
    shop.sale("waiting", "7.00", MON)
    shop.sale("declined", "30.00", MON, status="DECLINED")
    shop.refund("refund", "20.00", MON, of="matched")
    shop.sale("yen", "500", MON, currency="JPY")
    shop.sale("dollars", "9.00", MON, currency="CNY")
    shop.settled("matched", "100.00", TUE, fee="0.60", payout_id="P")
    shop.settled("over", "51.00", TUE, payout_id="P")
    shop.settled("refund", "-20.00", TUE, kind="REFUND", original_rrn="matched", payout_id="P")
    shop.settled("unknown", "4.00", TUE, payout_id="P")
    shop.settled("dollars", "1.30", TUE, currency="USD")
    shop.declared("P", "134.40", TUE)
    shop.banked("P", "134.40", WED)
    shop.banked("房租", "-900.00", WED, counterparty="房东")
    last = shop.nights(MON, WED)

    lines = {(p["side"], p["currency"]): p for p in last.summary["proof"]["lines"]}
    counted = {key: (p["rows_in"], p["amount_in_minor"]) for key, p in lines.items()}
    assert counted == {
        ("journal", "CNY"): (6, 10000 + 5000 + 700 + 3000 + 2000 + 900),
        ("journal", "JPY"): (1, 500),
        ("settlement", "CNY"): (5, 10000 + 5100 - 2000 + 400 + 13440),
        ("settlement", "USD"): (1, 130),
        ("bank", "CNY"): (2, 13440 - 90000),
    }
    assert last.summary["proof"]["balanced"] is True
    for line in lines.values():
        assert line["rows_accounted"] == line["rows_in"]
        assert line["amount_accounted_minor"] == line["amount_in_minor"]


def test_it_is_cumulative_over_all_nights_while_rows_speak_of_the_run(shop: Shop) -> None:
    for day in (MON, TUE):
        shop.sale(f"S{day}", "10.00", day)
    nights = (shop.night(MON), shop.night(TUE))
    assert [night.summary["proof"]["lines"][0]["rows_in"] for night in nights] == [1, 2]
    assert [night.summary["rows"]["journal"] for night in nights] == [1, 1]


def test_a_part_that_has_lost_a_row_fails_the_night_and_nothing_is_published(shop: Shop) -> None:
    for rrn in ("one", "two", "three"):
        shop.bought(rrn, "10.00")
    shop.nights(MON, TUE)
    before = shop.published.read_bytes()
    (part,) = (shop.root / "var" / "recon.parts").glob("journal-*.parquet")  # all its rows are paired
    rows = pl.read_parquet(part)
    part.unlink()
    rows.head(2).write_parquet(part)
    shop.arrive(WED)
    with pytest.raises(ProofError, match="journal CNY"):
        nightly.run(config.load(shop.config), WED, print)
    assert shop.published.read_bytes() == before


@WEEK.story
def test_every_row_is_published_with_what_became_of_it(shop: Shop) -> Iterator[None]:
    shop.sale("Q-matched", "100.00", MON)
    shop.settled("Q-matched", "100.00", TUE)
    shop.sale("Q-waiting", "7.00", WED2)
    shop.sale("Q-declined", "30.00", TUE, status="DECLINED")
    shop.settled("Q-unknown", "4.00", TUE)
    yield
    sql = "SELECT rrn, state, reason FROM {} WHERE rrn LIKE 'Q-%' ORDER BY row_id"
    assert rows_of(shop, sql.format("journal")) == [
        {"rrn": "Q-matched", "state": "matched", "reason": None},
        {"rrn": "Q-declined", "state": "out_of_scope", "reason": "declined or timed out, and nobody settled it"},
        {"rrn": "Q-waiting", "state": "waiting", "reason": "TIMING"},
    ]
    assert rows_of(shop, sql.format("settlement")) == [
        {"rrn": "Q-matched", "state": "matched", "reason": None},
        {"rrn": "Q-unknown", "state": "excepted", "reason": "NOT_IN_JOURNAL"},
    ]
