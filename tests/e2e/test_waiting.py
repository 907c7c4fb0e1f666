"""How long a journal row may wait for its acquirer, to the day (contract.md, Waiting)."""

from __future__ import annotations

from scenario import FRI, MON, SAT, SUN, THU, TUE, WED, Shop


def test_a_sale_waits_until_its_days_are_over_and_is_then_not_settled(shop: Shop) -> None:
    shop.sale("S1", "128.50", MON)
    last = shop.nights(MON, FRI)
    assert shop.story("S1") == ["waiting", "waiting", "waiting", "NOT_SETTLED", "NOT_SETTLED"]
    found = last.only("NOT_SETTLED")
    print(found)
    assert (found["amount_minor"], found["direction"], found["currency"]) == (12850, "short", "CNY")
    assert found["first_seen"] == str(THU)
