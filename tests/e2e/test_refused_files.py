"""Files that cannot be used, rows that cannot be used, and files that were here before."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from reading import Night
from scenario import MON, THU, TUE, WED, Shop
from sheets import SETTLEMENT, journal_text, settlement_text

from pipelines import arriving, collect, config, judging


def line_of(shop: Shop, night: Night) -> str:
    """The one plain line a night said of a refusal."""
    (said,) = [line for line in night.said if "rows of" not in line]
    return said


def test_a_wrong_trailer_refuses_the_file_which_counts_as_not_arrived(shop: Shop) -> None:
    shop.sale("S", "10.00", MON)
    shop.hold("pos", MON)
    shop.put("journal_20260330.csv", shop.text("pos", MON).replace("amount=10.00", "amount=11.00"))
    bad = shop.night(MON)
    assert (bad.verdict, bad.summary["files"]["rejected"]) == ("INCOMPLETE", 1)
    assert bad.summary["files"]["missing"] == ["pos 2026-03-30"]
    assert bad.open_types == ["FILE_INVALID", "FILE_LATE"]
    found = bad.only("FILE_INVALID")
    assert (found["severity"], found["leg"], found["amount_minor"]) == ("critical", "file", 0)
    assert "journal_20260330.csv" in found["explanation"]
    assert "amount declared 11.00, computed 10.00" in found["explanation"]
    assert shop.story("S") == [], "none of it is used"

    again = shop.night(MON)
    assert again.open_types == ["FILE_INVALID", "FILE_LATE"]
    assert again.summary["exceptions"]["new"] == {}
    assert again.verdict == "INCOMPLETE"

    shop.put("journal_corrected_20260330.csv", shop.text("pos", MON))
    good = shop.night(MON)
    assert (good.verdict, good.open_types) == ("OK", [])
    assert good.summary["exceptions"]["cleared"] == {"FILE_INVALID": 1, "FILE_LATE": 1}
    assert shop.story("S") == [(MON, "waiting")]


@pytest.mark.parametrize("name", ["journal_20260330.csv", "journal_new.csv"])
def test_the_corrected_version_may_bear_the_same_name_or_one_without_a_date(shop: Shop, name: str) -> None:
    shop.sale("S", "10.00", MON)
    shop.hold("pos", MON)
    shop.put("journal_20260330.csv", shop.text("pos", MON).replace("rows=1", "rows=2"))
    shop.night(MON)
    shop.put(name, shop.text("pos", MON))
    shop.night(WED)
    assert shop.story(type="FILE_INVALID") == [(MON, "FILE_INVALID"), (WED, "FILE_INVALID cleared")]
    assert shop.story(type="FILE_LATE", business_date=MON) == [(MON, "FILE_LATE"), (WED, "FILE_LATE cleared")]
    assert shop.story("S") == [(WED, "waiting")]


def test_a_rejected_row_is_kept_with_its_line_and_the_rest_of_the_file_is_used(shop: Shop) -> None:
    shop.sale("good", "10.00", MON)
    shop.sale("no currency", "20.00", MON, currency="XYZ")
    shop.sale("no amount", "12..00", MON)
    rows = shop.rows.popitem()[1]
    text = journal_text([rows[0], rows[1]]).replace("# rows=2", f"{','.join(rows[2].values())}\n# rows=3")
    shop.put("journal_20260330.csv", text)
    shop.hold("pos", MON)
    night = shop.night(MON)
    assert (night.verdict, night.summary["rows"]["journal"], night.summary["rows"]["rejected"]) == ("OK", 1, 2)
    assert night.open_types == ["ROW_REJECTED", "ROW_REJECTED"]
    places = [e["evidence"] for e in night.open]
    assert sorted(p[0]["line"] for p in places) == [3, 4]
    assert {p[0]["file"] for p in places} == {"journal_20260330.csv"}
    by_line = {e["evidence"][0]["line"]: e for e in night.open}
    assert "XYZ" in by_line[3]["explanation"]
    assert "12..00" in by_line[4]["explanation"]
    assert shop.story("good") == [(MON, "waiting")]
    assert shop.night(MON).open_types == ["ROW_REJECTED", "ROW_REJECTED"], "they stay until somebody mends them"
    rows[1]["currency"], rows[2]["amount"] = "CNY", "12.00"
    shop.put("journal_20260330.csv", journal_text(rows))
    mended = shop.night(MON)
    assert mended.open_types == []
    assert mended.summary["exceptions"]["cleared"] == {"ROW_REJECTED": 2}
    assert mended.summary["waiting"]["TIMING"] == 3


def test_the_trailer_counts_a_rejected_row_and_its_amount_where_it_can_be_read(shop: Shop) -> None:
    shop.settled("fine", "10.00", MON)
    shop.settled("odd", "20.00", MON, net="19.00")
    assert "# rows=2 gross=30.00 fee=0.00 net=29.00" in shop.text("unionpay", MON)
    night = shop.night(MON)
    assert night.verdict == "OK"
    found = night.only("ROW_REJECTED")
    assert (found["amount_minor"], found["currency"]) == (2000, "CNY")
    rejected = [line for line in night.summary["proof"]["lines"] if line["side"] == "rejected"]
    assert [(line["rows_in"], line["amount_in_minor"]) for line in rejected] == [(1, 2000)]


def test_the_same_content_for_the_same_date_is_loaded_once_whatever_its_name(shop: Shop) -> None:
    shop.sale("S", "10.00", MON)
    shop.put("journal_copy_20260330.csv", shop.text("pos", MON))
    shop.put("journal_copy.csv", shop.text("pos", MON))
    night = shop.night(MON)
    assert night.summary["rows"]["journal"] == 1
    assert (night.summary["files"]["loaded"], night.summary["files"]["already_loaded"]) == (2, 2), "journal and bank"
    assert shop.state("journal", "S") == ["waiting"]


def test_the_same_content_for_another_date_is_another_file_two_quiet_days_are_two_days(shop: Shop) -> None:
    last = shop.nights(MON, TUE)
    assert shop.text("pos", MON) == shop.text("pos", TUE)
    assert [n.summary["files"]["loaded"] for n in shop.seen] == [2, 3]
    assert [n.verdict for n in shop.seen] == ["OK", "OK"]
    assert last.register == []
    shop.sale("S", "10.00", WED)
    shop.put("journal_20260402.csv", shop.text("pos", WED))
    shop.hold("pos", THU)
    assert shop.night(THU).summary["rows"]["journal"] == 2


def test_a_file_named_for_a_date_to_come_is_left_until_then(shop: Shop) -> None:
    shop.put("journal_20260331.csv", journal_text([]))
    early = shop.night(MON)
    assert early.summary["files"] == {"loaded": 2, "already_loaded": 0, "rejected": 0, "missing": []}
    then = shop.night(TUE)
    assert (then.summary["files"]["loaded"], then.verdict) == (3, "OK")


def test_a_file_that_is_not_for_us_is_left_alone(shop: Shop) -> None:
    shop.put("readme.txt", "hello\n")
    shop.put("journal_20260330.csv.part", "half a fi")
    night = shop.night(MON)
    assert (night.verdict, night.summary["files"]["rejected"], night.register) == ("OK", 0, [])
    assert not [line for line in night.said if "readme" in line or "part" in line]


def test_a_file_of_ours_under_a_name_that_no_source_claims_is_refused(shop: Shop) -> None:
    shop.put("export-final-2.csv", settlement_text([]))
    night = shop.night(MON)
    assert night.open_types == ["FILE_INVALID"]
    assert "acquirer_csv" in line_of(shop, night)


def test_a_file_of_another_side_is_refused(shop: Shop) -> None:
    shop.hold("pos", MON)
    shop.put("journal_20260330.csv", settlement_text([dict.fromkeys(SETTLEMENT, "1")]))
    night = shop.night(MON)
    assert (night.verdict, night.open_types) == ("INCOMPLETE", ["FILE_INVALID", "FILE_LATE"])
    assert "acquirer_csv" in line_of(shop, night)


def test_a_file_that_cannot_be_opened_is_one_line_and_the_night_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = shop.put("journal_20260330.csv", shop.text("pos", MON))
    shop.hold("pos", MON)
    plain = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == locked:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    night = shop.night(MON)
    assert line_of(shop, night).startswith("journal_20260330.csv: cannot be read: Permission denied; ")
    assert (night.verdict, night.open_types) == ("INCOMPLETE", ["FILE_LATE"])
    assert night.summary["files"] == {"loaded": 1, "already_loaded": 0, "rejected": 1, "missing": ["pos 2026-03-30"]}


def test_an_archive_that_cannot_be_written_is_not_blamed_on_the_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> Path:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/archive/ab")

    shop.sale("S", "10.00", MON)
    with monkeypatch.context() as unwritable:
        unwritable.setattr(collect, "archive", refuse)
        with pytest.raises(PermissionError, match="/archive/ab"):
            shop.night(MON)
    mended = shop.night(MON)
    counts = mended.summary["files"]
    assert (counts["rejected"], counts["already_loaded"]) == (0, 0), "nothing was in the books without its copy"
    assert mended.summary["rows"]["journal"] == 1


def test_identical_files_read_side_by_side_are_kept_once(place: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(50):
            data = b"%d" % number * 5000
            kept = {threads.submit(collect.archive, data, collect.sha256(data), place) for _ in range(8)}
            (kept_at,) = {each.result() for each in kept}
            assert kept_at.read_bytes() == data
    assert len([p for p in place.rglob("*") if p.is_file()]) == 50


def test_a_refused_file_is_read_again_only_when_it_or_what_judges_it_is_another(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "SETTLED_NS", 0)
    shop.sale("S", "10.00", MON)
    shop.hold("pos", MON)
    shop.put("journal_20260330.csv", shop.text("pos", MON).replace("rows=1", "rows=2"))
    shop.put("notes.txt", "nobody's")
    read: list[str] = []
    opened = collect.contents

    def contents(path: Path) -> object:
        read.append(path.name)
        return opened(path)

    def night() -> tuple[set[str], Night]:
        read.clear()
        done = shop.night(MON)
        return {*read} & {"journal_20260330.csv", "notes.txt"}, done

    monkeypatch.setattr(collect, "contents", contents)
    both = {"journal_20260330.csv", "notes.txt"}
    assert night()[0] == both
    unread, again = night()
    assert unread == set()
    assert again.open_types == ["FILE_INVALID", "FILE_LATE"], "it is still refused"
    shop.put("journal_20260330.csv.sha256", "0" * 64)
    assert night()[0] == {"journal_20260330.csv"}, "there is a checksum beside it now"
    assert night()[0] == set()
    shop.config.write_text(shop.config.read_text() + "\n[retention]\nsnapshot_days = 2\n")
    assert night()[0] == both, "recon.toml is another"
    monkeypatch.setattr(arriving, "judge", lambda _: "another program")
    assert night()[0] == both
    (config.load(shop.config).paths.inbox / "journal_20260330.csv.sha256").unlink()
    shop.put("journal_20260330.csv", shop.text("pos", MON))
    assert night()[1].open_types == []


def test_a_refusal_is_judged_by_every_reader() -> None:
    judged = {file for pattern in judging.READERS for file in judging.ROOT.glob(pattern)}
    assert {*(judging.ROOT / "pipelines" / "sources").rglob("*.py")} <= judged
