"""Three ways in which other tools go wrong with money, each seen to go right here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reading import rows_of
from scenario import MON, THU, TUE, Shop
from week import WEEK


@WEEK.story
def test_one_ledger_row_is_never_consumed_by_two_lines(shop: Shop) -> Iterator[None]:
    shop.sale("K-one", "10.00", MON, auth_code="900001", card_no="622202******1234")
    shop.settled("K-one", "10.00", TUE)
    shop.settled("", "10.00", TUE, auth_code="900001", card_no="622202******1234", payout_id="K-PAY")
    yield
    assert shop.state("settlement", "K-one") == ["matched"]
    assert shop.state("settlement", "K-PAY") == ["excepted"]
    assert shop.story("K-PAY") == [(TUE, "DUPLICATE_SETTLEMENT")]
    twice = "SELECT journal_row_id FROM matches WHERE journal_row_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    assert rows_of(shop, twice) == []


@WEEK.story
def test_a_key_of_digits_is_a_text(shop: Shop) -> Iterator[None]:
    shop.sale("000007", "11.00", MON, terminal_id="K07")
    shop.settled("7", "11.00", TUE, terminal_id="K07")
    yield
    assert shop.story("000007") == [(MON, "waiting"), (THU, "NOT_SETTLED")]
    assert shop.story("7") == [(TUE, "NOT_IN_JOURNAL")]


def test_amounts_exactly_the_tolerance_apart_agree_all_ten_thousand_of_them(place: Path) -> None:
    shop = Shop(place / "shop")
    table = '[[rules]]\nacquirer = "UNIONPAY"\nname = "rrn"\namount_tolerance_minor = 1\n'
    shop.config.write_text(f"{shop.config.read_text(encoding='utf-8')}\n{table}", encoding="utf-8")
    for fen in range(100, 10_100):
        shop.sale(f"{fen}", f"{fen // 100}.{fen % 100:02d}", MON)
        more = fen + (1 if fen % 2 else -1)
        shop.settled(f"{fen}", f"{more // 100}.{more % 100:02d}", TUE)
    shop.sale("off", "5.00", MON)
    shop.settled("off", "5.02", TUE)
    night = shop.nights(MON, TUE)
    assert night.open_types == ["AMOUNT_OVER"]
    assert night.summary["matched"]["journal_settlement"] == 10_001
