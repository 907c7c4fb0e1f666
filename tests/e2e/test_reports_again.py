"""A finished night told again, byte for byte, however many nights have passed; a week; a folder nobody can write to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scenario import MON, THU, TUE, WED, Shop
from sheets import SHOP

from pipelines import drawing
from pipelines.cli import cli
from pipelines.store import Published, Store


@pytest.fixture(scope="module")
def week(module_place: Path) -> Shop:
    """Four nights: a sale that is lost, one that comes late, a file that is missing."""
    shop = Shop(module_place / "shop")
    shop.sale("603000000001", "45.60", MON)
    shop.sale("603000000002", "7.00", MON)
    shop.settled("603000000003", "9.00", TUE)
    shop.hold("unionpay", WED)
    shop.nights(MON, WED)
    shop.release("unionpay", WED)
    shop.nights(THU, THU)
    return shop


def recon(shop: Shop, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--config", str(shop.config)])


@pytest.mark.parametrize("kind", ["html", "xlsx", "json"])
@pytest.mark.parametrize("day", [MON, TUE, WED, THU])
def test_a_past_night_is_told_word_for_word(week: Shop, day: object, kind: str) -> None:
    written = week.root / "var" / "reports" / f"recon-{str(day).replace('-', '')}.{kind}"
    before = written.read_bytes()
    written.unlink()
    told = recon(week, "report", "--date", str(day), "--format", kind)
    assert told.stdout == f"{written}\n", told.stderr
    assert written.read_bytes() == before


def test_a_week_has_its_nights_and_all_it_opened(week: Shop) -> None:
    told = recon(week, "report", "--week", "2026-W14")
    page = Path(told.stdout.strip()).read_text(encoding="utf-8")
    assert "2026-W14: 4 of 4 nights reconciled and proven" in page
    assert page.count('<span class="state state-missing">') >= 1
    assert f"<td>{SHOP}</td>" in page
    assert recon(week, "report", "--month", "2026-04").exit_code == 0
    assert "2 of 2 nights" in (week.root / "var/reports/recon-2026-04.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--date", "2026-05-01"), "no run of 2026-05-01 has finished"),
        (("--week", "2026-W20"), "no run of 2026-W20 has finished"),
        (("--week", "2026-05"), "'2026-05' is no week; write it as 2026-W10"),
        (("--week", "2026-W54"), "'2026-W54' is no week"),
        (("--month", "2026-13"), "'2026-13' is no month; write it as 2026-03"),
        ((), "name one report: --date 2026-03-02, --week 2026-W10 or --month 2026-03"),
        (("--date", "2026-03-30", "--week", "2026-W14"), "name one report"),
    ],
)
def test_what_cannot_be_told_is_one_plain_line(week: Shop, words: tuple[str, ...], said: str) -> None:
    told = recon(week, "report", *words)
    assert told.exit_code in (1, 2)
    assert said in told.stderr
    assert told.stdout == ""


def test_a_folder_that_cannot_be_written_costs_the_files_and_not_the_night(place: Path) -> None:
    shop = Shop(place / "shop")
    folder = shop.root / "var" / "reports"
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be", encoding="utf-8")
    night = shop.night(MON)
    assert night.verdict == "OK"
    assert night.summary["reports"] == {"html": None, "xlsx": None, "json": None}
    assert [line for line in night.said if "the report could not be written" in line]
    folder.unlink()
    told = recon(shop, "report", "--date", str(MON))
    assert Path(told.stdout.strip()).exists()


def test_a_workbook_that_the_disk_does_not_take_costs_the_files_and_not_the_night(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> bytes:
        raise OSError(28, "No space left on device")

    shop = Shop(place / "shop")
    with monkeypatch.context() as patched:
        patched.setitem(drawing.RENDER, "xlsx", full)
        night = shop.night(MON)
    nothing = {"html": None, "xlsx": None, "json": None}
    assert (night.verdict, night.summary["reports"]) == ("OK", nothing)
    (line,) = [line for line in night.said if "the report could not be written" in line]
    assert line.endswith(f"No space left on device; mend it, then `recon report --date {MON}`")
    with Published(shop.published) as copy:
        (kept,) = copy.frame("SELECT summary FROM book.runs")["summary"].to_list()
    assert json.loads(kept)["reports"] == nothing, "what is published speaks of no files either"
    assert not [*(shop.root / "var" / "reports").iterdir()], "nothing is left of what will have no name"


def test_a_night_whose_workbook_cannot_be_drawn_publishes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> bytes:
        raise ValueError("a fault of ours")

    shop = Shop(place / "shop")
    with monkeypatch.context() as patched:
        patched.setitem(drawing.RENDER, "xlsx", broken)
        with pytest.raises(ValueError, match="a fault of ours"):
            shop.night(MON)
    assert not (shop.root / "var" / "published" / "investigate.duckdb").exists()
    assert not [*(shop.root / "var" / "reports").iterdir()], "nothing is left of what will have no name"
    assert shop.night(MON).verdict == "OK"


def test_rates_of_every_run_can_be_asked_for(week: Shop) -> None:
    with Published(week.published) as copy:
        rates = copy.frame("SELECT * FROM match_rates WHERE leg = 'journal-settlement' ORDER BY business_date")
    assert rates["rows_matched"].sum() == 0
    assert rates["rows_total"].to_list() == [1, 2]


def test_a_run_of_an_older_version_has_no_report_to_tell(place: Path) -> None:
    shop = Shop(place / "shop")
    shop.night(MON)
    with Store(shop.root / "var" / "recon.duckdb") as store:
        store.execute("DELETE FROM book.reports")
    copy = Shop.published.fget(shop)  # type: ignore[attr-defined]
    copy.write_bytes((shop.root / "var" / "recon.duckdb").read_bytes())
    assert "made by an older version" in recon(shop, "report", "--date", str(MON)).stderr
