"""Files that come in archives: each is a file of its own, the archive is kept as it came."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile

import pytest
from scenario import MON, TUE, WED, Shop


def zipped(**files: str | bytes) -> bytes:
    """A zip; names end with .csv."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def journal(shop: Shop) -> str:
    """Monday's journal, which does not come by itself."""
    shop.sale("S", "10.00", MON)
    shop.hold("pos", MON)
    return shop.text("pos", MON)


@pytest.mark.parametrize(
    ("name", "inner"),
    [("journal_20260330.csv.gz", None), ("of_monday.zip", "journal_20260330"), ("x_20260330.zip", "journal_1")],
)
def test_one_file_in_an_archive_is_that_file(shop: Shop, name: str, inner: str | None) -> None:
    text = journal(shop)
    data = zipped(**{inner: text}) if inner else gzip.compress(text.encode())
    shop.put(name, data)
    night = shop.night(MON)
    assert (night.verdict, night.open_types) == ("OK", [])
    assert shop.story("S") == [(MON, "waiting")]
    digest = hashlib.sha256(data).hexdigest()
    assert (shop.root / "var" / "archive" / digest[:2] / digest).read_bytes() == data
    again = shop.night(MON)
    assert (again.summary["files"]["loaded"], again.summary["files"]["already_loaded"]) == (0, 2)


def test_the_same_content_is_known_whether_packed_or_not(shop: Shop) -> None:
    text = journal(shop)
    shop.put("journal_20260330.csv", text)
    shop.night(MON)
    shop.put("a.zip", zipped(journal_20260330=text))
    assert shop.night(MON).summary["files"]["loaded"] == 0


def test_several_files_in_one_archive_are_files_of_their_own(shop: Shop) -> None:
    shop.settled("T", "20.00", TUE)
    shop.sale("T", "20.00", MON)
    text = journal(shop)
    shop.hold("unionpay", TUE)
    files = {"journal_20260330": text, "settlement_UNIONPAY_20260331": shop.text("unionpay", TUE), "readme": "hello"}
    shop.put("both.zip", zipped(**files))
    first = shop.night(MON)
    assert (first.verdict, first.summary["rows"]["settlement"]) == ("OK", 0), "what is named for tomorrow waits"
    assert "both.zip!readme.csv: left alone: no source and no profile knows it" in first.said
    second = shop.night(TUE)
    assert (second.verdict, second.summary["rows"]["settlement"]) == ("OK", 1)
    assert "both.zip!settlement_UNIONPAY_20260331.csv: 1 rows of unionpay" in second.said
    assert shop.night(WED).summary["files"]["loaded"] == 3, "journals of two days and a statement"


def test_the_archive_s_name_claims_what_is_of_the_profile_and_leaves_the_rest_alone(shop: Shop) -> None:
    text = journal(shop)
    shop.put("journal_20260330.csv", zipped(details=text, summary="nothing of interest"))
    night = shop.night(MON)
    assert (night.verdict, shop.story("S")) == ("OK", [(MON, "waiting")])
    assert "journal_20260330.csv!summary.csv: left alone: no source and no profile knows it" in night.said


def test_parts_of_one_archive_do_not_replace_each_other(shop: Shop) -> None:
    shop.hold("pos", MON)
    shop.sale("A", "10.00", MON)
    first = shop.text("pos", MON)
    shop.rows.clear()
    shop.sale("B", "20.00", MON)
    second = shop.text("pos", MON)
    shop.put("journal_20260330.zip", zipped(journal_1=first, journal_2=second))
    assert shop.night(MON).summary["rows"]["journal"] == 2
    shop.rows.clear()
    shop.sale("B", "25.00", MON)
    shop.put("journal_20260330.zip", zipped(journal_1=first, journal_2=shop.text("pos", MON)))
    again = shop.night(MON)
    assert again.summary["files"]["loaded"] == 1
    assert shop.story("A")[-1][1] == shop.story("B")[-1][1] == "waiting"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(a="x" * 500)[:-20], "the zip is cut off or damaged"),
        (gzip.compress(b"x" * 500)[:-5], "the archive is cut off"),
        (zipped(a="hello", b="hello"), "none of its 2 files is one of pos"),
        (zipped(a="hello"), "no header of pos_journal is there"),
    ],
)
def test_an_archive_that_cannot_be_used_is_refused_in_one_line(shop: Shop, data: bytes, says: str) -> None:
    text = journal(shop)
    shop.put("journal_20260330.csv", data)
    night = shop.night(MON)
    assert (night.verdict, night.open_types) == ("INCOMPLETE", ["FILE_INVALID", "FILE_LATE"])
    assert says in night.only("FILE_INVALID")["explanation"]
    shop.put("good.zip", zipped(journal_20260330=text))
    assert shop.night(MON).open_types == []
