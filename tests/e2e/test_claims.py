"""A customer complains: what fits is found and shown, and the claim becomes a case that no data clear."""

from __future__ import annotations

from people import recon, refused, told
from reading import rows_of
from scenario import FRI, MON, THU, TUE, WED, Shop

BY = ("--by", "Li Na")
CARD = "622202******1234"


def sold(shop: Shop) -> None:
    """Two payments of one card within minutes, and one of another."""
    for rrn, at, card in (("first", "12:00:00", CARD), ("second", "12:20:00", CARD), ("other", "12:10:00", "4" * 6)):
        shop.sale(rrn, "45.60", MON, at=at, card_no=card)
        shop.settled(rrn, "45.60", TUE, card_no=card)
    shop.nights(MON, WED)


def test_what_fits_is_shown_nearest_first_and_nothing_is_opened(shop: Shop) -> None:
    sold(shop)
    known = ("case", "open", "--kind", "double", "--amount", "45.60", "--last4", "1234", "--about", "2026-03-30T12:18")
    found = told(shop, *known, "--look")
    assert [each["row"].split("RRN ")[1].split(",")[0] for each in found["candidates"]] == ["second", "first"]
    assert [e["side"] for e in found["candidates"][0]["evidence"]] == ["journal", "settlement"]
    assert rows_of(shop, "SELECT * FROM case_events") == []


def test_a_claim_is_an_exception_until_people_resolve_it(shop: Shop) -> None:
    sold(shop)
    known = ("case", "open", "--kind", "double", "--amount", "45.60", "--last4", "1234", "--about", "2026-03-30")
    claim = told(shop, *known, "--reason", "paid twice, he says", *BY)
    key = claim["exception_id"]
    (listed,) = told(shop, "exceptions", "--type", "CUSTOMER_CLAIM")
    assert (listed["status"], listed["direction"], listed["amount_minor"]) == ("open", "long", 4560)
    assert (listed["first_seen"], listed["due_date"]) == (str(WED), str(WED))
    assert listed["explanation"].endswith("2 payments of the books may be meant.")
    assert listed["rrn"] is None

    chosen = told(shop, "case", "choose", key, "2", "--reason", "the slip", *BY)
    (listed,) = told(shop, "exceptions", "--type", "CUSTOMER_CLAIM")
    assert chosen["row"].split("RRN ")[1].split(",")[0] == listed["rrn"]
    assert [e["side"] for e in listed["evidence"]] == ["journal", "settlement"]
    assert (listed["acquirer"], listed["business_date"]) == ("UNIONPAY", str(MON))

    night = shop.night(THU)
    assert night.summary["exceptions"]["open"]["CUSTOMER_CLAIM"] == 1
    for words in (
        ("assign", key, *BY),
        ("propose", key, "--remedy", "refund", "--reason", "one sale", *BY),
        ("approve", key, "--by", "Wang"),
        ("resolve", key, "--recovered", "45.60", "--reason", "refunded", *BY),
    ):
        told(shop, "case", *words)
    assert told(shop, "exceptions", "--type", "CUSTOMER_CLAIM") == []
    assert "CUSTOMER_CLAIM" not in shop.night(FRI).open_types
    assert told(shop, "audit", "verify")["whole"] is True
    assert "CUSTOMER_CLAIM opened" in recon(shop, "trace", key).stdout


def test_a_file_that_is_taken_back_clears_no_claim(shop: Shop) -> None:
    sold(shop)
    known = ("case", "open", "--kind", "denied", "--amount", "45.60", "--rrn", "first", "--about", "2026-03-30T12:00")
    claim = told(shop, *known, *BY)
    assert claim["chosen"] == 1
    (file,) = [f for f in told(shop, "files") if f["name"] == "journal_20260330.csv"]
    told(shop, "retract", str(file["file_id"]), *BY, "--reason", "wrong file")
    assert told(shop, "exceptions", "--type", "CUSTOMER_CLAIM")[0]["exception_id"] == claim["exception_id"]


def test_a_claim_that_nothing_fits_is_opened_all_the_same(shop: Shop) -> None:
    sold(shop)
    claim = told(shop, "case", "open", "--kind", "failed", "--amount", "9.99", "--about", "2026-03-30", *BY)
    assert claim["candidates"] == []
    assert claim["explanation"].endswith("no payment of the books fits.")
    assert (
        "was to be refunded"
        in told(shop, "case", "open", "--kind", "not-received", "--amount", "9.99", "--about", "2026-03-30", *BY)[
            "explanation"
        ]
    )


def test_what_a_claim_cannot_be(shop: Shop) -> None:
    sold(shop)
    start = ("case", "open", "--kind", "denied", "--about", "2026-03-30")
    assert "write it like 45.60" in refused(shop, *start, "--amount", "45.601", *BY)
    assert "more than nothing" in refused(shop, *start, "--amount", "0", *BY)
    assert "last four digits" in refused(shop, *start, "--amount", "1.00", "--last4", "12345", *BY)
    assert "candidate 9: there are" in refused(shop, *start, "--amount", "45.60", "--candidate", "9", *BY)
    assert "is no customer's claim" in refused(shop, "case", "choose", "E0", "1", "--reason", "r", *BY)
    assert rows_of(shop, "SELECT * FROM case_events") == []
