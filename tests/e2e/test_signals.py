"""Signals and incidents in real nights: told once, gone on with, cleared by what follows, undone with their file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from people import recon, refused
from reading import rows_of
from scenario import MON, SAT, SUN, TILL, TUE2, WED2, Shop
from usual import no_answer, shop_of

from pipelines import signal_score


def told(shop: Shop, kind: str) -> list[tuple[date, str]]:
    events = rows_of(shop, f"SELECT run_date, event FROM exception_history WHERE type = '{kind}' ORDER BY event_no")  # noqa: S608
    return [(row["run_date"], row["event"]) for row in events]


@pytest.fixture(scope="module")
def ill(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """On Saturday and Sunday the till gets few answers, then all is well."""
    shop = shop_of(tmp_path_factory.mktemp("ill"))
    no_answer(shop, SAT, 8)
    no_answer(shop, SUN, 9)
    shop.nights(MON, WED2)
    return shop


def test_an_ailing_terminal_is_told_once_and_clears_when_it_is_well(ill: Shop) -> None:
    assert told(ill, "TERMINAL_HEALTH") == [(SAT, "opened"), (SUN, "changed"), (WED2, "cleared")]
    first = next(night for night in ill.seen if night.day == SAT).only("TERMINAL_HEALTH")
    assert (first["leg"], first["direction"], first["amount_minor"], first["currency"]) == (
        "monitor",
        "none",
        8000,
        "CNY",
    )
    assert (first["business_date"], first["first_seen"], first["terminal_id"]) == (str(SAT), str(SAT), TILL)
    assert first["explanation"] == (
        f"Terminal {TILL} of merchant {first['merchant_id']}: 8 of 20 transactions on {SAT} got no answer; on the 5 "
        "working days before there were usually 0, at most 0."
    )
    assert len(first["evidence"]) == 8
    assert {row["side"] for row in first["evidence"]} == {"journal"}


def test_days_that_follow_go_on_with_it(ill: Shop) -> None:
    night = next(night for night in ill.seen if night.day == SUN)
    second = night.only("TERMINAL_HEALTH")
    assert second["amount_minor"] == 17000
    assert f"The same was told on 2 days since {SAT}" in second["explanation"]
    signals = rows_of(ill, "SELECT kind, business_date, found, counted_of FROM signals ORDER BY business_date")
    assert [tuple(row.values()) for row in signals] == [("timeouts", SAT, 8, 20), ("timeouts", SUN, 9, 21)]


def test_a_night_again_changes_nothing(ill: Shop) -> None:
    before = rows_of(ill, "SELECT * FROM exception_history ORDER BY event_no")
    ill.night(WED2)
    assert rows_of(ill, "SELECT * FROM exception_history ORDER BY event_no") == before


def test_it_leaves_with_the_file_it_rests_on(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    no_answer(shop, SAT, 8)
    shop.nights(MON, SAT)
    assert shop.seen[-1].open_types == ["TERMINAL_HEALTH"]
    (file,) = rows_of(shop, f"SELECT file_id FROM files WHERE name = 'journal_{SAT:%Y%m%d}.csv'")  # noqa: S608
    done = recon(shop, "retract", str(file["file_id"]), "--by", "Li Na", "--reason", "another shop's")
    assert done.exit_code == 0, done.output
    assert told(shop, "TERMINAL_HEALTH") == [(SAT, "opened"), (SAT, "cleared")]
    assert rows_of(shop, f"SELECT * FROM terminal_days WHERE business_date = '{SAT}'") == []  # noqa: S608


def test_with_little_history_nothing_is_told(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop", "")
    no_answer(shop, SAT, 20)
    shop.nights(MON, SAT)
    assert [e["explanation"] for e in shop.seen[-1].open] == []


def unsettled(shop: Shop, count: int, *, failed: int = 0) -> list[str]:
    """Sales of Saturday noon that nobody settles, and some that failed at the till and are settled."""
    keys = [f"8{SAT:%m%d}{n:07}" for n in range(count + failed)]
    for n, key in enumerate(keys):
        cells = {"card_no": f"622848******7{n:03}", "at": f"12:{4 * n:02}:00"}
        if n < count:
            shop.sale(key, "100.00", SAT, **cells)
        else:
            shop.sale(key, "100.00", SAT, status="TIMEOUT", response_code="98", **cells)
            shop.settled(key, "100.00", SUN, txn_time=f"{SAT}T{cells['at']}")
    return keys


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Ten breaks within forty minutes: two are known on Sunday, eight when their days are over."""
    shop = shop_of(tmp_path_factory.mktemp("outage"))
    for key in unsettled(shop, 8, failed=2)[:8]:
        shop.settled(key, "100.00", WED2, txn_time=f"{SAT}T12:00:00")
    shop.nights(MON, WED2)
    return shop


