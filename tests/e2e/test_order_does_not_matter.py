"""Properties: rows may stand in any order and files may be loaded in any order; nothing is lost on the way."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reading import Night
from scenario import MON, TUE, Shop

from pipelines import collect

FATES = ("settled", "missing", "over", "under", "twice", "failed", "voided", "unknown", "blank", "tied", "refund")
BY_CARD = ("card", "alike", "perhaps")


def tell(shop: Shop, number: int, fate: str) -> None:
    """One sale of the day and what the acquirer made of it."""
    rrn, amount = f"{fate}-{number}", f"{10 + number}.00"
    if fate in BY_CARD:
        by_card(shop, rrn, amount, fate)
        return
    if fate in ("unknown", "refund"):
        aside(shop, rrn, amount, fate)
        return
    slip: dict[str, Any] = {"terminal_id": f"T{number}", "stan": "000001"}
    shop.sale(rrn, amount, MON, status="DECLINED" if fate == "failed" else "APPROVED", **slip)
    line: dict[str, Any] = {"terminal_id": f"T{number}"}
    if fate in ("settled", "failed", "voided", "twice"):
        shop.settled(rrn, amount, TUE, **line)
    if fate == "twice":
        shop.settled(rrn, amount, TUE, **line)
    if fate == "over":
        shop.settled(rrn, f"{20 + number}.00", TUE, **line)
    if fate == "under":
        shop.settled(rrn, "0.01", TUE, **line)
    if fate == "voided":
        shop.void(f"{rrn}-void", amount, MON, of=rrn, terminal_id=f"T{number}")
    if fate == "tied":
        shop.sale(f"{rrn}-too", amount, MON, **slip)
    if fate in ("blank", "tied"):
        shop.settled("", amount, TUE, batch_no="1", stan="1", payout_id=f"P-{rrn}", **line)


def aside(shop: Shop, rrn: str, amount: str, fate: str) -> None:
    """A line that nobody knows, or a refund."""
    if fate == "unknown":
        shop.settled(rrn, amount, TUE)
        return
    shop.refund(rrn, amount, MON, of="elsewhere")
    shop.settled(rrn, f"-{amount}", TUE, kind="REFUND", original_rrn="elsewhere")


def by_card(shop: Shop, rrn: str, amount: str, fate: str) -> None:
    """Sales whose lines name neither RRN nor STAN: one card, two alike, or a line without a card."""
    slip: dict[str, Any] = {"terminal_id": f"T-{rrn}", "card_no": "622202******1234"}
    line = slip | {"batch_no": "", "stan": "", "payout_id": f"P-{rrn}"}
    shop.sale(rrn, amount, MON, **slip)
    if fate == "alike":
        shop.sale(f"{rrn}-too", amount, MON, **(slip | {"card_no": "625800******1234"}))
    shop.settled("", amount, TUE, **(line | ({"card_no": ""} if fate == "perhaps" else {})))


def told(night: Night) -> Counter[tuple[object, ...]]:
    """The register without the places where rows stand."""
    names = ("type", "status", "amount_minor", "direction", "currency", "terminal_id", "rrn", "payout_id", "bank_ref")
    return Counter(tuple(e[name] for name in names) for e in night.register)


def play(place: Path, fates: list[str], shuffle: random.Random | None) -> tuple[Night, Shop]:
    """Both days in one night, as they came or shuffled."""
    shop = Shop(Path(tempfile.mkdtemp(dir=place)) / "shop")
    for number, fate in enumerate(fates):
        tell(shop, number, fate)
    shop.declared("P1", "5.00", TUE)
    shop.banked("P1", "4.00", TUE, bank_ref="B1")
    shop.banked("?", "3.00", TUE, bank_ref="B2")
    for rows in shop.rows.values():
        if shuffle:
            shuffle.shuffle(rows)
    return shop.night(TUE), shop


@pytest.fixture
def loading_order(monkeypatch: pytest.MonkeyPatch) -> list[random.Random]:
    """A shuffle for the files of the inbox, while one is set."""
    shuffles: list[random.Random] = []
    plain = collect.in_inbox

    def shuffled(*args: object) -> list[collect.Candidate]:
        found = plain(*args)  # type: ignore[arg-type]
        for shuffle in shuffles:
            shuffle.shuffle(found)
        return found

    monkeypatch.setattr(collect, "in_inbox", shuffled)
    return shuffles


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.lists(st.sampled_from([*FATES, *BY_CARD]), min_size=8, max_size=24), st.randoms(use_true_random=False))
def test_the_register_does_not_depend_on_the_order_of_rows_and_files(
    place: Path, loading_order: list[random.Random], fates: list[str], shuffle: random.Random
) -> None:
    loading_order.clear()
    straight, _ = play(place, fates, None)
    loading_order.append(shuffle)
    shuffled, shop = play(place, fates, shuffle)
    assert told(shuffled) == told(straight)
    assert shuffled.summary["proof"]["balanced"]
    assert shuffled.summary["matched"] == straight.summary["matched"]
    written = Counter(file.source for file, rows in shop.rows.items() for _ in rows)
    proven = {line["side"]: line["rows_accounted"] for line in shuffled.summary["proof"]["lines"]}
    expected = {"journal": written["pos"], "settlement": written["unionpay"], "bank": written["bank-main"]}
    assert proven == {side: count for side, count in expected.items() if count}
