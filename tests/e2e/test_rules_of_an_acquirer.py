"""Rules that recon.toml changes for an acquirer: they hold for its lines only, and every match says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import rows_of
from scenario import MON, THU, TUE, WED, Shop

from pipelines.matching.rules import VERSION


def ruled(place: Path, *tables: str, acquirers: tuple[str, ...] = ("UNIONPAY",)) -> Shop:
    """A shop with these [[rules]]."""
    shop = Shop(place / "shop", acquirers=acquirers)
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text("\n".join([text, *(f"[[rules]]\n{table}\n" for table in tables)]), encoding="utf-8")
    return shop


def test_amounts_exactly_the_tolerance_apart_are_equal_and_a_fen_more_is_not(place: Path) -> None:
    shop = ruled(place, 'acquirer = "UNIONPAY"\nname = "rrn"\namount_tolerance_minor = 1')
    pairs = (("19.99", "20.00"), ("20.00", "19.99"), ("19.99", "20.01"), ("0.01", "0.02"))
    for number, (mine, theirs) in enumerate(pairs):
        shop.sale(f"T-{number}", mine, MON)
        shop.settled(f"T-{number}", theirs, TUE)
    shop.nights(MON, TUE)
    assert [shop.story(f"T-{n}")[-1] for n in (0, 1, 3)] == [(TUE, "-")] * 3
    assert shop.story("T-2")[-1] == (TUE, "AMOUNT_OVER")
    assert shop.exception("T-2", "AMOUNT_OVER")["amount_minor"] == 2
    assert shop.seen[-1].summary["proof"]["balanced"]


def test_a_tolerance_holds_for_its_acquirer_only(place: Path) -> None:
    rule = 'acquirer = "UNIONPAY"\nname = "{}"\namount_tolerance_minor = 5'
    shop = ruled(place, rule.format("rrn"), rule.format("order_no"), acquirers=("UNIONPAY", "WECHAT"))
    shop.sale("T-card", "10.00", MON)
    shop.settled("T-card", "10.05", TUE)
    shop.wallet("T-order", "10.00", MON)
    shop.wallet_settled("T-order", "10.05", TUE)
    shop.nights(MON, TUE)
    assert shop.story("T-card")[-1] == (TUE, "-")
    assert shop.story("T-order")[-1] == (TUE, "AMOUNT_OVER")
    found = {row["rule"]: row["rules_version"] for row in rows_of(shop, "SELECT rule, rules_version FROM matches")}
    assert found == {"rrn": 1000 * VERSION + 1, "order_no": VERSION}
    told = rows_of(shop, "SELECT * FROM rule_versions ORDER BY rules_version")
    assert [row["rules_version"] for row in told] == [VERSION, 1000 * VERSION + 1]
    assert "tolerance_minor = 5" in told[1]["definition"]


def test_changed_rules_are_numbered_on_and_the_same_rules_keep_their_number(place: Path) -> None:
    shop = ruled(place)
    plain = shop.config.read_text(encoding="utf-8")
    table = '[[rules]]\nacquirer = "UNIONPAY"\nname = "rrn"\namount_tolerance_minor = {}\n'
    for turn, (day, tolerance) in enumerate(((MON, 1), (TUE, 2), (WED, 1), (THU, None))):
        shop.sale(f"V-{turn}", "10.00", day)
        shop.settled(f"V-{turn}", "10.00", day, sold=day)
        shop.config.write_text(plain + (table.format(tolerance) if tolerance else ""), encoding="utf-8")
        shop.night(day)
    found = rows_of(shop, "SELECT rrn, rules_version FROM matches ORDER BY rrn")
    changed = 1000 * VERSION
    assert [row["rules_version"] for row in found] == [changed + 1, changed + 2, changed + 1, VERSION]


def test_a_wider_window_of_dates(place: Path) -> None:
    shop = ruled(place, 'acquirer = "UNIONPAY"\nname = "stan_batch"\nwindow_days = 3')
    shop.sale("D-1", "10.00", MON, batch_no="000001", stan="000042")
    shop.settled("", "10.00", THU, batch_no="1", stan="42", sold=THU)
    shop.nights(MON, THU)
    assert shop.story("D-1") == [(MON, "waiting"), (THU, "-")]


def test_amounts_may_differ_where_the_card_identifies(place: Path) -> None:
    table = 'acquirer = "UNIONPAY"\nname = "auth_code"\namount_tolerance_minor = 10'
    shop = ruled(place, table)
    slip = {"auth_code": "123456", "card_no": "622202******1234"}
    shop.sale("A-1", "10.00", MON, **slip)
    shop.settled("", "10.10", TUE, **slip)
    shop.sale("A-2", "20.00", MON, **(slip | {"auth_code": "123457"}))
    shop.settled("", "20.11", TUE, payout_id="A-PAY", **(slip | {"auth_code": "123457"}))
    shop.sale("A-3", "30.00", MON, **(slip | {"auth_code": "123458"}))
    shop.sale("A-4", "30.09", MON, **(slip | {"auth_code": "123458"}))
    shop.settled("", "30.05", TUE, payout_id="A-PAY-2", txn_time=f"{MON}T15:00:00", **(slip | {"auth_code": "123458"}))
    shop.nights(MON, TUE)
    assert shop.story("A-1") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("A-PAY", leg="journal-settlement") == [(TUE, "NOT_IN_JOURNAL")], "a fen beyond the tolerance"
    assert shop.story("A-PAY-2", leg="journal-settlement") == [(TUE, "AMBIGUOUS_MATCH")], "two amounts lie within it"


@pytest.mark.parametrize("name", ["auth_code", "card_minutes"])
def test_a_rule_that_is_switched_off_pairs_nothing(place: Path, name: str) -> None:
    shop = ruled(place, f'acquirer = "UNIONPAY"\nname = "{name}"\nenabled = false')
    for rule, slip in (("auth_code", {"auth_code": "123456", "terminal_id": ""}), ("card_minutes", {"auth_code": ""})):
        both = {"card_no": f"622202******{len(rule):04d}", "batch_no": "", "stan": ""} | slip
        shop.sale(f"O-{rule}", "10.00", MON, **both)
        shop.settled("", "10.00", TUE, **both)
    shop.nights(MON, TUE)
    assert shop.story(f"O-{name}") == [(MON, "waiting")]
    assert shop.seen[-1].open_types == ["NOT_IN_JOURNAL"]


def test_a_rule_of_ones_own_comes_last(place: Path) -> None:
    keys = 'keys = ["merchant_id", "terminal_id", "amount", "currency"]'
    shop = ruled(place, f'acquirer = "UNIONPAY"\nname = "slip"\n{keys}\nwindow_days = 0')
    shop.sale("S-1", "10.00", MON)
    shop.settled("", "10.00", TUE)
    shop.nights(MON, TUE)
    assert shop.story("S-1") == [(MON, "waiting"), (TUE, "-")]
    assert shop.seen[-1].summary["matched"]["by_rule"] == {"slip": 1}


def test_an_rrn_that_is_unique_at_the_merchant_needs_no_terminal(place: Path) -> None:
    shop = ruled(place, 'acquirer = "UNIONPAY"\nname = "rrn"\nkeys = ["merchant_id", "rrn"]')
    shop.sale("R-1", "10.00", MON)
    shop.settled("R-1", "10.00", TUE, terminal_id="ELSEWHERE")
    shop.refund("R-2", "3.00", MON, of="R-1")
    shop.settled("R-2", "3.00", TUE, terminal_id="ELSEWHERE")
    shop.nights(MON, TUE)
    assert shop.story("R-1") == [(MON, "waiting"), (TUE, "-")]
    assert shop.story("R-2")[-1] == (TUE, "TYPE_MISMATCH"), "the type is looked at as ever"