def test_breaks_that_crowd_become_one_incident(outage: Shop) -> None:
    night = next(night for night in outage.seen if night.day == TUE2)
    incident = night.only("CHANNEL_INCIDENT")
    assert (incident["severity"], incident["leg"], incident["direction"]) == ("critical", "monitor", "none")
    assert (incident["amount_minor"], incident["acquirer"], incident["business_date"]) == (
        100_000,
        "UNIONPAY",
        str(SAT),
    )
    assert incident["explanation"].startswith(
        f"10 of 10 breaks of UNIONPAY on {SAT} fall between 12:00 and 12:36, worth 1,000.00 CNY; "
    )
    children = rows_of(outage, "SELECT DISTINCT type, channel, scope FROM incident_children ORDER BY type")
    assert [tuple(row.values()) for row in children] == [
        ("FAILED_BUT_SETTLED", "CARD", "acquirer"),
        ("NOT_SETTLED", "CARD", "acquirer"),
    ]
    assert night.open_types.count("NOT_SETTLED") == 8


def test_the_report_has_it_as_one_line_and_counts_its_money_once(outage: Shop) -> None:
    page = (outage.root / "var" / "reports" / f"recon-{TUE2:%Y%m%d}.html").read_text(encoding="utf-8")
    assert page.count('<details class="notice warn incident">') == 1
    night = next(night for night in outage.seen if night.day == TUE2)
    children = rows_of(outage, "SELECT exception_id FROM incident_children")
    assert {page.count(f"<code>{child['exception_id']}</code>") for child in children} == {1}, "each is told once"
    money = sum(e["amount_minor"] for e in night.open if e["type"] != "CHANNEL_INCIDENT")
    assert money == night.only("CHANNEL_INCIDENT")["amount_minor"] == 100_000
    told_again = recon(outage, "report", "--date", str(TUE2))
    assert told_again.exit_code == 0, told_again.output
    assert (outage.root / "var" / "reports" / f"recon-{TUE2:%Y%m%d}.html").read_text(encoding="utf-8") == page


def test_it_stands_as_long_as_one_of_its_breaks(outage: Shop) -> None:
    assert told(outage, "CHANNEL_INCIDENT") == [(TUE2, "opened")]
    assert outage.seen[-1].open_types == ["CHANNEL_INCIDENT", "FAILED_BUT_SETTLED", "FAILED_BUT_SETTLED"]


def test_it_is_over_when_all_of_them_are(tmp_path: Path) -> None:
    shop = shop_of(tmp_path / "shop")
    for key in unsettled(shop, 9):
        shop.settled(key, "100.00", WED2, txn_time=f"{SAT}T12:00:00")
    shop.nights(MON, WED2)
    assert told(shop, "CHANNEL_INCIDENT") == [(TUE2, "opened"), (WED2, "cleared")]
    assert [e["explanation"] for e in shop.seen[-1].open] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('off = ["noise"]', "off"),
        ("fewest = 0", "fewest"),
        ("min_history_days = 40", "min_history_days"),
        ("small = 3", "small"),
    ],
)
def test_a_wrong_threshold_is_refused_in_one_line(tmp_path: Path, line: str, says: str) -> None:
    shop = Shop(tmp_path / "shop")
    text = shop.config.read_text(encoding="utf-8") + f"\n[signals]\n{line}\n"
    shop.config.write_text(text, encoding="utf-8")
    assert says in (told := refused(shop, "run", "--date", str(MON), "--no-prefect"))
    assert f"line {len(text.splitlines())}" in told


def test_every_planted_trouble_is_found_and_nothing_else(tmp_path: Path) -> None:
    found = signal_score.measure([11], 24, 800, tmp_path, lambda _: None)
    assert [each["trouble"] for each in found["troubles"] if not each["found"]] == []
    assert len(found["troubles"]) == 10
    (seed,) = found["seeds"]
    assert (seed["false"], seed["beside"], found["passed"]) == ([], [], True)
    assert found["terminal_days"] > 300


def test_it_fails_where_a_trouble_is_not_found() -> None:
    planted: dict[str, Any] = {"trouble": "SILENT", "type": "TERMINAL_HEALTH", "kinds": "silence"}
    planted |= {"first_day": "2026-03-19", "last_day": "2026-03-29", "terminal_id": "10000801"}
    planted |= dict.fromkeys(("acquirer", "merchant_id", "operator_id"), "")
    row: dict[str, Any] = {"exception_id": "E1", "type": "TERMINAL_HEALTH", "kind": "silence", "explanation": "…"}
    row |= {"business_date": date(2026, 3, 19), "run_date": date(2026, 3, 20), "terminal_id": "10000801"}
    assert signal_score._of_trouble(planted, [row])["found"]
    for other in ({"kind": "clock"}, {"terminal_id": "10000802"}, {"business_date": date(2026, 3, 18)}):
        assert not signal_score._of_trouble(planted, [row | other])["found"]
    json.dumps(signal_score._of_trouble(planted, [row]))
