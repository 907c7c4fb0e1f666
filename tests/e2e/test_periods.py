"""A closed month stands: what comes later on it counts in the open one, and says so."""

from __future__ import annotations

from datetime import date

import pytest
from people import recon, refused, told
from reading import rows_of
from scenario import MON, THU, TUE, WED, Shop

from pipelines import commands
from pipelines.config import load
from pipelines.nightly import DateError

BY = ("--by", "Li Na", "--reason", "March is done")


def test_news_on_a_closed_month_count_in_the_open_one(shop: Shop) -> None:
    """MON and TUE are the last days of March, WED is 1 April."""
    shop.sale("lost", "88.00", MON)
    shop.sale("fine", "12.00", MON)
    shop.settled("fine", "12.00", TUE)
    shop.hold("pos", TUE)
    shop.sale("late", "5.00", TUE)
    shop.nights(MON, WED)
    told(shop, "period", "close", "2026-03", *BY)
    night = shop.night(THU)
    key = str(shop.exception("lost", "NOT_SETTLED")["exception_id"])
    assert "2026-03 is closed: 1 news on it count in 2026-04; `recon period list` names them" in night.said

    shop.release("pos", TUE)
    shop.settled("lost", "88.00", date(2026, 4, 3), sold=MON)
    shop.night(date(2026, 4, 3))
    (march,) = told(shop, "period", "list")
    figures = {row["figure"]: row for row in march["figures"]}
    assert (figures["journal"]["closed_minor"], figures["journal"]["now_minor"]) == (10000, 10500)
    assert figures["journal"]["adjustment_minor"] == 500
    assert figures["settlement"]["adjustment_minor"] == 0, "the line is of April"
    news = [(a["counts_in"], a["what"], a["event"], a["adjustment_minor"]) for a in march["adjustments"]]
    assert ("2026-04", "exception", "opened", 8800) in news
    assert ("2026-04", "exception", "cleared", -8800) in news
    assert ("2026-04", "file", "loaded", None) in news
    assert key in {a["exception_id"] for a in march["adjustments"]}
    assert "counts in 2026-04" in recon(shop, "period", "list").stdout


def test_closed_figures_and_adjustments_add_up_to_what_is_open_now(shop: Shop) -> None:
    for number, day in enumerate((MON, MON, TUE)):
        shop.sale(f"s{number}", f"{number + 1}0.00", day)
    shop.nights(MON, THU)
    told(shop, "period", "close", "2026-03", *BY)
    shop.settled("s0", "10.00", date(2026, 4, 3), sold=MON)
    shop.nights(date(2026, 4, 3), date(2026, 4, 5))
    (row,) = rows_of(shop, "SELECT * FROM period_figures WHERE figure = 'open exceptions'")
    ((news,),) = [
        tuple(each.values())
        for each in rows_of(shop, "SELECT CAST(sum(adjustment_minor) AS BIGINT) AS news FROM period_adjustments")
    ]
    assert row["adjustment_minor"] == news != 0
    assert row["closed_minor"] + news == row["now_minor"]


def test_a_closed_month_is_locked(shop: Shop) -> None:
    shop.nights(MON, TUE)
    assert refused(shop, "period", "close", "2026-04", *BY).startswith("2026-04: its last night has not been run yet")
    assert refused(shop, "period", "close", "2026-3", *BY) == "'2026-3' is no month; write it as 2026-03"
    assert refused(shop, "period", "reopen", "2026-03", *BY).startswith("2026-03: is not closed")
    told(shop, "period", "close", "2026-03", *BY)
    assert refused(shop, "period", "close", "2026-03", *BY).startswith("2026-03: is closed already")
    with pytest.raises(DateError, match="2026-03 is closed; run 2026-04-01 instead"):
        commands.run_night(shop.config, TUE, True, lambda _: None)
    told(shop, "period", "reopen", "2026-03", *BY)
    assert load(shop.config)
    shop.night(TUE)
    assert told(shop, "period", "list") == []


def test_what_is_learnt_adds_up(shop: Shop) -> None:
    shop.sale("a", "10.00", MON, operator_id="07")
    shop.sale("b", "20.00", MON, operator_id="07")
    shop.sale("c", "5.00", MON, operator_id="08", terminal_id="90000002")
    shop.nights(MON, THU)
    key = str(shop.exception("a", "NOT_SETTLED")["exception_id"])
    for words in (
        ("assign", key, "--by", "Li Na"),
        ("propose", key, "--remedy", "debit-adjustment", "--reason", "r", "--by", "Li Na"),
        ("approve", key, "--by", "Wang"),
        ("resolve", key, "--recovered", "9.00", "--cause", "batch not sent", "--reason", "r", "--by", "Li Na"),
    ):
        told(shop, "case", *words)
    operators = told(shop, "learn", "--by", "operator")
    assert [(row["name"].split()[-1], row["breaks"], row["amount_minor"]) for row in operators] == [
        ("07", 2, 3000),
        ("08", 1, 500),
    ]
    assert [row["recovered_minor"] for row in operators] == [900, 0]
    (cause,) = told(shop, "learn", "--by", "cause")
    assert (cause["name"], cause["breaks"], cause["closed"]) == ("batch not sent", 1, 1)
    for by in ("terminal", "merchant", "operator", "acquirer", "type"):
        found = told(shop, "learn", "--by", by, "--month", "2026-04")
        assert sum(row["amount_minor"] for row in found) == 3500, by
    assert "NOT_SETTLED 2" in recon(shop, "learn").stdout
