"""Refunds judged on the journal: without original, above it, or given twice; reported beside their matching."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scenario import FRI, MON, THU, TUE, WED, Shop
from week import WEEK


def given(shop: Shop, rrn: str, amount: str, day: object, of: str, at: str = "12:00:00", **cells: str) -> None:
    """A refund that the acquirer shows the next day."""
    shop.refund(rrn, amount, day, of=of, at=at, **cells)  # type: ignore[arg-type]
    cells.pop("status", None)
    shop.settled(rrn, f"-{amount}", FRI, kind="REFUND", original_rrn=of, sold=day, **cells)  # type: ignore[arg-type]


@WEEK.story
def test_a_refund_whose_original_nobody_knows_is_unlinked(shop: Shop) -> Iterator[None]:
    given(shop, "RF-lost", "10.00", TUE, of="RF-nowhere")
    yield
    assert shop.story("RF-lost") == [(TUE, "REFUND_UNLINKED, waiting"), (FRI, "REFUND_UNLINKED")]
    found = shop.exception("RF-lost", "REFUND_UNLINKED")
    assert (found["amount_minor"], found["direction"]) == (1000, "short")
    assert "RF-nowhere" in found["explanation"]


@WEEK.story
def test_a_refund_that_names_no_original_is_unlinked(shop: Shop) -> Iterator[None]:
    given(shop, "RF-blank", "10.00", TUE, of="")
    yield
    assert shop.story("RF-blank") == [(TUE, "REFUND_UNLINKED, waiting"), (FRI, "REFUND_UNLINKED")]


@WEEK.story
def test_an_original_of_another_merchant_is_none(shop: Shop) -> Iterator[None]:
    shop.sale("RF-theirs", "10.00", MON, merchant_id="898310158129999")
    shop.settled("RF-theirs", "10.00", TUE, merchant_id="898310158129999")
    given(shop, "RF-stray", "10.00", TUE, of="RF-theirs")
    yield
    assert (TUE, "REFUND_UNLINKED, waiting") in shop.story("RF-stray")


@WEEK.story
def test_an_original_at_another_terminal_or_only_at_the_acquirer_will_do(shop: Shop) -> Iterator[None]:
    shop.bought("RF-at-till", "10.00")
    given(shop, "RF-elsewhere", "4.00", TUE, of="RF-at-till", terminal_id="10000199")
    shop.settled("RF-theirs-only", "30.00", TUE)
    given(shop, "RF-of-theirs", "30.00", TUE, of="RF-theirs-only")
    yield
    assert shop.story("RF-elsewhere") == [(TUE, "waiting"), (FRI, "-")]
    assert shop.story("RF-of-theirs") == [(TUE, "waiting"), (FRI, "-")]


@WEEK.story
def test_refunds_in_parts_up_to_the_original_are_fine(shop: Shop) -> Iterator[None]:
    shop.bought("RF-parts", "30.00")
    for number, day in enumerate((TUE, WED, THU), start=1):
        given(shop, f"RF-part-{number}", f"{number * 5}.00", day, of="RF-parts")
    yield
    for number in (1, 2, 3):
        assert not [kind for _, kind in shop.story(f"RF-part-{number}") if "REFUND" in kind]


@WEEK.story
def test_the_refund_that_exceeds_the_original_is_valued_by_the_excess(shop: Shop) -> Iterator[None]:
    shop.bought("RF-most", "30.00")
    given(shop, "RF-first", "20.00", TUE, of="RF-most")
    given(shop, "RF-second", "25.00", WED, of="RF-most")
    given(shop, "RF-third", "3.00", THU, of="RF-most")
    yield
    assert not [kind for _, kind in shop.story("RF-first") if "REFUND" in kind]
    assert shop.story("RF-second") == [(WED, "REFUND_EXCESS, waiting"), (FRI, "REFUND_EXCESS")]
    assert shop.exception("RF-second", "REFUND_EXCESS")["amount_minor"] == 1500
    assert shop.exception("RF-third", "REFUND_EXCESS")["amount_minor"] == 300
    evidence = shop.exception("RF-third", "REFUND_EXCESS")["evidence"]
    assert len([e for e in evidence if e["side"] == "journal"]) == 3, "all refunds of the original"


@WEEK.story
def test_the_same_amount_again_beyond_the_original_is_a_duplicate(shop: Shop) -> Iterator[None]:
    shop.bought("RF-once", "30.00")
    given(shop, "RF-back", "30.00", TUE, of="RF-once")
    given(shop, "RF-again", "30.00", THU, of="RF-once")
    yield
    assert shop.story("RF-again") == [(THU, "REFUND_DUPLICATE, waiting"), (FRI, "REFUND_DUPLICATE")]
    assert shop.exception("RF-again", "REFUND_DUPLICATE")["amount_minor"] == 3000


@WEEK.story
def test_the_same_amount_within_minutes_is_a_duplicate_though_it_fits(shop: Shop) -> Iterator[None]:
    shop.bought("RF-large", "100.00")
    given(shop, "RF-pressed", "10.00", TUE, of="RF-large", at="12:00:00")
    given(shop, "RF-pressed-twice", "10.00", TUE, of="RF-large", at="12:10:00")
    given(shop, "RF-later", "10.00", TUE, of="RF-large", at="12:20:01")
    yield
    assert shop.story("RF-pressed-twice")[0] == (TUE, "REFUND_DUPLICATE, waiting")
    assert not [kind for _, kind in shop.story("RF-pressed") + shop.story("RF-later") if "REFUND" in kind]


@WEEK.story
def test_a_declined_or_voided_refund_counts_for_nothing(shop: Shop) -> Iterator[None]:
    shop.bought("RF-whole", "30.00")
    shop.refund("RF-declined", "30.00", TUE, of="RF-whole", status="DECLINED", at="12:00:00")
    given(shop, "RF-true", "30.00", TUE, of="RF-whole", at="12:01:00")
    shop.refund("RF-undone", "30.00", WED, of="RF-whole")
    shop.void("RF-undoes", "30.00", WED, of="RF-undone", at="12:05:00")
    yield
    for key in ("RF-declined", "RF-true", "RF-undone"):
        assert not [kind for _, kind in shop.story(key) if "REFUND" in kind and "NOT_SETTLED" not in kind], key


@WEEK.story
def test_a_void_clears_what_the_refund_made(shop: Shop) -> Iterator[None]:
    shop.bought("RF-small", "10.00")
    shop.refund("RF-typo", "100.00", TUE, of="RF-small")
    shop.void("RF-mend", "100.00", WED, of="RF-typo")
    yield
    assert shop.story("RF-typo")[0] == (TUE, "REFUND_EXCESS, waiting")
    assert [kind for _, kind in shop.story("RF-typo")][-1].startswith("REFUND_EXCESS cleared")


def test_a_refund_waits_for_the_journal_that_may_hold_its_original(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.hold("pos", MON)
    shop.sale("L-sold", "10.00", MON)
    shop.refund("L-refund", "10.00", TUE, of="L-sold")
    shop.refund("L-lost", "10.00", TUE, of="L-nowhere")
    shop.nights(MON, WED)
    shop.release("pos", MON)
    shop.night(THU)
    assert not [kind for _, kind in shop.story("L-refund") if "UNLINKED" in kind]
    assert [day for day, kind in shop.story("L-lost") if "UNLINKED" in kind] == [THU]
