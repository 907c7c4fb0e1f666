"""Large files go into the books part by part: all of them, or nothing of them."""

from __future__ import annotations

import io
import zipfile

import pytest
from scenario import MON, TUE, Shop

from pipelines import arriving, collect, config, intake, reading
from pipelines.sources import streaming
from pipelines.sources.containers import members


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((reading, "LARGE"), (intake, "LARGE"), (collect, "HELD")):
        monkeypatch.setattr(module, name, 500)
    monkeypatch.setattr(streaming, "CHUNK", 800)


def busy(shop: Shop) -> None:
    """Sales of Monday, settled on Tuesday, of which one line cannot be used."""
    for n in range(40):
        shop.sale(f"R{n}", f"{n + 1}.00", MON)
        shop.settled(f"R{n}", f"{n + 1}.00" if n != 7 else "9.99", TUE)
    shop.settled("BAD", "1.00", TUE, currency="XXQ")


@pytest.mark.parametrize("room", [2, 1_000])
def test_a_file_in_parts_is_in_the_books_as_a_whole(shop: Shop, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "most_held", lambda memory: room)
    busy(shop)
    shop.night(MON)
    night = shop.night(TUE)
    assert night.summary["rows"]["settlement"] == 40
    assert night.summary["matched"]["journal_settlement"] >= 39
    assert "ROW_REJECTED" in night.open_types
    assert {"AMOUNT_OVER", "AMOUNT_UNDER"} & {*night.open_types}
    assert night.summary["proof"]["balanced"]


def test_a_run_that_fails_leaves_nothing_that_did_not_fit_into_memory(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "most_held", lambda memory: 2)
    busy(shop)
    spill = config.load(shop.config).paths.store.with_suffix(".spill")

    def broken(*_: object) -> None:
        assert [*spill.glob("*.arrow")]
        raise OSError("the disk has gone")

    with monkeypatch.context() as failing:
        failing.setattr(arriving, "remember", broken)
        with pytest.raises(OSError, match="has gone"):
            shop.night(MON)
    assert not spill.exists()
    assert shop.night(MON).summary["rows"]["journal"] == 40


def test_an_end_that_contradicts_the_file_leaves_nothing_of_it(shop: Shop) -> None:
    busy(shop)
    shop.hold("pos", MON)
    text = shop.text("pos", MON)
    shop.put("journal_20260330.csv", text.replace("rows=40", "rows=41"))
    night = shop.night(MON)
    assert "rows declared 41, computed 40" in night.only("FILE_INVALID")["explanation"]
    assert night.summary["rows"]["journal"] == 0
    assert shop.story("R3") == []
    shop.put("journal_20260330.csv", text)
    again = shop.night(MON)
    assert again.summary["rows"]["journal"] == 40
    assert again.open_types == []


def test_members_of_an_archive_that_fill_memory_wait_on_disk(shop: Shop) -> None:
    busy(shop)
    shop.hold("pos", MON)
    text = shop.text("pos", MON)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("journal_20260330.csv", text)
        for n in range(4):
            archive.writestr(f"readme_{n}.txt", "nothing\n" * 50)
    shop.put("of_monday.zip", out.getvalue())
    assert shop.night(MON).summary["rows"]["journal"] == 40
    held = [member.data for member in members("of_monday.zip", out.getvalue(), collect.Spool())]
    assert [isinstance(data, bytes) for data in held] == [False, True, False, False, False]
    assert held[0][:] == text.encode()
    assert held[3][:8] == b"nothing\n"
    assert len(held[4]) == 400
